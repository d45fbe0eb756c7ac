//! Integrations and their runs.

use portolan_schema::{BlueprintNo, Code, Error, Instant, Pointer, Result};
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
    pub config: Value,
    pub secrets: Option<Vec<u8>>,
    pub mapping: Value,
    /// `{share, atLeast}`.
    pub guard: Value,
    pub created_at: Instant,
    pub created_by: String,
}

/// A run of an integration.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    pub id: i64,
    pub integration: i64,
    pub status: String,
    pub plan_only: bool,
    pub approved: bool,
    /// Code and message.
    pub error: Option<(String, String)>,
    /// `{reason, kind, deletions, share, threshold}`.
    pub blocked: Option<Value>,
    pub created_at: Instant,
    pub created_by: String,
    pub started_at: Option<Instant>,
    pub ended_at: Option<Instant>,
}

/// What a run did with one entry of its mapping's resources.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunKind {
    pub kind: String,
    pub status: String,
    pub seen: i64,
    pub mapped: i64,
    pub created: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub deleted: i64,
    pub failed: i64,
    pub error: Option<(String, String)>,
}

const INTEGRATION: &str =
    "integration_id, identifier, ingestor, config, secrets, mapping, guard, created_at, created_by";
const RUN: &str = "run_id, integration_id, status, plan_only, approved, error_code, error_message, blocked, created_at, \
     created_by, started_at, ended_at";

impl TenantScope {
    /// # Errors
    /// `ALREADY_EXISTS`.
    pub async fn create_integration(&self, integration: &Integration) -> Result<()> {
        let mut sql = Sql::new(
            "INSERT INTO integrations (tenant_id, integration_id, identifier, ingestor, remote, config, secrets, mapping,
               guard, created_at, created_by, updated_at, updated_by) VALUES (",
        );
        sql.bind(self.tenant().0)
            .push(", ")
            .bind(integration.id)
            .push(", ")
            .bind(integration.identifier.as_str());
        sql.push(", ").bind(integration.ingestor.as_str()).push(", 0, ").bind(integration.config.to_string());
        sql.push(", ").bind(integration.secrets.clone()).push(", ").bind(integration.mapping.to_string());
        sql.push(", ").bind(integration.guard.to_string());
        for _ in 0..2 {
            sql.push(", ").bind(integration.created_at.0).push(", ").bind(integration.created_by.as_str());
        }
        sql.push(") ON CONFLICT (tenant_id, identifier) DO NOTHING");
        if self.execute(sql).await? == 0 {
            let message = format!("there is an integration \"{}\" already", integration.identifier);
            return Err(Error::at(Code::AlreadyExists, Pointer::root().key("identifier"), message));
        }
        Ok(())
    }

    pub async fn integrations(&self) -> Result<Vec<Integration>> {
        let mut sql = Sql::new(&format!("SELECT {INTEGRATION} FROM integrations WHERE tenant_id = "));
        sql.bind(self.tenant().0).push(" ORDER BY identifier");
        self.all(sql).await?.iter().map(integration).collect()
    }

    pub async fn integration(&self, identifier: &str) -> Result<Option<Integration>> {
        let mut sql = Sql::new(&format!("SELECT {INTEGRATION} FROM integrations WHERE tenant_id = "));
        sql.bind(self.tenant().0).push(" AND identifier = ").bind(identifier);
        self.one(sql).await?.map(|row| integration(&row)).transpose()
    }

    /// Removes the integration and its runs. Its entities stay, and are nobody's from then on.
    pub async fn delete_integration(&self, id: i64) -> Result<()> {
        for table in ["run_kinds", "run_logs", "run_items"] {
            let mut sql = Sql::new(&format!("DELETE FROM {table} WHERE tenant_id = "));
            sql.bind(self.tenant().0).push(" AND run_id IN (SELECT run_id FROM runs WHERE tenant_id = ");
            sql.bind(self.tenant().0).push(" AND integration_id = ").bind(id).push(")");
            self.execute(sql).await?;
        }
        let mut sql = Sql::new("UPDATE entities SET integration_id = NULL WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND integration_id = ").bind(id);
        self.execute(sql).await?;
        for table in ["payload_samples", "runs", "integrations"] {
            let mut sql = Sql::new(&format!("DELETE FROM {table} WHERE tenant_id = "));
            sql.bind(self.tenant().0).push(" AND integration_id = ").bind(id);
            self.execute(sql).await?;
        }
        Ok(())
    }

    /// Blueprint and identifier of every entity that the integration created.
    pub async fn owned_entities(&self, integration: i64) -> Result<Vec<(BlueprintNo, String)>> {
        let mut sql = Sql::new("SELECT blueprint_no, identifier FROM entities WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND integration_id = ").bind(integration);
        self.all(sql).await?.iter().map(|row| Ok((BlueprintNo(column(row, 0)?), column(row, 1)?))).collect()
    }

