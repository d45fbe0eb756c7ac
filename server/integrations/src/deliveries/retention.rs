//! How long deliveries are kept that do not wait any more.
//!
//! An integration with a hook has a job in a queue of its own, due once an hour. Some are removed at a time, so that nobody
//! waits for that.

use std::time::Duration;

use portolan_schema::{Instant, Result};
use portolan_store::TenantScope;

use super::{KEPT, MAX_KEPT};
use crate::run::later;
use crate::{Integrations, now};

/// The queue of integrations whose old deliveries are to be removed; a job's subject is the integration.
pub(crate) const QUEUE: &str = "old_deliveries";
const PAUSE: Duration = Duration::from_secs(3_600);
/// Removed in one transaction.
const SOME: u32 = 1_000;

/// Makes an integration's deliveries forgotten in time. `job` is an id for that.
pub(crate) async fn plan(scope: &TenantScope, integration: i64, job: i64) -> Result<()> {
    scope.add_job(job, QUEUE, integration, later(now(), PAUSE)).await
}

/// Removes some old deliveries of an integration that is due.
pub(super) async fn forget_some(own: &Integrations) -> Result<()> {
    let Some(job) = own.take_job(QUEUE).await? else { return Ok(()) };
    let scope = own.0.store.write(job.tenant).await?;
    if scope.integration_by_id(job.subject).await?.is_none() {
        scope.drop_deliveries(job.subject).await?;
        scope.end_job(&job).await?;
        return scope.commit().await;
    }
    let age = i64::try_from(KEPT.as_micros()).unwrap_or(i64::MAX);
    let too_old = Instant(now().0 - age);
    let too_many = scope.delivery_horizon(job.subject, MAX_KEPT).await?;
    let until = too_many.map_or(too_old, |horizon| horizon.max(too_old));
    let removed = scope.forget_deliveries(job.subject, until, SOME).await?;
    let again = if removed == u64::from(SOME) { now() } else { later(now(), PAUSE) };
    scope.return_job(&job, again).await?;
    scope.commit().await
}
