//! Following sources: from where each kind is followed, and how it stands.

use portolan_schema::{Error, Instant, Result};
use serde_json::Value;

use super::error;
use super::words::RunStatus;
use crate::TenantScope;
use crate::row::{column, json_column};
use crate::sql::Sql;

/// From where a kind is followed.
#[derive(Debug, Clone, PartialEq)]
pub struct FollowPoint {
    pub kind: String,
    /// In the ingestor's own words.
    pub place: Value,
    /// Why the kind has to be read as a whole first.
    pub missed: Option<String>,
}

/// How it stands with following an integration's source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Following {
    /// Since when it is followed without a break; none while it is not.
    pub since: Option<Instant>,
    pub last_event_at: Option<Instant>,
    /// Code and message of the last thing that went wrong.
    pub error: Option<(String, String)>,
    /// In a row, without anything heard between them.
    pub failures: i32,
    /// Runs that were started since because something was missed, one soon after the other.
    pub resyncs: i32,
    pub resynced_at: Option<Instant>,
}

/// What decides whether an integration may be followed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub updated_at: Instant,
    /// A run that commits is open.
    pub running: bool,
    pub suspended: bool,
}

impl TenantScope {
    /// Notes from where a kind can be followed once the run is committed. The first place counts: what the run reads after it
    /// is heard of once more.
    pub async fn save_run_follow_point(&self, run: i64, kind: &str, place: &Value) -> Result<()> {
        let mut sql = Sql::new("INSERT INTO run_follow_points (tenant_id, run_id, kind, place) VALUES (");
        sql.bind(self.tenant().0).push(", ").bind(run).push(", ").bind(kind);
        sql.push(", ").bind(place.to_string());
        sql.push(") ON CONFLICT (tenant_id, run_id, kind) DO NOTHING");
        self.execute(sql).await?;
        Ok(())
    }