    /// Creates the run, or writes what changes of it.
    pub async fn save_run(&self, run: &Run, mapping: &Value) -> Result<()> {
        let mut sql = Sql::new(&format!("INSERT INTO runs (tenant_id, mapping, {RUN}) VALUES ("));
        sql.bind(self.tenant().0).push(", ").bind(mapping.to_string()).push(", ").bind(run.id);
        sql.push(", ").bind(run.integration).push(", ").bind(run.status.as_str());
        sql.push(", ").bind(i32::from(run.plan_only)).push(", ").bind(i32::from(run.approved));
        sql.push(", ").bind(run.error.as_ref().map(|error| error.0.as_str()));
        sql.push(", ").bind(run.error.as_ref().map(|error| error.1.as_str()));
        sql.push(", ").bind(run.blocked.as_ref().map(Value::to_string));
        sql.push(", ").bind(run.created_at.0).push(", ").bind(run.created_by.as_str());
        sql.push(", ").bind(run.started_at.map(|at| at.0)).push(", ").bind(run.ended_at.map(|at| at.0));
        sql.push(
            ") ON CONFLICT (tenant_id, run_id) DO UPDATE SET status = excluded.status, approved = excluded.approved,
               error_code = excluded.error_code, error_message = excluded.error_message, blocked = excluded.blocked,
               started_at = excluded.started_at, ended_at = excluded.ended_at",
        );
        self.execute(sql).await?;
        Ok(())
    }

    pub async fn run(&self, id: i64) -> Result<Option<Run>> {
        let mut sql = Sql::new(&format!("SELECT {RUN} FROM runs WHERE tenant_id = "));
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(id);
        self.one(sql).await?.map(|row| run(&row)).transpose()
    }

    /// The integration's latest run.
    pub async fn last_run(&self, integration: i64) -> Result<Option<Run>> {
        let mut sql = Sql::new(&format!("SELECT {RUN} FROM runs WHERE tenant_id = "));
        sql.bind(self.tenant().0).push(" AND integration_id = ").bind(integration);
        sql.push(" ORDER BY run_id DESC LIMIT 1");
        self.one(sql).await?.map(|row| run(&row)).transpose()
    }

    /// Replaces the counts of a run.
    pub async fn save_run_kinds(&self, run: i64, kinds: &[RunKind]) -> Result<()> {
        let mut sql = Sql::new("DELETE FROM run_kinds WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(run);
        self.execute(sql).await?;
        for (ordinal, kind) in (0_i32..).zip(kinds) {
            let mut sql = Sql::new(
                "INSERT INTO run_kinds (tenant_id, run_id, ordinal, kind, status, seen, mapped, created, updated,
                   unchanged, deleted, failed, error_code, error_message) VALUES (",
            );
            sql.bind(self.tenant().0).push(", ").bind(run).push(", ").bind(ordinal);
            sql.push(", ").bind(kind.kind.as_str()).push(", ").bind(kind.status.as_str());
            let counts = [
                kind.seen,
                kind.mapped,
                kind.created,
                kind.updated,
                kind.unchanged,
                kind.deleted,
                kind.failed,
            ];
            for count in counts {
                sql.push(", ").bind(count);
            }
            sql.push(", ").bind(kind.error.as_ref().map(|error| error.0.as_str()));
            sql.push(", ").bind(kind.error.as_ref().map(|error| error.1.as_str())).push(")");
            self.execute(sql).await?;
        }
        Ok(())
    }

    pub async fn run_kinds(&self, run: i64) -> Result<Vec<RunKind>> {
        let mut sql = Sql::new(
            "SELECT kind, status, seen, mapped, created, updated, unchanged, deleted, failed, error_code, error_message
               FROM run_kinds WHERE tenant_id = ",
        );
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(run).push(" ORDER BY ordinal");
        let read = |row: &QueryResult| {
            Ok(RunKind {
                kind: column(row, 0)?,
                status: column(row, 1)?,
                seen: column(row, 2)?,
                mapped: column(row, 3)?,
                created: column(row, 4)?,
                updated: column(row, 5)?,
                unchanged: column(row, 6)?,
                deleted: column(row, 7)?,
                failed: column(row, 8)?,
                error: error(row, 9)?,
            })
        };
        self.all(sql).await?.iter().map(read).collect()
    }
}

fn integration(row: &QueryResult) -> Result<Integration> {
    Ok(Integration {
        id: column(row, 0)?,
        identifier: column(row, 1)?,
        ingestor: column(row, 2)?,
        config: json_column(row, 3)?,
        secrets: column(row, 4)?,
        mapping: json_column(row, 5)?,
        guard: json_column(row, 6)?,
        created_at: Instant(column(row, 7)?),
        created_by: column(row, 8)?,
    })
}

fn run(row: &QueryResult) -> Result<Run> {
    let blocked: Option<String> = column(row, 7)?;
    Ok(Run {
        id: column(row, 0)?,
        integration: column(row, 1)?,
        status: column(row, 2)?,
        plan_only: column::<i32>(row, 3)? != 0,
        approved: column::<i32>(row, 4)? != 0,
        error: error(row, 5)?,
        blocked: blocked.map(|text| serde_json::from_str(&text)).transpose().map_err(Error::internal)?,
        created_at: Instant(column(row, 8)?),
        created_by: column(row, 9)?,
        started_at: column::<Option<i64>>(row, 10)?.map(Instant),
        ended_at: column::<Option<i64>>(row, 11)?.map(Instant),
    })
}

fn error(row: &QueryResult, from: usize) -> Result<Option<(String, String)>> {
    let code: Option<String> = column(row, from)?;
    let message: Option<String> = column(row, from + 1)?;
    Ok(code.map(|code| (code, message.unwrap_or_default())))
}
