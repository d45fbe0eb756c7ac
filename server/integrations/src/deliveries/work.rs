//! Working deliveries off: one integration at a time, some of its deliveries at a time, in turns that are short.

use std::time::{Duration, Instant};

use portolan_ingestor_contract::CancellationToken;
use portolan_schema::mapping::MappingConfig;
use portolan_schema::{Code, Error, Pointer, Result};
use portolan_store::integration::{DeliveryStatus, Integration, StoredDelivery};
use portolan_store::job::Job;
use tokio::task::JoinSet;

use super::{QUEUE, retention};
use crate::run::later;
use crate::{Integrations, now};

/// How often a delivery is tried before it has failed.
const MAX_ATTEMPTS: i32 = 8;
/// The pause after the first attempt; it doubles with each one.
const PAUSE: Duration = Duration::from_secs(2);
/// Most deliveries that are written together, and how many bytes of them.
const BATCH: usize = 100;
const BATCH_BYTES: i64 = 4 << 20;
/// Then others have their turn.
const TURN: Duration = Duration::from_secs(1);

/// What came of some deliveries.
enum Worked {
    /// There may be more to do now.
    Some,
    /// There is nothing to do before this time.
    Until(portolan_schema::Instant),
    /// The job is given back, or somebody else's.
    Over,
}

impl Integrations {
    /// Works off deliveries until `stop`.
    pub(crate) async fn work_deliveries(&self, stop: &CancellationToken) {
        let mut at_work = JoinSet::new();
        while !stop.is_cancelled() {
            while at_work.len() < self.0.runner.at_once {
                match self.take_job(QUEUE).await {
                    Ok(Some(job)) => drop(at_work.spawn(self.clone().work_off(job, stop.clone()))),
                    Ok(None) => break,
                    Err(error) => {
                        tracing::warn!(error = ?error, "the queue of deliveries cannot be read");
                        break;
                    }
                }
            }
            if let Err(error) = retention::forget_some(self).await {
                tracing::warn!(error = ?error, "old deliveries are kept for longer");
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.0.delivered.notified() => {}
                Some(ended) = at_work.join_next() => report(ended),
                () = tokio::time::sleep(self.0.runner.poll) => {}
            }
        }
        while let Some(ended) = at_work.join_next().await {
            report(ended);
        }
    }

    /// A turn of one integration.
    async fn work_off(self, job: Job, stop: CancellationToken) {
        let lease = self.keep(job);
        let began = Instant::now();
        let again = loop {
            let worked = tokio::select! {
                biased;
                () = lease.lost.cancelled() => return,
                // What was begun is done once more.
                () = stop.cancelled() => Ok(Worked::Until(now())),
                worked = self.work_off_some(&job) => worked,
            };
            match worked {
                Ok(Worked::Over) => return,
                Ok(Worked::Some) if began.elapsed() < TURN => {}
                // Whoever waits as well comes first.
                Ok(Worked::Some) => break now(),
                Ok(Worked::Until(at)) => break at,
                Err(error) => {
                    tracing::warn!(error = ?error, tenant.id = job.tenant.0, "deliveries wait");
                    break later(now(), PAUSE);
                }
            }
        };
        if let Err(error) = self.give_back(&job, again).await {
            tracing::warn!(error = ?error, "deliveries wait until their lease is over");
        }
    }

    async fn work_off_some(&self, job: &Job) -> Result<Worked> {
        let Some((integration, batch)) = self.next(job).await? else { return Ok(Worked::Over) };
        let config = match MappingConfig::parse(&integration.mapping, &Pointer::root().key("mapping")) {
            Ok(config) => config,
            Err(problems) => return self.hold_up(job, &batch, &problems.into()).await,
        };
        let read = match self.read_deliveries(job.tenant, &integration, &config, &batch).await {
            Ok(read) => read,
            Err(error) => return self.hold_up(job, &batch, &error).await,
        };
        match self.take_deliveries(job, &integration, config, &batch, &read).await {
            Ok(false) => Ok(Worked::Some),
            // A mapping that takes long does not keep the workers to itself.
            Ok(true) => Ok(Worked::Until(later(now(), PAUSE))),
            Err(error) if read.deliveries == 1 => self.hold_up(job, &batch, &error).await,
            // Whichever it is: from now on each is tried by itself.
            Err(Error::Problems(_)) => Ok(Worked::Some),
            Err(error) => Err(error),
        }
    }

