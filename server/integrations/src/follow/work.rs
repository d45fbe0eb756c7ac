//! Following: which integrations this server follows, for how long, and what comes after.

use std::time::Duration;

use portolan_ingestor_contract::{CancellationToken, IngestError, KindRequest};
use portolan_schema::mapping::MappingConfig;
use portolan_schema::{Code, Error, Instant, Pointer, Result};
use portolan_store::integration::{FollowPoint, Following, Integration};
use portolan_store::job::Job;
use tokio::task::JoinSet;

use super::QUEUE;
use super::hearing::Hearing;
use crate::deliveries::context;
use crate::run::{later, requests};
use crate::{Integrations, now};

/// Sources that a server follows at the same time.
const AT_ONCE: usize = 1_000;
/// A run that is waited for ends this; without it, one looks again.
const WAIT: Duration = Duration::from_secs(30);
/// Pauses after failures: the first one, and the longest.
const PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Runs for what was missed begin at once, then after this time, and after twice as much each time, up to the longest.
const RESYNC_PAUSE: Duration = Duration::from_secs(60);
const LONGEST_RESYNC_PAUSE: Duration = Duration::from_secs(3_600);

/// What is to be done about an integration now.
enum Next {
    /// Until something that was missed is read again, where there is a time for that.
    Follow(Box<Integration>, Vec<KindRequest>, Option<Instant>),
    /// A run has to read it as a whole.
    Resync(Box<Integration>, Following),
    /// Nothing before this time.
    Until(Instant),
    /// The job is ended, or somebody else's.
    Over,
}

/// Why a following came to its end.
enum End {
    /// The server stops.
    Stopping,
    /// The integration is another one, or is suspended, or a run of it is open.
    Changed,
    Missed,
    Failed(Error),
}

