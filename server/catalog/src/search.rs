//! Search queries in the place of identifiers (port-api.md 2.2): resolved before a change is applied.

use portolan_schema::rules::{self, Unknown};
use portolan_schema::{BlueprintModel, CatalogModel, Code, Error, Pointer, Result};
use portolan_store::query::{EntityQuery, NodeQuery, Page};
use portolan_store::{OpContext, TenantScope};
use serde_json::Value;

use crate::asking::settled_query;
use crate::change::{EntityWrite, RelationInput};

/// Most entities that a relation's search query may hit (port-api.md 2.2).
const MAX_HITS: usize = 100;

/// Replaces the search queries of a write by the identifiers they hit.
///
/// # Errors
/// `NOT_FOUND` where an identifier's query does not hit exactly one entity; problems of the queries themselves.
pub(crate) async fn resolve(
    scope: &TenantScope,
    ctx: &OpContext,
    model: &CatalogModel,
    write: &mut EntityWrite,
) -> Result<()> {
    let Some(blueprint) = model.get(&write.blueprint) else { return Ok(()) };
    if let Some(query) = write.search.take() {
        let path = Pointer::root().key("identifier");
        let mut hits = hits(scope, ctx, model, blueprint, &query, &path, 2).await?;
        write.identifier = match (hits.pop(), hits.is_empty()) {
            (Some(hit), true) => Some(hit),
            (None, _) => return Err(Error::at(Code::NotFound, path, "the search query hits no entity")),
            (Some(_), false) => {
                return Err(Error::at(Code::NotFound, path, "the search query hits more than one entity"));
            }
        };
    }
    for (name, input) in &mut write.relations {
        let RelationInput::Search(query) = input else { continue };
        let Some(relation) = blueprint.relation(name) else { continue };
        let Some(target) = model.by_no(relation.target) else { continue };
        let path = Pointer::root().key("relations").key(name);
        let limit = if relation.relation.many { MAX_HITS } else { 1 };
        let mut hits = hits(scope, ctx, model, target, query, &path, limit + 1).await?;
        if hits.len() > limit {
            let message = format!("the search query hits more than {limit} entities");
            return Err(Error::at(Code::TooManyItems, path, message));
        }
        *input = match (relation.relation.many, hits.pop()) {
            (false, Some(hit)) => RelationInput::One(hit),
            (false, None) => RelationInput::Unset,
            (true, last) => {
                hits.extend(last);
                RelationInput::Many(hits)
            }
        };
    }
    Ok(())
}

async fn hits(
    scope: &TenantScope,
    ctx: &OpContext,
    model: &CatalogModel,
    blueprint: &BlueprintModel,
    query: &Value,
    path: &Pointer,
    limit: usize,
) -> Result<Vec<String>> {
    let filter = rules::parse(query, path)?.resolve(model, blueprint, Unknown::Refuse)?;
    let query = EntityQuery {
        blueprint: blueprint.no(),
        filter,
        order: Vec::new(),
        page: Page { limit, ..Page::default() },
        count: false,
        nodes: NodeQuery::bare(),
    };
    let query = settled_query(scope, ctx, model, &query).await?;
    let page = scope.list(model, &query).await?;
    Ok(page.nodes.into_iter().map(|node| node.entity.state.identifier).collect())
}
