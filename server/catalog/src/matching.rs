//! Deleting whatever matches a filter, a bounded part at a time.

use portolan_schema::{BlueprintModel, CatalogModel, Filter, Result};
use portolan_store::Role;
use portolan_store::query::{EntityQuery, NodeQuery, Page};

use crate::change::{Change, Deletion, Outcome, WriteOptions};
use crate::write::MAX_CHANGES;
use crate::{Catalog, OpContext};

/// What came of [`Catalog::delete_matching`].
pub struct MatchesDeleted {
    /// One result each match that was tried, at most [`MAX_CHANGES`].
    pub results: Vec<Result<Outcome>>,
    /// Matches that are still there; in a dry run, that would be.
    pub remaining: u64,
}

impl Catalog {
    /// Needs Member. Deletes the first [`MAX_CHANGES`] matches by identifier, in one transaction.
    ///
    /// # Errors
    /// As [`Catalog::write`].
    pub async fn delete_matching(
        &self,
        ctx: &OpContext,
        model: &CatalogModel,
        blueprint: &BlueprintModel,
        filter: &Filter,
        dependents: bool,
        options: &WriteOptions,
    ) -> Result<MatchesDeleted> {
        ctx.require(Role::Member)?;
        let query = EntityQuery {
            blueprint: blueprint.no(),
            filter: filter.clone(),
            order: Vec::new(),
            page: Page { limit: MAX_CHANGES, ..Page::default() },
            count: true,
            nodes: NodeQuery::bare(),
        };
        let page = self.list(ctx, model, &query).await?;
        let deletions = page.nodes.into_iter().map(|node| {
            Change::Delete(Deletion {
                blueprint: blueprint.identifier().to_owned(),
                identifier: node.entity.state.identifier,
                dependents,
                if_revision: None,
            })
        });
        let deletions: Vec<Change> = deletions.collect();
        if deletions.is_empty() {
            return Ok(MatchesDeleted { results: Vec::new(), remaining: 0 });
        }
        let results = self.write(ctx, deletions, options).await?;
        let remaining = if options.dry_run {
            let would_go = results.iter().filter(|result| result.is_ok()).count() as u64;
            page.total.unwrap_or(0).saturating_sub(would_go)
        } else {
            self.count(ctx, model, blueprint.no(), filter).await?
        };
        Ok(MatchesDeleted { results, remaining })
    }
}
