//! What people do with runs: start, look, approve, cancel.

use std::sync::PoisonError;
use std::time::Duration;

use portolan_catalog::{OpContext, Role};
use portolan_schema::mapping::MappingConfig;
use portolan_schema::{Code, Error, Pointer, Result};
use portolan_store::TenantScope;
use portolan_store::integration::{
    Integration, KindCounts, KindStatus, LogLevel, LogLine, Phase, Run, RunKind, RunStatus,
};
use serde_json::Value;

use super::QUEUE;
use super::attempt::Stop;
use super::ending::Ending;
use super::heartbeat::later;
use super::remote::reads_itself;
use crate::configuration::{is_remote, not_found};
use crate::remote::RemoteState;
use crate::{Integrations, now};

/// How long a cancellation waits for the run's end before it answers.
const CANCEL_WAIT: Duration = Duration::from_secs(5);
const CANCEL_PAUSE: Duration = Duration::from_millis(50);
/// Most log lines of one page.
const MAX_LINES: usize = 500;
pub(super) const OPEN: [RunStatus; 2] = [RunStatus::Queued, RunStatus::Running];

impl Integrations {
    /// Needs Admin. Starts a run, or answers the one in progress. With `plan` it commits nothing; without, it takes the
    /// place of a run that waits for approval.
    ///
    /// # Errors
    /// `NOT_FOUND`; `NOT_SUPPORTED` where the integration runs elsewhere; `RUN_IN_PROGRESS` where a run is being taken back.
    pub async fn start(&self, ctx: &OpContext, identifier: &str, plan: bool) -> Result<Run> {
        ctx.require(Role::Admin)?;
        Ok(self.begin(ctx, identifier, plan, false).await?.0)
    }

    /// Begins a run of an integration that is remote or not, or answers the one in progress, and whether it was begun.
    pub(crate) async fn begin(
        &self,
        ctx: &OpContext,
        identifier: &str,
        plan: bool,
        remote: bool,
    ) -> Result<(Run, bool)> {
        let first_id = self.0.store.reserve_ids(3).await?;
        let scope = self.0.store.write(ctx.tenant()).await?;
        let integration = scope.lock_integration(identifier).await?.ok_or_else(|| not_found(identifier))?;
        match (integration.remote, remote) {
            (true, false) => return Err(is_remote(&integration)),
            (false, true) => return Err(reads_itself(identifier)),
            (false, false) if !self.ingestor(&integration.ingestor)?.has_source() => {
                let message = format!("\"{identifier}\" has nothing to read: everything comes in deliveries");
                return Err(Error::problem(Code::NotSupported, message));
            }
            _ => {}
        }
        if let Some(open) = scope.runs_in(integration.id, &OPEN).await?.pop() {
            if let Some(target) = scope.rollback_of(open.id).await? {
                let message = format!("the run {} takes the run {target} back", open.id);
                return Err(Error::problem(Code::RunInProgress, message));
            }
            return Ok((open, false));
        }
        let kinds = kinds(&integration.mapping)?;
        let replaced = match plan {
            true => Vec::new(),
            false => replace_blocked(&scope, &integration, first_id + 2).await?,
        };
        let run = Run {
            id: first_id,
            integration: integration.id,
            status: if remote { RunStatus::Running } else { RunStatus::Queued },
            phase: Phase::Collect,
            plan_only: plan,
            approved: false,
            cancelling: false,
            error: None,
            blocked: None,
            created_at: now(),
            created_by: ctx.actor().stamp(),
            started_at: remote.then(now),
            ended_at: None,
        };
        // Nobody is to take the run up while its client is at work.
        let due = if remote { later(now(), self.0.runner.silence) } else { run.created_at };
        scope.create_run(&run, &integration.mapping).await?;
        scope.save_run_kinds(run.id, &kinds).await?;
        scope.add_job(first_id + 1, QUEUE, run.id, due).await?;
        scope.commit().await?;
        replaced.into_iter().for_each(Ending::tell);
        self.0.wake.notify_one();
        Ok((run, true))
    }

