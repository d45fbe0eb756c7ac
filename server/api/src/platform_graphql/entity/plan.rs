//! From a selection to one read: what a list and everything below it ask of the catalog. The generic twin of the
//! catalog API's plan: rules instead of filters, relations by identifier.

use async_graphql::{SelectionField, Value as GraphqlValue};
use indexmap::IndexMap;
use portolan_catalog::query::{
    EntityQuery, MixedQuery, NodeQuery, Order, Page, Properties, RelationQuery, SearchQuery,
};
use portolan_schema::filter::Direction;
use portolan_schema::rules::{self, Unknown};
use portolan_schema::{
    BlueprintModel, BlueprintNo, CatalogModel, Code, Error, Field, Filter, Meta, Pointer, RelationNo, Result,
};
use serde_json::Value;

use crate::graphql::arguments::{Arguments, items, key, text};
use crate::graphql::graphs;
use crate::graphql::limits::{NESTED_PAGE, ROOT_PAGE};
use crate::graphql::selection::{self, Selection};

/// The read for a root list of `blueprint`.
pub fn list(
    model: &CatalogModel,
    blueprint: &BlueprintModel,
    field: SelectionField<'_>,
) -> Result<EntityQuery> {
    let arguments = Arguments::of(&field)?;
    let selection = of_connections(model, blueprint, &[field])?;
    Ok(EntityQuery {
        blueprint: blueprint.no(),
        filter: filter(model, blueprint, &arguments)?,
        order: order(blueprint, arguments.get("orderBy"))?,
        page: arguments.page(ROOT_PAGE)?,
        count: selection.count,
        nodes: selection.nodes,
    })
}

