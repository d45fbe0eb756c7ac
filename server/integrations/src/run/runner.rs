//! Carries runs out: takes open ones from the queue, a few at a time, whoever started them and wherever they stopped.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use portolan_catalog::{Actor, OpContext};
use portolan_ingestor_contract::CancellationToken;
use portolan_schema::mapping::MappingConfig;
use portolan_schema::{Code, Error, Pointer, Result};
use portolan_store::integration::{KindStatus, LogLevel, Phase, RunKind, RunStatus};
use portolan_store::job::Job;
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

use super::QUEUE;
use super::attempt::{Attempt, Broken, Halt, Progress, Step, Stop};
use super::ending::Ending;
use super::heartbeat::later;
use super::log::RunLog;
use crate::{Integrations, deliveries, follow, now, schedule};

/// How often a run is taken up again before it is given up.
const MAX_ATTEMPTS: i32 = 10;
/// After a fault that passes, the run is due again after this time.
const PAUSE: Duration = Duration::from_secs(5);

/// How servers share the runs.
#[derive(Debug, Clone, Copy)]
pub struct RunnerConfig {
    /// How long a server that does not answer keeps a run.
    pub lease: Duration,
    /// How often a server looks for runs that others started or left.
    pub poll: Duration,
    /// Runs that a server carries out at the same time.
    pub at_once: usize,
    /// How long an open run whose items come from elsewhere may hear nothing of its client.
    pub silence: Duration,
}

impl Default for RunnerConfig {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(10),
            poll: Duration::from_secs(1),
            at_once: 4,
            silence: Duration::from_secs(15 * 60),
        }
    }
}

impl Integrations {
    /// Carries out open runs, works off deliveries, and follows sources, until `stop`. Then runs that read their source end as failed, and
    /// runs that commit are left, between two batches, for the next server. Returns when all have.
    pub async fn work(&self, stop: CancellationToken) {
        if let Err(error) = self.take_over().await {
            tracing::warn!(error = ?error, "what the server left when it stopped is taken up later");
        }
        tokio::join!(self.work_runs(&stop), self.work_deliveries(&stop), self.work_following(&stop));
    }

