//! Runs whose items come from elsewhere (docs/remote-runs.md): opened and closed by a client that reads the source where
//! this server cannot. Once such a run is closed it is a run like any other.
//!
//! While it is open, its job is due when its client has been silent for too long: whoever takes it then ends the run, and
//! nothing is deleted. Who hands over items, or closes the run, holds the job meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;

use portolan_catalog::{OpContext, Role};
use portolan_ingestor_contract::{KindRequest, SourceError};
use portolan_schema::mapping::MappingConfig;
use portolan_schema::{Code, Error, Pointer, Problems, Result};
use portolan_store::integration::{KindStatus, LogLevel, Phase, Run, RunStatus};
use serde_json::Value;

use super::QUEUE;
use super::attempt::{Attempt, Halt, Step};
use super::control::no_run;
use super::heartbeat::later;
use super::log::About;
use crate::{Integrations, now};

/// How a client ends its reading.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Closing {
    /// What it says of each kind. A kind that is not named was not read to its end.
    pub kinds: BTreeMap<String, KindEnd>,
    /// The source could not be read at all: nothing is written.
    pub failed: Option<String>,
}

/// How the reading of a kind ended.
#[derive(Debug, Clone, PartialEq)]
pub enum KindEnd {
    /// Everything of the kind was handed over; `items` of them, where the client has counted.
    Complete { items: Option<i64> },
    /// It could not be read, or not to its end.
    Failed { message: String },
}

impl Closing {
    /// Reads `{"kinds": {"service": "COMPLETE"}}`; a kind may be `{"status", "items", "message"}` too.
    ///
    /// # Errors
    /// All problems of its shape.
    pub fn from_json(body: &Value) -> Result<Self, Problems> {
        let root = Pointer::root();
        let mut problems = Problems::default();
        let Value::Object(object) = body else {
            problems.add(Code::WrongType, root, "the body is an object");
            return Err(problems);
        };
        for key in object.keys().filter(|key| !["kinds", "status", "message"].contains(&key.as_str())) {
            let message =
                format!("\"{key}\" is not a field here; there are \"kinds\", \"status\" and \"message\"");
            problems.add(Code::UnknownField, root.key(key), message);
        }
        let said = object.get("message").and_then(Value::as_str).unwrap_or_default();
        let failed = match object.get("status") {
            None | Some(Value::Null) => None,
            Some(Value::String(status)) if status == "READ" => None,
            Some(Value::String(status)) if status == "FAILED" => Some(said.to_owned()),
            Some(_) => {
                problems.add(Code::InvalidValue, root.key("status"), "\"status\" is READ or FAILED");
                None
            }
        };
        let mut kinds = BTreeMap::new();
        match object.get("kinds") {
            Some(Value::Object(named)) => {
                for (kind, end) in named {
                    let path = root.key("kinds").key(kind);
                    kinds.extend(KindEnd::parse(end, &path, &mut problems).map(|end| (kind.clone(), end)));
                }
            }
            None | Some(Value::Null) if failed.is_some() => {}
            None | Some(Value::Null) => {
                let message = "\"kinds\" says which kinds were read to their end";
                problems.add(Code::Required, root.key("kinds"), message);
            }
            Some(_) => problems.add(Code::WrongType, root.key("kinds"), "\"kinds\" is an object"),
        }
        problems.into_result(Self { kinds, failed })
    }
}

