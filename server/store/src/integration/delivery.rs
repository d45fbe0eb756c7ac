//! Deliveries: what a source sent to an integration's hook. They wait in the order in which they came.

use portolan_schema::{Error, Instant, Result};
use sea_orm::QueryResult;

use super::error;
use crate::TenantScope;
use crate::row::column;
use crate::sql::Sql;

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryStatus {
    Waiting,
    Done,
    Failed,
}

impl DeliveryStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "WAITING",
            Self::Done => "DONE",
            Self::Failed => "FAILED",
        }
    }

    fn parse(text: &str) -> Result<Self> {
        match text {
            "WAITING" => Ok(Self::Waiting),
            "DONE" => Ok(Self::Done),
            "FAILED" => Ok(Self::Failed),
            other => Err(Error::internal(format!("\"{other}\" is no status of a delivery"))),
        }
    }
}

/// A delivery as it is kept, without what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDelivery {
    pub id: i64,
    pub integration: i64,
    pub received_at: Instant,
    /// The source's own number of it.
    pub source_key: Option<String>,
    pub status: DeliveryStatus,
    pub attempts: i32,
    /// When it is tried next, while it waits.
    pub due_at: Instant,
    /// Code and message.
    pub error: Option<(String, String)>,
}

/// What was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryContent {
    /// Headers and query, sealed.
    pub head: Vec<u8>,
    /// Compressed.
    pub body: Vec<u8>,
}

/// What waits of a tenant's deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    pub count: i64,
    /// Of what was sent, as it is kept.
    pub bytes: i64,
}

const COLUMNS: &str = "delivery_id, integration_id, received_at, source_key, status, attempts, due_at, error_code, error_message";

impl TenantScope {
    /// Keeps a delivery; answers false, and keeps nothing, where one with its `source_key` is kept already.
    pub async fn add_delivery(&self, delivery: &StoredDelivery, content: &DeliveryContent) -> Result<bool> {
        let size = i32::try_from(content.head.len() + content.body.len()).unwrap_or(i32::MAX);
        let mut sql = Sql::new(
            "INSERT INTO deliveries (tenant_id, delivery_id, integration_id, received_at, source_key, size, head, body, status,
               attempts, due_at) VALUES (",
        );
        sql.bind(self.tenant().0).push(", ").bind(delivery.id).push(", ").bind(delivery.integration);
        sql.push(", ").bind(delivery.received_at.0).push(", ").bind(delivery.source_key.clone());
        sql.push(", ").bind(size).push(", ").bind(content.head.clone());
        sql.push(", ").bind(content.body.clone()).push(", ").bind(delivery.status.as_str());
        sql.push(", ").bind(delivery.attempts).push(", ").bind(delivery.due_at.0);
        sql.push(") ON CONFLICT (tenant_id, integration_id, source_key) DO NOTHING");
        Ok(self.execute(sql).await? == 1)
    }

    pub async fn delivery(&self, id: i64) -> Result<Option<StoredDelivery>> {
        let mut sql = Sql::new(&format!("SELECT {COLUMNS} FROM deliveries WHERE tenant_id = "));
        sql.bind(self.tenant().0).push(" AND delivery_id = ").bind(id);
        self.one(sql).await?.map(|row| delivery(&row)).transpose()
    }

    /// The delivery that a source knows by this number.
    pub async fn delivery_of_source(&self, integration: i64, key: &str) -> Result<Option<StoredDelivery>> {
        let mut sql = Sql::new(&format!("SELECT {COLUMNS} FROM deliveries WHERE tenant_id = "));
        sql.bind(self.tenant().0).push(" AND integration_id = ").bind(integration);
        sql.push(" AND source_key = ").bind(key);
        self.one(sql).await?.map(|row| delivery(&row)).transpose()
    }

    pub async fn delivery_content(&self, id: i64) -> Result<Option<DeliveryContent>> {
        let mut sql = Sql::new("SELECT head, body FROM deliveries WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND delivery_id = ").bind(id);
        let Some(row) = self.one(sql).await? else { return Ok(None) };
        Ok(Some(DeliveryContent { head: column(&row, 0)?, body: column(&row, 1)? }))
    }

