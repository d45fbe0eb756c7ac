//! Reading the log of versions in the order of commits.

use portolan_schema::{BlueprintNo, EntityState, Error, Instant, RelationNo, Result};

use crate::TenantScope;
use crate::row::column;
use crate::sql::Sql;

/// One change of an entity, with the state before and after it.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    pub seq: i64,
    pub entity: i64,
    pub blueprint: BlueprintNo,
    /// As it was named by then.
    pub identifier: String,
    /// `CREATED`, `UPDATED` or `DELETED`.
    pub kind: String,
    pub before: Option<EntityState>,
    pub after: Option<EntityState>,
    pub revision: i64,
    pub at: Instant,
    pub actor: String,
    /// `User-Agent` of the request, where there was one.
    pub origin: Option<String>,
    pub run: Option<i64>,
    /// Where its relations pointed before and after, by id.
    pub before_edges: Vec<(RelationNo, i64)>,
    pub after_edges: Vec<(RelationNo, i64)>,
}

impl TenantScope {
    /// The next changes after a sequence number, by their own; changes of computed values are left out.
    pub async fn log_after(&self, seq: i64, limit: usize) -> Result<Vec<LogEntry>> {
        let mut sql = Sql::new(
            "SELECT v.seq, v.entity_id, v.blueprint_no, v.identifier, v.kind, p.state, v.state, v.revision, v.at, v.actor,
               v.origin, v.run_id, p.edges, v.edges
             FROM versions v LEFT JOIN versions p ON p.tenant_id = v.tenant_id AND p.seq = v.previous_seq
             WHERE v.tenant_id = ",
        );
        sql.bind(self.tenant().0).push(" AND v.seq > ").bind(seq);
        sql.push(" AND v.kind <> 'COMPUTED' ORDER BY v.seq LIMIT ");
        sql.bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let state = |text: Option<String>| -> Result<Option<EntityState>> {
            text.map(|text| serde_json::from_str(&text)).transpose().map_err(Error::internal)
        };
        let rows = self.all(sql).await?;
        rows.iter()
            .map(|row| {
                Ok(LogEntry {
                    seq: column(row, 0)?,
                    entity: column(row, 1)?,
                    blueprint: BlueprintNo(column(row, 2)?),
                    identifier: column(row, 3)?,
                    kind: column(row, 4)?,
                    before: state(column(row, 5)?)?,
                    after: state(column(row, 6)?)?,
                    revision: column(row, 7)?,
                    at: Instant(column(row, 8)?),
                    actor: column(row, 9)?,
                    origin: column(row, 10)?,
                    run: column(row, 11)?,
                    before_edges: edges(column(row, 12)?)?,
                    after_edges: edges(column(row, 13)?)?,
                })
            })
            .collect()
    }
}

fn edges(text: Option<String>) -> Result<Vec<(RelationNo, i64)>> {
    text.map_or_else(|| Ok(Vec::new()), |text| serde_json::from_str(&text).map_err(Error::internal))
}
