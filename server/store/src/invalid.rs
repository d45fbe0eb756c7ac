//! Entities that do not fit their blueprint, kept in numbered sets: the blueprint says which set counts.

use std::collections::HashSet;

use portolan_schema::{Error, Result};

use crate::TenantScope;
use crate::entity_read::MAX_IN;
use crate::row::column;
use crate::sql::Sql;

impl TenantScope {
    /// How many entities a set has.
    pub async fn count_invalid(&self, set: i32) -> Result<u64> {
        let mut sql = Sql::new("SELECT count(*) FROM invalid_entities WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND set_no = ").bind(set);
        let row = self.one(sql).await?.ok_or_else(|| Error::internal("a count gave no row"))?;
        Ok(column::<i64>(&row, 0)?.unsigned_abs())
    }

    /// The next entities of a set by id.
    pub async fn invalid_after(&self, set: i32, after: i64, limit: usize) -> Result<Vec<i64>> {
        let mut sql = Sql::new("SELECT entity_id FROM invalid_entities WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND set_no = ").bind(set);
        sql.push(" AND entity_id > ").bind(after).push(" ORDER BY entity_id LIMIT ");
        sql.bind(i64::try_from(limit).unwrap_or(i64::MAX));
        self.all(sql).await?.iter().map(|row| column(row, 0)).collect()
    }

    /// Those of these entities that are in a set.
    pub async fn invalid_among(&self, set: i32, entities: &[i64]) -> Result<HashSet<i64>> {
        let mut found = HashSet::new();
        for chunk in entities.chunks(MAX_IN) {
            let mut sql = Sql::new("SELECT entity_id FROM invalid_entities WHERE tenant_id = ");
            sql.bind(self.tenant().0).push(" AND set_no = ").bind(set);
            sql.push(" AND entity_id IN (").bind_list(chunk.iter().copied()).push(")");
            for row in self.all(sql).await? {
                found.insert(column(&row, 0)?);
            }
        }
        Ok(found)
    }

    /// Adds entities to a set; those that are there already stay. Tells the head that there are some.
    pub async fn add_invalid(&self, set: i32, entities: &[i64]) -> Result<()> {
        for chunk in entities.chunks(500) {
            let mut sql = Sql::new("INSERT INTO invalid_entities (tenant_id, set_no, entity_id) VALUES ");
            for (at, entity) in chunk.iter().enumerate() {
                sql.push(if at == 0 { "(" } else { ", (" }).bind(self.tenant().0);
                sql.push(", ").bind(set).push(", ").bind(*entity).push(")");
            }
            sql.push(" ON CONFLICT (tenant_id, set_no, entity_id) DO NOTHING");
            self.execute(sql).await?;
        }
        if !entities.is_empty() {
            let mut sql = Sql::new("UPDATE tenant_heads SET invalid = 1 WHERE invalid = 0 AND tenant_id = ");
            sql.bind(self.tenant().0);
            self.execute(sql).await?;
        }
        Ok(())
    }

    /// Takes entities out of a set.
    pub async fn remove_invalid(&self, set: i32, entities: &[i64]) -> Result<()> {
        for chunk in entities.chunks(MAX_IN) {
            let mut sql = Sql::new("DELETE FROM invalid_entities WHERE tenant_id = ");
            sql.bind(self.tenant().0).push(" AND set_no = ").bind(set);
            sql.push(" AND entity_id IN (").bind_list(chunk.iter().copied()).push(")");
            self.execute(sql).await?;
        }
        Ok(())
    }
}
