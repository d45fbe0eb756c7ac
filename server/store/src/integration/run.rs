//! Runs: one row each. A run's row is changed field by field, because who carries it out, who cancels it and who approves
//! it may be different servers.

use portolan_schema::{Error, Instant, Result};
use sea_orm::QueryResult;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error;
use super::words::{Phase, RunStatus};
use crate::TenantScope;
use crate::row::{column, json_column};
use crate::sql::Sql;

/// A run of an integration.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    pub id: i64,
    pub integration: i64,
    pub status: RunStatus,
    pub phase: Phase,
    pub plan_only: bool,
    /// A person let it delete what the guard had stopped.
    pub approved: bool,
    /// Somebody wants it to end.
    pub cancelling: bool,
    /// Code and message.
    pub error: Option<(String, String)>,
    /// Why the guard stopped it, or would stop it.
    pub blocked: Option<Blocked>,
    pub created_at: Instant,
    pub created_by: String,
    pub started_at: Option<Instant>,
    pub ended_at: Option<Instant>,
}

/// Why a guard stops a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Blocked {
    pub reason: String,
    pub deletions: u64,
    /// Of the blueprint's entities that belong to the integration, from 0 to 1.
    pub share: f64,
    pub threshold: f64,
}

pub(super) const COLUMNS: &str = "run_id, integration_id, status, phase, plan_only, approved, cancelling, error_code, error_message, \
     blocked, created_at, created_by, started_at, ended_at";

impl TenantScope {
    /// Makes the run of a mapping. What it writes comes after the present end of the log.
    pub async fn create_run(&self, run: &Run, mapping: &Value) -> Result<()> {
        let columns = format!("first_seq, tenant_id, mapping, {COLUMNS}");
        let mut sql = Sql::new(&format!("INSERT INTO runs ({columns}) VALUES ("));
        sql.append(self.log_end())
            .push(", ")
            .bind(self.tenant().0)
            .push(", ")
            .bind(mapping.to_string())
            .push(", ")
            .bind(run.id);
        sql.push(", ").bind(run.integration).push(", ").bind(run.status.as_str());
        sql.push(", ").bind(run.phase.as_str()).push(", ").bind(i32::from(run.plan_only));
        sql.push(", ").bind(i32::from(run.approved)).push(", ").bind(i32::from(run.cancelling));
        sql.push(", NULL, NULL, NULL, ").bind(run.created_at.0).push(", ").bind(run.created_by.as_str());
        sql.push(", ").bind(run.started_at.map(|at| at.0)).push(", ").bind(run.ended_at.map(|at| at.0));
        sql.push(")");
        self.execute(sql).await?;
        Ok(())
    }

    pub async fn run(&self, id: i64) -> Result<Option<Run>> {
        let mut sql = Sql::new(&format!("SELECT {COLUMNS} FROM runs WHERE tenant_id = "));
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(id);
        self.one(sql).await?.map(|row| run(&row)).transpose()
    }

    /// The integration's latest run.
    pub async fn last_run(&self, integration: i64) -> Result<Option<Run>> {
        let mut sql = Sql::new(&format!("SELECT {COLUMNS} FROM runs WHERE tenant_id = "));
        sql.bind(self.tenant().0).push(" AND integration_id = ").bind(integration);
        sql.push(" ORDER BY run_id DESC LIMIT 1");
        self.one(sql).await?.map(|row| run(&row)).transpose()
    }

    /// The integration's latest run that is no plan and takes no other one back.
    pub async fn last_commit(&self, integration: i64) -> Result<Option<Run>> {
        let mut sql = Sql::new(&format!("SELECT {COLUMNS} FROM runs WHERE tenant_id = "));
        sql.bind(self.tenant().0).push(" AND integration_id = ").bind(integration);
        sql.push(" AND plan_only = 0 AND NOT EXISTS (SELECT 1 FROM run_rollbacks b WHERE b.tenant_id = ");
        sql.bind(self.tenant().0).push(" AND b.run_id = runs.run_id) ORDER BY run_id DESC LIMIT 1");
        self.one(sql).await?.map(|row| run(&row)).transpose()
    }

    /// The integration's runs in one of these states, oldest first.
    pub async fn runs_in(&self, integration: i64, states: &[RunStatus]) -> Result<Vec<Run>> {
        let mut sql = Sql::new(&format!("SELECT {COLUMNS} FROM runs WHERE tenant_id = "));
        sql.bind(self.tenant().0).push(" AND integration_id = ").bind(integration).push(" AND status IN (");
        sql.bind_list(states.iter().map(|status| status.as_str())).push(") ORDER BY run_id");
        self.all(sql).await?.iter().map(run).collect()
    }

