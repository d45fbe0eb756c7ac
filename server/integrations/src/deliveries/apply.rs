//! What deliveries say, written in the transaction that settles them.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use portolan_catalog::TenantId;
use portolan_ingestor_contract::{Event, IngestError, KindRequest, Settings};
use portolan_schema::mapping::MappingConfig;
use portolan_schema::{Error, Result};
use portolan_store::TenantScope;
use portolan_store::integration::{DeliveryStatus, Integration, StoredDelivery};
use portolan_store::job::Job;
use serde_json::Value;

use super::context;
use crate::live::{Books, FirstProblems, Live, Taken, Told};
use crate::run::{later, requests};
use crate::{Integrations, masked, now};

/// What is read of deliveries is not kept from being written for longer than this.
const READING: Duration = Duration::from_millis(200);

/// What some deliveries say.
pub(super) struct Read {
    /// Of so many of the first.
    pub deliveries: usize,
    events: Vec<Told>,
}

impl Integrations {
    /// What the first of some deliveries say, for as long as that takes no time to speak of; one at least.
    ///
    /// # Errors
    /// Where the first one cannot be read, or the source is away.
    pub(super) async fn read_deliveries(
        &self,
        tenant: TenantId,
        integration: &Integration,
        config: &MappingConfig,
        batch: &[StoredDelivery],
    ) -> Result<Read> {
        let settings = self.settings(&context(tenant, integration), integration)?;
        let kinds = requests(config);
        let mut read = Read { deliveries: 0, events: Vec::new() };
        let began = Instant::now();
        for stored in batch {
            match self.read_delivery(tenant, integration, &settings, &kinds, stored).await {
                Ok(events) => {
                    let origin = read.deliveries;
                    read.events.extend(events.into_iter().map(|event| Told { origin, event }));
                    read.deliveries += 1;
                }
                Err(error) if read.deliveries == 0 => return Err(error),
                // Its turn comes once those before it are settled.
                Err(_) => break,
            }
            if began.elapsed() > READING {
                break;
            }
        }
        Ok(read)
    }

    /// Writes what deliveries make, in their order, and settles as many as it gets through: the first at least. What cannot
    /// be made of one is left out, and told as its error. Answers whether the mapping took too long for some of them.
    ///
    /// # Errors
    /// Where nothing was settled: the mapping is none, or something was away.
    pub(super) async fn take_deliveries(
        &self,
        job: &Job,
        integration: &Integration,
        config: MappingConfig,
        batch: &[StoredDelivery],
        read: &Read,
    ) -> Result<bool> {
        let ctx = context(job.tenant, integration);
        let is_source = self.ingestor(&integration.ingestor)?.has_source();
        let live = Live { own: self, ctx: &ctx, integration, config, is_source };
        let samples = if is_source { BTreeMap::new() } else { samples(&read.events) };
        let settling = Settling { own: self, job, integration, batch, samples, ended: Mutex::default() };
        let run = batch.first().map_or(0, |first| first.id);
        let taken = live.take(&read.events, read.deliveries, run, &settling).await?;
        settling.tell();
        Ok(taken.stopped)
    }

    async fn read_delivery(
        &self,
        tenant: TenantId,
        integration: &Integration,
        settings: &Settings,
        kinds: &[KindRequest],
        stored: &StoredDelivery,
    ) -> Result<Vec<Event>> {
        let content = self.0.store.read(tenant).await?.delivery_content(stored.id).await?;
        let content = content.ok_or_else(|| Error::internal("a delivery is gone"))?;
        let delivery = self.opened(tenant, stored, &content)?;
        let ingestor = self.ingestor(&integration.ingestor)?;
        let told = ingestor.events(settings, kinds, &delivery, &self.context(tenant)?).await;
        told.map_err(|error| match error {
            IngestError::Source(error) => Error::from(error.to_problem()),
            IngestError::Settings(problems) => problems.into(),
            IngestError::Cancelled => Error::unavailable("the delivery was not read to its end"),
            IngestError::Sink(error) => error,
        })
    }
}

/// The latest items of each kind, masked.
fn samples(told: &[Told]) -> BTreeMap<String, Vec<Value>> {
    let mut samples: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for Told { event, .. } in told.iter().rev() {
        let (Event::Present { kind, item } | Event::Gone { kind, item }) = event;
        let of_kind = samples.entry(kind.clone()).or_default();
        if of_kind.len() < masked::MAX_PAYLOADS {
            of_kind.extend(masked::record(std::slice::from_ref(item)));
        }
    }
    samples
}

/// Deliveries at work.
struct Settling<'a> {
    own: &'a Integrations,
    job: &'a Job,
    integration: &'a Integration,
    batch: &'a [StoredDelivery],
    /// Of integrations that have no runs to record any.
    samples: BTreeMap<String, Vec<Value>>,
    /// When each came that is settled, and whether it has failed.
    ended: Mutex<Vec<(portolan_schema::Instant, bool)>>,
}

impl Settling<'_> {
    /// Counts what is settled, once that is durable.
    fn tell(&self) {
        let ended = std::mem::take(&mut *self.ended.lock().unwrap_or_else(PoisonError::into_inner));
        let failed = ended.iter().filter(|(_, failed)| *failed).count();
        for (status, count) in [("done", ended.len() - failed), ("failed", failed)] {
            count_settled(&self.integration.ingestor, status, count);
        }
        for (received_at, _) in ended {
            let lag = Duration::from_micros(u64::try_from(now().0 - received_at.0).unwrap_or(0));
            metrics::histogram!("portolan_delivery_lag_seconds").record(lag);
        }
    }
}

/// Counts deliveries that are settled.
pub(super) fn count_settled(ingestor: &str, status: &'static str, count: usize) {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    metrics::counter!("portolan_deliveries_total", "ingestor" => ingestor.to_owned(), "status" => status)
        .increment(count);
}

#[async_trait]
impl Books for Settling<'_> {
    async fn hold(&self, scope: &TenantScope) -> Result<()> {
        let lease = self.own.0.runner.lease;
        match scope.hold_job(self.job, Some(later(now(), lease))).await? {
            true => Ok(()),
            false => Err(Error::unavailable("another server has the deliveries by now")),
        }
    }

    async fn conclude(&self, scope: &TenantScope, taken: Taken, problems: &FirstProblems) -> Result<()> {
        for (kind, samples) in &self.samples {
            scope.save_payloads(self.integration.id, kind, samples, now()).await?;
        }
        let (taken, rest) = self.batch.split_at(taken.origins.min(self.batch.len()));
        let ended = taken.iter().enumerate();
        let ended = ended.map(|(origin, delivery)| (delivery.received_at, problems.contains_key(&origin)));
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner) = ended.collect();
        let mut done = Vec::new();
        for (origin, delivery) in taken.iter().enumerate() {
            match problems.get(&origin) {
                Some(problem) => {
                    let failed = DeliveryStatus::Failed;
                    scope.hold_delivery_up(delivery.id, failed, delivery.due_at, problem).await?;
                }
                None => done.push(delivery.id),
            }
        }
        scope.finish_deliveries(&done).await?;
        // They had no turn.
        let rest: Vec<i64> = rest.iter().map(|delivery| delivery.id).collect();
        scope.count_attempts(&rest, false).await
    }
}
