//! The server's side: a few workers, each asked one thing at a time, killed at the deadline and replaced.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use portolan_schema::mapping::{JqProblem, Mapped, MappingProblem};
use portolan_schema::{Code, Error, Result};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, Semaphore};

use super::frame::{Answer, MAX_FRAME, Request};

/// Longest expression that is sent, in bytes.
const MAX_EXPRESSION: usize = 64 << 10;
/// Workers that one call of [`JqPool::calculate`] may cost.
const MAX_STOPS: usize = 12;

/// Items of one batch that may each stop their worker; then the rest of the batch is given up.
const MAX_STOPPED: usize = 3;

/// How workers are started and when they are given up.
#[derive(Debug, Clone)]
pub struct JqConfig {
    /// A program that calls [`super::worker_main`].
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    pub workers: usize,
    /// Longest time for one batch.
    pub deadline: Duration,
}

/// The workers. Cheap to clone; they end with the last clone.
#[derive(Clone)]
pub struct JqPool(Arc<Inner>);

struct Inner {
    config: JqConfig,
    turns: Semaphore,
    idle: Mutex<Vec<Child>>,
}

/// A worker that did not answer: it was killed, or died.
struct Stopped;

impl JqPool {
    pub fn new(config: JqConfig) -> Self {
        let turns = Semaphore::new(config.workers.max(1));
        Self(Arc::new(Inner { config, turns, idle: Mutex::new(Vec::new()) }))
    }

    /// The first output of an expression, null if there is none.
    ///
    /// # Errors
    /// `INVALID_JQ`, `JQ_FAILED`, `JQ_LIMIT`.
    pub async fn evaluate(&self, expression: &str, input: &Value) -> Result<Value> {
        if expression.len() > MAX_EXPRESSION {
            let message = format!("an expression has at most {MAX_EXPRESSION} bytes");
            return Err(Error::problem(Code::InvalidJq, message));
        }
        let request = Request::Evaluate { expression: expression.to_owned(), input: input.clone() };
        match self.ask(&request).await? {
            Ok(Answer::Value(value)) => Ok(value),
            Ok(Answer::Problem { code, message }) => Err(Error::problem(known(&code), message)),
            Ok(Answer::Mapped(_) | Answer::Calculated(_)) => {
                Err(Error::internal("a jq worker answered something else"))
            }
            Err(Stopped) => Err(Error::problem(Code::JqLimit, limit())),
        }
    }

    /// Maps raw items by one entry of a mapping's `resources`; one result an item. Where a batch stops its worker, it is
    /// halved until only the items that do so are left out, with a `JQ_LIMIT` problem; after three of them, all the rest.
    ///
    /// # Errors
    /// `INVALID_MAPPING`; a fault where no worker can be started.
    pub async fn map(&self, resource: &Value, items: Vec<Value>) -> Result<Vec<Mapped>> {
        // A stack of parts still to do; the first part is on top.
        let mut parts = vec![items];
        let mut mapped = Vec::new();
        let mut stopped = 0;
        while let Some(items) = parts.pop() {
            let count = items.len();
            if stopped == MAX_STOPPED {
                mapped.extend(std::iter::repeat_with(over_limit).take(count));
                continue;
            }
            let request = Request::Map { resource: resource.clone(), items };
            match self.ask(&request).await? {
                Ok(Answer::Mapped(answers)) if answers.len() == count => mapped.extend(answers),
                Ok(Answer::Problem { code, message }) if code != "JQ_LIMIT" => {
                    return Err(Error::problem(known(&code), message));
                }
                Ok(Answer::Mapped(_) | Answer::Value(_) | Answer::Calculated(_)) => {
                    return Err(Error::internal("a jq worker answered something else"));
                }
                Ok(Answer::Problem { .. }) | Err(Stopped) => {
                    let Request::Map { mut items, .. } = request else { continue };
                    if items.len() > 1 {
                        let rest = items.split_off(items.len() / 2);
                        parts.push(rest);
                        parts.push(items);
                    } else {
                        stopped += 1;
                        mapped.push(over_limit());
                    }
                }
            }
        }
        Ok(mapped)
    }

