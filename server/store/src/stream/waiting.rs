//! Edges of a stream's entities that wait for entities of later lines.

use portolan_schema::{BlueprintNo, RelationNo, Result};

use crate::TenantScope;
use crate::entity_read::MAX_IN;
use crate::row::column;
use crate::sql::Sql;

/// An edge that waits, with the entity it starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingEdge {
    pub source: i64,
    pub relation: RelationNo,
    /// Identifier of the target that does not exist.
    pub target: String,
    pub blueprint: BlueprintNo,
    /// Identifier of the source.
    pub identifier: String,
}

/// The stream's edges that still wait: few of many, so what waits is walked through, and not what once did.
const STILL_WAITING: &str = " FROM relations r CROSS JOIN stream_edges s WHERE s.tenant_id = r.tenant_id
    AND s.source_id = r.source_id AND s.relation_no = r.relation_no AND s.pending = r.pending
    AND r.pending IS NOT NULL AND r.tenant_id = ";

impl TenantScope {
    /// The edges of these entities that wait: source, relation and the target's identifier.
    pub async fn waiting_edges_of(&self, sources: &[i64]) -> Result<Vec<(i64, RelationNo, String)>> {
        let mut found = Vec::new();
        for chunk in sources.chunks(MAX_IN) {
            let mut sql =
                Sql::new("SELECT source_id, relation_no, pending FROM relations WHERE tenant_id = ");
            sql.bind(self.tenant().0).push(" AND source_id IN (").bind_list(chunk.iter().copied());
            sql.push(") AND pending IS NOT NULL");
            for row in self.all(sql).await? {
                found.push((column(&row, 0)?, RelationNo(column(&row, 1)?), column(&row, 2)?));
            }
        }
        Ok(found)
    }

    /// Remembers edges that wait as a stream's.
    pub async fn add_stream_edges(&self, stream: i64, edges: &[(i64, RelationNo, String)]) -> Result<()> {
        for chunk in edges.chunks(MAX_IN / 5) {
            let mut sql = Sql::new(
                "INSERT INTO stream_edges (tenant_id, stream_id, source_id, relation_no, pending) VALUES ",
            );
            for (at, (source, relation, target)) in chunk.iter().enumerate() {
                sql.push(if at == 0 { "(" } else { ", (" }).bind(self.tenant().0).push(", ").bind(stream);
                sql.push(", ").bind(*source).push(", ").bind(relation.0).push(", ").bind(target.as_str());
                sql.push(")");
            }
            sql.push(" ON CONFLICT DO NOTHING");
            self.execute(sql).await?;
        }
        Ok(())
    }

    /// The first edges of a stream that still wait, in the order of their sources.
    pub async fn stream_edges(&self, stream: i64, limit: usize) -> Result<Vec<WaitingEdge>> {
        let mut sql = Sql::new(
            "SELECT w.source_id, w.relation_no, w.pending, e.blueprint_no, e.identifier FROM
               (SELECT r.tenant_id, r.source_id, r.relation_no, r.pending",
        );
        sql.push(STILL_WAITING).bind(self.tenant().0).push(" AND s.stream_id = ").bind(stream);
        sql.push(" ORDER BY r.source_id, r.relation_no, r.pending LIMIT ");
        sql.bind(i64::try_from(limit).unwrap_or(i64::MAX));
        sql.push(
            ") w JOIN entities e ON e.tenant_id = w.tenant_id AND e.entity_id = w.source_id
             ORDER BY w.source_id, w.relation_no, w.pending",
        );
        let rows = self.all(sql).await?;
        rows.iter()
            .map(|row| {
                Ok(WaitingEdge {
                    source: column(row, 0)?,
                    relation: RelationNo(column(row, 1)?),
                    target: column(row, 2)?,
                    blueprint: BlueprintNo(column(row, 3)?),
                    identifier: column(row, 4)?,
                })
            })
            .collect()
    }

    /// How many edges of a stream still wait.
    pub async fn count_stream_edges(&self, stream: i64) -> Result<i64> {
        let mut sql = Sql::new("SELECT count(*)");
        sql.push(STILL_WAITING).bind(self.tenant().0).push(" AND s.stream_id = ").bind(stream);
        self.one(sql).await?.map_or(Ok(0), |row| column(&row, 0))
    }

    /// Forgets these edges of a stream.
    pub async fn remove_stream_edges(&self, stream: i64, edges: &[WaitingEdge]) -> Result<()> {
        for chunk in edges.chunks(MAX_IN / 3) {
            let mut sql = Sql::new("DELETE FROM stream_edges WHERE tenant_id = ");
            sql.bind(self.tenant().0).push(" AND stream_id = ").bind(stream);
            sql.push(" AND (source_id, relation_no, pending) IN (VALUES ");
            for (at, edge) in chunk.iter().enumerate() {
                sql.push(if at == 0 { "(" } else { ", (" }).bind(edge.source);
                sql.push(", ").bind(edge.relation.0).push(", ").bind(edge.target.as_str()).push(")");
            }
            sql.push(")");
            self.execute(sql).await?;
        }
        Ok(())
    }

    /// Forgets up to `limit` edges of a stream, whichever. Answers how many they were.
    pub async fn drain_stream_edges(&self, stream: i64, limit: usize) -> Result<u64> {
        let mut sql = Sql::new("DELETE FROM stream_edges WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND stream_id = ").bind(stream);
        sql.push(" AND (source_id, relation_no, pending) IN (SELECT source_id, relation_no, pending FROM stream_edges");
        sql.push(" WHERE tenant_id = ").bind(self.tenant().0).push(" AND stream_id = ").bind(stream);
        sql.push(" LIMIT ").bind(i64::try_from(limit).unwrap_or(i64::MAX)).push(")");
        self.execute(sql).await
    }
}
