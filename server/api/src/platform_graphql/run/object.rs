//! A run as it is shown: its kinds, some of its changes, its log.

use async_graphql::{Context, Enum, ID, Json, Object, SimpleObject};
use portolan_catalog::OpContext;
use portolan_integrations::{Integrations, LogLine, Run, RunKind};
use portolan_schema::{Code, Error, Instant, Pointer};
use serde_json::Value;

use crate::graphql::limits::{MAX_PAGE, NESTED_PAGE};
use crate::platform_graphql::page_info::PageInfo;
use crate::platform_graphql::problem::{ProblemObject, payload, refuse};

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "portolan_integrations::RunStatus")]
enum RunStatus {
    Queued,
    Running,
    /// The guard tripped: nothing was committed, and `approveResync` lets the run go on.
    Blocked,
    Succeeded,
    /// Some kinds or items failed; of such kinds nothing was deleted.
    Partial,
    Failed,
    Cancelled,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "portolan_integrations::KindStatus")]
enum KindStatus {
    Queued,
    Running,
    Succeeded,
    Failed,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "portolan_integrations::LogLevel")]
enum LogLevel {
    Info,
    Warning,
    Error,
}

/// Why a run, a kind or a delivery failed.
#[derive(SimpleObject)]
pub struct RunError {
    code: String,
    message: String,
}

impl RunError {
    pub fn new(error: Option<(String, String)>) -> Option<Self> {
        error.map(|(code, message)| Self { code, message })
    }
}

/// What a run did with one entry of its mapping; while it goes on, what it has done so far. Of a run that only plans, and
/// of one that waits for approval, what it would do.
#[derive(SimpleObject)]
struct ResyncKind {
    kind: String,
    status: KindStatus,
    /// Raw items that the source gave.
    seen: i64,
    /// Entities that the mapping made of them.
    mapped: i64,
    created: i64,
    updated: i64,
    unchanged: i64,
    deleted: i64,
    failed: i64,
    error: Option<RunError>,
}

impl From<RunKind> for ResyncKind {
    fn from(kind: RunKind) -> Self {
        Self {
            kind: kind.kind,
            status: kind.status.into(),
            seen: kind.seen,
            mapped: kind.mapped,
            created: kind.counts.created,
            updated: kind.counts.updated,
            unchanged: kind.counts.unchanged,
            deleted: kind.counts.deleted,
            failed: kind.counts.failed,
            error: RunError::new(kind.error),
        }
    }
}

/// Why the guard stopped a run, or would stop it.
#[derive(SimpleObject)]
struct BlockedRun {
    reason: String,
    deletions: u64,
    /// Of the blueprint's entities that belong to the integration, from 0 to 1.
    share: f64,
    threshold: f64,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum SampleChange {
    Created,
    Updated,
    Deleted,
}

/// One of the changes that a run planned.
#[derive(SimpleObject)]
struct ResyncSample {
    change: SampleChange,
    /// `{blueprint, identifier}`
    entity: Json<Value>,
    /// Null where it is created.
    before: Option<Json<Value>>,
    /// Null where it is deleted.
    after: Option<Json<Value>>,
}

impl ResyncSample {
    fn new(mut sample: Value) -> Self {
        let mut part = |key: &str| sample.get_mut(key).map(Value::take).unwrap_or_default();
        let state = |value: Value| Some(value).filter(|value| !value.is_null()).map(Json);
        Self {
            change: match part("change").as_str() {
                Some("CREATED") => SampleChange::Created,
                Some("DELETED") => SampleChange::Deleted,
                _ => SampleChange::Updated,
            },
            entity: Json(part("entity")),
            before: state(part("before")),
            after: state(part("after")),
        }
    }
}

/// A line of a run's log.
#[derive(SimpleObject)]
struct RunLogLine {
    at: String,
    level: LogLevel,
    kind: Option<String>,
    message: String,
    /// What it is about.
    item: Option<String>,
}

impl From<LogLine> for RunLogLine {
    fn from(line: LogLine) -> Self {
        Self {
            at: line.at.to_rfc3339(),
            level: line.level.into(),
            kind: line.kind,
            message: line.message,
            item: line.item,
        }
    }
}

#[derive(SimpleObject)]
struct RunLogConnection {
    page_info: PageInfo,
    nodes: Vec<RunLogLine>,
}

/// A run of an integration.
pub struct ResyncRun(pub Run);

#[Object]
impl ResyncRun {
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    async fn status(&self) -> RunStatus {
        self.0.status.into()
    }

