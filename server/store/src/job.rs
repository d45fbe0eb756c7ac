//! Work to do, found without knowing its tenant, and leased so that one server does it.
//!
//! A lease has a token: the number of times that the job was taken. Whoever works on a job holds its lease in every
//! transaction ([`TenantScope::hold_job`]), so that a server that lost it, by sleeping too long, writes nothing more.

use portolan_schema::{Instant, Result};

use crate::row::column;
use crate::sql::Sql;
use crate::{GlobalScope, TenantId, TenantScope};

/// A job that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    pub id: i64,
    pub tenant: TenantId,
    /// What it is about, by the queue's own numbers.
    pub subject: i64,
    /// How often it was taken, this time included.
    pub attempts: i32,
}

impl GlobalScope {
    /// Takes the next due job of a queue: first of tenants who have the fewest at work, then the oldest. Suspended tenants'
    /// jobs wait.
    pub async fn take_job(&self, queue: &str, now: Instant, leased_until: Instant) -> Result<Option<Job>> {
        let mut sql = Sql::new(
            "WITH due AS MATERIALIZED (SELECT j.job_id FROM jobs j JOIN tenants t ON t.tenant_id = j.tenant_id
              WHERE t.status = 'ACTIVE' AND j.queue = ",
        );
        sql.bind(queue).push(" AND j.run_at <= ").bind(now.0);
        sql.push(" AND (j.leased_until IS NULL OR j.leased_until < ").bind(now.0);
        sql.push(
            ") ORDER BY (SELECT COUNT(*) FROM jobs busy WHERE busy.tenant_id = j.tenant_id AND busy.queue = ",
        );
        sql.bind(queue).push(" AND busy.leased_until >= ").bind(now.0).push("), j.run_at, j.job_id LIMIT 1");
        if self.is_postgres() {
            sql.push(" FOR UPDATE OF j SKIP LOCKED");
        }
        sql.push(") UPDATE jobs SET attempts = attempts + 1, leased_until = ").bind(leased_until.0);
        sql.push(" FROM due WHERE jobs.job_id = due.job_id");
        sql.push(" RETURNING jobs.job_id, jobs.tenant_id, jobs.subject_id, jobs.attempts");
        let Some(row) = self.one(sql).await? else { return Ok(None) };
        Ok(Some(Job {
            id: column(&row, 0)?,
            tenant: TenantId(column(&row, 1)?),
            subject: column(&row, 2)?,
            attempts: column(&row, 3)?,
        }))
    }

    /// Whether [`GlobalScope::take_job`] has something to take.
    pub async fn has_due_job(&self, queue: &str, now: Instant) -> Result<bool> {
        let mut sql = Sql::new(
            "SELECT 1 FROM jobs j JOIN tenants t ON t.tenant_id = j.tenant_id WHERE t.status = 'ACTIVE' AND j.queue = ",
        );
        sql.bind(queue).push(" AND j.run_at <= ").bind(now.0);
        sql.push(" AND (j.leased_until IS NULL OR j.leased_until < ").bind(now.0).push(") LIMIT 1");
        Ok(self.one(sql).await?.is_some())
    }

    /// Ends all leases of a queue, for a server that knows that it is the only one.
    pub async fn end_leases(&self, queue: &str) -> Result<()> {
        let mut sql =
            Sql::new("UPDATE jobs SET leased_until = NULL WHERE leased_until IS NOT NULL AND queue = ");
        sql.bind(queue);
        self.execute(sql).await?;
        Ok(())
    }
}

impl TenantScope {
    /// Adds a job to a queue; nothing where there is one about the same subject.
    pub async fn add_job(&self, id: i64, queue: &str, subject: i64, at: Instant) -> Result<()> {
        let mut sql =
            Sql::new("INSERT INTO jobs (job_id, tenant_id, queue, subject_id, run_at, created_at) VALUES (");
        sql.bind(id).push(", ").bind(self.tenant().0).push(", ").bind(queue).push(", ").bind(subject);
        sql.push(", ").bind(at.0).push(", ").bind(at.0);
        sql.push(") ON CONFLICT (tenant_id, queue, subject_id) DO NOTHING");
        self.execute(sql).await?;
        Ok(())
    }

