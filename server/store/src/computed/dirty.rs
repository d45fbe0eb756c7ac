//! Which entities a change may concern: walking hops backwards from where the change was.

use std::collections::HashSet;

use portolan_schema::filter::Direction;
use portolan_schema::model::computed::Hop;
use portolan_schema::{BlueprintNo, Result};

use crate::TenantScope;
use crate::entity_read::MAX_IN;
use crate::row::column;
use crate::sql::Sql;

/// The columns of an edge: where a hop comes from, and where it leads.
pub(super) fn ends(direction: Direction) -> (&'static str, &'static str) {
    match direction {
        Direction::Forward => ("source_id", "target_id"),
        Direction::Backward => ("target_id", "source_id"),
    }
}

impl TenantScope {
    /// Entities from which `hops` lead to one of `ends`.
    pub async fn walk_back(&self, hops: &[Hop], anchors: &[i64]) -> Result<HashSet<i64>> {
        let Some(last) = hops.last() else { return Ok(anchors.iter().copied().collect()) };
        let mut found = HashSet::new();
        for chunk in anchors.chunks(MAX_IN) {
            let mut sql = Sql::new("SELECT DISTINCT r0.");
            sql.push(ends(hops[0].direction).0).push(" FROM relations r").push(&(hops.len() - 1).to_string());
            for at in (0..hops.len() - 1).rev() {
                sql.push(&format!(" CROSS JOIN relations r{at}"));
            }
            sql.push(&format!(" WHERE r{}.{} IN (", hops.len() - 1, ends(last.direction).1));
            sql.bind_list(chunk.iter().copied()).push(")");
            for (at, hop) in hops.iter().enumerate() {
                self.push_hop(&mut sql, at, hop);
                if at + 1 < hops.len() {
                    let (theirs, mine) = (ends(hop.direction).1, ends(hops[at + 1].direction).0);
                    sql.push(&format!(" AND r{at}.{theirs} = r{}.{mine}", at + 1));
                }
            }
            for row in self.all(sql).await? {
                found.insert(column(&row, 0)?);
            }
        }
        Ok(found)
    }

    /// Conditions on the edge of one hop.
    pub(super) fn push_hop(&self, sql: &mut Sql, at: usize, hop: &Hop) {
        sql.push(&format!(" AND r{at}.tenant_id = ")).bind(self.tenant().0);
        sql.push(&format!(" AND r{at}.relation_no = ")).bind(hop.relation.0);
        // The sign keeps SQLite from taking the index by target for this alone.
        sql.push(&format!(" AND +r{at}.target_id IS NOT NULL"));
    }

    /// Ids of a blueprint's entities after one, in their order: for filling in a new formula.
    pub async fn entity_ids_after(
        &self,
        blueprint: BlueprintNo,
        after: i64,
        limit: usize,
    ) -> Result<Vec<i64>> {
        let mut sql = Sql::new("SELECT entity_id FROM entities WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND blueprint_no = ").bind(blueprint.0);
        sql.push(" AND entity_id > ").bind(after).push(" ORDER BY entity_id LIMIT ");
        sql.bind(i64::try_from(limit).unwrap_or(i64::MAX));
        self.all(sql).await?.iter().map(|row| column(row, 0)).collect()
    }

    /// Those of these entities that exist, by blueprint.
    pub async fn existing(&self, blueprint: BlueprintNo, ids: &[i64]) -> Result<HashSet<i64>> {
        let mut found = HashSet::with_capacity(ids.len());
        for chunk in ids.chunks(MAX_IN) {
            let mut sql = Sql::new("SELECT entity_id FROM entities WHERE tenant_id = ");
            sql.bind(self.tenant().0).push(" AND blueprint_no = ").bind(blueprint.0);
            sql.push(" AND entity_id IN (").bind_list(chunk.iter().copied()).push(")");
            for row in self.all(sql).await? {
                found.insert(column(&row, 0)?);
            }
        }
        Ok(found)
    }
}
