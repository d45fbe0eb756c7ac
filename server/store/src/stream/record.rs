//! The row of a stream: opened, leased, moved on, closed, forgotten.

use portolan_schema::{Error, Instant, Result};
use sea_orm::{DbBackend, QueryResult};

use super::{Holder, Pending, StreamCounts, StreamMark, StreamRecord, StreamState};
use crate::TenantScope;
use crate::row::column;
use crate::sql::Sql;

const COLUMNS: &str = "stream_id, idempotency_key, options, state, lines, chain, created, updated, unchanged, deleted, \
                       failed, pending, pending_count, touched_at";

fn read(row: &QueryResult) -> Result<StreamRecord> {
    let state: String = column(row, 3)?;
    let chain: Vec<u8> = column(row, 5)?;
    let listed: Option<String> = column(row, 11)?;
    Ok(StreamRecord {
        id: column(row, 0)?,
        key: column(row, 1)?,
        options: column(row, 2)?,
        state: StreamState::ALL
            .into_iter()
            .find(|known| known.as_str() == state)
            .ok_or_else(|| Error::internal(format!("a stream is in the state {state}")))?,
        mark: StreamMark {
            lines: column(row, 4)?,
            chain: chain.try_into().map_err(|_| Error::internal("a stream's chain has another length"))?,
            counts: StreamCounts {
                created: column(row, 6)?,
                updated: column(row, 7)?,
                unchanged: column(row, 8)?,
                deleted: column(row, 9)?,
                failed: column(row, 10)?,
            },
        },
        pending: Pending {
            listed: listed
                .map_or_else(|| Ok(Vec::new()), |text| serde_json::from_str(&text))
                .map_err(Error::internal)?,
            count: column(row, 12)?,
        },
        touched_at: Instant(column(row, 13)?),
    })
}

impl TenantScope {
    /// The stream of a client's key.
    pub async fn stream_of_key(&self, key: &str) -> Result<Option<StreamRecord>> {
        let mut sql = Sql::new(&format!("SELECT {COLUMNS} FROM streams WHERE tenant_id = "));
        sql.bind(self.tenant().0).push(" AND idempotency_key = ").bind(key);
        self.one(sql).await?.as_ref().map(read).transpose()
    }

    /// Records a new stream, held by `holder` until `until`. False where its key is taken.
    pub async fn open_stream(&self, stream: &StreamRecord, holder: &Holder, until: Instant) -> Result<bool> {
        let mut sql = Sql::new(
            "INSERT INTO streams (tenant_id, stream_id, idempotency_key, options, state, holder, leased_until, lines,
               chain, created, updated, unchanged, deleted, failed, pending_count, touched_at) VALUES (",
        );
        let StreamMark { lines, chain, counts } = &stream.mark;
        sql.bind(self.tenant().0).push(", ").bind(stream.id).push(", ").bind(stream.key.as_deref());
        sql.push(", ").bind(stream.options.as_str()).push(", ").bind(stream.state.as_str());
        sql.push(", ").bind(holder.text()).push(", ").bind(until.0);
        sql.push(", ").bind(*lines).push(", ").bind(chain.to_vec());
        for count in [counts.created, counts.updated, counts.unchanged, counts.deleted, counts.failed] {
            sql.push(", ").bind(count);
        }
        sql.push(", 0, ").bind(stream.touched_at.0).push(") ON CONFLICT DO NOTHING");
        Ok(self.execute(sql).await? == 1)
    }

    /// Takes a stream over that nobody holds at `now`. On SQLite, which one process serves, whatever another process
    /// holds is held by a dead one.
    pub async fn take_stream(&self, id: i64, holder: &Holder, now: Instant, until: Instant) -> Result<bool> {
        let mut sql = Sql::new("UPDATE streams SET holder = ");
        sql.bind(holder.text()).push(", leased_until = ").bind(until.0);
        sql.push(", touched_at = ").bind(now.0).push(" WHERE tenant_id = ").bind(self.tenant().0);
        sql.push(" AND stream_id = ").bind(id).push(" AND (leased_until < ").bind(now.0);
        if self.backend() == DbBackend::Sqlite {
            sql.push(" OR substr(holder, 1, length(").bind(holder.process.as_str());
            sql.push(")) <> ").bind(holder.process.as_str());
        }
        sql.push(")");
        Ok(self.execute(sql).await? == 1)
    }

    /// Holds a stream until `until`, or no longer. False where somebody else has taken it over.
    pub async fn hold_stream(&self, id: i64, holder: &Holder, until: Instant) -> Result<bool> {
        let mut sql = Sql::new("UPDATE streams SET leased_until = ");
        sql.bind(until.0);
        self.of_holder(&mut sql, id, holder);
        Ok(self.execute(sql).await? == 1)
    }

    /// Moves a stream's mark on from line `from`. False where it is somewhere else, or somebody else's, by now.
    pub async fn advance_stream(
        &self,
        id: i64,
        holder: &Holder,
        from: i64,
        mark: &StreamMark,
        now: Instant,
        until: Instant,
    ) -> Result<bool> {
        let mut sql = Sql::new("UPDATE streams SET lines = ");
        let counts = &mark.counts;
        sql.bind(mark.lines).push(", chain = ").bind(mark.chain.to_vec());
        sql.push(", created = ").bind(counts.created).push(", updated = ").bind(counts.updated);
        sql.push(", unchanged = ").bind(counts.unchanged).push(", deleted = ").bind(counts.deleted);
        sql.push(", failed = ").bind(counts.failed).push(", touched_at = ").bind(now.0);
        sql.push(", leased_until = ").bind(until.0);
        self.of_holder(&mut sql, id, holder);
        sql.push(" AND lines = ").bind(from);
        Ok(self.execute(sql).await? == 1)
    }

    /// Records that all lines are in, with what waits; or that the stream is done. False where it is somebody else's.
    pub async fn close_stream(
        &self,
        id: i64,
        holder: &Holder,
        state: StreamState,
        pending: &Pending,
        now: Instant,
    ) -> Result<bool> {
        let listed = serde_json::to_string(&pending.listed).map_err(Error::internal)?;
        let mut sql = Sql::new("UPDATE streams SET state = ");
        sql.bind(state.as_str()).push(", pending = ").bind(listed);
        sql.push(", pending_count = ").bind(pending.count).push(", touched_at = ").bind(now.0);
        self.of_holder(&mut sql, id, holder);
        Ok(self.execute(sql).await? == 1)
    }

    /// Forgets a stream that has no edges left.
    pub async fn remove_stream(&self, id: i64) -> Result<()> {
        let mut sql = Sql::new("DELETE FROM streams WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND stream_id = ").bind(id);
        self.execute(sql).await.map(drop)
    }

    /// Streams that were not touched since `before` and that nobody holds at `now`, done or given up by their clients.
    pub async fn stale_streams(&self, before: Instant, now: Instant) -> Result<Vec<StreamRecord>> {
        let mut sql = Sql::new(&format!("SELECT {COLUMNS} FROM streams WHERE tenant_id = "));
        sql.bind(self.tenant().0).push(" AND touched_at < ").bind(before.0);
        sql.push(" AND leased_until < ").bind(now.0).push(" ORDER BY stream_id LIMIT 20");
        self.all(sql).await?.iter().map(read).collect()
    }

    fn of_holder(&self, sql: &mut Sql, id: i64, holder: &Holder) {
        sql.push(" WHERE tenant_id = ").bind(self.tenant().0).push(" AND stream_id = ").bind(id);
        sql.push(" AND holder = ").bind(holder.text());
    }
}
