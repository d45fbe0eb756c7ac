//! Rows of blueprints and the log of model revisions.

use std::collections::HashSet;

use portolan_schema::model::{BlueprintNo, Stamps, StoredBlueprint};
use portolan_schema::{Blueprint, Error, Instant, Result};
use sea_orm::QueryResult;
use serde_json::Value;

use crate::TenantScope;
use crate::row::{column, json_column};
use crate::sql::Sql;

impl TenantScope {
    /// All blueprints of the tenant, in the order of their numbers.
    pub async fn blueprints(&self) -> Result<Vec<StoredBlueprint>> {
        let mut sql = Sql::new(
            "SELECT blueprint_no, definition, numbers, graphql, revision, created_at, created_by, updated_at, updated_by
             FROM blueprints WHERE tenant_id = ",
        );
        sql.bind(self.tenant().0).push(" ORDER BY blueprint_no");
        self.all(sql).await?.iter().map(read).collect()
    }

    /// Inserts or replaces a blueprint's row.
    pub async fn save_blueprint(&self, stored: &StoredBlueprint) -> Result<()> {
        let mut definition = stored.blueprint.definition.clone();
        if let Some(graphql) = &stored.blueprint.graphql {
            definition.insert("graphql".into(), graphql.clone());
        }
        let mut sql = Sql::new(
            "INSERT INTO blueprints (tenant_id, blueprint_no, identifier, definition, numbers, graphql, revision,
               created_at, created_by, updated_at, updated_by) VALUES (",
        );
        sql.bind(self.tenant().0).push(", ").bind(stored.no.0);
        sql.push(", ").bind(stored.blueprint.identifier.as_str());
        sql.push(", ").bind(Value::Object(definition).to_string());
        sql.push(", ").bind(serde_json::to_string(&stored.numbers).map_err(Error::internal)?);
        sql.push(", ").bind(serde_json::to_string(&stored.names).map_err(Error::internal)?);
        sql.push(", ").bind(stored.revision);
        sql.push(", ").bind(stored.stamps.created_at.0).push(", ").bind(stored.stamps.created_by.as_str());
        sql.push(", ").bind(stored.stamps.updated_at.0).push(", ").bind(stored.stamps.updated_by.as_str());
        sql.push(
            ") ON CONFLICT (tenant_id, blueprint_no) DO UPDATE SET identifier = excluded.identifier,
               definition = excluded.definition, numbers = excluded.numbers, graphql = excluded.graphql,
               revision = excluded.revision, updated_at = excluded.updated_at, updated_by = excluded.updated_by",
        );
        self.execute(sql).await?;
        Ok(())
    }

    pub async fn remove_blueprint(&self, no: BlueprintNo) -> Result<()> {
        let mut sql = Sql::new("DELETE FROM blueprints WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND blueprint_no = ").bind(no.0);
        self.execute(sql).await?;
        Ok(())
    }

    /// Records what a model revision did to one blueprint; None before a creation or after a deletion.
    pub async fn log_model_change(
        &self,
        revision: i64,
        no: BlueprintNo,
        before: Option<&Blueprint>,
        after: Option<&Blueprint>,
        at: Instant,
        actor: &str,
    ) -> Result<()> {
        let text = |blueprint: Option<&Blueprint>| {
            blueprint.map(|blueprint| Value::Object(blueprint.definition.clone()).to_string())
        };
        let mut sql = Sql::new(
            "INSERT INTO model_revisions
               (tenant_id, revision, blueprint_no, before_definition, after_definition, at, actor) VALUES (",
        );
        sql.bind(self.tenant().0).push(", ").bind(revision).push(", ").bind(no.0);
        sql.push(", ").bind(text(before)).push(", ").bind(text(after));
        sql.push(", ").bind(at.0).push(", ").bind(actor).push(")");
        self.execute(sql).await?;
        Ok(())
    }

    /// Blueprints that have any entity.
    pub async fn populated(&self) -> Result<HashSet<BlueprintNo>> {
        let mut sql = Sql::new("SELECT b.blueprint_no FROM blueprints b WHERE b.tenant_id = ");
        sql.bind(self.tenant().0);
        sql.push(
            " AND EXISTS (SELECT 1 FROM entities e WHERE e.tenant_id = b.tenant_id AND e.blueprint_no = b.blueprint_no)",
        );
        self.all(sql).await?.iter().map(|row| column(row, 0).map(BlueprintNo)).collect()
    }
}

fn read(row: &QueryResult) -> Result<StoredBlueprint> {
    let definition: Value = json_column(row, 1)?;
    // What was accepted once must stay readable, whatever later versions refuse.
    let blueprint =
        Blueprint::parse(&definition).map_err(|problems| Error::internal(problems.to_string()))?;
    Ok(StoredBlueprint {
        no: BlueprintNo(column(row, 0)?),
        blueprint,
        numbers: json_column(row, 2)?,
        names: json_column(row, 3)?,
        revision: column(row, 4)?,
        stamps: Stamps {
            created_at: Instant(column(row, 5)?),
            created_by: column(row, 6)?,
            updated_at: Instant(column(row, 7)?),
            updated_by: column(row, 8)?,
        },
    })
}
