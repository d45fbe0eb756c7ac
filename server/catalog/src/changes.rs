//! Reading the log of changes: what came after a sequence number, waiting for more, and the history of entities.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use portolan_schema::Result;
use portolan_store::log::LogEntry;
use portolan_store::notifier::Watch;

use crate::{Catalog, OpContext};

/// Between looks at the log while nobody tells of a commit.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// A part of the log.
#[derive(Debug, Default)]
pub struct Changes {
    /// In the order of their sequence numbers, which is the order of commits.
    pub changes: Vec<LogEntry>,
    /// Where to go on: the last change's number, or that of the log's end where there is none.
    pub next: i64,
}

/// One who reads the log as it grows. Every committed change after its place is seen once.
pub struct Follower {
    catalog: Catalog,
    ctx: OpContext,
    watch: Watch,
    /// The last change that was read.
    pub after: i64,
}

impl Catalog {
    /// The changes after a sequence number, at most `limit`; changes of computed values are left out.
    pub async fn changes_after(&self, ctx: &OpContext, after: i64, limit: usize) -> Result<Changes> {
        let scope = self.store.read(ctx.tenant()).await?;
        let end = scope.head().await?.seq;
        let changes = if end > after {
            let model = self.model_in(&scope).await?;
            scope.log_after(&model, after, limit).await?
        } else {
            Vec::new()
        };
        let next = match changes.last() {
            Some(last) if changes.len() == limit => last.seq,
            // What is left of the log up to its end is not for this reader.
            _ => end.max(after),
        };
        Ok(Changes { changes, next })
    }

    /// The number of the log's last entry.
    pub async fn log_end(&self, ctx: &OpContext) -> Result<i64> {
        Ok(self.store.read(ctx.tenant()).await?.head().await?.seq)
    }

    /// Follows the log from `after`, or from its present end.
    pub async fn follow(&self, ctx: &OpContext, after: Option<i64>) -> Result<Follower> {
        let watch = self.store.watch(ctx.tenant());
        let after = match after {
            Some(after) => after,
            None => self.log_end(ctx).await?,
        };
        Ok(Follower { catalog: self.clone(), ctx: ctx.clone(), watch, after })
    }

    /// The last changes of entities, newest first, at most `limit` of each, before a sequence number; one statement.
    pub async fn histories(
        &self,
        ctx: &OpContext,
        entities: &[i64],
        before: Option<i64>,
        limit: usize,
    ) -> Result<HashMap<i64, Vec<LogEntry>>> {
        let scope = self.store.read(ctx.tenant()).await?;
        let model = self.model_in(&scope).await?;
        scope.histories(&model, entities, before, limit).await
    }
}

impl Follower {
    /// The next changes, at least one and at most `limit`; none where `longest` is over before there is any.
    pub async fn next(&mut self, limit: usize, longest: Duration) -> Result<Vec<LogEntry>> {
        let until = Instant::now() + longest;
        loop {
            let found = self.catalog.changes_after(&self.ctx, self.after, limit).await?;
            self.after = found.next;
            let left = until.saturating_duration_since(Instant::now());
            if !found.changes.is_empty() || left.is_zero() {
                return Ok(found.changes);
            }
            self.watch.moved(left.min(LOOK_AGAIN)).await;
        }
    }

    /// Waits for a commit, for `longest` at most, whatever it changed.
    pub async fn moved(&mut self, longest: Duration) {
        self.watch.moved(longest.min(LOOK_AGAIN)).await;
    }
}
