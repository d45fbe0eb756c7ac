//! The background work: takes tenants from the queue, one pass after the other.

use std::sync::Arc;
use std::time::Duration;

use portolan_foundation::jq::JqPool;
use portolan_schema::{CatalogModel, Instant, Result};
use portolan_store::consumer::Due;
use portolan_store::{OpContext, Store, TenantId};
use tokio::sync::{Mutex, Notify};

use super::NAME;
use super::fill::CLOCK;
use super::pass::{Progress, run};
use crate::asking::asked_at;
use crate::model::Models;
use crate::{Catalog, measured, now, queue};

/// How often the queue is looked at where nothing in this process says that there is work: other servers write too.
const TICK: Duration = Duration::from_secs(1);
/// A pass that failed is tried again after this time, in microseconds.
const PAUSE: i64 = 2_000_000;
/// How long somebody who writes waits for computed values, where nothing else was said.
const HURRY: Duration = Duration::from_millis(500);
/// How long somebody who shows a change waits for what follows from it, and between two looks.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// Tenants that are taken at a time; each gets one pass in turn, so that a big one does not hold up the others.
const TENANTS: u32 = 16;

/// Computes values of all tenants. Cheap to clone.
#[derive(Clone)]
pub struct Computing {
    store: Store,
    models: Models,
    pub(super) jq: Option<JqPool>,
    wake: Arc<Notify>,
    /// Passes of one process take turns: whoever comes later finds most of its work done.
    turn: Arc<Mutex<()>>,
    /// How long somebody who writes waits for computed values.
    pub(super) hurry: Duration,
}

impl Computing {
    pub(crate) fn new(store: Store, models: Models, jq: Option<JqPool>) -> Self {
        Self { store, models, jq, wake: Arc::new(Notify::new()), turn: Arc::default(), hurry: HURRY }
    }

    /// Tells the worker of this process that there is work.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Works until the task is dropped.
    pub async fn work(self) {
        queue::work(TICK, &self.wake, "computed values could not be kept up to date", || self.round()).await;
    }

    /// One pass for each tenant that has work. Answers whether there was any.
    async fn round(&self) -> Result<bool> {
        let leased = queue::lease(&self.store, NAME, TENANTS).await?;
        for due in &leased {
            let began = std::time::Instant::now();
            let outcome = self.pass(due.tenant, now()).await;
            measured::pass(began, &outcome);
            self.end(*due, outcome).await?;
        }
        Ok(!leased.is_empty())
    }

    async fn end(&self, due: Due, outcome: Result<Progress>) -> Result<()> {
        let scope = self.store.write_global().await?;
        match outcome {
            Ok(Progress::More) => scope.end_lease(NAME, due, false).await?,
            Ok(Progress::UpToDate { follows_clock: false }) => scope.end_lease(NAME, due, true).await?,
            Ok(Progress::UpToDate { follows_clock: true }) => {
                scope.end_clocked(NAME, due, Instant(now().0 + CLOCK)).await?;
            }
            Err(error) => {
                tracing::warn!(error = ?error, tenant.id = due.tenant.0, "a pass over computed values failed");
                scope.postpone(NAME, due, Instant(now().0 + PAUSE)).await?;
            }
        }
        scope.commit().await
    }

    async fn pass(&self, tenant: TenantId, at: Instant) -> Result<Progress> {
        let _turn = self.turn.lock().await;
        run(&self.store, &self.models, self.jq.as_ref(), tenant, at).await
    }

    /// One pass for a tenant, here and now. Where it fails or takes long, the worker does it.
    pub(crate) async fn hurry(&self, tenant: TenantId) {
        if let Ok(Err(error)) = tokio::time::timeout(self.hurry, self.pass(tenant, now())).await {
            // Most likely another server was faster.
            tracing::debug!(error = ?error, tenant.id = tenant.0, "a pass beside a write failed");
        }
    }

    /// Waits until a tenant's values have followed the log to a change, for [`PATIENCE`] at the most.
    async fn follow_to(&self, tenant: TenantId, seq: i64) -> Result<()> {
        let began = std::time::Instant::now();
        let mut looks = 0_u32;
        while self.store.read(tenant).await?.consumer(NAME).await?.seq < seq && began.elapsed() < PATIENCE {
            looks += 1;
            // The worker has been woken by the write. On another server it may not have heard of it.
            match looks % 5 {
                0 => self.hurry(tenant).await,
                _ => tokio::time::sleep(LOOK_AGAIN).await,
            }
        }
        Ok(())
    }

    /// Computes until a tenant is up to date for a point in time.
    ///
    /// # Errors
    /// Where a pass fails several times.
    async fn settle(&self, tenant: TenantId, at: Instant) -> Result<()> {
        let mut failures = 0;
        loop {
            match self.pass(tenant, at).await {
                Ok(Progress::More) => {}
                Ok(Progress::UpToDate { .. }) => return Ok(()),
                Err(error) => {
                    failures += 1;
                    if failures > 5 {
                        return Err(error);
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }
}

impl Catalog {
    /// Lets those who write wait so long for computed values: on a busy machine, tests need more than half a second.
    #[must_use]
    pub fn patient(mut self, patience: Duration) -> Self {
        self.computing.hurry = patience;
        self
    }

    /// The background work that keeps computed values up to date.
    pub fn computing(&self) -> Computing {
        self.computing.clone()
    }

    /// Waits until computed values have followed the log to a change, for five seconds at most.
    pub async fn computed_to(&self, ctx: &OpContext, model: &CatalogModel, seq: i64) -> Result<()> {
        match model.computed_order().is_empty() {
            true => Ok(()),
            false => self.computing.follow_to(ctx.tenant(), seq).await,
        }
    }

    /// Computes until the tenant's values are up to date for the time of the request. What commands and tests wait for; servers do it in the
    /// background.
    pub async fn settle_computed(&self, ctx: &OpContext) -> Result<()> {
        self.computing.settle(ctx.tenant(), asked_at(ctx)).await
    }
}
