//! Which of some entities match a filter.

use std::collections::HashSet;

use portolan_schema::{BlueprintModel, CatalogModel, Filter, Result};

use crate::TenantScope;
use crate::entity_read::MAX_IN;
use crate::row::column;
use crate::sql::Sql;

impl TenantScope {
    /// Those of these entities of a blueprint that match. A statement each 5,000.
    pub async fn matching(
        &self,
        model: &CatalogModel,
        blueprint: &BlueprintModel,
        filter: &Filter,
        entities: &[i64],
    ) -> Result<HashSet<i64>> {
        let mut found = HashSet::new();
        for chunk in entities.chunks(MAX_IN) {
            let mut sql = Sql::new("SELECT e.entity_id FROM entities e WHERE e.entity_id IN (");
            sql.bind_list(chunk.iter().copied()).push(") AND ");
            self.push_scope(&mut sql, model, blueprint, filter)?;
            for row in self.all(sql).await? {
                found.insert(column(&row, 0)?);
            }
        }
        Ok(found)
    }

    /// Those of a blueprint's entities with these identifiers that match. A statement each 5,000.
    pub async fn matching_identifiers(
        &self,
        model: &CatalogModel,
        blueprint: &BlueprintModel,
        filter: &Filter,
        identifiers: &[&str],
    ) -> Result<HashSet<String>> {
        let mut found = HashSet::new();
        for chunk in identifiers.chunks(MAX_IN) {
            let mut sql = Sql::new("SELECT e.identifier FROM entities e WHERE e.identifier IN (");
            sql.bind_list(chunk.iter().copied()).push(") AND ");
            self.push_scope(&mut sql, model, blueprint, filter)?;
            for row in self.all(sql).await? {
                found.insert(column(&row, 0)?);
            }
        }
        Ok(found)
    }
}
