//! Entities by their datasource: the `User-Agent` of the client that made them.

use portolan_schema::{BlueprintNo, Instant, Result};

use crate::TenantScope;
use crate::row::column;
use crate::sql::Sql;

/// Which entities are wanted: those of a datasource that begins and ends so.
#[derive(Debug, Clone, Default)]
pub struct DatasourceQuery {
    pub prefix: String,
    pub suffix: String,
    /// Only those that were last changed before this.
    pub before: Option<Instant>,
    /// Only those whose id is above this.
    pub after: i64,
}

/// An entity of a datasource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced {
    pub id: i64,
    pub blueprint: BlueprintNo,
    pub identifier: String,
    pub updated_at: Instant,
}

impl TenantScope {
    /// Entities of a datasource, by id. Reads the tenant's entities from `after` on until `limit` are found.
    pub async fn of_datasource(&self, query: &DatasourceQuery, limit: usize) -> Result<Vec<Sourced>> {
        let mut sql = Sql::new(
            "SELECT entity_id, blueprint_no, identifier, updated_at FROM entities WHERE tenant_id = ",
        );
        sql.bind(self.tenant().0).push(" AND entity_id > ").bind(query.after);
        sql.push(" AND datasource IS NOT NULL");
        for (text, from) in [(&query.prefix, "1"), (&query.suffix, "length(datasource) - ")] {
            let length = i32::try_from(text.chars().count()).unwrap_or(i32::MAX);
            if length == 0 {
                continue;
            }
            // Not LIKE, which ignores case in the one engine and not in the other.
            sql.push(" AND length(datasource) >= ").bind(length);
            sql.push(" AND substr(datasource, ").push(from);
            if from != "1" {
                sql.bind(length - 1);
            }
            sql.push(", ").bind(length).push(") = ").bind(text.as_str());
        }
        if let Some(before) = query.before {
            sql.push(" AND updated_at < ").bind(before.0);
        }
        sql.push(" ORDER BY entity_id LIMIT ").bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let rows = self.all(sql).await?;
        rows.iter()
            .map(|row| {
                Ok(Sourced {
                    id: column(row, 0)?,
                    blueprint: BlueprintNo(column(row, 1)?),
                    identifier: column(row, 2)?,
                    updated_at: Instant(column(row, 3)?),
                })
            })
            .collect()
    }
}