    /// What waits of the tenant's deliveries; more than `most` of them are not counted.
    pub async fn waiting_deliveries(&self, most: u32) -> Result<Waiting> {
        let mut sql = Sql::new(
            "SELECT COUNT(*), CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM
               (SELECT size FROM deliveries WHERE status = 'WAITING' AND tenant_id = ",
        );
        sql.bind(self.tenant().0).push(" LIMIT ").bind(i64::from(most)).push(") AS waiting");
        let row = self.one(sql).await?.ok_or_else(|| Error::internal("a count gave nothing"))?;
        Ok(Waiting { count: column(&row, 0)?, bytes: column(&row, 1)? })
    }

    /// An integration's oldest deliveries that wait: as many as have so many bytes together, and one at least.
    pub async fn next_deliveries(
        &self,
        integration: i64,
        most: usize,
        bytes: i64,
    ) -> Result<Vec<StoredDelivery>> {
        let mut sql = Sql::new(&format!("SELECT {COLUMNS}, size FROM deliveries WHERE tenant_id = "));
        sql.bind(self.tenant().0).push(" AND status = 'WAITING' AND integration_id = ").bind(integration);
        sql.push(" ORDER BY received_at, delivery_id LIMIT ").bind(i64::try_from(most).unwrap_or(i64::MAX));
        let mut found = Vec::new();
        let mut left = bytes;
        for row in self.all(sql).await? {
            left -= i64::from(column::<i32>(&row, 9)?);
            if left < 0 && !found.is_empty() {
                break;
            }
            found.push(delivery(&row)?);
        }
        Ok(found)
    }

    /// One more attempt at each of them begins, or with `begins` false, did not begin after all.
    pub async fn count_attempts(&self, ids: &[i64], begins: bool) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut sql = Sql::new("UPDATE deliveries SET attempts = attempts ");
        sql.push(if begins { "+ 1" } else { "- 1" }).push(" WHERE tenant_id = ").bind(self.tenant().0);
        sql.push(" AND delivery_id IN (").bind_list(ids.iter().copied()).push(")");
        self.execute(sql).await?;
        Ok(())
    }

