//! From a selection to one read: what a list and everything below it ask of the catalog.

use async_graphql::{SelectionField, Value};
use indexmap::IndexMap;
use portolan_catalog::query::{
    EntityQuery, MixedQuery, NodeQuery, Order, Page, Properties, RelationQuery, SearchQuery,
};
use portolan_schema::filter::Direction;
use portolan_schema::{BlueprintNo, CatalogModel, Code, Error, Filter, Result};

use super::conditions;
use super::fields::{BuiltIn, EntityFields, Index, Member, RelationField};
use crate::graphql::arguments::{Arguments, items, key, text};
use crate::graphql::graphs;
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
        nodes: selection.nodes,
    })
}

/// The read for one entity that `filter` finds.
pub fn one(
    index: &Index,
    fields: &EntityFields,
    filter: Filter,
    selected: &[SelectionField<'_>],
) -> Result<EntityQuery> {
    Ok(EntityQuery {
        blueprint: fields.no,
        filter,
        order: Vec::new(),
        page: Page { limit: 1, ..Page::default() },
        count: false,
        nodes: of_entities(index, fields, selected)?,
    })
}

/// `fields` are connections of the same list, merged.
fn of_connections(index: &Index, entity: &EntityFields, fields: &[SelectionField<'_>]) -> Result<Selection> {
    let (count, entities) = selection::of_connections(fields);
    Ok(Selection { count, nodes: of_entities(index, entity, &entities)? })
}

/// `fields` answer entities, merged.
fn of_entities(index: &Index, entity: &EntityFields, fields: &[SelectionField<'_>]) -> Result<NodeQuery> {
    let mut nodes = NodeQuery::bare();
    let mut related: IndexMap<String, (&RelationField, Vec<SelectionField<'_>>)> = IndexMap::new();
    let mut graphs: IndexMap<String, Vec<SelectionField<'_>>> = IndexMap::new();
    for field in fields.iter().flat_map(SelectionField::selection_set) {
        match entity.members.get(field.name()) {
            Some(Member::BuiltIn(built_in)) => add_built_in(&mut nodes, entity, *built_in),
            Some(Member::Property(property)) => match property.computed {
                Some(_) => nodes.parts.computed = true,
                None => nodes.parts.add(property.no),
            },
            Some(Member::Relation(relation)) => {
                related.entry(key(&field)).or_insert_with(|| (relation, Vec::new())).1.push(field);
            }
            None if field.name() == "relatedTo" => graphs.entry(key(&field)).or_default().push(field),
            None => {}
        }
    }
    for (key, (relation, fields)) in related {
        nodes.relations.push(related_query(index, key, relation, &fields)?);
    }
    for (key, fields) in graphs {
        let named = |name: &str| index.named(name).map(|found| found.no);
        let graph = graphs::graph(key, &fields, named, |fields, only| mixed(index, fields, only))?;
        nodes.graphs.push(graph);
    }
    Ok(nodes)
}

/// The read for entities of several blueprints, None for all. `fields` answer entities, merged.
fn mixed(
    index: &Index,
    fields: &[SelectionField<'_>],
    blueprints: Option<&[BlueprintNo]>,
) -> Result<MixedQuery> {
    let wanted = |no: &BlueprintNo| blueprints.is_none_or(|wanted| wanted.contains(no));
    let entities = index.entities.iter().filter(|(no, _)| wanted(no));
    let by_blueprint = entities.map(|(no, entity)| Ok((*no, of_entities(index, entity, fields)?)));
    Ok(MixedQuery { by_blueprint: by_blueprint.collect::<Result<_>>()? })
}

/// The read for `search`.
pub fn search(index: &Index, model: &CatalogModel, field: SelectionField<'_>) -> Result<SearchQuery> {
    graphs::search(field, model, |fields, blueprints| mixed(index, fields, blueprints))
}

/// Whether what is selected of entities is more than the entities themselves.
pub fn goes_beyond(entity: &EntityFields, fields: &[SelectionField<'_>]) -> bool {
    fields.iter().flat_map(SelectionField::selection_set).any(|field| {
        matches!(entity.members.get(field.name()), Some(Member::Relation(_))) || field.name() == "relatedTo"
    })
}

fn add_built_in(nodes: &mut NodeQuery, entity: &EntityFields, built_in: BuiltIn) {
    match built_in {
        BuiltIn::Relations => nodes.relation_identifiers = true,
        BuiltIn::Properties => nodes.parts.properties = Properties::All,
        BuiltIn::Computed => nodes.parts.computed = true,
        BuiltIn::Team if entity.inherits_team => nodes.parts.computed = true,
        BuiltIn::Team => nodes.parts.team = true,
        _ => {}
    }
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
        let nodes = of_entities(index, other, fields)?;
        (Selection { count: false, nodes }, Page { limit: 1, ..Page::default() })
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
        nodes: selection.nodes,
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