impl Integrations {
    /// Follows sources until `stop`.
    pub(crate) async fn work_following(&self, stop: &CancellationToken) {
        let mut at_work = JoinSet::new();
        while !stop.is_cancelled() {
            while at_work.len() < AT_ONCE {
                match self.take_job(QUEUE).await {
                    Ok(Some(job)) => drop(at_work.spawn(self.clone().attend_following(job, stop.clone()))),
                    Ok(None) => break,
                    Err(error) => {
                        tracing::warn!(error = ?error, "the queue of sources to follow cannot be read");
                        break;
                    }
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                Some(ended) = at_work.join_next() => report(ended),
                () = tokio::time::sleep(self.0.runner.poll) => {}
            }
        }
        while let Some(ended) = at_work.join_next().await {
            report(ended);
        }
    }

    async fn attend_following(self, job: Job, stop: CancellationToken) {
        let lease = self.keep(job);
        let again = tokio::select! {
            biased;
            () = lease.lost.cancelled() => return,
            again = self.follow_turn(&job, &stop) => again,
        };
        let again = match again {
            Ok(None) => return,
            Ok(Some(at)) => at,
            Err(error) => {
                tracing::warn!(error = ?error, tenant.id = job.tenant.0, "a source is followed later");
                later(now(), PAUSE)
            }
        };
        if let Err(error) = self.give_back(&job, again).await {
            tracing::warn!(error = ?error, tenant.id = job.tenant.0, "a source waits until its lease is over");
        }
    }

    /// Follows an integration's source for as long as nothing keeps it from that. Answers when to look again.
    async fn follow_turn(&self, job: &Job, stop: &CancellationToken) -> Result<Option<Instant>> {
        match self.next_following(job).await? {
            Next::Over => Ok(None),
            Next::Until(at) => Ok(Some(at)),
            Next::Resync(integration, known) => self.resync_missed(job, &integration, known).await.map(Some),
            Next::Follow(integration, kinds, until) => {
                let end = self.follow(job, &integration, &kinds, until, stop).await?;
                self.after_following(job, &integration, end).await.map(Some)
            }
        }
    }

    async fn next_following(&self, job: &Job) -> Result<Next> {
        let scope = self.0.store.write(job.tenant).await?;
        if !scope.hold_job(job, Some(later(now(), self.0.runner.lease))).await? {
            return Ok(Next::Over);
        }
        let integration = scope.integration_by_id(job.subject).await?;
        let wanted = match &integration {
            Some(integration) => self.is_to_be_followed(&context(job.tenant, integration), integration)?,
            None => false,
        };
        let Some(integration) = integration.filter(|_| wanted) else {
            scope.drop_following(job.subject).await?;
            scope.end_job(job).await?;
            scope.commit().await?;
            return Ok(Next::Over);
        };
        let mut known = scope.following(integration.id).await?.unwrap_or_default();
        let running = scope.standing(integration.id).await?.is_none_or(|standing| standing.running);
        let (mut kinds, missed) = followed(&integration, &scope.follow_points(integration.id).await?)?;
        known.since = None;
        let due = resync_due(&known);
        let next = match () {
            // The end of the run makes the job due.
            () if running => Next::Until(later(now(), WAIT)),
            // The first run that reads something makes a job.
            () if kinds.is_empty() => {
                scope.save_following(integration.id, &known).await?;
                scope.end_job(job).await?;
                scope.commit().await?;
                return Ok(Next::Over);
            }
            () if !missed.is_empty() && due <= now() => Next::Resync(Box::new(integration), known.clone()),
            () => {
                known.since = Some(now());
                kinds.retain(|request| !missed.contains(&request.kind));
                Next::Follow(Box::new(integration), kinds, (!missed.is_empty()).then_some(due))
            }
        };
        scope.save_following(job.subject, &known).await?;
        scope.commit().await?;
        Ok(next)
    }

    /// Starts a run for what was missed.
    async fn resync_missed(
        &self,
        job: &Job,
        integration: &Integration,
        mut known: Following,
    ) -> Result<Instant> {
        let recent = known.resynced_at.is_some_and(|at| later(at, LONGEST_RESYNC_PAUSE) > now());
        known.resyncs = if recent { known.resyncs.saturating_add(1) } else { 1 };
        known.resynced_at = Some(now());
        let scope = self.0.store.write(job.tenant).await?;
        if !scope.hold_job(job, None).await? {
            return Ok(now());
        }
        scope.save_following(integration.id, &known).await?;
        scope.commit().await?;
        let ctx = context(job.tenant, integration);
        self.begin(&ctx, &integration.identifier, false, false).await?;
        Ok(later(now(), WAIT))
    }

    async fn follow(
        &self,
        job: &Job,
        integration: &Integration,
        kinds: &[KindRequest],
        until: Option<Instant>,
        stop: &CancellationToken,
    ) -> Result<End> {
        let ctx = context(job.tenant, integration);
        let ingestor = self.ingestor(&integration.ingestor)?;
        let settings = self.settings(&ctx, integration)?;
        let number = self.0.store.reserve_ids(1).await?;
        let hearing = Hearing::new(self, &ctx, job, integration, number);
        let context = self.context(job.tenant)?;
        let _counted = Counted::new();
        tracing::info!(
            tenant.id = job.tenant.0,
            integration = integration.identifier,
            "a source is followed"
        );
        let end = tokio::select! {
            biased;
            () = stop.cancelled() => End::Stopping,
            () = hearing.missed.notified() => End::Missed,
            () = sleep_until(until) => End::Missed,
            () = self.until_changed(&hearing) => End::Changed,
            ended = ingestor.follow(&settings, kinds, &context, &hearing) => End::Failed(match ended {
                Ok(()) => Error::problem(Code::UpstreamFailed, "the source cannot be followed any further"),
                Err(error) => told(error),
            }),
        };
        // Whoever goes on begins there. Where that is not possible any more, an older place is good.
        if let Err(error) = hearing.note_places().await {
            tracing::debug!(error = ?error, "the last place of a following is not noted");
        }
        Ok(end)
    }

    /// Looks up now and then: notes how far it was followed, and returns when the following has to end.
    async fn until_changed(&self, hearing: &Hearing<'_>) {
        loop {
            tokio::time::sleep(self.0.runner.poll).await;
            if let Err(error) = hearing.note_places().await {
                tracing::debug!(error = ?error, "the place of a following is noted later");
            }
            let Ok(scope) = self.0.store.read(hearing.ctx.tenant()).await else { continue };
            let Ok(standing) = scope.standing(hearing.integration.id).await else { continue };
            let goes_on = standing.is_some_and(|now| {
                now.updated_at == hearing.integration.updated_at && !now.running && !now.suspended
            });
            if !goes_on {
                return;
            }
        }
    }

    /// Notes why a following has ended; answers when it is taken up again.
    async fn after_following(&self, job: &Job, integration: &Integration, end: End) -> Result<Instant> {
        let scope = self.0.store.write(job.tenant).await?;
        if !scope.hold_job(job, None).await? {
            return Ok(now());
        }
        let mut known = scope.following(integration.id).await?.unwrap_or_default();
        let lasted = known.since.is_some_and(|since| later(since, LONGEST_PAUSE) < now());
        known.since = None;
        let standing = scope.standing(integration.id).await?;
        let changed = standing
            .is_none_or(|now| now.updated_at != integration.updated_at || now.running || now.suspended);
        let again = match end {
            End::Stopping | End::Changed | End::Missed => now(),
            // It ended because of that.
            End::Failed(_) if changed => now(),
            End::Failed(error) => {
                let public = error.public();
                let message = public.0.first().map(|problem| problem.message.clone()).unwrap_or_default();
                tracing::warn!(
                    error = ?error,
                    tenant.id = job.tenant.0,
                    integration = integration.identifier,
                    "a source is not followed for now"
                );
                known.error = Some((error.code().as_str().to_owned(), message));
                known.failures = if lasted { 0 } else { known.failures.saturating_add(1) };
                later(now(), doubled(PAUSE, known.failures - 1, LONGEST_PAUSE))
            }
        };
        scope.save_following(integration.id, &known).await?;
        scope.commit().await?;
        Ok(again)
    }
}

/// What is to be followed, and from where: what a run has read of what the mapping wants. And of which of these kinds
/// something was missed.
pub(super) fn followed(
    integration: &Integration,
    points: &[FollowPoint],
) -> Result<(Vec<KindRequest>, Vec<String>)> {
    let config = MappingConfig::parse(&integration.mapping, &Pointer::root().key("mapping"))?;
    let (mut kinds, mut missed) = (Vec::new(), Vec::new());
    for request in requests(&config) {
        if let Some(point) = points.iter().find(|point| point.kind == request.kind) {
            missed.extend(point.missed.as_ref().map(|_| request.kind.clone()));
            kinds.push(KindRequest { checkpoint: Some(point.place.clone()), ..request });
        }
    }
    Ok((kinds, missed))
}

/// When a run may be started for what was missed: at once, where none was for some time.
fn resync_due(known: &Following) -> Instant {
    match known.resynced_at {
        Some(at) if known.resyncs > 0 => {
            later(at, doubled(RESYNC_PAUSE, known.resyncs - 1, LONGEST_RESYNC_PAUSE))
        }
        _ => now(),
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => {
            let left = u64::try_from(at.0 - now().0).unwrap_or(0);
            tokio::time::sleep(Duration::from_micros(left)).await;
        }
        None => std::future::pending().await,
    }
}

fn doubled(first: Duration, doublings: i32, longest: Duration) -> Duration {
    let factor = 2_u32.saturating_pow(u32::try_from(doublings).unwrap_or(0));
    first.saturating_mul(factor).min(longest)
}

fn told(error: IngestError) -> Error {
    match error {
        IngestError::Source(error) => error.to_problem().into(),
        IngestError::Settings(problems) => problems.into(),
        IngestError::Cancelled => Error::unavailable("the source was not followed any further"),
        IngestError::Sink(error) => error,
    }
}

/// One of the sources that are followed, while it lives.
struct Counted;

impl Counted {
    fn new() -> Self {
        metrics::gauge!("portolan_followings").increment(1.0);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::gauge!("portolan_followings").decrement(1.0);
    }
}

fn report(ended: std::result::Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(error = %error, "a following ended badly");
    }
}