    /// [`TenantScope::add_job`], but where there is one about the same subject, it is due at `at` at the latest. Until the
    /// transaction ends, nobody can end that job.
    pub async fn hasten_job(&self, id: i64, queue: &str, subject: i64, at: Instant) -> Result<()> {
        let mut sql =
            Sql::new("INSERT INTO jobs (job_id, tenant_id, queue, subject_id, run_at, created_at) VALUES (");
        sql.bind(id).push(", ").bind(self.tenant().0).push(", ").bind(queue).push(", ").bind(subject);
        sql.push(", ").bind(at.0).push(", ").bind(at.0);
        sql.push(
            ") ON CONFLICT (tenant_id, queue, subject_id) DO UPDATE SET run_at = excluded.run_at
              WHERE jobs.run_at > excluded.run_at",
        );
        self.execute(sql).await?;
        Ok(())
    }

    /// Takes a job by its subject, due or not, where nobody is at work on it.
    pub async fn take_job_of(
        &self,
        queue: &str,
        subject: i64,
        now: Instant,
        leased_until: Instant,
    ) -> Result<Option<Job>> {
        let mut sql = Sql::new("UPDATE jobs SET attempts = attempts + 1, leased_until = ");
        sql.bind(leased_until.0).push(" WHERE tenant_id = ").bind(self.tenant().0);
        sql.push(" AND queue = ").bind(queue).push(" AND subject_id = ").bind(subject);
        sql.push(" AND (leased_until IS NULL OR leased_until < ").bind(now.0);
        sql.push(") RETURNING job_id, attempts");
        let Some(row) = self.one(sql).await? else { return Ok(None) };
        Ok(Some(Job { id: column(&row, 0)?, tenant: self.tenant(), subject, attempts: column(&row, 1)? }))
    }

    /// Changes when a job is due, by its subject; whoever is at work on it keeps it.
    pub async fn reschedule_job(&self, queue: &str, subject: i64, at: Instant) -> Result<()> {
        let mut sql = Sql::new("UPDATE jobs SET run_at = ");
        sql.bind(at.0).push(" WHERE tenant_id = ").bind(self.tenant().0);
        sql.push(" AND queue = ").bind(queue).push(" AND subject_id = ").bind(subject);
        self.execute(sql).await?;
        Ok(())
    }

    /// When a job is due, by its subject.
    pub async fn job_due(&self, queue: &str, subject: i64) -> Result<Option<Instant>> {
        let mut sql = Sql::new("SELECT run_at FROM jobs WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND queue = ").bind(queue).push(" AND subject_id = ").bind(subject);
        self.one(sql).await?.map(|row| Ok(Instant(column(&row, 0)?))).transpose()
    }

    /// Keeps the job's lease, or with `until` prolongs it. Answers false where somebody else has it by now. Until the
    /// transaction ends, nobody can take the job.
    pub async fn hold_job(&self, job: &Job, until: Option<Instant>) -> Result<bool> {
        let mut sql = Sql::new("UPDATE jobs SET leased_until = ");
        match until {
            Some(until) => sql.bind(until.0),
            None => sql.push("leased_until"),
        };
        self.of_job(sql, job).await
    }

    /// Gives the job back; it is due again at `at`.
    pub async fn return_job(&self, job: &Job, at: Instant) -> Result<bool> {
        let mut sql = Sql::new("UPDATE jobs SET leased_until = NULL, run_at = ");
        sql.bind(at.0);
        self.of_job(sql, job).await
    }

    /// The job is done.
    pub async fn end_job(&self, job: &Job) -> Result<bool> {
        self.of_job(Sql::new("DELETE FROM jobs"), job).await
    }

    /// Removes a job by its subject, whoever has it.
    pub async fn remove_job(&self, queue: &str, subject: i64) -> Result<()> {
        let mut sql = Sql::new("DELETE FROM jobs WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND queue = ").bind(queue).push(" AND subject_id = ").bind(subject);
        self.execute(sql).await?;
        Ok(())
    }

    async fn of_job(&self, mut sql: Sql, job: &Job) -> Result<bool> {
        sql.push(" WHERE job_id = ").bind(job.id).push(" AND tenant_id = ").bind(self.tenant().0);
        sql.push(" AND attempts = ").bind(job.attempts);
        Ok(self.execute(sql).await? == 1)
    }
}
