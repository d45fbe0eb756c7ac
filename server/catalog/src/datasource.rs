//! What a client has made: entities by their datasource.

use portolan_schema::Result;
use portolan_store::OpContext;
pub use portolan_store::datasource::{DatasourceQuery, Sourced};

use crate::Catalog;

/// Entities read at a time.
const READ: usize = 5_000;

impl Catalog {
    /// A page of the entities of a datasource, by id, and whether there are more; without a limit all of them.
    pub async fn of_datasource(
        &self,
        ctx: &OpContext,
        query: &DatasourceQuery,
        limit: Option<usize>,
    ) -> Result<(Vec<Sourced>, bool)> {
        let scope = self.store.read(ctx.tenant()).await?;
        if let Some(limit) = limit {
            let mut page = scope.of_datasource(query, limit.saturating_add(1)).await?;
            let more = page.len() > limit;
            page.truncate(limit);
            return Ok((page, more));
        }
        let mut all: Vec<Sourced> = Vec::new();
        loop {
            let after = all.last().map_or(query.after, |last| last.id);
            let page = scope.of_datasource(&DatasourceQuery { after, ..query.clone() }, READ).await?;
            let is_last = page.len() < READ;
            all.extend(page);
            if is_last {
                return Ok((all, false));
            }
        }
    }
}
