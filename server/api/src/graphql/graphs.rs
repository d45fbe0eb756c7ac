//! `relatedTo` and `search`: their arguments, which are the same whoever names the fields below.

use std::sync::Arc;

use async_graphql::SelectionField;
use portolan_catalog::query::{Course, GraphQuery, MixedQuery, SearchQuery};
use portolan_schema::{BlueprintNo, CatalogModel, Code, Error, Pointer, Result};

use super::arguments::{Arguments, items, text};
use super::bounds::bound;
use super::limits::{GRAPH_PAGE, MAX_GRAPH_DEPTH, MAX_PAGE, ROOT_PAGE};

/// Steps of a graph where none are named.
pub const GRAPH_DEPTH: usize = 3;

/// What `relatedTo` under a key asks for. `fields` are its selections, merged; `mixed` makes of those that answer
/// entities what is read of each blueprint.
///
/// # Errors
/// `QUERY_TOO_DEEP`, `QUERY_TOO_COSTLY`, `INVALID_QUERY`; `NOT_FOUND` at the argument `blueprints`.
pub fn graph(
    key: String,
    fields: &[SelectionField<'_>],
    blueprint: impl Fn(&str) -> Option<BlueprintNo>,
    mixed: impl FnOnce(&[SelectionField<'_>], Option<&[BlueprintNo]>) -> Result<MixedQuery>,
) -> Result<GraphQuery> {
    let first = fields.first().ok_or_else(|| Error::internal("a graph is not selected"))?;
    let arguments = Arguments::of(first)?;
    let depth = arguments.number("depth")?.unwrap_or(GRAPH_DEPTH);
    bound(Code::QueryTooDeep, "depth of a graph", MAX_GRAPH_DEPTH as u64, depth as u64)?;
    if depth == 0 {
        return Err(Error::problem(Code::InvalidQuery, "\"depth\" is a number from 1"));
    }
    let course = match arguments.text("direction") {
        Some("UPSTREAM") => Course::Upstream,
        _ => Course::Downstream,
    };
    let limit = limit(&arguments, GRAPH_PAGE)?;
    let blueprints = blueprints(&arguments, blueprint)?;
    let below: Vec<SelectionField<'_>> = fields.iter().flat_map(SelectionField::selection_set).collect();
    let nodes = below.iter().filter(|field| field.name() == "nodes").flat_map(SelectionField::selection_set);
    let entities: Vec<SelectionField<'_>> = nodes.filter(|field| field.name() == "entity").collect();
    let edges = below.iter().any(|field| field.name() == "edges");
    let nodes = Arc::new(mixed(&entities, blueprints.as_deref())?);
    Ok(GraphQuery { key, course, depth, blueprints, limit, edges, nodes })
}

/// What `search` asks for. `mixed` is as for [`graph`].
///
/// # Errors
/// `QUERY_TOO_COSTLY`, `INVALID_QUERY`; `NOT_FOUND` at the argument `blueprints`.
pub fn search(
    field: SelectionField<'_>,
    model: &CatalogModel,
    mixed: impl FnOnce(&[SelectionField<'_>], Option<&[BlueprintNo]>) -> Result<MixedQuery>,
) -> Result<SearchQuery> {
    let arguments = Arguments::of(&field)?;
    let named = |name: &str| model.get(name).map(|blueprint| blueprint.no());
    let blueprints = blueprints(&arguments, named)?;
    let (_, entities) = super::selection::of_connections(&[field]);
    let nodes = mixed(&entities, blueprints.as_deref())?;
    let all = || model.blueprints().iter().map(|blueprint| blueprint.no()).collect();
    Ok(SearchQuery {
        text: arguments.text("text").unwrap_or_default().to_owned(),
        blueprints: blueprints.unwrap_or_else(all),
        limit: limit(&arguments, ROOT_PAGE)?,
        after: arguments.text("after").map(str::to_owned),
        nodes,
    })
}

fn limit(arguments: &Arguments, default: usize) -> Result<usize> {
    let limit = arguments.number("first")?.unwrap_or(default);
    // Checked before the query ran; a page is the one thing that must not depend on that.
    bound(Code::QueryTooCostly, "page size", MAX_PAGE as u64, limit as u64)?;
    Ok(limit)
}

/// Those that are named, each once; None where the argument is absent.
fn blueprints(
    arguments: &Arguments,
    blueprint: impl Fn(&str) -> Option<BlueprintNo>,
) -> Result<Option<Vec<BlueprintNo>>> {
    let Some(named) = arguments.get("blueprints") else { return Ok(None) };
    let mut found = Vec::new();
    for (at, name) in items(Some(named)).iter().enumerate() {
        let name = text(name).unwrap_or_default();
        let no = blueprint(name).ok_or_else(|| {
            let path = Pointer::root().key("blueprints").index(at);
            Error::at(Code::NotFound, path, format!("there is no blueprint \"{name}\""))
        })?;
        if !found.contains(&no) {
            found.push(no);
        }
    }
    Ok(Some(found))
}