impl KindEnd {
    fn parse(value: &Value, path: &Pointer, problems: &mut Problems) -> Option<Self> {
        let (status, at) = match value {
            Value::Object(object) => {
                for key in object.keys().filter(|key| !["status", "items", "message"].contains(&key.as_str()))
                {
                    let message = format!(
                        "\"{key}\" is not a field here; there are \"status\", \"items\" and \"message\""
                    );
                    problems.add(Code::UnknownField, path.key(key), message);
                }
                (&value["status"], path.key("status"))
            }
            other => (other, path.clone()),
        };
        let items = match value.get("items") {
            None | Some(Value::Null) => None,
            Some(items) => {
                let number = items.as_i64().filter(|items| *items >= 0);
                if number.is_none() {
                    problems.add(Code::InvalidValue, path.key("items"), "\"items\" is a whole number from 0");
                }
                number
            }
        };
        match status.as_str() {
            Some("COMPLETE") => Some(Self::Complete { items }),
            Some("FAILED") => {
                let message =
                    value.get("message").and_then(Value::as_str).unwrap_or("the client could not read it");
                Some(Self::Failed { message: message.to_owned() })
            }
            _ => {
                problems.add(Code::InvalidValue, at, "a kind is COMPLETE or FAILED");
                None
            }
        }
    }
}

impl Integrations {
    /// Needs Member. Opens a run of a remote integration, or answers the one in progress, and whether it was opened. With
    /// `plan` it commits nothing; without, it takes the place of a run that waits for approval.
    ///
    /// # Errors
    /// `NOT_FOUND`; `NOT_SUPPORTED` where this server reads the source itself; `INVALID_MAPPING` where the integration's
    /// configuration is no mapping.
    pub async fn open_run(&self, ctx: &OpContext, identifier: &str, plan: bool) -> Result<(Run, bool)> {
        ctx.require(Role::Member)?;
        self.begin(ctx, identifier, plan, true).await
    }

    /// The kinds that a run wants read, with what its mapping says to whoever reads them.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn wanted(&self, ctx: &OpContext, run: i64) -> Result<Vec<KindRequest>> {
        let mapping = self.0.store.read(ctx.tenant()).await?.run_mapping(run).await?;
        let config = MappingConfig::parse(&mapping, &Pointer::root().key("mapping"))?;
        Ok(super::collection::requests(&config))
    }

    /// Needs Member. Ends the reading of a run's source: what was handed over is planned and committed, and what is gone of
    /// kinds that were read to their end is deleted, as the guard allows. A run that is closed already is answered.
    ///
    /// # Errors
    /// `NOT_FOUND`; `INVALID_VALUE` where a kind is none of the run's; `RUN_IN_PROGRESS` while items are being handed
    /// over; `WRONG_RUN_STATE` where the run has ended otherwise.
    pub async fn close_run(&self, ctx: &OpContext, id: i64, closing: &Closing) -> Result<Run> {
        ctx.require(Role::Member)?;
        let (run, _) = self.run(ctx, id).await?;
        let goes_on = run.status == RunStatus::Running && run.phase != Phase::Collect;
        let is_done = matches!(run.status, RunStatus::Blocked | RunStatus::Succeeded | RunStatus::Partial);
        if goes_on || is_done {
            return Ok(run);
        }
        let attempt = self.take_remote(ctx, id).await?;
        let closed = attempt.close(closing).await;
        if closed.is_err() {
            attempt.let_go().await?;
        }
        closed?;
        Ok(self.run(ctx, id).await?.0)
    }

    /// Takes up a run whose items come from elsewhere, so that nobody else does.
    ///
    /// # Errors
    /// As [`Integrations::close_run`]; `NOT_SUPPORTED` where this server reads the source itself.
    pub(super) async fn take_remote(&self, ctx: &OpContext, id: i64) -> Result<Attempt> {
        let scope = self.0.store.write(ctx.tenant()).await?;
        let run = scope.lock_run(id).await?.ok_or_else(|| no_run(id))?;
        let integration = scope.integration_by_id(run.integration).await?.ok_or_else(|| no_run(id))?;
        if !integration.remote {
            return Err(reads_itself(&integration.identifier));
        }
        if run.status != RunStatus::Running || run.phase != Phase::Collect || run.cancelling {
            return Err(not_open(&run));
        }
        let until = later(now(), self.0.runner.lease);
        let job = scope.take_job_of(QUEUE, id, now(), until).await?;
        let job = job.ok_or_else(|| {
            let message = "another request hands over items of the run, or closes it";
            Error::problem(Code::RunInProgress, message)
        })?;
        scope.commit().await?;
        let attempt = self.attempt(job, Arc::new(Halt::default())).await?;
        attempt.map(Attempt::going_on).ok_or_else(|| not_open(&run))
    }
}

