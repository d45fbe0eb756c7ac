//! Runs of integrations.

use async_graphql::{Context, ID, Json, Object, SimpleObject};
use portolan_catalog::OpContext;
use portolan_integrations::{Integrations, Run, RunKind};
use portolan_schema::{Code, Error, Instant};
use serde_json::Value;

use super::problem::{ProblemObject, payload, refuse};

/// Why a run or a kind failed.
#[derive(SimpleObject)]
struct RunError {
    code: String,
    message: String,
}

/// What a run did with one entry of its mapping.
#[derive(SimpleObject)]
struct ResyncKind {
    kind: String,
    status: String,
    seen: i64,
    mapped: i64,
    created: i64,
    updated: i64,
    unchanged: i64,
    deleted: i64,
    failed: i64,
    error: Option<RunError>,
}

/// A run: status `RUNNING BLOCKED SUCCEEDED PARTIAL FAILED`.
#[derive(SimpleObject)]
pub struct ResyncRun {
    id: ID,
    status: String,
    plan_only: bool,
    started_at: Option<String>,
    ended_at: Option<String>,
    error: Option<RunError>,
    /// `{reason, deletions, share, threshold}` where the guard stopped it.
    blocked: Option<Json<Value>>,
    kinds: Vec<ResyncKind>,
}

impl ResyncRun {
    pub async fn load(ctx: &Context<'_>, id: i64) -> async_graphql::Result<Self> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        let (run, kinds) = integrations.run(who, id).await.map_err(refuse)?;
        Ok(Self::new(run, kinds))
    }

    fn new(run: Run, kinds: Vec<RunKind>) -> Self {
        let error = |error: Option<(String, String)>| error.map(|(code, message)| RunError { code, message });
        Self {
            id: run.id.into(),
            status: run.status,
            plan_only: run.plan_only,
            started_at: run.started_at.map(Instant::to_rfc3339),
            ended_at: run.ended_at.map(Instant::to_rfc3339),
            error: error(run.error),
            blocked: run.blocked.map(Json),
            kinds: kinds
                .into_iter()
                .map(|kind| ResyncKind {
                    kind: kind.kind,
                    status: kind.status,
                    seen: kind.seen,
                    mapped: kind.mapped,
                    created: kind.created,
                    updated: kind.updated,
                    unchanged: kind.unchanged,
                    deleted: kind.deleted,
                    failed: kind.failed,
                    error: error(kind.error),
                })
                .collect(),
        }
    }
}

#[derive(SimpleObject)]
struct RunPayload {
    run: Option<ResyncRun>,
    errors: Vec<ProblemObject>,
}

impl RunPayload {
    fn new(result: portolan_schema::Result<Run>) -> async_graphql::Result<Self> {
        let (run, errors) = payload(result)?;
        Ok(Self { run: run.map(|run| ResyncRun::new(run, Vec::new())), errors })
    }
}

fn number(id: &ID) -> async_graphql::Result<i64> {
    id.parse()
        .map_err(|_| refuse(Error::problem(Code::NotFound, format!("the run {} was not found", id.as_str()))))
}

#[derive(Default)]
pub struct RunQuery;

#[Object]
impl RunQuery {
    async fn resync_run(&self, ctx: &Context<'_>, id: ID) -> async_graphql::Result<ResyncRun> {
        ResyncRun::load(ctx, number(&id)?).await
    }
}

#[derive(Default)]
pub struct RunMutation;

#[Object]
impl RunMutation {
    /// Answers the run in progress if there is one. With `plan` nothing is committed.
    async fn start_resync(
        &self,
        ctx: &Context<'_>,
        integration: ID,
        #[graphql(default)] plan: bool,
    ) -> async_graphql::Result<RunPayload> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        RunPayload::new(integrations.start(who, &integration, plan).await)
    }

    /// Runs again what the guard stopped, and lets it delete.
    async fn approve_resync(&self, ctx: &Context<'_>, run: ID) -> async_graphql::Result<RunPayload> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        RunPayload::new(integrations.approve(who, number(&run)?).await)
    }
}
