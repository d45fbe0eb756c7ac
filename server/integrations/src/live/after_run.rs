//! The end of a run, for what was heard and will be heard of the source beside it.

use std::collections::BTreeMap;

use portolan_schema::Result;
use portolan_store::TenantScope;
use portolan_store::integration::{Integration, KindStatus, RunStatus};

use crate::{deliveries, follow, now};

/// Deliveries that came while the run was open are worked on once more, for the run may have read the source before, and
/// undone them. The source is followed from where the run left it.
pub(crate) async fn after_run(
    scope: &TenantScope,
    run: i64,
    integration: &Integration,
    status: RunStatus,
) -> Result<()> {
    if integration.remote || status == RunStatus::Blocked {
        return Ok(());
    }
    let Some(run) = scope.run(run).await?.filter(|run| !run.plan_only) else { return Ok(()) };
    // A run that takes another one back has read nothing.
    let has_read = scope.rollback_of(run.id).await?.is_none();
    if has_read && matches!(status, RunStatus::Succeeded | RunStatus::Partial) {
        scope.adopt_follow_points(run.id, integration.id, &read(scope, run.id).await?).await?;
        if let Some(started_at) = run.started_at
            && scope.replay_deliveries_since(integration.id, started_at, now()).await? > 0
        {
            scope.hasten_job(job(run.id, 0), deliveries::QUEUE, integration.id, now()).await?;
        }
    }
    scope.drop_run_follow_points(run.id).await?;
    if !scope.follow_points(integration.id).await?.is_empty() {
        scope.hasten_job(job(run.id, 1), follow::QUEUE, integration.id, now()).await?;
    }
    Ok(())
}

/// The kinds that were read to their ends.
async fn read(scope: &TenantScope, run: i64) -> Result<Vec<String>> {
    let mut read: BTreeMap<String, bool> = BTreeMap::new();
    for kind in scope.run_kinds(run).await? {
        *read.entry(kind.kind).or_insert(true) &= kind.status == KindStatus::Succeeded;
    }
    Ok(read.into_iter().filter(|(_, done)| *done).map(|(kind, _)| kind).collect())
}

/// Ids of jobs that the end of a run makes. Nothing else has negative ones, and a run ends once.
fn job(run: i64, which: i64) -> i64 {
    -(run * 2 + which)
}