    /// Of the kinds that a run read to their ends, those for which it left a place are followed from there.
    pub async fn adopt_follow_points(&self, run: i64, integration: i64, kinds: &[String]) -> Result<()> {
        let mut sql =
            Sql::new("INSERT INTO follow_points (tenant_id, integration_id, kind, place) SELECT tenant_id, ");
        sql.bind(integration).push(", kind, place FROM run_follow_points WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(run).push(" AND kind IN (");
        sql.bind_list(kinds.iter().map(String::as_str));
        sql.push(
            ") ON CONFLICT (tenant_id, integration_id, kind) DO UPDATE SET missed = NULL, place = excluded.place",
        );
        self.execute(sql).await?;
        Ok(())
    }

    /// Forgets what a run left that has ended.
    pub async fn drop_run_follow_points(&self, run: i64) -> Result<()> {
        let mut sql = Sql::new("DELETE FROM run_follow_points WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(run);
        self.execute(sql).await?;
        Ok(())
    }

    /// From where an integration's kinds are followed.
    pub async fn follow_points(&self, integration: i64) -> Result<Vec<FollowPoint>> {
        let mut sql = Sql::new("SELECT kind, place, missed FROM follow_points WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND integration_id = ").bind(integration).push(" ORDER BY kind");
        let rows = self.all(sql).await?;
        let point = |row| {
            Ok(FollowPoint { kind: column(row, 0)?, place: json_column(row, 1)?, missed: column(row, 2)? })
        };
        rows.iter().map(point).collect()
    }

    /// A kind was followed up to here.
    pub async fn save_follow_point(&self, integration: i64, kind: &str, place: &Value) -> Result<()> {
        let mut sql = Sql::new("UPDATE follow_points SET place = ");
        sql.bind(place.to_string()).push(" WHERE tenant_id = ").bind(self.tenant().0);
        sql.push(" AND integration_id = ").bind(integration).push(" AND kind = ").bind(kind);
        self.execute(sql).await?;
        Ok(())
    }

    /// Something may have happened to a kind, or to all of them, that was not heard.
    pub async fn note_missed(&self, integration: i64, kind: Option<&str>, reason: &str) -> Result<()> {
        let mut sql = Sql::new("UPDATE follow_points SET missed = ");
        sql.bind(reason).push(" WHERE tenant_id = ").bind(self.tenant().0);
        sql.push(" AND integration_id = ").bind(integration);
        if let Some(kind) = kind {
            sql.push(" AND kind = ").bind(kind);
        }
        self.execute(sql).await?;
        Ok(())
    }

    /// How it stands with following an integration.
    pub async fn following(&self, integration: i64) -> Result<Option<Following>> {
        let mut sql = Sql::new(
            "SELECT since, last_event_at, error_code, error_message, failures, resyncs, resynced_at
               FROM followings WHERE tenant_id = ",
        );
        sql.bind(self.tenant().0).push(" AND integration_id = ").bind(integration);
        let Some(row) = self.one(sql).await? else { return Ok(None) };
        let instant = |at| Ok::<_, Error>(column::<Option<i64>>(&row, at)?.map(Instant));
        Ok(Some(Following {
            since: instant(0)?,
            last_event_at: instant(1)?,
            error: error(&row, 2)?,
            failures: column(&row, 4)?,
            resyncs: column(&row, 5)?,
            resynced_at: instant(6)?,
        }))
    }

    pub async fn save_following(&self, integration: i64, following: &Following) -> Result<()> {
        let error = following.error.as_ref();
        let mut sql = Sql::new(
            "INSERT INTO followings (tenant_id, integration_id, since, last_event_at, error_code, error_message, failures,
               resyncs, resynced_at) VALUES (",
        );
        sql.bind(self.tenant().0).push(", ").bind(integration);
        sql.push(", ").bind(following.since.map(|at| at.0));
        sql.push(", ").bind(following.last_event_at.map(|at| at.0));
        sql.push(", ").bind(error.map(|error| error.0.clone()));
        sql.push(", ").bind(error.map(|error| error.1.clone()));
        sql.push(", ").bind(following.failures).push(", ").bind(following.resyncs);
        sql.push(", ").bind(following.resynced_at.map(|at| at.0));
        sql.push(
            ") ON CONFLICT (tenant_id, integration_id) DO UPDATE SET since = excluded.since,
               last_event_at = excluded.last_event_at, error_code = excluded.error_code,
               error_message = excluded.error_message, failures = excluded.failures, resyncs = excluded.resyncs,
               resynced_at = excluded.resynced_at",
        );
        self.execute(sql).await?;
        Ok(())
    }

    /// The source was heard of: what was wrong before is over.
    pub async fn clear_following(&self, integration: i64) -> Result<()> {
        let mut sql = Sql::new(
            "UPDATE followings SET failures = 0, error_code = NULL, error_message = NULL WHERE tenant_id = ",
        );
        sql.bind(self.tenant().0).push(" AND integration_id = ").bind(integration);
        self.execute(sql).await?;
        Ok(())
    }

    /// The next run for what was missed may begin at once.
    pub async fn forget_resyncs(&self, integration: i64) -> Result<()> {
        let mut sql = Sql::new("UPDATE followings SET resyncs = 0 WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND integration_id = ").bind(integration);
        self.execute(sql).await?;
        Ok(())
    }

    /// Something was heard; where it could not be taken as it is, why.
    pub async fn note_event(
        &self,
        integration: i64,
        at: Instant,
        error: Option<&(String, String)>,
    ) -> Result<()> {
        let mut sql = Sql::new("UPDATE followings SET last_event_at = ");
        sql.bind(at.0);
        if let Some((code, message)) = error {
            sql.push(", error_code = ").bind(code.as_str()).push(", error_message = ").bind(message.as_str());
        }
        sql.push(" WHERE tenant_id = ")
            .bind(self.tenant().0)
            .push(" AND integration_id = ")
            .bind(integration);
        self.execute(sql).await?;
        Ok(())
    }

    /// Nobody is to follow the integration any more.
    pub async fn drop_following(&self, integration: i64) -> Result<()> {
        let mut sql = Sql::new("DELETE FROM followings WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND integration_id = ").bind(integration);
        self.execute(sql).await?;
        Ok(())
    }

    /// What decides whether an integration may be followed on; none where it is gone.
    pub async fn standing(&self, integration: i64) -> Result<Option<Standing>> {
        let mut sql = Sql::new(
            "SELECT i.updated_at, (SELECT COUNT(*) FROM runs r WHERE r.tenant_id = i.tenant_id
               AND r.integration_id = i.integration_id AND r.plan_only = 0 AND r.status IN (",
        );
        sql.bind_list([RunStatus::Queued, RunStatus::Running].map(RunStatus::as_str));
        sql.push(
            ")), (SELECT COUNT(*) FROM tenants t WHERE t.tenant_id = i.tenant_id AND t.status = 'ACTIVE')
             FROM integrations i WHERE i.tenant_id = ",
        );
        sql.bind(self.tenant().0).push(" AND i.integration_id = ").bind(integration);
        let Some(row) = self.one(sql).await? else { return Ok(None) };
        Ok(Some(Standing {
            updated_at: Instant(column(&row, 0)?),
            running: column::<i64>(&row, 1)? > 0,
            suspended: column::<i64>(&row, 2)? == 0,
        }))
    }
}
