//! Rows of parts that blueprints do not have any more: removed in the background, bit by bit.

use std::sync::Arc;
use std::time::Duration;

use portolan_schema::{Instant, Result};
use portolan_store::{OpContext, Store, TenantId};
use tokio::sync::Notify;

use crate::{Catalog, now, queue};

/// The name of the queue.
pub(crate) const NAME: &str = "sweep";
/// What went away is still read by requests that began before: it is swept after this time, in microseconds.
const GRACE: i64 = 60_000_000;
/// Entities whose rows go in one transaction: a few milliseconds.
const PART: usize = 1_000;
/// How often the queue is looked at.
const TICK: Duration = Duration::from_secs(5);
/// Tenants that are taken at a time.
const TENANTS: u32 = 16;
/// Parts that one tenant gets before others have their turn.
const TURN: usize = 20;

/// When what goes away at `at` may be swept.
pub(crate) fn due(at: Instant) -> Instant {
    Instant(at.0 + GRACE)
}

/// Sweeps for all tenants. Cheap to clone.
#[derive(Clone)]
pub struct Sweeping {
    store: Store,
    wake: Arc<Notify>,
}

impl Sweeping {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, wake: Arc::new(Notify::new()) }
    }

    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Works until the task is dropped.
    pub async fn work(self) {
        queue::work(TICK, &self.wake, "what went away could not be swept", || self.round()).await;
    }

    async fn round(&self) -> Result<bool> {
        let leased = queue::lease(&self.store, NAME, TENANTS).await?;
        for found in &leased {
            let left = self.turn(found.tenant, now()).await?;
            let scope = self.store.write_global().await?;
            match left {
                Some(first) => scope.postpone(NAME, *found, due(first)).await?,
                None => scope.end_lease(NAME, *found, true).await?,
            }
            scope.commit().await?;
        }
        Ok(!leased.is_empty())
    }

    /// Some parts for one tenant. Answers when the first of what is left went away.
    async fn turn(&self, tenant: TenantId, at: Instant) -> Result<Option<Instant>> {
        for _ in 0..TURN {
            if !self.part(tenant, Instant(at.0 - GRACE)).await? {
                break;
            }
        }
        self.store.read(tenant).await?.first_unswept().await
    }

    /// One transaction. Answers false where nothing is left of what went away before `until`.
    async fn part(&self, tenant: TenantId, until: Instant) -> Result<bool> {
        let Some(unswept) = self.store.read(tenant).await?.next_unswept(until).await? else {
            return Ok(false);
        };
        let scope = self.store.write(tenant).await?;
        scope.sweep(&unswept, PART).await?;
        scope.commit().await?;
        Ok(true)
    }
}

impl Catalog {
    /// The background work that removes rows of what blueprints do not have any more.
    pub fn sweeping(&self) -> Sweeping {
        self.sweeping.clone()
    }

    /// Sweeps all that went away up to now, without waiting for requests that began before. What tests wait for.
    pub async fn sweep_now(&self, ctx: &OpContext) -> Result<()> {
        while self.sweeping.part(ctx.tenant(), now()).await? {}
        Ok(())
    }
}