    /// Needs Admin. Commits what a run planned that its guard stopped.
    ///
    /// # Errors
    /// `NOT_FOUND`; `WRONG_RUN_STATE` where the run is not blocked; `RUN_IN_PROGRESS`.
    pub async fn approve(&self, ctx: &OpContext, id: i64) -> Result<Run> {
        ctx.require(Role::Admin)?;
        let job = self.0.store.reserve_ids(1).await?;
        let scope = self.0.store.write(ctx.tenant()).await?;
        let found = scope.run(id).await?.ok_or_else(|| no_run(id))?;
        let integration = scope.integration_by_id(found.integration).await?.ok_or_else(|| no_run(id))?;
        scope.lock_integration(&integration.identifier).await?;
        let run = scope.lock_run(id).await?.ok_or_else(|| no_run(id))?;
        if run.status != RunStatus::Blocked {
            let message = format!("the run is {}, not BLOCKED", run.status.as_str());
            return Err(Error::problem(Code::WrongRunState, message));
        }
        if !scope.runs_in(integration.id, &OPEN).await?.is_empty() {
            return Err(Error::problem(Code::RunInProgress, "another run of the integration is open"));
        }
        scope.approve_run(id).await?;
        scope.reset_run_kinds(id).await?;
        note(&scope, id, &format!("approved by {}", ctx.actor().stamp())).await?;
        scope.add_job(job, QUEUE, id, now()).await?;
        let approved = scope.run(id).await?.ok_or_else(|| no_run(id))?;
        scope.commit().await?;
        self.0.wake.notify_one();
        Ok(approved)
    }

    /// Needs Admin. Ends a run: at once where it waits, between two batches where it commits; what is committed stays.
    /// Answers the run when it has ended, or after five seconds as it is.
    ///
    /// # Errors
    /// `NOT_FOUND`; `WRONG_RUN_STATE` where it has ended otherwise already.
    pub async fn cancel(&self, ctx: &OpContext, id: i64) -> Result<Run> {
        ctx.require(Role::Admin)?;
        let job = self.0.store.reserve_ids(1).await?;
        let scope = self.0.store.write(ctx.tenant()).await?;
        let run = scope.lock_run(id).await?.ok_or_else(|| no_run(id))?;
        let mut ended = None;
        match run.status {
            RunStatus::Queued | RunStatus::Blocked => {
                note(&scope, id, &format!("cancelled by {}", ctx.actor().stamp())).await?;
                let integration =
                    scope.integration_by_id(run.integration).await?.ok_or_else(|| no_run(id))?;
                ended = Some(Ending::record(&scope, id, &integration, RunStatus::Cancelled, None).await?);
                // Whoever takes the job removes what is staged.
                scope.add_job(job, QUEUE, id, now()).await?;
            }
            RunStatus::Running if !run.cancelling => {
                note(&scope, id, &format!("{} cancels the run", ctx.actor().stamp())).await?;
                scope.cancel_run(id).await?;
                // Where nobody is at work on it, for its items come from elsewhere, somebody is to end it.
                if run.phase == Phase::Collect {
                    scope.reschedule_job(QUEUE, id, now()).await?;
                }
            }
            RunStatus::Running | RunStatus::Cancelled => {}
            other => {
                let message = format!("the run is {} already", other.as_str());
                return Err(Error::problem(Code::WrongRunState, message));
            }
        }
        scope.commit().await?;
        ended.into_iter().for_each(Ending::tell);
        if let Some(halt) = self.0.at_work.lock().unwrap_or_else(PoisonError::into_inner).get(&id) {
            halt.stop(Stop::Cancelled);
        }
        self.0.wake.notify_one();
        let began = tokio::time::Instant::now();
        loop {
            let (run, _) = self.run(ctx, id).await?;
            if !run.status.is_open() || began.elapsed() > CANCEL_WAIT {
                return Ok(run);
            }
            tokio::time::sleep(CANCEL_PAUSE).await;
        }
    }