    /// The first of some deliveries has failed, or is tried again later.
    async fn hold_up(&self, job: &Job, batch: &[StoredDelivery], error: &Error) -> Result<Worked> {
        let Some((first, rest)) = batch.split_first() else { return Ok(Worked::Some) };
        let passes = passes(error) && first.attempts < MAX_ATTEMPTS;
        if let Error::Fault { .. } = error {
            tracing::warn!(error = ?error, tenant.id = job.tenant.0, delivery.id = first.id, "a delivery was not taken");
        }
        let message = error.public().0.first().map(|problem| problem.message.clone()).unwrap_or_default();
        let told = (error.code().as_str().to_owned(), message);
        let doublings = u32::try_from(first.attempts - 1).unwrap_or(0);
        let due = later(now(), PAUSE * 2_u32.saturating_pow(doublings));
        let status = if passes { DeliveryStatus::Waiting } else { DeliveryStatus::Failed };
        let rest: Vec<i64> = rest.iter().map(|delivery| delivery.id).collect();
        let scope = self.0.store.write(job.tenant).await?;
        if !scope.hold_job(job, None).await? {
            return Ok(Worked::Over);
        }
        scope.hold_delivery_up(first.id, status, due, &told).await?;
        scope.count_attempts(&rest, false).await?;
        scope.commit().await?;
        Ok(if passes { Worked::Until(due) } else { Worked::Some })
    }

    /// The oldest deliveries that wait, one more attempt counted. None where there is nothing to do for now: then the job is
    /// given back or ended.
    async fn next(&self, job: &Job) -> Result<Option<(Integration, Vec<StoredDelivery>)>> {
        let scope = self.0.store.write(job.tenant).await?;
        if !scope.hold_job(job, Some(later(now(), self.0.runner.lease))).await? {
            return Ok(None);
        }
        let Some(integration) = scope.integration_by_id(job.subject).await? else {
            scope.drop_deliveries(job.subject).await?;
            scope.end_job(job).await?;
            scope.commit().await?;
            return Ok(None);
        };
        let mut batch = scope.next_deliveries(integration.id, BATCH, BATCH_BYTES).await?;
        match batch.first() {
            Some(first) if first.due_at <= now() => {
                // What was tried before, perhaps in vain, keeps no other from being written.
                let fresh = if first.attempts > 0 { 1 } else { batch.len() };
                batch.truncate(fresh);
                let again =
                    batch.iter().position(|delivery| delivery.attempts > 0 || delivery.due_at > now());
                batch.truncate(again.unwrap_or(batch.len()).max(1));
                let ids: Vec<i64> = batch.iter().map(|delivery| delivery.id).collect();
                scope.count_attempts(&ids, true).await?;
                batch.iter_mut().for_each(|delivery| delivery.attempts += 1);
                scope.commit().await?;
                return Ok(Some((integration, batch)));
            }
            Some(first) => scope.return_job(job, first.due_at).await?,
            None => scope.end_job(job).await?,
        };
        scope.commit().await?;
        Ok(None)
    }
}

/// Whether the same delivery may be taken later.
fn passes(error: &Error) -> bool {
    match error {
        Error::Fault { .. } => true,
        Error::Problems(_) => matches!(error.code(), Code::UpstreamUnreachable | Code::UpstreamThrottled),
    }
}

fn report(ended: std::result::Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(error = %error, "the work on deliveries ended badly");
    }
}