    /// The mapping as it was when the run was made.
    pub async fn run_mapping(&self, id: i64) -> Result<Value> {
        let mut sql = Sql::new("SELECT mapping FROM runs WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(id);
        let row = self.one(sql).await?.ok_or_else(|| Error::not_found(format!("the run {id}")))?;
        json_column(&row, 0)
    }

    /// Some of the planned changes.
    pub async fn run_samples(&self, id: i64) -> Result<Vec<Value>> {
        let mut sql = Sql::new("SELECT samples FROM runs WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(id);
        let Some(row) = self.one(sql).await? else { return Ok(Vec::new()) };
        let text: Option<String> = column(&row, 0)?;
        text.map_or(Ok(Vec::new()), |text| serde_json::from_str(&text).map_err(Error::internal))
    }

    /// The run begins.
    pub async fn begin_run(&self, id: i64, at: Instant) -> Result<()> {
        let mut sql = Sql::new("UPDATE runs SET status = ");
        sql.bind(RunStatus::Running.as_str()).push(", started_at = ").bind(at.0);
        self.of_run(sql, id).await.map(drop)
    }

    pub async fn set_phase(&self, id: i64, phase: Phase) -> Result<()> {
        let mut sql = Sql::new("UPDATE runs SET phase = ");
        sql.bind(phase.as_str());
        self.of_run(sql, id).await.map(drop)
    }

    /// Keeps what the plan found.
    pub async fn save_plan(&self, id: i64, blocked: Option<&Blocked>, samples: &[Value]) -> Result<()> {
        let blocked = blocked.map(serde_json::to_string).transpose().map_err(Error::internal)?;
        let mut sql = Sql::new("UPDATE runs SET blocked = ");
        sql.bind(blocked).push(", samples = ").bind(Value::from(samples).to_string());
        self.of_run(sql, id).await.map(drop)
    }

    /// The number of the log's last entry, as a part of a statement.
    fn log_end(&self) -> Sql {
        let mut sql = Sql::new("(SELECT h.seq FROM tenant_heads h WHERE h.tenant_id = ");
        sql.bind(self.tenant().0).push(")");
        sql
    }

    /// Ends the run, or with [`RunStatus::Blocked`] makes it wait for a person; such a run keeps its phase. Answers false,
    /// and changes nothing, where the run has ended before.
    pub async fn end_run(
        &self,
        id: i64,
        status: RunStatus,
        error: Option<&(String, String)>,
        at: Instant,
    ) -> Result<bool> {
        let mut sql = Sql::new("UPDATE runs SET status = ");
        sql.bind(status.as_str()).push(", ended_at = ").bind(at.0);
        sql.push(", error_code = ").bind(error.map(|error| error.0.as_str()));
        sql.push(", error_message = ").bind(error.map(|error| error.1.as_str()));
        sql.push(", last_seq = ").append(self.log_end());
        if status != RunStatus::Blocked {
            sql.push(", phase = ").bind(Phase::Ended.as_str());
        }
        sql.push(" WHERE tenant_id = ").bind(self.tenant().0).push(" AND run_id = ").bind(id);
        sql.push(" AND phase <> ").bind(Phase::Ended.as_str());
        Ok(self.execute(sql).await? == 1)
    }

    /// A blocked run goes on. Answers whether it was blocked.
    pub async fn approve_run(&self, id: i64) -> Result<bool> {
        let mut sql = Sql::new("UPDATE runs SET status = ");
        sql.bind(RunStatus::Running.as_str()).push(", approved = 1, blocked = NULL, ended_at = NULL");
        sql.push(" WHERE tenant_id = ").bind(self.tenant().0).push(" AND run_id = ").bind(id);
        sql.push(" AND status = ").bind(RunStatus::Blocked.as_str());
        Ok(self.execute(sql).await? == 1)
    }

    /// Tells whoever carries the run out to end it.
    pub async fn cancel_run(&self, id: i64) -> Result<()> {
        self.of_run(Sql::new("UPDATE runs SET cancelling = 1"), id).await.map(drop)
    }

    /// Reads a run and keeps others from changing it until the transaction ends.
    pub async fn lock_run(&self, id: i64) -> Result<Option<Run>> {
        let mut sql = Sql::new("UPDATE runs SET status = status WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(id).push(&format!(" RETURNING {COLUMNS}"));
        self.one(sql).await?.map(|row| run(&row)).transpose()
    }

    async fn of_run(&self, mut sql: Sql, id: i64) -> Result<u64> {
        sql.push(" WHERE tenant_id = ").bind(self.tenant().0).push(" AND run_id = ").bind(id);
        self.execute(sql).await
    }
}

pub(super) fn run(row: &QueryResult) -> Result<Run> {
    let blocked: Option<String> = column(row, 9)?;
    Ok(Run {
        id: column(row, 0)?,
        integration: column(row, 1)?,
        status: RunStatus::parse(&column::<String>(row, 2)?)?,
        phase: Phase::parse(&column::<String>(row, 3)?)?,
        plan_only: column::<i32>(row, 4)? != 0,
        approved: column::<i32>(row, 5)? != 0,
        cancelling: column::<i32>(row, 6)? != 0,
        error: error(row, 7)?,
        blocked: blocked.map(|text| serde_json::from_str(&text)).transpose().map_err(Error::internal)?,
        created_at: Instant(column(row, 10)?),
        created_by: column(row, 11)?,
        started_at: column::<Option<i64>>(row, 12)?.map(Instant),
        ended_at: column::<Option<i64>>(row, 13)?.map(Instant),
    })
}