    /// The first output of one expression for each input. An input that stops its worker costs only itself, but after
    /// [`MAX_STOPS`] of them the rest is not tried any more.
    ///
    /// # Errors
    /// `JQ_LIMIT` where the expression was given up: it should not be evaluated again. A fault where no worker can be
    /// started.
    pub async fn calculate(
        &self,
        expression: &str,
        inputs: Vec<Value>,
    ) -> Result<Vec<std::result::Result<Value, JqProblem>>> {
        let mut parts = vec![inputs];
        let mut done = Vec::new();
        let mut stops = 0;
        while let Some(inputs) = parts.pop() {
            let count = inputs.len();
            let request = Request::Calculate { expression: expression.to_owned(), inputs };
            match self.ask(&request).await? {
                Ok(Answer::Calculated(answers)) if answers.len() == count => done.extend(answers),
                Ok(Answer::Problem { .. }) | Err(Stopped) => {
                    stops += 1;
                    if stops >= MAX_STOPS {
                        return Err(Error::problem(Code::JqLimit, limit()));
                    }
                    let Request::Calculate { mut inputs, .. } = request else { continue };
                    if inputs.len() > 1 {
                        let rest = inputs.split_off(inputs.len() / 2);
                        parts.push(rest);
                        parts.push(inputs);
                    } else {
                        done.push(Err(JqProblem::new(Code::JqLimit, limit())));
                    }
                }
                Ok(_) => return Err(Error::internal("a jq worker answered something else")),
            }
        }
        Ok(done)
    }

    async fn ask(&self, request: &Request) -> Result<std::result::Result<Answer, Stopped>> {
        let bytes = serde_json::to_vec(request).map_err(Error::internal)?;
        let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= MAX_FRAME);
        let Some(length) = length else { return Ok(Err(Stopped)) };
        let _turn = self.0.turns.acquire().await.map_err(Error::internal)?;
        let mut worker = match self.0.idle.lock().await.pop() {
            Some(worker) => worker,
            None => self.start()?,
        };
        match tokio::time::timeout(self.0.config.deadline, exchange(&mut worker, length, &bytes)).await {
            Ok(Some(answer)) => {
                self.0.idle.lock().await.push(worker);
                Ok(Ok(answer))
            }
            Ok(None) | Err(_) => {
                // Also takes its exit status, so that no zombie stays.
                drop(worker.kill().await);
                metrics::counter!("portolan_jq_workers_stopped_total").increment(1);
                Ok(Err(Stopped))
            }
        }
    }

    fn start(&self) -> Result<Child> {
        let config = &self.0.config;
        Command::new(&config.program)
            .args(&config.arguments)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| Error::internal(format!("no jq worker could be started: {error}")))
    }
}

/// None where the worker is gone or answers nonsense.
async fn exchange(worker: &mut Child, length: u32, bytes: &[u8]) -> Option<Answer> {
    let input = worker.stdin.as_mut()?;
    input.write_all(&length.to_le_bytes()).await.ok()?;
    input.write_all(bytes).await.ok()?;
    input.flush().await.ok()?;
    let output = worker.stdout.as_mut()?;
    let length = output.read_u32_le().await.ok().filter(|length| *length <= MAX_FRAME)?;
    let mut frame = vec![0; length as usize];
    output.read_exact(&mut frame).await.ok()?;
    serde_json::from_slice(&frame).ok()
}

fn known(code: &str) -> Code {
    Code::ALL.iter().copied().find(|known| known.as_str() == code).unwrap_or(Code::JqFailed)
}

fn over_limit() -> Mapped {
    let code = Code::JqLimit.as_str().to_owned();
    let problem = MappingProblem { path: String::new(), code, message: limit() };
    Mapped { entities: Vec::new(), problems: vec![problem] }
}

fn limit() -> String {
    "the expression took too long or too much memory and was stopped".to_owned()
}
