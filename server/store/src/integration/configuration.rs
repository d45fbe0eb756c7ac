//! What is configured: one row an integration.

use portolan_schema::{Code, Error, Instant, Pointer, Result};
use sea_orm::QueryResult;
use serde_json::Value;

use crate::TenantScope;
use crate::row::{column, json_column};
use crate::sql::Sql;

/// One tenant's configured use of an ingestor. Secrets are sealed.
#[derive(Debug, Clone, PartialEq)]
pub struct Integration {
    pub id: i64,
    pub identifier: String,
    pub ingestor: String,
    /// Runs elsewhere and reports by `/v1`: its configuration is not ours to read.
    pub remote: bool,
    pub config: Value,
    pub secrets: Option<Vec<u8>>,
    pub mapping: Value,
    /// A cron expression of five fields, in UTC.
    pub schedule: Option<String>,
    /// `{share, atLeast}`.
    pub guard: Value,
    /// What a remote one keeps here, in Port's wire format.
    pub wire: Option<Value>,
    pub created_at: Instant,
    pub created_by: String,
    pub updated_at: Instant,
    pub updated_by: String,
}

const COLUMNS: &str = "integration_id, identifier, ingestor, remote, config, secrets, mapping, schedule, guard, wire, created_at, \
     created_by, updated_at, updated_by";

impl TenantScope {
    /// # Errors
    /// `ALREADY_EXISTS`.
    pub async fn create_integration(&self, integration: &Integration) -> Result<()> {
        let mut sql = Sql::new(&format!("INSERT INTO integrations (tenant_id, {COLUMNS}) VALUES ("));
        sql.bind(self.tenant().0).push(", ").bind(integration.id);
        sql.push(", ").bind(integration.identifier.as_str()).push(", ").bind(integration.ingestor.as_str());
        sql.push(", ").bind(i32::from(integration.remote)).push(", ").bind(integration.config.to_string());
        sql.push(", ").bind(integration.secrets.clone()).push(", ").bind(integration.mapping.to_string());
        sql.push(", ").bind(integration.schedule.clone()).push(", ").bind(integration.guard.to_string());
        sql.push(", ").bind(integration.wire.as_ref().map(Value::to_string));
        sql.push(", ").bind(integration.created_at.0).push(", ").bind(integration.created_by.as_str());
        sql.push(", ").bind(integration.updated_at.0).push(", ").bind(integration.updated_by.as_str());
        sql.push(") ON CONFLICT (tenant_id, identifier) DO NOTHING");
        if self.execute(sql).await? == 0 {
            return Err(taken(&integration.identifier));
        }
        Ok(())
    }

    /// Writes everything that can change of an integration.
    ///
    /// # Errors
    /// `ALREADY_EXISTS` where another one has its identifier.
    pub async fn update_integration(&self, integration: &Integration) -> Result<()> {
        let named = self.integration(&integration.identifier).await?;
        if named.is_some_and(|named| named.id != integration.id) {
            return Err(taken(&integration.identifier));
        }
        let mut sql = Sql::new("UPDATE integrations SET identifier = ");
        sql.bind(integration.identifier.as_str()).push(", ingestor = ").bind(integration.ingestor.as_str());
        sql.push(", config = ").bind(integration.config.to_string());
        sql.push(", secrets = ").bind(integration.secrets.clone());
        sql.push(", mapping = ").bind(integration.mapping.to_string());
        sql.push(", schedule = ").bind(integration.schedule.clone());
        sql.push(", guard = ").bind(integration.guard.to_string());
        sql.push(", wire = ").bind(integration.wire.as_ref().map(Value::to_string));
        sql.push(", updated_at = ").bind(integration.updated_at.0);
        sql.push(", updated_by = ").bind(integration.updated_by.as_str());
        sql.push(" WHERE tenant_id = ").bind(self.tenant().0);
        sql.push(" AND integration_id = ").bind(integration.id);
        self.execute(sql).await?;
        Ok(())
    }

