//! Queues of tenants that have work in the background: how workers take from them, and the loop that they run.

use std::time::Duration;

use portolan_schema::{Instant, Result};
use portolan_store::Store;
use portolan_store::consumer::Due;
use tokio::sync::Notify;

use crate::now;

/// A server that stops in the middle blocks its tenant this long, in microseconds.
pub(crate) const LEASE: i64 = 60_000_000;

/// Works until the task is dropped: a round after the other while one answers that there was work, else when this process
/// or, after `tick`, the clock says so. Rounds that fail are logged as `failure`.
pub(crate) async fn work<F>(tick: Duration, wake: &Notify, failure: &str, round: impl Fn() -> F)
where
    F: Future<Output = Result<bool>>,
{
    loop {
        match round().await {
            Ok(true) => {}
            Ok(false) => {
                let _ = tokio::time::timeout(tick, wake.notified()).await;
            }
            Err(error) => {
                tracing::error!(error = ?error, "{failure}");
                tokio::time::sleep(tick).await;
            }
        }
    }
}

/// Takes tenants that have work in a queue, `limit` at the most.
pub(crate) async fn lease(store: &Store, queue: &str, limit: u32) -> Result<Vec<Due>> {
    let at = now();
    // Asked first without taking the writer's turn: most of the time there is nothing.
    if !store.read_global().await?.has_due(queue, at).await? {
        return Ok(Vec::new());
    }
    let scope = store.write_global().await?;
    let leased = scope.lease_due(queue, at, Instant(at.0 + LEASE), limit).await?;
    scope.commit().await?;
    Ok(leased)
}
