//! What a run would delete: own entities that it has not seen. They are staged beside the items to write, under the
//! negative of the entity's id.

use std::collections::HashSet;

use portolan_schema::{BlueprintNo, CatalogModel, RelationNo, Result};
use sea_orm::QueryResult;

use crate::TenantScope;
use crate::entity_read::MAX_IN;
use crate::row::column;
use crate::sql::Sql;

/// An entity that is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    pub no: i64,
    pub kind: i32,
    pub blueprint: BlueprintNo,
    pub identifier: String,
}

impl Gone {
    /// The entity's id.
    pub fn entity(&self) -> i64 {
        -self.no
    }
}

/// An entity that may require one that is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub entity: i64,
    pub blueprint: BlueprintNo,
    pub identifier: String,
    /// Whose it is.
    pub integration: Option<i64>,
}

impl TenantScope {
    /// How many entities of each blueprint belong to the integration.
    pub async fn owned_counts(&self, integration: i64) -> Result<Vec<(BlueprintNo, i64)>> {
        let mut sql = Sql::new("SELECT blueprint_no, COUNT(*) FROM entities WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND integration_id = ").bind(integration);
        sql.push(" GROUP BY blueprint_no ORDER BY blueprint_no");
        self.all(sql).await?.iter().map(|row| Ok((BlueprintNo(column(row, 0)?), column(row, 1)?))).collect()
    }

    /// Stages for deletion the integration's entities of a blueprint that the run has not staged. Answers how many.
    pub async fn stage_deletions(
        &self,
        run: i64,
        integration: i64,
        blueprint: BlueprintNo,
        kind: i32,
    ) -> Result<u64> {
        let mut sql = Sql::new(
            "INSERT INTO run_items (tenant_id, run_id, item_no, kind_ordinal, action, late, blueprint_no, identifier,
               entity) SELECT e.tenant_id, CAST(",
        );
        sql.bind(run).push(" AS BIGINT), -e.entity_id, CAST(").bind(kind);
        sql.push(
            " AS INTEGER), 'D', 0, e.blueprint_no, e.identifier, '' FROM entities e WHERE e.tenant_id = ",
        );
        sql.bind(self.tenant().0).push(" AND e.integration_id = ").bind(integration);
        sql.push(" AND e.blueprint_no = ").bind(blueprint.0);
        sql.push(" AND NOT EXISTS (SELECT 1 FROM run_items i WHERE i.tenant_id = ").bind(self.tenant().0);
        sql.push(" AND i.run_id = ").bind(run);
        sql.push(" AND i.blueprint_no = e.blueprint_no AND i.identifier = e.identifier AND i.action = 'W')");
        self.execute(sql).await
    }

    /// Stages one more entity for deletion.
    pub async fn stage_deletion(&self, run: i64, gone: &Gone) -> Result<()> {
        let mut sql = Sql::new(
            "INSERT INTO run_items (tenant_id, run_id, item_no, kind_ordinal, action, late, blueprint_no, identifier,
               entity) VALUES (",
        );
        sql.bind(self.tenant().0).push(", ").bind(run).push(", ").bind(gone.no).push(", ").bind(gone.kind);
        sql.push(", 'D', 0, ").bind(gone.blueprint.0).push(", ").bind(gone.identifier.as_str());
        sql.push(", '') ON CONFLICT DO NOTHING");
        self.execute(sql).await?;
        Ok(())
    }

    /// Takes entities off the deletions; answers how many were on it.
    pub async fn spare(&self, run: i64, blueprint: BlueprintNo, identifiers: &[&str]) -> Result<u64> {
        let mut spared = 0;
        for chunk in identifiers.chunks(MAX_IN) {
            let mut sql = self.deletions_of(run, blueprint);
            sql.push(" AND identifier IN (").bind_list(chunk.iter().copied()).push(")");
            spared += self.execute(sql).await?;
        }
        Ok(spared)
    }

    /// Takes a whole blueprint off the deletions; answers how many were on it.
    pub async fn spare_all(&self, run: i64, blueprint: BlueprintNo) -> Result<u64> {
        self.execute(self.deletions_of(run, blueprint)).await
    }