    /// A run with its counts.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn run(&self, ctx: &OpContext, id: i64) -> Result<(Run, Vec<RunKind>)> {
        let scope = self.0.store.read(ctx.tenant()).await?;
        let run = scope.run(id).await?.ok_or_else(|| no_run(id))?;
        let kinds = scope.run_kinds(id).await?;
        Ok((run, kinds))
    }

    /// An integration's latest run.
    pub async fn last_run(&self, ctx: &OpContext, integration: i64) -> Result<Option<Run>> {
        self.0.store.read(ctx.tenant()).await?.last_run(integration).await
    }

    /// How an integration's last run went that was more than a plan; None where there was none. The last plan does not
    /// count, for it changes nothing. Of a remote integration, what its client says of its resyncs counts, too.
    pub async fn standing(&self, ctx: &OpContext, integration: &Integration) -> Result<Option<RunStatus>> {
        let scope = self.0.store.read(ctx.tenant()).await?;
        let last = scope.last_commit(integration.id).await?.map(|run| (run.created_at.0, run.status));
        let told = RemoteState::of(integration)?.standing();
        Ok(last.into_iter().chain(told).max_by_key(|(at, _)| *at).map(|(_, status)| status))
    }

    /// Some of the changes that the run planned: `{change, entity, before, after}`.
    pub async fn run_samples(&self, ctx: &OpContext, run: i64) -> Result<Vec<Value>> {
        self.0.store.read(ctx.tenant()).await?.run_samples(run).await
    }

    /// Lines of a run's log after a number, and whether there are more. At most 500.
    pub async fn run_logs(
        &self,
        ctx: &OpContext,
        run: i64,
        after: i64,
        limit: usize,
    ) -> Result<(Vec<LogLine>, bool)> {
        let limit = limit.min(MAX_LINES);
        let scope = self.0.store.read(ctx.tenant()).await?;
        let mut lines = scope.run_logs(run, after, limit + 1).await?;
        let more = lines.len() > limit;
        lines.truncate(limit);
        Ok((lines, more))
    }
}

pub(super) fn no_run(id: i64) -> Error {
    Error::not_found(format!("the run {id}"))
}

/// A run that waits for a person makes way for one that commits; there is one at most. `job` is an id for tidying up.
pub(super) async fn replace_blocked(
    scope: &TenantScope,
    integration: &Integration,
    job: i64,
) -> Result<Vec<Ending>> {
    let mut replaced = Vec::new();
    for blocked in scope.runs_in(integration.id, &[RunStatus::Blocked]).await? {
        note(scope, blocked.id, "a later run took the place of this one").await?;
        replaced.push(Ending::record(scope, blocked.id, integration, RunStatus::Cancelled, None).await?);
        scope.add_job(job, QUEUE, blocked.id, now()).await?;
    }
    Ok(replaced)
}

/// The rows of a new run, one an entry of its mapping.
fn kinds(mapping: &Value) -> Result<Vec<RunKind>> {
    let config = MappingConfig::parse(mapping, &Pointer::root().key("mapping"))?;
    let kind = |kind: &str| RunKind {
        kind: kind.to_owned(),
        status: KindStatus::Queued,
        seen: 0,
        mapped: 0,
        counts: KindCounts::default(),
        error: None,
    };
    Ok(config.resources.iter().map(|resource| kind(&resource.kind)).collect())
}

/// A line in the log of a run that nobody is at work on, or that says why it ends.
async fn note(scope: &TenantScope, run: i64, message: &str) -> Result<()> {
    let no = scope.last_log_line(run).await? + 1;
    let message = message.to_owned();
    let line = LogLine { no, at: now(), level: LogLevel::Info, kind: None, item: None, message };
    scope.add_run_logs(run, &[line]).await
}
