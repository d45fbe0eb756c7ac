//! Deliveries of sources: kept as they come, and worked off in their order, one integration by one server at a time.
//!
//! An integration with deliveries that wait has a job in a queue of its own, due when its oldest one is. What deliveries make
//! is written in the transaction that settles them; whoever takes them up after an interruption does the same once more,
//! which changes nothing. After a short turn an integration gives way to those that wait as well.

mod apply;
mod envelope;
pub(crate) mod retention;
mod work;

use std::time::Duration;

use portolan_catalog::{Actor, OpContext, Role, TenantId};
use portolan_schema::{Error, Result};
use portolan_store::integration::{DeliveryStatus, Integration, StoredDelivery};

pub use self::envelope::MAX_BODY;
use crate::{Integrations, now};

/// The queue of integrations whose deliveries wait; a job's subject is the integration.
pub(crate) const QUEUE: &str = "deliveries";
/// Deliveries of a tenant that may wait, and bytes of them as they are kept.
pub const MAX_WAITING: u32 = 10_000;
pub(crate) const MAX_WAITING_BYTES: i64 = 256 << 20;
/// How long deliveries are kept, and how many of an integration at most.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
const MAX_KEPT: u32 = 100_000;
/// Most deliveries of one page.
const MAX_PAGE: usize = 100;

impl Integrations {
    /// Needs Admin. An integration's deliveries that are kept, or those with a status, newest first: at most 100 that came
    /// before the one that is named.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn deliveries(
        &self,
        ctx: &OpContext,
        identifier: &str,
        status: Option<DeliveryStatus>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<StoredDelivery>> {
        ctx.require(Role::Admin)?;
        let integration = self.find(ctx, identifier).await?;
        let scope = self.0.store.read(ctx.tenant()).await?;
        scope.deliveries(integration.id, status, before, limit.min(MAX_PAGE)).await
    }

    /// Needs Admin. Has a delivery worked on once more, by the integration's mapping as it is now; before what waits that came
    /// later. One that waits goes on waiting.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn replay_delivery(&self, ctx: &OpContext, id: i64) -> Result<StoredDelivery> {
        ctx.require(Role::Admin)?;
        let job = self.0.store.reserve_ids(1).await?;
        let scope = self.0.store.write(ctx.tenant()).await?;
        scope.replay_delivery(id, now()).await?;
        let delivery = scope.delivery(id).await?.ok_or_else(|| no_delivery(id))?;
        scope.hasten_job(job, QUEUE, delivery.integration, now()).await?;
        scope.commit().await?;
        self.0.delivered.notify_one();
        Ok(delivery)
    }

    /// Needs Admin. The same for all deliveries of an integration that have failed, the oldest 10,000 at a time. Answers how
    /// many there are.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn replay_failed_deliveries(&self, ctx: &OpContext, identifier: &str) -> Result<u64> {
        ctx.require(Role::Admin)?;
        let integration = self.find(ctx, identifier).await?;
        let job = self.0.store.reserve_ids(1).await?;
        let scope = self.0.store.write(ctx.tenant()).await?;
        let replayed = scope.replay_failed_deliveries(integration.id, MAX_WAITING, now()).await?;
        if replayed > 0 {
            scope.hasten_job(job, QUEUE, integration.id, now()).await?;
        }
        scope.commit().await?;
        self.0.delivered.notify_one();
        Ok(replayed)
    }
}

fn no_delivery(id: i64) -> Error {
    Error::not_found(format!("the delivery {id}"))
}

/// For background work in the tenant, in the integration's name.
pub(crate) fn context(tenant: TenantId, integration: &Integration) -> OpContext {
    OpContext::background(tenant, Actor::Integration(integration.identifier.clone()))
}