    /// Takes everything off the deletions.
    pub async fn spare_everything(&self, run: i64) -> Result<u64> {
        let mut sql = Sql::new("DELETE FROM run_items WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(run).push(" AND action = 'D'");
        self.execute(sql).await
    }

    fn deletions_of(&self, run: i64, blueprint: BlueprintNo) -> Sql {
        let mut sql = Sql::new("DELETE FROM run_items WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(run);
        sql.push(" AND blueprint_no = ").bind(blueprint.0).push(" AND action = 'D'");
        sql
    }

    /// The next entities that are to go, by number, after one.
    pub async fn deletions_after(&self, run: i64, after: i64, limit: usize) -> Result<Vec<Gone>> {
        let mut sql = Sql::new(
            "SELECT item_no, kind_ordinal, blueprint_no, identifier FROM run_items WHERE tenant_id = ",
        );
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(run).push(" AND item_no > ").bind(after);
        sql.push(" AND action = 'D' AND verdict IS NULL ORDER BY item_no LIMIT ");
        sql.bind(i64::try_from(limit).unwrap_or(i64::MAX));
        self.all(sql).await?.iter().map(gone).collect()
    }

    /// Which of these entities are to go.
    pub async fn are_going(&self, run: i64, entities: &[i64]) -> Result<HashSet<i64>> {
        let mut found = HashSet::new();
        for chunk in entities.chunks(MAX_IN) {
            let mut sql = Sql::new("SELECT -item_no FROM run_items WHERE tenant_id = ");
            sql.bind(self.tenant().0).push(" AND run_id = ").bind(run).push(" AND item_no IN (");
            sql.bind_list(chunk.iter().map(|entity| -entity)).push(") AND action = 'D' AND verdict IS NULL");
            for row in self.all(sql).await? {
                found.insert(column(&row, 0)?);
            }
        }
        Ok(found)
    }

    /// Edges of some relations that point at any of `targets`: (source id, relation, target id).
    pub async fn edges_of_relations_to(
        &self,
        relations: &[RelationNo],
        targets: &[i64],
    ) -> Result<Vec<(i64, RelationNo, i64)>> {
        let mut found = Vec::new();
        for chunk in targets.chunks(MAX_IN / 2) {
            let mut sql =
                Sql::new("SELECT source_id, relation_no, target_id FROM relations WHERE tenant_id = ");
            sql.bind(self.tenant().0).push(" AND target_id IN (").bind_list(chunk.iter().copied());
            sql.push(") AND relation_no IN (")
                .bind_list(relations.iter().map(|relation| relation.0))
                .push(")");
            for row in self.all(sql).await? {
                found.push((column(&row, 0)?, RelationNo(column(&row, 1)?), column(&row, 2)?));
            }
        }
        Ok(found)
    }

    /// Where some relations of entities point: (source id, relation, target id).
    pub async fn edges_of_relations_from(
        &self,
        relations: &[RelationNo],
        sources: &[i64],
    ) -> Result<Vec<(i64, RelationNo, i64)>> {
        let mut found = Vec::new();
        for chunk in sources.chunks(MAX_IN / 2) {
            let mut sql =
                Sql::new("SELECT source_id, relation_no, target_id FROM relations WHERE tenant_id = ");
            sql.bind(self.tenant().0).push(" AND source_id IN (").bind_list(chunk.iter().copied());
            sql.push(") AND relation_no IN (").bind_list(relations.iter().map(|relation| relation.0));
            sql.push(") AND target_id IS NOT NULL");
            for row in self.all(sql).await? {
                found.push((column(&row, 0)?, RelationNo(column(&row, 1)?), column(&row, 2)?));
            }
        }
        Ok(found)
    }

    /// What entities are, and whose.
    pub async fn holders(&self, entities: &[i64]) -> Result<Vec<Holder>> {
        let mut found = Vec::new();
        for chunk in entities.chunks(MAX_IN) {
            let mut sql = Sql::new(
                "SELECT entity_id, blueprint_no, identifier, integration_id FROM entities WHERE tenant_id = ",
            );
            sql.bind(self.tenant().0).push(" AND entity_id IN (").bind_list(chunk.iter().copied());
            sql.push(") ORDER BY entity_id");
            for row in self.all(sql).await? {
                found.push(Holder {
                    entity: column(&row, 0)?,
                    blueprint: BlueprintNo(column(&row, 1)?),
                    identifier: column(&row, 2)?,
                    integration: column(&row, 3)?,
                });
            }
        }
        Ok(found)
    }

    /// Planned deletions by kind and blueprint.
    pub async fn planned_deletions(&self, run: i64) -> Result<Vec<(i32, BlueprintNo, i64)>> {
        let mut sql =
            Sql::new("SELECT kind_ordinal, blueprint_no, COUNT(*) FROM run_items WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(run);
        sql.push(" AND action = 'D' AND verdict IS NULL GROUP BY kind_ordinal, blueprint_no");
        sql.push(" ORDER BY kind_ordinal, blueprint_no");
        let read = |row: &QueryResult| Ok((column(row, 0)?, BlueprintNo(column(row, 1)?), column(row, 2)?));
        self.all(sql).await?.iter().map(read).collect()
    }

    /// The next deletions of a blueprint, by identifier.
    pub async fn deletions(&self, run: i64, blueprint: BlueprintNo, limit: usize) -> Result<Vec<Gone>> {
        let mut sql = Sql::new(
            "SELECT item_no, kind_ordinal, blueprint_no, identifier FROM run_items WHERE tenant_id = ",
        );
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(run);
        sql.push(" AND blueprint_no = ").bind(blueprint.0).push(" AND action = 'D' AND verdict IS NULL");
        sql.push(" ORDER BY identifier LIMIT ").bind(i64::try_from(limit).unwrap_or(i64::MAX));
        self.all(sql).await?.iter().map(gone).collect()
    }

    /// Deletions that wait for others are tried again; answers how many there are.
    pub async fn retry_deletions(&self, run: i64) -> Result<u64> {
        let mut sql = Sql::new("UPDATE run_items SET verdict = NULL WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(run);
        sql.push(" AND action = 'D' AND verdict = 'A'");
        self.execute(sql).await
    }

    /// Edges of the integration's entities that wait for a target: blueprint and identifier of the target.
    pub async fn waiting_targets(
        &self,
        integration: i64,
        model: &CatalogModel,
        limit: usize,
    ) -> Result<Vec<(BlueprintNo, String)>> {
        let mut sql = Sql::new(
            "SELECT DISTINCT r.relation_no, r.pending FROM relations r
               JOIN entities s ON s.tenant_id = r.tenant_id AND s.entity_id = r.source_id
              WHERE r.pending IS NOT NULL AND r.tenant_id = ",
        );
        sql.bind(self.tenant().0).push(" AND s.integration_id = ").bind(integration);
        sql.push(" ORDER BY r.relation_no, r.pending LIMIT ").bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let mut found = Vec::new();
        for row in self.all(sql).await? {
            let no: i32 = column(&row, 0)?;
            let relations = model.blueprints().iter().flat_map(|blueprint| &blueprint.relations);
            let relation = relations.into_iter().find(|relation| relation.no.0 == no);
            if let Some(relation) = relation {
                found.push((relation.target, column(&row, 1)?));
            }
        }
        Ok(found)
    }

    /// Ids of the integration's entities, after one.
    pub async fn owned_ids(
        &self,
        integration: i64,
        blueprint: BlueprintNo,
        after: i64,
        limit: usize,
    ) -> Result<Vec<i64>> {
        let mut sql = Sql::new("SELECT entity_id FROM entities WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND integration_id = ").bind(integration);
        sql.push(" AND blueprint_no = ").bind(blueprint.0).push(" AND entity_id > ").bind(after);
        sql.push(" ORDER BY entity_id LIMIT ").bind(i64::try_from(limit).unwrap_or(i64::MAX));
        self.all(sql).await?.iter().map(|row| column(row, 0)).collect()
    }

    /// The integration's entities of a blueprint, by identifier, after one.
    pub async fn owned_entities(
        &self,
        integration: i64,
        blueprint: BlueprintNo,
        after: &str,
        limit: usize,
    ) -> Result<Vec<String>> {
        let mut sql = Sql::new("SELECT identifier FROM entities WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND integration_id = ").bind(integration);
        sql.push(" AND blueprint_no = ").bind(blueprint.0).push(" AND identifier > ").bind(after);
        sql.push(" ORDER BY identifier LIMIT ").bind(i64::try_from(limit).unwrap_or(i64::MAX));
        self.all(sql).await?.iter().map(|row| column(row, 0)).collect()
    }
}

fn gone(row: &QueryResult) -> Result<Gone> {
    Ok(Gone {
        no: column(row, 0)?,
        kind: column(row, 1)?,
        blueprint: BlueprintNo(column(row, 2)?),
        identifier: column(row, 3)?,
    })
}
