//! Asking for a rollback, and why it may be refused.

use portolan_catalog::{OpContext, Role};
use portolan_schema::{Code, Error, Result};
use portolan_store::TenantScope;
use portolan_store::integration::{Integration, Phase, Run, RunStatus};

use crate::run::QUEUE;
use crate::run::control::{OPEN, no_run, replace_blocked};
use crate::run::ending::Ending;
use crate::{Integrations, now};

impl Integrations {
    /// Needs Admin. Starts a run that takes back what a run has written, and keeps what others have written since; or
    /// answers the one that is at it. With `plan` it changes nothing, and says what it would.
    ///
    /// # Errors
    /// `NOT_FOUND`; `WRONG_RUN_STATE` where the run has written nothing, or is taken back already; `RUN_IN_PROGRESS` where
    /// another run of the integration is; `CONFLICT` where a later one has written the same entities, which has to be
    /// taken back first.
    pub async fn roll_back(&self, ctx: &OpContext, id: i64, plan: bool) -> Result<Run> {
        ctx.require(Role::Admin)?;
        let first_id = self.0.store.reserve_ids(3).await?;
        let scope = self.0.store.write(ctx.tenant()).await?;
        let found = scope.run(id).await?.ok_or_else(|| no_run(id))?;
        let integration = scope.integration_by_id(found.integration).await?.ok_or_else(|| no_run(id))?;
        scope.lock_integration(&integration.identifier).await?;
        let target = scope.run(id).await?.ok_or_else(|| no_run(id))?;
        if let Some(open) = scope.runs_in(integration.id, &OPEN).await?.pop() {
            if scope.rollback_of(open.id).await? == Some(id) && open.plan_only == plan {
                return Ok(open);
            }
            let message = format!("the run {} of the integration is in progress", open.id);
            return Err(Error::problem(Code::RunInProgress, message));
        }
        refuse(&scope, &target, &integration).await?;
        let replaced = match plan {
            true => Vec::new(),
            false => replace_blocked(&scope, &integration, first_id + 2).await?,
        };
        let run = Run {
            id: first_id,
            integration: integration.id,
            status: RunStatus::Queued,
            phase: Phase::Plan,
            plan_only: plan,
            approved: false,
            cancelling: false,
            error: None,
            blocked: None,
            created_at: now(),
            created_by: ctx.actor().stamp(),
            started_at: None,
            ended_at: None,
        };
        let mapping = scope.run_mapping(id).await?;
        scope.create_run(&run, &mapping).await?;
        scope.create_rollback(run.id, id).await?;
        scope.add_job(first_id + 1, QUEUE, run.id, run.created_at).await?;
        scope.commit().await?;
        replaced.into_iter().for_each(Ending::tell);
        self.0.wake.notify_one();
        Ok(run)
    }

    /// The run that a run takes back, where it does.
    pub async fn rollback_of(&self, ctx: &OpContext, run: i64) -> Result<Option<i64>> {
        self.0.store.read(ctx.tenant()).await?.rollback_of(run).await
    }

    /// The run that has taken a run back, where one has.
    pub async fn rolled_back_by(&self, ctx: &OpContext, run: i64) -> Result<Option<i64>> {
        let rollbacks = self.0.store.read(ctx.tenant()).await?.rollbacks_of(run).await?;
        Ok(rollbacks.into_iter().rev().find(|rollback| is_done(rollback.status)).map(|rollback| rollback.id))
    }
}

fn is_done(status: RunStatus) -> bool {
    matches!(status, RunStatus::Succeeded | RunStatus::Partial)
}

async fn refuse(scope: &TenantScope, target: &Run, integration: &Integration) -> Result<()> {
    let wrong = |message: String| Err(Error::problem(Code::WrongRunState, message));
    let id = target.id;
    if scope.rollback_of(id).await?.is_some() {
        return wrong(format!("the run {id} takes a run back itself; startResync reads the source again"));
    }
    if target.plan_only || target.status.is_open() || target.status == RunStatus::Blocked {
        let plan = if target.plan_only { " and a plan" } else { "" };
        return wrong(format!("the run is {}{plan}: it has committed nothing", target.status.as_str()));
    }
    // One that left something undone may be tried again.
    let rollbacks = scope.rollbacks_of(id).await?;
    if let Some(done) = rollbacks.iter().find(|rollback| rollback.status == RunStatus::Succeeded) {
        return wrong(format!("the run {} has taken it back already", done.id));
    }
    let span = scope.run_span(id).await?;
    if !scope.has_written(id, span).await? {
        return wrong(format!("the run is {}, and has written nothing", target.status.as_str()));
    }
    if let Some(later) = scope.later_run(id, integration.id, span).await? {
        let message =
            format!("the later run {later} has written entities of this one; take that one back first");
        return Err(Error::problem(Code::Conflict, message));
    }
    Ok(())
}