    async fn work_runs(&self, stop: &CancellationToken) {
        let mut at_work = JoinSet::new();
        while !stop.is_cancelled() {
            if let Err(error) = self.start_due().await {
                tracing::warn!(error = ?error, "scheduled runs are started later");
            }
            while at_work.len() < self.0.runner.at_once {
                match self.take_job(QUEUE).await {
                    Ok(Some(job)) => drop(at_work.spawn(self.clone().attend(job, stop.clone()))),
                    Ok(None) => break,
                    Err(error) => {
                        tracing::warn!(error = ?error, "the queue of runs cannot be read");
                        break;
                    }
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.0.wake.notified() => {}
                Some(ended) = at_work.join_next() => report(ended),
                () = tokio::time::sleep(self.0.runner.poll) => {}
            }
        }
        // Whoever hands over items from elsewhere goes on with another server.
        self.at_work().values().for_each(|halt| halt.stop(Stop::ServerStops));
        while let Some(ended) = at_work.join_next().await {
            report(ended);
        }
    }

    /// SQLite has one server: whoever had leases before is gone.
    async fn take_over(&self) -> Result<()> {
        if !self.0.store.is_shared() {
            let scope = self.0.store.write_global().await?;
            for queue in
                [QUEUE, schedule::QUEUE, deliveries::QUEUE, deliveries::retention::QUEUE, follow::QUEUE]
            {
                scope.end_leases(queue).await?;
            }
            scope.commit().await?;
        }
        Ok(())
    }

    /// Takes the next due job of a queue, if there is one.
    pub(crate) async fn take_job(&self, queue: &str) -> Result<Option<Job>> {
        if !self.0.store.read_global().await?.has_due_job(queue, now()).await? {
            return Ok(None);
        }
        let scope = self.0.store.write_global().await?;
        let job = scope.take_job(queue, now(), later(now(), self.0.runner.lease)).await?;
        scope.commit().await?;
        Ok(job)
    }

    async fn attend(self, job: Job, stop: CancellationToken) {
        let halt = Arc::new(Halt::default());
        let attempt = match self.attempt(job, halt.clone()).await {
            Ok(Some(attempt)) => attempt,
            Ok(None) => return,
            Err(error) => {
                return tracing::error!(error = ?error, run.id = job.subject, "a run cannot be taken up");
            }
        };
        self.at_work().insert(job.subject, halt.clone());
        // A task of its own, for the work may keep its thread for longer than a lease; it ends with this one.
        let attempt = Arc::new(attempt);
        let beating = AbortOnDropHandle::new(tokio::spawn({
            let attempt = attempt.clone();
            async move { attempt.beat().await }
        }));
        let outcome = tokio::select! {
            outcome = attempt.carry_out() => outcome,
            () = async { stop.cancelled().await; halt.stop(Stop::ServerStops); std::future::pending().await } => Ok(()),
        };
        let settled = attempt.settle(outcome).await;
        drop(beating);
        self.at_work().retain(|run, present| *run != job.subject || !Arc::ptr_eq(present, &halt));
        if let Err(error) = settled {
            tracing::error!(error = ?error, run.id = job.subject, "the end of a run could not be recorded");
        }
    }

    pub(super) fn at_work(&self) -> std::sync::MutexGuard<'_, std::collections::HashMap<i64, Arc<Halt>>> {
        self.0.at_work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// None where there is nothing to do but to tidy up, which is done.
    pub(super) async fn attempt(&self, job: Job, halt: Arc<Halt>) -> Result<Option<Attempt>> {
        let scope = self.0.store.write(job.tenant).await?;
        if !scope.hold_job(&job, None).await? {
            return Ok(None);
        }
        let Some(mut run) = scope.lock_run(job.subject).await? else {
            scope.end_job(&job).await?;
            scope.commit().await?;
            return Ok(None);
        };
        let integration = scope.integration_by_id(run.integration).await?;
        let integration = integration.ok_or_else(|| Error::internal("a run's integration is gone"))?;
        let resumed = run.status == RunStatus::Running && job.attempts > 1;
        if run.status == RunStatus::Queued {
            scope.begin_run(run.id, now()).await?;
            run.status = RunStatus::Running;
        }
        let mapping = scope.run_mapping(run.id).await?;
        let config = match MappingConfig::parse(&mapping, &Pointer::root().key("mapping")) {
            Ok(config) => config,
            Err(problems) => {
                let error = (Code::InvalidMapping.as_str().to_owned(), problems.to_string());
                let status = RunStatus::Failed;
                let ending = Ending::record(&scope, run.id, &integration, status, Some(&error)).await?;
                scope.end_job(&job).await?;
                scope.commit().await?;
                ending.tell();
                return Ok(None);
            }
        };
        let log = RunLog::after(scope.last_log_line(run.id).await?);
        let kinds = scope.run_kinds(run.id).await?;
        let rolls_back = scope.rollback_of(run.id).await?;
        scope.commit().await?;
        let actor = Actor::Integration(integration.identifier.clone());
        let attempt = Attempt {
            own: self.clone(),
            ctx: OpContext::background(job.tenant, actor),
            job,
            config,
            run,
            integration,
            rolls_back,
            mapping,
            halt,
            log,
            progress: std::sync::Mutex::new(Progress { kinds, ..Progress::default() }),
            writing: tokio::sync::Mutex::new(()),
        };
        if !attempt.run.status.is_open() {
            attempt.tidy_up().await?;
            return Ok(None);
        }
        if resumed && attempt.run.phase != Phase::Collect {
            attempt.log.say(LogLevel::Info, "the run goes on where it was interrupted");
        }
        Ok(Some(attempt))
    }
}

fn report(ended: std::result::Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(error = %error, "a run's task ended badly");
    }
}

impl Attempt {
    /// All phases that are left.
    async fn carry_out(&self) -> Step<()> {
        if self.run.cancelling {
            self.halt.stop(Stop::Cancelled);
        }
        self.go_on()?;
        if self.integration.remote && self.run.phase == Phase::Collect {
            let silence = self.own.0.runner.silence.as_secs();
            let message =
                format!("nothing came for {silence} seconds before the run was closed; nothing was changed");
            return Err(Error::problem(Code::Timeout, message).into());
        }
        if self.job.attempts > MAX_ATTEMPTS {
            return Err(Error::unavailable("the run was interrupted too often").into());
        }
        if let Some(target) = self.rolls_back {
            return self.roll_back(target).await;
        }
        let mut phase = self.run.phase;
        if phase == Phase::Collect {
            if self.job.attempts > 1 {
                let message =
                    "the server stopped while the source was read; the next run sees to what is missing";
                return Err(Error::problem(Code::Unavailable, message).into());
            }
            self.collect().await?;
            phase = Phase::Plan;
        }
        if phase == Phase::Plan {
            if !self.plan().await? {
                return Ok(());
            }
            phase = Phase::Commit;
        }
        self.progress().is_over = true;
        if phase == Phase::Commit {
            self.commit().await?;
        }
        self.delete().await?;
        self.finish().await
    }

