//! Hooks: the addresses at which sources may tell integrations. The key in it is the only right that it takes, beside the
//! signature that the ingestor asks for.

use bytes::Bytes;
use http::HeaderMap;
use portolan_catalog::{OpContext, Role, TenantId};
use portolan_foundation::secrets::{hash_secret, random_token};
use portolan_ingestor_contract::Delivery;
use portolan_schema::{Code, Error, Result};
use portolan_store::TenantScope;
use portolan_store::integration::{DeliveryStatus, Integration, StoredDelivery, Waiting};

use crate::configuration::not_found;
use crate::deliveries::{self, MAX_WAITING, MAX_WAITING_BYTES, QUEUE, retention};
use crate::{Integrations, now};

/// Bytes of a key.
const KEY: usize = 24;
/// Longest number of a delivery at its source, in bytes; by a longer one it is not known again.
const MAX_SOURCE_KEY: usize = 200;

impl Integrations {
    /// Needs Admin. The key of an integration's hook; none where its ingestor takes no deliveries.
    pub async fn hook_key(&self, ctx: &OpContext, integration: &Integration) -> Result<Option<String>> {
        ctx.require(Role::Admin)?;
        let sealed = self.0.store.read(ctx.tenant()).await?.sealed_hook_key(integration.id).await?;
        let Some(sealed) = sealed else { return Ok(None) };
        let plain = self.0.sealer.open(&sealing(ctx.tenant(), integration.id), &sealed)?;
        String::from_utf8(plain).map(Some).map_err(Error::internal)
    }

    /// Needs Admin. Gives the integration's hook another key; the address with the old one leads nowhere from then on.
    ///
    /// # Errors
    /// `NOT_FOUND`; `NOT_SUPPORTED` where the integration takes no deliveries.
    pub async fn rotate_hook_key(&self, ctx: &OpContext, identifier: &str) -> Result<Integration> {
        ctx.require(Role::Admin)?;
        let job = self.0.store.reserve_ids(1).await?;
        let scope = self.0.store.write(ctx.tenant()).await?;
        let integration = scope.lock_integration(identifier).await?.ok_or_else(|| not_found(identifier))?;
        if integration.remote || !self.ingestor(&integration.ingestor)?.descriptor().live.deliveries {
            let message = format!("\"{identifier}\" takes no deliveries");
            return Err(Error::problem(Code::NotSupported, message));
        }
        self.give_hook(&scope, integration.id, job).await?;
        scope.commit().await?;
        Ok(integration)
    }

    /// `job` is an id for what sees to old deliveries.
    pub(crate) async fn give_hook(&self, scope: &TenantScope, integration: i64, job: i64) -> Result<()> {
        let key = random_token(KEY);
        let sealed = self.0.sealer.seal(&sealing(scope.tenant(), integration), key.as_bytes())?;
        retention::plan(scope, integration, job).await?;
        scope.save_hook(integration, &hash_secret(&key), &sealed).await
    }

    /// Keeps what a source sent to a hook, and answers the delivery's number once it is durable. It is worked on later. What
    /// was sent before, by the source's own number, is not kept again; where it had failed, it is worked on once more.
    ///
    /// # Errors
    /// `NOT_FOUND` where no hook has the key; `UNAUTHENTICATED` and what else the ingestor says of it; `RATE_LIMITED`
    /// where too much of the tenant waits. Nothing is kept then.
    pub async fn receive(
        &self,
        key: &str,
        headers: HeaderMap,
        query: Vec<(String, String)>,
        body: Bytes,
    ) -> Result<i64> {
        let no_hook = || Error::not_found("the hook");
        let hook = self.0.store.read_global().await?.hook(&hash_secret(key)).await?.ok_or_else(no_hook)?;
        let scope = self.0.store.read(hook.tenant).await?;
        let integration = scope.integration_by_id(hook.integration).await?.ok_or_else(no_hook)?;
        let waiting = scope.waiting_deliveries(MAX_WAITING).await?;
        drop(scope);
        let delivery = Delivery { received_at: now().to_chrono(), headers, query, body };
        let ctx = deliveries::context(hook.tenant, &integration);
        let settings = self.settings(&ctx, &integration)?;
        let ingestor = self.ingestor(&integration.ingestor)?;
        ingestor.authenticate(&settings, &delivery)?;
        let refused = refuse_flood(waiting);
        let kept = match refused {
            Ok(()) => {
                let source_key = ingestor.delivery_key(&settings, &delivery);
                let source_key = source_key.filter(|key| !key.is_empty() && key.len() <= MAX_SOURCE_KEY);
                self.keep_delivery(hook.tenant, &integration, source_key, &delivery).await
            }
            Err(error) => Err(error),
        };
        let outcome = match &kept {
            Ok((_, true)) => "kept",
            Ok((_, false)) => "repeated",
            Err(_) => "refused",
        };
        let ingestor = integration.ingestor;
        metrics::counter!("portolan_deliveries_received_total", "ingestor" => ingestor, "outcome" => outcome)
            .increment(1);
        let (id, _) = kept?;
        self.0.delivered.notify_one();
        Ok(id)
    }

    /// The number of the delivery, and whether it is new.
    async fn keep_delivery(
        &self,
        tenant: TenantId,
        integration: &Integration,
        source_key: Option<String>,
        delivery: &Delivery,
    ) -> Result<(i64, bool)> {
        let id = self.0.store.reserve_ids(2).await?;
        let stored = StoredDelivery {
            id,
            integration: integration.id,
            received_at: delivery.received_at.into(),
            source_key,
            status: DeliveryStatus::Waiting,
            attempts: 0,
            due_at: delivery.received_at.into(),
            error: None,
        };
        let content = self.sealed(tenant, id, delivery)?;
        let scope = self.0.store.write(tenant).await?;
        let is_new = scope.add_delivery(&stored, &content).await?;
        let id = match (&stored.source_key, is_new) {
            (Some(key), false) => {
                let known = scope.delivery_of_source(integration.id, key).await?;
                let known = known.ok_or_else(|| Error::unavailable("a delivery came and went"))?;
                if known.status != DeliveryStatus::Failed {
                    return Ok((known.id, false));
                }
                scope.replay_delivery(known.id, now()).await?;
                known.id
            }
            _ => id,
        };
        scope.hasten_job(stored.id + 1, QUEUE, integration.id, stored.received_at).await?;
        scope.commit().await?;
        Ok((id, is_new))
    }
}

/// # Errors
/// `RATE_LIMITED`.
fn refuse_flood(waiting: Waiting) -> Result<()> {
    let too_many = waiting.count >= i64::from(MAX_WAITING);
    if !too_many && waiting.bytes < MAX_WAITING_BYTES {
        return Ok(());
    }
    let message = match too_many {
        true => format!("{MAX_WAITING} deliveries of the tenant wait already; try again later"),
        false => {
            let most = MAX_WAITING_BYTES >> 20;
            format!("deliveries of more than {most} MiB of the tenant wait already; try again later")
        }
    };
    Err(Error::problem(Code::RateLimited, message))
}

fn sealing(tenant: TenantId, integration: i64) -> String {
    format!("tenant:{}/integration:{integration}/hook", tenant.0)
}
