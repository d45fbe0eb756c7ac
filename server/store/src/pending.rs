//! The change of the model that a tenant is preparing, if it is.

use portolan_schema::{BlueprintNo, Error, Instant, Result};

use crate::TenantScope;
use crate::entity_read::MAX_IN;
use crate::row::column;
use crate::sql::Sql;

/// A change in the making, as its owner wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingChange {
    pub change: String,
    /// The tenant's last version when it began.
    pub since: i64,
    pub at: Instant,
    pub actor: String,
    /// Counts those who worked on it.
    pub attempt: i32,
}

impl TenantScope {
    pub async fn pending_change(&self) -> Result<Option<PendingChange>> {
        let mut sql =
            Sql::new("SELECT change, since_seq, at, actor, attempt FROM pending_changes WHERE tenant_id = ");
        sql.bind(self.tenant().0);
        let Some(row) = self.one(sql).await? else { return Ok(None) };
        Ok(Some(PendingChange {
            change: column(&row, 0)?,
            since: column(&row, 1)?,
            at: Instant(column(&row, 2)?),
            actor: column(&row, 3)?,
            attempt: column(&row, 4)?,
        }))
    }

    /// Records a change that begins; there must be none.
    pub async fn begin_pending(&self, pending: &PendingChange) -> Result<()> {
        let mut sql = Sql::new(
            "INSERT INTO pending_changes (tenant_id, change, since_seq, at, actor, attempt) VALUES (",
        );
        sql.bind(self.tenant().0).push(", ").bind(pending.change.as_str()).push(", ").bind(pending.since);
        sql.push(", ").bind(pending.at.0).push(", ").bind(pending.actor.as_str());
        sql.push(", ").bind(pending.attempt).push(")");
        self.execute(sql).await?;
        Ok(())
    }

    /// Takes a pending change over: whoever worked on it before can write nothing more for it.
    pub async fn take_pending(&self) -> Result<Option<PendingChange>> {
        let mut sql = Sql::new("UPDATE pending_changes SET attempt = attempt + 1 WHERE tenant_id = ");
        sql.bind(self.tenant().0);
        self.execute(sql).await?;
        self.pending_change().await
    }

    /// # Errors
    /// Where somebody else has taken the change over, or finished it. Nobody does until this transaction ends.
    pub async fn hold_pending(&self, attempt: i32) -> Result<()> {
        let mut sql = Sql::new("UPDATE pending_changes SET attempt = attempt WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND attempt = ").bind(attempt);
        if self.execute(sql).await? == 1 {
            return Ok(());
        }
        Err(Error::unavailable("another server works on the change of the model"))
    }

    pub async fn end_pending(&self) -> Result<()> {
        let mut sql = Sql::new("DELETE FROM pending_changes WHERE tenant_id = ");
        sql.bind(self.tenant().0);
        self.execute(sql).await?;
        Ok(())
    }

    /// Entities of these blueprints that were written after `seq`, those that are gone included, by blueprint; at most
    /// about `limit`, in the order of their versions, with the sequence number up to which these are all.
    pub async fn written_after(
        &self,
        blueprints: &[BlueprintNo],
        seq: i64,
        limit: usize,
    ) -> Result<(Vec<(BlueprintNo, i64)>, Option<i64>)> {
        let mut sql = Sql::new("SELECT blueprint_no, entity_id, seq FROM versions WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND seq > ").bind(seq);
        sql.push(" AND kind <> 'COMPUTED' AND blueprint_no IN (");
        sql.bind_list(blueprints.iter().map(|no| no.0)).push(") ORDER BY seq LIMIT ");
        sql.bind(i64::try_from(limit.min(MAX_IN)).unwrap_or(i64::MAX));
        let rows = self.all(sql).await?;
        let last = rows.last().map(|row| column(row, 2)).transpose()?;
        let mut found: Vec<(BlueprintNo, i64)> = rows
            .iter()
            .map(|row| Ok((BlueprintNo(column(row, 0)?), column(row, 1)?)))
            .collect::<Result<_>>()?;
        found.sort_unstable();
        found.dedup();
        Ok((found, last))
    }
}