    /// Ends a run of which everything is done.
    pub(crate) async fn finish(&self) -> Step<()> {
        let kinds = self.read().await?.run_kinds(self.run.id).await?;
        let status = status(&kinds);
        let error = kinds.iter().find_map(|kind| kind.error.clone()).filter(|_| status == RunStatus::Failed);
        self.end(status, error).await
    }

    /// What is to be done when the work has come to an end, whichever.
    async fn settle(&self, outcome: Step<()>) -> Step<()> {
        // Nobody reads the source any more, whatever the reason.
        self.halt.token.cancel();
        let stopped = match &outcome {
            Ok(()) => None,
            // Whatever went wrong: it was because of this.
            Err(_) if self.halt.reason().is_some() => self.halt.reason(),
            Err(Broken::Stopped(reason)) => Some(*reason),
            Err(Broken::Failed(_)) => None,
        };
        let phase = self.read().await?.run(self.run.id).await?.map_or(Phase::Ended, |run| run.phase);
        match (stopped, outcome) {
            (Some(Stop::LeaseLost), _) => return Ok(()),
            (Some(Stop::ServerStops), _) if phase != Phase::Collect => {
                self.log.say(LogLevel::Info, "the server stops; the run goes on when one starts");
                self.flush().await?;
                return self.give_back(Duration::ZERO).await;
            }
            (Some(Stop::ServerStops), _) => {
                let message =
                    "the server stopped while the source was read; the next run sees to what is missing";
                self.end(RunStatus::Failed, Some((Code::Unavailable.as_str().into(), message.into())))
                    .await?;
            }
            (Some(Stop::Cancelled), _) => self.end(RunStatus::Cancelled, None).await?,
            (None, Ok(())) => {}
            (None, Err(Broken::Failed(error))) if self.may_pass(&error, phase) => {
                tracing::warn!(error = ?error, run.id = self.run.id, "a run pauses");
                self.flush().await?;
                return self.give_back(PAUSE).await;
            }
            (None, Err(Broken::Failed(error))) => {
                if let Error::Fault { .. } = &error {
                    tracing::error!(error = ?error, run.id = self.run.id, "a run failed");
                }
                let public = error.public();
                let message = public.0.first().map(ToString::to_string).unwrap_or_default();
                self.log.say(LogLevel::Error, &message);
                let message = public.0.first().map(|problem| problem.message.clone()).unwrap_or_default();
                self.end(RunStatus::Failed, Some((error.code().as_str().to_owned(), message))).await?;
            }
            (None, Err(Broken::Stopped(_))) => {}
        }
        self.tidy_up().await
    }

    /// Whether it is worth while to go on with the run later.
    fn may_pass(&self, error: &Error, phase: Phase) -> bool {
        let passes = matches!(error, Error::Fault { code: Code::Unavailable, .. });
        passes && phase != Phase::Collect && phase != Phase::Ended && self.job.attempts < MAX_ATTEMPTS
    }

    async fn give_back(&self, pause: Duration) -> Step<()> {
        let scope = self.own.0.store.write(self.ctx.tenant()).await?;
        scope.return_job(&self.job, later(now(), pause)).await?;
        Ok(scope.commit().await?)
    }

    /// Removes what is staged, unless it waits for a person, and the job.
    pub(super) async fn tidy_up(&self) -> Step<()> {
        loop {
            let scope = self.write().await?;
            let run = scope.run(self.run.id).await?;
            let waits = run.is_some_and(|run| run.status == RunStatus::Blocked);
            let more = !waits && scope.remove_some_items(self.run.id).await?;
            if !more {
                scope.end_job(&self.job).await?;
            }
            scope.commit().await?;
            if !more {
                return Ok(());
            }
        }
    }
}

/// FAILED where every kind failed, before PARTIAL where some did or items failed.
fn status(kinds: &[RunKind]) -> RunStatus {
    let failed = kinds.iter().filter(|kind| kind.status == KindStatus::Failed).count();
    match () {
        () if failed > 0 && failed == kinds.len() => RunStatus::Failed,
        () if failed > 0 || kinds.iter().any(|kind| kind.counts.failed > 0) => RunStatus::Partial,
        () => RunStatus::Succeeded,
    }
}
