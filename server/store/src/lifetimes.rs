//! When entities that are gone were there.

use portolan_schema::{BlueprintNo, Instant, Result};

use crate::TenantScope;
use crate::row::column;
use crate::sql::Sql;

/// When an entity was made and when it was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    pub created: Instant,
    pub deleted: Instant,
}

impl TenantScope {
    /// The lifetimes of a blueprint's entities that were deleted at this time or later, at most `limit`.
    pub async fn lifetimes(
        &self,
        blueprint: BlueprintNo,
        since: Instant,
        limit: usize,
    ) -> Result<Vec<Lifetime>> {
        // The first version of an entity is the one that made it.
        let mut sql = Sql::new(
            "SELECT gone.at, coalesce((SELECT made.at FROM versions made WHERE made.tenant_id = gone.tenant_id
                AND made.entity_id = gone.entity_id ORDER BY made.seq LIMIT 1), gone.at)
             FROM versions gone WHERE gone.tenant_id = ",
        );
        sql.bind(self.tenant().0).push(" AND gone.blueprint_no = ").bind(blueprint.0);
        sql.push(" AND gone.kind = 'DELETED' AND gone.at >= ").bind(since.0);
        sql.push(" ORDER BY gone.at LIMIT ").bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let rows = self.all(sql).await?;
        rows.iter()
            .map(|row| Ok(Lifetime { created: Instant(column(row, 1)?), deleted: Instant(column(row, 0)?) }))
            .collect()
    }
}