    /// All integrations, by identifier.
    pub async fn integrations(&self) -> Result<Vec<Integration>> {
        let mut sql = Sql::new(&format!("SELECT {COLUMNS} FROM integrations WHERE tenant_id = "));
        sql.bind(self.tenant().0).push(" ORDER BY identifier");
        self.all(sql).await?.iter().map(integration).collect()
    }

    pub async fn count_integrations(&self) -> Result<u64> {
        let mut sql = Sql::new("SELECT count(*) FROM integrations WHERE tenant_id = ");
        sql.bind(self.tenant().0);
        self.one(sql).await?.map_or(Ok(0), |row| Ok(column::<i64>(&row, 0)?.unsigned_abs()))
    }

    pub async fn integration(&self, identifier: &str) -> Result<Option<Integration>> {
        let mut sql = Sql::new(&format!("SELECT {COLUMNS} FROM integrations WHERE tenant_id = "));
        sql.bind(self.tenant().0).push(" AND identifier = ").bind(identifier);
        self.one(sql).await?.map(|row| integration(&row)).transpose()
    }

    pub async fn integration_by_id(&self, id: i64) -> Result<Option<Integration>> {
        let mut sql = Sql::new(&format!("SELECT {COLUMNS} FROM integrations WHERE tenant_id = "));
        sql.bind(self.tenant().0).push(" AND integration_id = ").bind(id);
        self.one(sql).await?.map(|row| integration(&row)).transpose()
    }

    /// Reads an integration and keeps others from changing it or starting a run of it until the transaction ends.
    pub async fn lock_integration(&self, identifier: &str) -> Result<Option<Integration>> {
        let mut sql = Sql::new("UPDATE integrations SET identifier = identifier WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND identifier = ").bind(identifier);
        sql.push(&format!(" RETURNING {COLUMNS}"));
        self.one(sql).await?.map(|row| integration(&row)).transpose()
    }

    /// Removes the integration, its runs and what was recorded of it. Its entities stay, and are nobody's from then on.
    pub async fn delete_integration(&self, id: i64) -> Result<()> {
        for table in ["run_kinds", "run_logs", "run_items", "run_follow_points"] {
            let mut sql = Sql::new(&format!("DELETE FROM {table} WHERE tenant_id = "));
            sql.bind(self.tenant().0).push(" AND run_id IN (SELECT run_id FROM runs WHERE tenant_id = ");
            sql.bind(self.tenant().0).push(" AND integration_id = ").bind(id).push(")");
            self.execute(sql).await?;
        }
        let mut sql = Sql::new("UPDATE entities SET integration_id = NULL WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND integration_id = ").bind(id);
        self.execute(sql).await?;
        for table in
            ["payload_samples", "deliveries", "hooks", "follow_points", "followings", "runs", "integrations"]
        {
            let mut sql = Sql::new(&format!("DELETE FROM {table} WHERE tenant_id = "));
            sql.bind(self.tenant().0).push(" AND integration_id = ").bind(id);
            self.execute(sql).await?;
        }
        Ok(())
    }
}

fn taken(identifier: &str) -> Error {
    let message = format!("there is an integration \"{identifier}\" already");
    Error::at(Code::AlreadyExists, Pointer::root().key("identifier"), message)
}

fn integration(row: &QueryResult) -> Result<Integration> {
    let wire: Option<String> = column(row, 9)?;
    Ok(Integration {
        id: column(row, 0)?,
        identifier: column(row, 1)?,
        ingestor: column(row, 2)?,
        remote: column::<i32>(row, 3)? != 0,
        config: json_column(row, 4)?,
        secrets: column(row, 5)?,
        mapping: json_column(row, 6)?,
        schedule: column(row, 7)?,
        guard: json_column(row, 8)?,
        wire: wire.map(|text| serde_json::from_str(&text)).transpose().map_err(Error::internal)?,
        created_at: Instant(column(row, 10)?),
        created_by: column(row, 11)?,
        updated_at: Instant(column(row, 12)?),
        updated_by: column(row, 13)?,
    })
}
