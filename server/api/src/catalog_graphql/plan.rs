//! From a selection to one read: what a list and everything below it ask of the catalog.

use async_graphql::{Name, SelectionField, Value};
use indexmap::IndexMap;
use portolan_catalog::query::{EntityQuery, Order, Page, RelationQuery};
use portolan_schema::filter::Direction;
use portolan_schema::{Code, Error, Filter, Result};

use super::conditions;
use super::fields::{BuiltIn, EntityFields, Index, Member, RelationField};
use super::limits::{MAX_PAGE, NESTED_PAGE, ROOT_PAGE};

type Arguments = Vec<(Name, Value)>;

/// The name under which a field's answer is found again: its alias, or its name.
pub fn key(field: &SelectionField<'_>) -> String {
    field.alias().unwrap_or_else(|| field.name()).to_owned()
}

/// The read for a root list.
pub fn list(index: &Index, fields: &EntityFields, field: SelectionField<'_>) -> Result<EntityQuery> {
    let arguments = arguments(&field)?;
    let selection = Selection::of_connections(index, fields, &[field])?;
    Ok(EntityQuery {
        blueprint: fields.no,
        filter: conditions::filter(index, fields, argument(&arguments, "where"))?,
        order: order(fields, argument(&arguments, "orderBy"))?,
        page: page(&arguments, ROOT_PAGE)?,
        count: selection.count,
        relation_identifiers: selection.relation_identifiers,
        relations: selection.relations,
    })
}

/// The read for one entity that `filter` finds.
pub fn one(
    index: &Index,
    fields: &EntityFields,
    filter: Filter,
    selected: &[SelectionField<'_>],
) -> Result<EntityQuery> {
    let selection = Selection::of_entities(index, fields, selected)?;
    Ok(EntityQuery {
        blueprint: fields.no,
        filter,
        order: Vec::new(),
        page: Page { limit: 1, ..Page::default() },
        count: false,
        relation_identifiers: selection.relation_identifiers,
        relations: selection.relations,
    })
}

/// What is asked of the entities of one list.
#[derive(Default)]
struct Selection {
    count: bool,
    relation_identifiers: bool,
    relations: Vec<RelationQuery>,
}

impl Selection {
    /// `fields` are connections of the same list, merged.
    fn of_connections(index: &Index, entity: &EntityFields, fields: &[SelectionField<'_>]) -> Result<Self> {
        let mut count = false;
        let mut entities = Vec::new();
        for field in fields.iter().flat_map(SelectionField::selection_set) {
            match field.name() {
                "totalCount" => count = true,
                "nodes" => entities.push(field),
                "edges" => entities.extend(field.selection_set().filter(|field| field.name() == "node")),
                _ => {}
            }
        }
        Ok(Self { count, ..Self::of_entities(index, entity, &entities)? })
    }

    /// `fields` answer entities, merged.
    fn of_entities(index: &Index, entity: &EntityFields, fields: &[SelectionField<'_>]) -> Result<Self> {
        let mut selection = Self::default();
        let mut related: IndexMap<String, (&RelationField, Vec<SelectionField<'_>>)> = IndexMap::new();
        for field in fields.iter().flat_map(SelectionField::selection_set) {
            match entity.members.get(field.name()) {
                Some(Member::BuiltIn(BuiltIn::Relations)) => selection.relation_identifiers = true,
                Some(Member::Relation(relation)) => {
                    related.entry(key(&field)).or_insert_with(|| (relation, Vec::new())).1.push(field);
                }
                _ => {}
            }
        }
        for (key, (relation, fields)) in related {
            selection.relations.push(related_query(index, key, relation, &fields)?);
        }
        Ok(selection)
    }
}

fn related_query(
    index: &Index,
    key: String,
    relation: &RelationField,
    fields: &[SelectionField<'_>],
) -> Result<RelationQuery> {
    let other = index.get(relation.other).ok_or_else(|| Error::internal("a relation has no target type"))?;
    let arguments = fields.first().map_or_else(|| Ok(Vec::new()), arguments)?;
    let (selection, page) = if relation.many {
        (Selection::of_connections(index, other, fields)?, page(&arguments, NESTED_PAGE)?)
    } else {
        (Selection::of_entities(index, other, fields)?, Page { limit: 1, ..Page::default() })
    };
    debug_assert!(relation.many || relation.direction == Direction::Forward);
    Ok(RelationQuery {
        key,
        relation: relation.relation,
        direction: relation.direction,
        filter: conditions::filter(index, other, argument(&arguments, "where"))?,
        order: order(other, argument(&arguments, "orderBy"))?,
        page,
        count: selection.count,
        relation_identifiers: selection.relation_identifiers,
        relations: selection.relations,
    })
}

fn arguments(field: &SelectionField<'_>) -> Result<Arguments> {
    field.arguments().map_err(|error| Error::problem(Code::InvalidQuery, error.message))
}

pub fn argument<'a>(arguments: &'a [(Name, Value)], name: &str) -> Option<&'a Value> {
    arguments
        .iter()
        .find(|(found, _)| found == name)
        .map(|(_, value)| value)
        .filter(|value| **value != Value::Null)
}

fn order(fields: &EntityFields, value: Option<&Value>) -> Result<Vec<Order>> {
    let items = match value {
        None => return Ok(Vec::new()),
        Some(Value::List(items)) => items.as_slice(),
        Some(one) => std::slice::from_ref(one),
    };
    let name = |value: Option<&Value>| match value {
        Some(Value::Enum(name)) => name.to_string(),
        Some(Value::String(name)) => name.clone(),
        _ => String::new(),
    };
    items
        .iter()
        .map(|item| {
            let Value::Object(item) = item else {
                return Err(Error::problem(Code::InvalidQuery, "an order is an object"));
            };
            let field = name(item.get("field"));
            let key = fields.order_names.get(&field).and_then(|field| fields.keys.get(field));
            let key =
                key.ok_or_else(|| Error::problem(Code::InvalidQuery, format!("\"{field}\" is no order")))?;
            Ok(Order { field: key.field, descending: name(item.get("direction")) == "DESC" })
        })
        .collect()
}

fn page(arguments: &Arguments, default: usize) -> Result<Page> {
    let number = |name: &str| -> Result<Option<usize>> {
        let Some(value) = argument(arguments, name) else { return Ok(None) };
        let found = match value {
            Value::Number(number) => number.as_u64().and_then(|number| usize::try_from(number).ok()),
            _ => None,
        };
        found
            .map(Some)
            .ok_or_else(|| Error::problem(Code::InvalidQuery, format!("\"{name}\" is a number from 0")))
    };
    let text = |name: &str| match argument(arguments, name) {
        Some(Value::String(text)) => Some(text.clone()),
        _ => None,
    };
    let (first, last) = (number("first")?, number("last")?);
    if first.is_some() && last.is_some() {
        return Err(Error::problem(Code::InvalidQuery, "take \"first\" or \"last\", not both"));
    }
    let limit = first.or(last).unwrap_or(default);
    if limit > MAX_PAGE {
        let message = format!("a page has at most {MAX_PAGE} rows; {limit} were asked for");
        return Err(Error::problem(Code::QueryTooCostly, message));
    }
    Ok(Page {
        limit,
        after: text("after"),
        before: text("before"),
        from_end: last.is_some(),
        offset: number("offset")?.unwrap_or(0),
    })
}