impl Attempt {
    /// Its log is bounded together with what it holds already.
    fn going_on(mut self) -> Self {
        self.log = std::mem::take(&mut self.log).going_on();
        self
    }

    /// Gives the run back to its client, which has some time for the next request.
    pub(super) async fn let_go(&self) -> Step<()> {
        let cancelling = self.read().await?.run(self.run.id).await?.is_some_and(|run| run.cancelling);
        let at = if cancelling { now() } else { later(now(), self.own.0.runner.silence) };
        let scope = self.own.0.store.write(self.ctx.tenant()).await?;
        scope.return_job(&self.job, at).await?;
        scope.commit().await?;
        self.own.0.wake.notify_one();
        Ok(())
    }

    async fn close(&self, closing: &Closing) -> Result<()> {
        if let Some(message) = &closing.failed {
            let error = SourceError::failed(if message.is_empty() {
                "the client could not read the source"
            } else {
                message
            });
            self.log.say(LogLevel::Error, &error.to_string());
            self.end(RunStatus::Failed, Some((error.code.as_str().to_owned(), error.message))).await?;
            return Ok(self.tidy_up().await?);
        }
        let root = Pointer::root().key("kinds");
        let mut problems = Problems::default();
        for kind in closing.kinds.keys() {
            if !self.config.resources.iter().any(|resource| resource.kind == *kind) {
                let message = format!("the run's mapping has no resource of the kind \"{kind}\"");
                problems.add(Code::InvalidValue, root.key(kind), message);
            }
        }
        problems.into_result(())?;
        for (kind, end) in &closing.kinds {
            self.end_kind(kind, end);
        }
        self.close_kinds();
        Ok(self.hand_over().await?)
    }

    fn end_kind(&self, kind: &str, end: &KindEnd) {
        let mut progress = self.progress();
        // A kind whose mapping was given up stays failed.
        for known in
            progress.kinds.iter_mut().filter(|known| known.kind == kind && known.status != KindStatus::Failed)
        {
            let error = match end {
                KindEnd::Complete { items: Some(items) } if *items > known.seen => {
                    let message = format!("the client read {items} items, and {} came", known.seen);
                    SourceError::failed(message)
                }
                KindEnd::Complete { .. } => {
                    known.status = KindStatus::Succeeded;
                    continue;
                }
                KindEnd::Failed { message } => SourceError::failed(message),
            };
            let about = About { kind: Some(kind), ..About::default() };
            self.log.about(LogLevel::Error, &about, &error.to_string());
            known.status = KindStatus::Failed;
            known.error = Some((error.code.as_str().to_owned(), error.message));
        }
    }

    /// From here on it is a run like any other: whoever takes its job plans and commits it.
    async fn hand_over(&self) -> Step<()> {
        let job = self.own.0.store.reserve_ids(1).await?;
        let _writing = self.writing.lock().await;
        let scope = self.write().await?;
        self.write_books(&scope).await?;
        scope.set_phase(self.run.id, Phase::Plan).await?;
        // Another job, for this one was taken as often as items came.
        scope.end_job(&self.job).await?;
        scope.add_job(job, QUEUE, self.run.id, now()).await?;
        scope.commit().await?;
        self.own.0.wake.notify_one();
        Ok(())
    }
}

pub(super) fn reads_itself(identifier: &str) -> Error {
    let message =
        format!("this server reads the source of \"{identifier}\" itself; startResync starts a run");
    Error::problem(Code::NotSupported, message)
}

fn not_open(run: &Run) -> Error {
    let message = match (run.cancelling, run.status) {
        (true, _) => "the run is being cancelled".to_owned(),
        (_, RunStatus::Running) => "the run is closed already; it takes no items any more".to_owned(),
        (_, status) => format!("the run is {}; it takes no items any more", status.as_str()),
    };
    Error::problem(Code::WrongRunState, message)
}