    /// It commits nothing.
    async fn plan_only(&self) -> bool {
        self.0.plan_only
    }

    async fn created_at(&self) -> String {
        self.0.created_at.to_rfc3339()
    }

    async fn created_by(&self) -> &str {
        &self.0.created_by
    }

    async fn started_at(&self) -> Option<String> {
        self.0.started_at.map(Instant::to_rfc3339)
    }

    async fn ended_at(&self) -> Option<String> {
        self.0.ended_at.map(Instant::to_rfc3339)
    }

    async fn error(&self) -> Option<RunError> {
        RunError::new(self.0.error.clone())
    }

    /// The run that this one takes back. Its kinds are blueprints then.
    async fn rolls_back(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ID>> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        let target = integrations.rollback_of(who, self.0.id).await.map_err(refuse)?;
        Ok(target.map(ID::from))
    }

    /// The run that has taken this one back.
    async fn rolled_back_by(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ID>> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        let run = integrations.rolled_back_by(who, self.0.id).await.map_err(refuse)?;
        Ok(run.map(ID::from))
    }

    /// Why the guard stopped it; of a run that only plans: why it would.
    async fn blocked(&self) -> Option<BlockedRun> {
        self.0.blocked.clone().map(|blocked| BlockedRun {
            reason: blocked.reason,
            deletions: blocked.deletions,
            share: blocked.share,
            threshold: blocked.threshold,
        })
    }

    async fn kinds(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<ResyncKind>> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        let (_, kinds) = integrations.run(who, self.0.id).await.map_err(refuse)?;
        Ok(kinds.into_iter().map(ResyncKind::from).collect())
    }

    /// Some of the changes that it planned.
    async fn samples(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<ResyncSample>> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        let samples = integrations.run_samples(who, self.0.id).await.map_err(refuse)?;
        Ok(samples.into_iter().map(ResyncSample::new).collect())
    }

    /// Its log, in order, at most 500 lines a page; bounded: what was left out is counted in it.
    async fn logs(
        &self,
        ctx: &Context<'_>,
        first: Option<usize>,
        after: Option<String>,
    ) -> async_graphql::Result<RunLogConnection> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        let number =
            after.as_deref().map_or(Some(0), |after| after.parse().ok().filter(|number| *number >= 0));
        let Some(number) = number else {
            let message = "this is not a cursor of a run's log";
            return Err(refuse(Error::at(Code::InvalidCursor, Pointer::root().key("after"), message)));
        };
        let limit = first.unwrap_or(NESTED_PAGE).min(MAX_PAGE);
        let (lines, more) = integrations.run_logs(who, self.0.id, number, limit).await.map_err(refuse)?;
        let cursor = |line: Option<&LogLine>| line.map(|line| line.no.to_string());
        let page_info = PageInfo {
            has_next_page: more,
            has_previous_page: number > 0,
            start_cursor: cursor(lines.first()),
            end_cursor: cursor(lines.last()),
        };
        Ok(RunLogConnection { page_info, nodes: lines.into_iter().map(RunLogLine::from).collect() })
    }
}

#[derive(SimpleObject)]
pub struct RunPayload {
    run: Option<ResyncRun>,
    errors: Vec<ProblemObject>,
}

impl RunPayload {
    pub fn new(result: portolan_schema::Result<Run>) -> async_graphql::Result<Self> {
        let (run, errors) = payload(result)?;
        Ok(Self { run: run.map(ResyncRun), errors })
    }
}