/// The read for the entities that `filter` finds, at most `limit`. `fields` answer entities.
pub fn found(
    model: &CatalogModel,
    blueprint: &BlueprintModel,
    filter: Filter,
    limit: usize,
    fields: &[SelectionField<'_>],
) -> Result<EntityQuery> {
    Ok(EntityQuery {
        blueprint: blueprint.no(),
        filter,
        order: Vec::new(),
        page: Page { limit, ..Page::default() },
        count: false,
        nodes: of_entities(model, blueprint, fields)?,
    })
}

/// A rule language query as a filter; None matches everything.
///
/// # Errors
/// All problems, with paths below `/rules`.
pub fn rules_filter(
    model: &CatalogModel,
    blueprint: &BlueprintModel,
    rules: Option<&Value>,
) -> Result<Filter> {
    match rules {
        None | Some(Value::Null) => Ok(Filter::always()),
        Some(rules) => {
            let group = rules::parse(rules, &Pointer::root().key("rules"))?;
            Ok(group.resolve(model, blueprint, Unknown::Refuse)?)
        }
    }
}

/// A property's identifier, or a meta-property such as `$title`.
///
/// # Errors
/// `UNKNOWN_PROPERTY` at `path`.
pub fn property(blueprint: &BlueprintModel, name: &str, path: &Pointer) -> Result<Field> {
    let meta = Meta::parse(name).map(Field::Meta);
    let found = meta.or_else(|| blueprint.property(name).map(|property| Field::Property(property.no)));
    found.ok_or_else(|| {
        let message = format!("the blueprint \"{}\" has no property \"{name}\"", blueprint.identifier());
        Error::at(Code::UnknownProperty, path.clone(), message)
    })
}

fn filter(model: &CatalogModel, blueprint: &BlueprintModel, arguments: &Arguments) -> Result<Filter> {
    let rules = arguments.get("rules").cloned().map(GraphqlValue::into_json).transpose();
    let rules = rules.map_err(|error| Error::problem(Code::InvalidQuery, error.to_string()))?;
    rules_filter(model, blueprint, rules.as_ref())
}

fn order(blueprint: &BlueprintModel, value: Option<&GraphqlValue>) -> Result<Vec<Order>> {
    let read = |(at, item): (usize, &GraphqlValue)| {
        let GraphqlValue::Object(item) = item else {
            return Err(Error::problem(Code::InvalidQuery, "an order is an object"));
        };
        let word = |name: &str| item.get(name).and_then(text).unwrap_or_default();
        let path = Pointer::root().key("orderBy").index(at).key("property");
        let field = property(blueprint, word("property"), &path)?;
        Ok(Order { field, descending: word("direction") == "DESC" })
    };
    items(value).iter().enumerate().map(read).collect()
}

/// `fields` are connections of the same list, merged.
fn of_connections(
    model: &CatalogModel,
    blueprint: &BlueprintModel,
    fields: &[SelectionField<'_>],
) -> Result<Selection> {
    let (count, entities) = selection::of_connections(fields);
    Ok(Selection { count, nodes: of_entities(model, blueprint, &entities)? })
}

/// `fields` answer entities, merged.
fn of_entities(
    model: &CatalogModel,
    blueprint: &BlueprintModel,
    fields: &[SelectionField<'_>],
) -> Result<NodeQuery> {
    let (nodes, missing) = as_far_as_known(model, blueprint, fields)?;
    missing.map_or(Ok(nodes), Err)
}

/// The same, without the relations that the blueprint does not have; and the first problem with those.
fn as_far_as_known(
    model: &CatalogModel,
    blueprint: &BlueprintModel,
    fields: &[SelectionField<'_>],
) -> Result<(NodeQuery, Option<Error>)> {
    let mut nodes = NodeQuery::bare();
    let mut related: IndexMap<String, Vec<SelectionField<'_>>> = IndexMap::new();
    let mut graphs: IndexMap<String, Vec<SelectionField<'_>>> = IndexMap::new();
    for field in fields.iter().flat_map(SelectionField::selection_set) {
        match field.name() {
            "relations" => nodes.relation_identifiers = true,
            "properties" => nodes.parts.properties = Properties::All,
            "computed" => nodes.parts.computed = true,
            "team" if blueprint.owner().is_some() => nodes.parts.computed = true,
            "team" => nodes.parts.team = true,
            "related" => related.entry(key(&field)).or_default().push(field),
            "relatedTo" => graphs.entry(key(&field)).or_default().push(field),
            _ => {}
        }
    }
    let mut missing = None;
    for (key, fields) in related {
        match related_query(model, blueprint, key, &fields) {
            Ok(query) => nodes.relations.push(query),
            Err(error) if error.code() == Code::UnknownProperty => missing = missing.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    for (key, fields) in graphs {
        let named = |name: &str| model.get(name).map(|found| found.no());
        let graph = graphs::graph(key, &fields, named, |fields, only| mixed(model, fields, only))?;
        nodes.graphs.push(graph);
    }
    Ok((nodes, missing))
}

/// The read for entities of several blueprints, None for all. `fields` answer entities, merged.
///
/// A relation that `related` names need be one of some of them only: the others have nothing there.
fn mixed(
    model: &CatalogModel,
    fields: &[SelectionField<'_>],
    blueprints: Option<&[BlueprintNo]>,
) -> Result<MixedQuery> {
    let mut mixed = MixedQuery::default();
    let (mut missing, mut known) = (None, false);
    let wanted = |no: BlueprintNo| blueprints.is_none_or(|wanted| wanted.contains(&no));
    for blueprint in model.blueprints().iter().filter(|blueprint| wanted(blueprint.no())) {
        let (nodes, problem) = as_far_as_known(model, blueprint, fields)?;
        known |= problem.is_none() || !nodes.relations.is_empty();
        missing = missing.or(problem);
        mixed.by_blueprint.insert(blueprint.no(), nodes);
    }
    match missing {
        Some(error) if !known => Err(error),
        _ => Ok(mixed),
    }
}

/// The read for `search`.
pub fn search(model: &CatalogModel, field: SelectionField<'_>) -> Result<SearchQuery> {
    graphs::search(field, model, |fields, blueprints| mixed(model, fields, blueprints))
}

fn related_query(
    model: &CatalogModel,
    blueprint: &BlueprintModel,
    key: String,
    fields: &[SelectionField<'_>],
) -> Result<RelationQuery> {
    let first = fields.first().ok_or_else(|| Error::internal("a relation is not selected"))?;
    let arguments = Arguments::of(first)?;
    let (relation, direction, other) = relation(model, blueprint, &arguments)?;
    let selection = of_connections(model, other, fields)?;
    Ok(RelationQuery {
        key,
        relation,
        direction,
        filter: filter(model, other, &arguments)?,
        order: order(other, arguments.get("orderBy"))?,
        page: arguments.page(NESTED_PAGE)?,
        count: selection.count,
        nodes: selection.nodes,
    })
}

/// The relation that `related` names, and the blueprint at its other end.
fn relation<'m>(
    model: &'m CatalogModel,
    blueprint: &'m BlueprintModel,
    arguments: &Arguments,
) -> Result<(RelationNo, Direction, &'m BlueprintModel)> {
    let name = arguments.text("relation").unwrap_or_default();
    let path = Pointer::root().key("relation");
    let missing = || {
        let message = format!("the blueprint \"{}\" has no such relation \"{name}\"", blueprint.identifier());
        Error::at(Code::UnknownProperty, path.clone(), message)
    };
    if arguments.text("direction") != Some("BACKWARD") {
        let found = blueprint.relation(name).ok_or_else(missing)?;
        return Ok((found.no, Direction::Forward, model.by_no(found.target).ok_or_else(missing)?));
    }
    let wanted = arguments.text("blueprint");
    let holders: Vec<(RelationNo, &BlueprintModel)> = blueprint
        .inverses
        .iter()
        .filter_map(|inverse| model.relation(inverse.relation))
        .filter(|(_, relation)| relation.relation.identifier == name)
        .map(|(holder, relation)| (relation.no, holder.as_ref()))
        .filter(|(_, holder)| wanted.is_none_or(|wanted| holder.identifier() == wanted))
        .collect();
    match holders.as_slice() {
        [] => Err(missing()),
        [(no, holder)] => Ok((*no, Direction::Backward, *holder)),
        several => {
            let names: Vec<_> = several.iter().map(|(_, holder)| holder.identifier()).collect();
            let message = format!("the blueprints {} have a relation \"{name}\"; name one", names.join(", "));
            Err(Error::at(Code::InvalidQuery, Pointer::root().key("blueprint"), message))
        }
    }
}