    /// The deliveries are done.
    pub async fn finish_deliveries(&self, ids: &[i64]) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut sql = Sql::new(
            "UPDATE deliveries SET status = 'DONE', error_code = NULL, error_message = NULL WHERE tenant_id = ",
        );
        sql.bind(self.tenant().0).push(" AND delivery_id IN (").bind_list(ids.iter().copied()).push(")");
        self.execute(sql).await?;
        Ok(())
    }

    /// The delivery has failed, or waits for another attempt: why, as code and message.
    pub async fn hold_delivery_up(
        &self,
        id: i64,
        status: DeliveryStatus,
        due_at: Instant,
        error: &(String, String),
    ) -> Result<()> {
        let mut sql = Sql::new("UPDATE deliveries SET status = ");
        sql.bind(status.as_str()).push(", due_at = ").bind(due_at.0);
        sql.push(", error_code = ").bind(error.0.as_str());
        sql.push(", error_message = ").bind(error.1.as_str());
        sql.push(" WHERE tenant_id = ").bind(self.tenant().0).push(" AND delivery_id = ").bind(id);
        self.execute(sql).await?;
        Ok(())
    }

    /// A delivery that does not wait is to be worked on once more. Answers whether there was one.
    pub async fn replay_delivery(&self, id: i64, at: Instant) -> Result<bool> {
        let mut sql = self.replay(at);
        sql.push(" AND status <> 'WAITING' AND delivery_id = ").bind(id);
        Ok(self.execute(sql).await? == 1)
    }

    /// The same for an integration's failed deliveries, the oldest first and so many at most. Answers how many there were.
    pub async fn replay_failed_deliveries(&self, integration: i64, most: u32, at: Instant) -> Result<u64> {
        let mut sql = self.replay(at);
        sql.push(" AND delivery_id IN (SELECT delivery_id FROM deliveries WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND status = 'FAILED' AND integration_id = ").bind(integration);
        sql.push(" ORDER BY received_at, delivery_id LIMIT ").bind(i64::from(most)).push(")");
        self.execute(sql).await
    }

    /// The same for those that are done and came since a time.
    pub async fn replay_deliveries_since(
        &self,
        integration: i64,
        since: Instant,
        at: Instant,
    ) -> Result<u64> {
        let mut sql = self.replay(at);
        sql.push(" AND status = 'DONE' AND integration_id = ").bind(integration);
        sql.push(" AND received_at >= ").bind(since.0);
        self.execute(sql).await
    }

    fn replay(&self, at: Instant) -> Sql {
        let mut sql = Sql::new(
            "UPDATE deliveries SET status = 'WAITING', attempts = 0, error_code = NULL, error_message = NULL, due_at = ",
        );
        sql.bind(at.0).push(" WHERE tenant_id = ").bind(self.tenant().0);
        sql
    }

    /// An integration's latest deliveries, newest first, or those with a status; `before` is one of them, after which the
    /// page begins.
    pub async fn deliveries(
        &self,
        integration: i64,
        status: Option<DeliveryStatus>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<StoredDelivery>> {
        let mut sql = Sql::new(&format!("SELECT {COLUMNS} FROM deliveries WHERE tenant_id = "));
        sql.bind(self.tenant().0).push(" AND integration_id = ").bind(integration);
        if let Some(status) = status {
            sql.push(" AND status = ").bind(status.as_str());
        }
        if let Some(before) = before {
            sql.push(" AND (received_at, delivery_id) < (SELECT received_at, delivery_id FROM deliveries WHERE tenant_id = ");
            sql.bind(self.tenant().0).push(" AND delivery_id = ").bind(before).push(")");
        }
        sql.push(" ORDER BY received_at DESC, delivery_id DESC LIMIT ");
        sql.bind(i64::try_from(limit).unwrap_or(i64::MAX));
        self.all(sql).await?.iter().map(delivery).collect()
    }

    /// When the delivery came of which there are so many newer ones of the integration.
    pub async fn delivery_horizon(&self, integration: i64, newer: u32) -> Result<Option<Instant>> {
        let mut sql = Sql::new("SELECT received_at FROM deliveries WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND integration_id = ").bind(integration);
        sql.push(" ORDER BY received_at DESC, delivery_id DESC LIMIT 1 OFFSET ").bind(i64::from(newer));
        self.one(sql).await?.map(|row| Ok(Instant(column(&row, 0)?))).transpose()
    }

    /// Removes some of an integration's deliveries that came up to a time and do not wait any more. Answers how many.
    pub async fn forget_deliveries(&self, integration: i64, until: Instant, most: u32) -> Result<u64> {
        let mut sql = Sql::new("DELETE FROM deliveries WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND status <> 'WAITING' AND delivery_id IN (");
        sql.push("SELECT delivery_id FROM deliveries WHERE tenant_id = ").bind(self.tenant().0);
        sql.push(" AND integration_id = ").bind(integration).push(" AND received_at <= ").bind(until.0);
        sql.push(" AND status <> 'WAITING' ORDER BY received_at, delivery_id LIMIT ");
        sql.bind(i64::from(most)).push(")");
        self.execute(sql).await
    }

    /// Removes all deliveries of an integration that is gone.
    pub async fn drop_deliveries(&self, integration: i64) -> Result<()> {
        let mut sql = Sql::new("DELETE FROM deliveries WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND integration_id = ").bind(integration);
        self.execute(sql).await?;
        Ok(())
    }
}

fn delivery(row: &QueryResult) -> Result<StoredDelivery> {
    Ok(StoredDelivery {
        id: column(row, 0)?,
        integration: column(row, 1)?,
        received_at: Instant(column(row, 2)?),
        source_key: column(row, 3)?,
        status: DeliveryStatus::parse(&column::<String>(row, 4)?)?,
        attempts: column(row, 5)?,
        due_at: Instant(column(row, 6)?),
        error: error(row, 7)?,
    })
}
