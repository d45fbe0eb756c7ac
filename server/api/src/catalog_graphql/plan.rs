//! From a selection to one read: what a list and everything below it ask of the catalog.

use async_graphql::{SelectionField, Value};
use indexmap::IndexMap;
use portolan_catalog::query::{EntityQuery, Order, Page, RelationQuery};
use portolan_schema::filter::Direction;
use portolan_schema::{Code, Error, Filter, Result};

use super::conditions;
use super::fields::{BuiltIn, EntityFields, Index, Member, RelationField};
use crate::graphql::arguments::{Arguments, items, key, text};
use crate::graphql::limits::{NESTED_PAGE, ROOT_PAGE};
use crate::graphql::selection::{self, Selection};

/// The read for a root list.
pub fn list(index: &Index, fields: &EntityFields, field: SelectionField<'_>) -> Result<EntityQuery> {
    let arguments = Arguments::of(&field)?;
    let selection = of_connections(index, fields, &[field])?;
    Ok(EntityQuery {
        blueprint: fields.no,
        filter: conditions::filter(index, fields, arguments.get("where"))?,
        order: order(fields, arguments.get("orderBy"))?,
        page: arguments.page(ROOT_PAGE)?,
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
    let selection = of_entities(index, fields, selected)?;
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

/// `fields` are connections of the same list, merged.
fn of_connections(index: &Index, entity: &EntityFields, fields: &[SelectionField<'_>]) -> Result<Selection> {
    let (count, entities) = selection::of_connections(fields);
    Ok(Selection { count, ..of_entities(index, entity, &entities)? })
}

/// `fields` answer entities, merged.
fn of_entities(index: &Index, entity: &EntityFields, fields: &[SelectionField<'_>]) -> Result<Selection> {
    let mut selection = Selection::default();
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

fn related_query(
    index: &Index,
    key: String,
    relation: &RelationField,
    fields: &[SelectionField<'_>],
) -> Result<RelationQuery> {
    let other = index.get(relation.other).ok_or_else(|| Error::internal("a relation has no target type"))?;
    let first = fields.first().ok_or_else(|| Error::internal("a relation is not selected"))?;
    let arguments = Arguments::of(first)?;
    let (selection, page) = if relation.many {
        (of_connections(index, other, fields)?, arguments.page(NESTED_PAGE)?)
    } else {
        (of_entities(index, other, fields)?, Page { limit: 1, ..Page::default() })
    };
    debug_assert!(relation.many || relation.direction == Direction::Forward);
    Ok(RelationQuery {
        key,
        relation: relation.relation,
        direction: relation.direction,
        filter: conditions::filter(index, other, arguments.get("where"))?,
        order: order(other, arguments.get("orderBy"))?,
        page,
        count: selection.count,
        relation_identifiers: selection.relation_identifiers,
        relations: selection.relations,
    })
}

fn order(fields: &EntityFields, value: Option<&Value>) -> Result<Vec<Order>> {
    let name = |value: Option<&'_ Value>| value.and_then(text).unwrap_or_default().to_owned();
    items(value)
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
