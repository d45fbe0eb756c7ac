//! Consumers of the log: how far each has read, and which tenants have something new for them.
//!
//! A consumer moves its place in the transaction that holds the effects of what it read, and only from where it was: of
//! two that work at the same time one fails. So effects happen once.

use portolan_schema::{Instant, Result};

use crate::row::column;
use crate::sql::Sql;
use crate::{GlobalScope, TenantId, TenantScope};

/// How far a consumer has read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    pub seq: i64,
    pub model_revision: i64,
}

/// A tenant with work for a queue. `mark` tells whether more has come since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    pub tenant: TenantId,
    mark: i64,
}

impl TenantScope {
    pub async fn consumer(&self, name: &str) -> Result<Place> {
        let mut sql = Sql::new("SELECT seq, model_revision FROM consumers WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND name = ").bind(name);
        match self.one(sql).await? {
            Some(row) => Ok(Place { seq: column(&row, 0)?, model_revision: column(&row, 1)? }),
            None => Ok(Place::default()),
        }
    }

    /// Moves a consumer from where it was. False where it is somewhere else by now.
    pub async fn move_consumer(&self, name: &str, from: Place, to: Place) -> Result<bool> {
        let mut sql = Sql::new("INSERT INTO consumers (tenant_id, name, seq, model_revision) VALUES (");
        sql.bind(self.tenant().0).push(", ").bind(name).push(", ").bind(to.seq);
        sql.push(", ").bind(to.model_revision);
        sql.push(
            ") ON CONFLICT (tenant_id, name) DO UPDATE SET seq = excluded.seq,
               model_revision = excluded.model_revision WHERE consumers.seq = ",
        );
        sql.bind(from.seq).push(" AND consumers.model_revision = ").bind(from.model_revision);
        Ok(self.execute(sql).await? == 1)
    }

    /// Holds this tenant's work of a queue until `until`, for whoever works on it.
    pub async fn prolong_lease(&self, queue: &str, until: Instant) -> Result<()> {
        let mut sql = Sql::new("UPDATE jobs SET leased_until = ");
        sql.bind(until.0).push(" WHERE leased_until IS NOT NULL AND tenant_id = ").bind(self.tenant().0);
        sql.push(" AND queue = ").bind(queue).push(" AND subject_id = 0");
        self.execute(sql).await?;
        Ok(())
    }

    /// Tells a queue that this tenant has work for it, once this transaction is committed.
    pub async fn mark_due(&self, queue: &str, at: Instant) -> Result<()> {
        let mut sql = Sql::new(
            "INSERT INTO jobs (job_id, tenant_id, queue, subject_id, run_at, attempts, created_at) VALUES (",
        );
        // One row a tenant and queue: the key is (tenant, queue, subject), so the id only has to be unique.
        sql.bind(-self.tenant().0 * 64 - queue_number(queue)).push(", ").bind(self.tenant().0);
        sql.push(", ").bind(queue).push(", 0, ").bind(at.0).push(", 0, ").bind(at.0);
        sql.push(
            ") ON CONFLICT (tenant_id, queue, subject_id) DO UPDATE SET run_at = excluded.run_at,
               attempts = jobs.attempts + 1",
        );
        self.execute(sql).await?;
        Ok(())
    }
}

/// Queues with one row a tenant.
const QUEUES: &[&str] = &["computed", "sweep", "migration", "model"];

fn queue_number(queue: &str) -> i64 {
    QUEUES.iter().position(|known| *known == queue).and_then(|at| i64::try_from(at).ok()).unwrap_or(63)
}

impl GlobalScope {
    /// Tenants that have work for a queue and that nobody holds; held until `until` from now on.
    pub async fn lease_due(&self, queue: &str, now: Instant, until: Instant, limit: u32) -> Result<Vec<Due>> {
        let mut sql = Sql::new("UPDATE jobs SET leased_until = ");
        sql.bind(until.0).push(" WHERE job_id IN (SELECT job_id FROM jobs WHERE queue = ").bind(queue);
        sql.push(" AND run_at <= ").bind(now.0).push(" AND (leased_until IS NULL OR leased_until < ");
        sql.bind(now.0).push(") ORDER BY run_at LIMIT ").bind(i64::from(limit));
        if self.is_postgres() {
            sql.push(" FOR UPDATE SKIP LOCKED");
        }
        sql.push(") RETURNING tenant_id, attempts");
        let rows = self.all(sql).await?;
        rows.iter()
            .map(|row| Ok(Due { tenant: TenantId(column(row, 0)?), mark: i64::from(column::<i32>(row, 1)?) }))
            .collect()
    }

    /// Whether any tenant has work for a queue that nobody holds.
    pub async fn has_due(&self, queue: &str, now: Instant) -> Result<bool> {
        let mut sql = Sql::new("SELECT 1 FROM jobs WHERE queue = ");
        sql.bind(queue).push(" AND run_at <= ").bind(now.0);
        sql.push(" AND (leased_until IS NULL OR leased_until < ").bind(now.0).push(") LIMIT 1");
        Ok(self.one(sql).await?.is_some())
    }

    /// Ends a lease of a tenant that has work again at a certain time, whatever comes.
    pub async fn end_clocked(&self, queue: &str, due: Due, next: Instant) -> Result<()> {
        let mut sql = Sql::new("UPDATE jobs SET leased_until = NULL, run_at = ");
        sql.bind(next.0).push(" WHERE tenant_id = ").bind(due.tenant.0);
        sql.push(" AND queue = ").bind(queue).push(" AND subject_id = 0 AND attempts = ");
        sql.bind(i32::try_from(due.mark).unwrap_or(i32::MAX));
        if self.execute(sql).await? == 0 {
            self.end_lease(queue, due, false).await?;
        }
        Ok(())
    }

    /// Ends a lease. Where nothing has come since it began, the tenant has no more work.
    pub async fn end_lease(&self, queue: &str, due: Due, done: bool) -> Result<()> {
        if done {
            let mut sql = Sql::new("DELETE FROM jobs WHERE tenant_id = ");
            sql.bind(due.tenant.0)
                .push(" AND queue = ")
                .bind(queue)
                .push(" AND subject_id = 0 AND attempts = ");
            sql.bind(i32::try_from(due.mark).unwrap_or(i32::MAX));
            if self.execute(sql).await? == 1 {
                return Ok(());
            }
        }
        let mut sql = Sql::new("UPDATE jobs SET leased_until = NULL WHERE tenant_id = ");
        sql.bind(due.tenant.0).push(" AND queue = ").bind(queue).push(" AND subject_id = 0");
        self.execute(sql).await?;
        Ok(())
    }

    /// Puts a tenant's work off, as after a failure.
    pub async fn postpone(&self, queue: &str, due: Due, until: Instant) -> Result<()> {
        let mut sql = Sql::new("UPDATE jobs SET leased_until = NULL, run_at = ");
        sql.bind(until.0).push(" WHERE tenant_id = ").bind(due.tenant.0);
        sql.push(" AND queue = ").bind(queue).push(" AND subject_id = 0");
        self.execute(sql).await?;
        Ok(())
    }
}
