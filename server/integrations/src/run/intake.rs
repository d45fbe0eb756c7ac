//! Handing over the raw items of a remote run: any number of lines in one request, mapped and staged as they come.
//!
//! What a line makes is staged in the transaction that counts it, so that what is said to be durable is; a line that is
//! sent again makes the same entity again, which the plan merges.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::Stream;
use indexmap::IndexMap;
use portolan_catalog::stream::{Line, Lines, MAX_LINE};
use portolan_catalog::{OpContext, Role};
use portolan_ingestor_contract::{MAX_BATCH, Sink, send};
use portolan_schema::{Code, Error, Pointer, Problem, Problems, Result};
use portolan_store::integration::LogLevel;
use serde_json::Value;
use tokio_util::task::AbortOnDropHandle;

use super::attempt::{Attempt, Broken, Stop};
use super::collection::Collection;
use super::log::About;
use crate::Integrations;
use crate::place::Place;

/// How long lines wait for more to come with them.
const LINGER: Duration = Duration::from_millis(50);
/// Lines staged together, whichever comes first.
const MAX_LINES: usize = 1_000;
const MAX_BYTES: usize = 4 << 20;

/// Unknown fields of a line that are told.
const MAX_UNKNOWN: usize = 10;

/// What is said while items are handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receipt {
    /// Lines up to this one are durable.
    Committed(u64),
    /// This line was not taken. The others are.
    Refused { line: u64, problems: Problems },
    /// The request ended early: lines up to the last committed one are durable, later ones are not.
    Aborted { line: u64, problems: Problems },
    /// The end: lines, items among them that were taken, and lines that were refused.
    Done { lines: u64, items: u64, refused: u64 },
}

/// Where it is said.
#[async_trait]
pub trait Receipts: Send {
    async fn say(&mut self, receipts: Vec<Receipt>);
}

/// A run that takes items from one request, and from no other.
pub struct Intake {
    attempt: Arc<Attempt>,
    lines: u64,
    items: u64,
    refused: u64,
}

/// Lines that are staged together.
#[derive(Default)]
struct Part {
    lines: usize,
    bytes: usize,
    items: IndexMap<String, Vec<Value>>,
    receipts: Vec<Receipt>,
}

impl Part {
    fn is_full(&self) -> bool {
        self.lines >= MAX_LINES || self.bytes >= MAX_BYTES
    }
}

impl Integrations {
    /// Needs Member. Takes up an open run of a remote integration to hand over items.
    ///
    /// # Errors
    /// `NOT_FOUND`; `NOT_SUPPORTED` where this server reads the source itself; `WRONG_RUN_STATE` where the run takes no
    /// items any more; `RUN_IN_PROGRESS` where another request hands over items.
    pub async fn take_items(&self, ctx: &OpContext, run: i64) -> Result<Intake> {
        ctx.require(Role::Member)?;
        let attempt = Arc::new(self.take_remote(ctx, run).await?);
        self.at_work().insert(run, attempt.halt.clone());
        Ok(Intake { attempt, lines: 0, items: 0, refused: 0 })
    }
}

impl Intake {
    /// Reads the body to its end and says what came of it. Whatever happens is said, too.
    pub async fn run<B>(mut self, body: B, receipts: &mut dyn Receipts)
    where
        B: Stream<Item = Result<Bytes>> + Send + Unpin,
    {
        let attempt = self.attempt.clone();
        let keeping = AbortOnDropHandle::new(tokio::spawn({
            let attempt = attempt.clone();
            async move { attempt.keep().await }
        }));
        let outcome = match self.feed(body, receipts).await {
            Ok(()) => self.conclude().await,
            Err(error) => Err(error),
        };
        drop(keeping);
        let run = attempt.run.id;
        attempt.own.at_work().retain(|known, halt| *known != run || !Arc::ptr_eq(halt, &attempt.halt));
        // Before the end is said, so that whoever hears it can close the run.
        let given = match attempt.halt.reason() {
            Some(Stop::LeaseLost) => Ok(()),
            _ => attempt.let_go().await.map_err(Error::from),
        };
        let Self { lines, items, refused, .. } = self;
        let said = match outcome.and(given) {
            Ok(()) => Receipt::Done { lines, items, refused },
            Err(error) => {
                if let Error::Fault { .. } = &error {
                    tracing::error!(error = ?error, run.id = run, "items of a run could not be taken");
                }
                Receipt::Aborted { line: lines, problems: error.public() }
            }
        };
        receipts.say(vec![said]).await;
    }

    /// Takes all lines. What was read whole before a failure of the body is taken.
    async fn feed<B>(&mut self, body: B, receipts: &mut dyn Receipts) -> Result<()>
    where
        B: Stream<Item = Result<Bytes>> + Send + Unpin,
    {
        let attempt = self.attempt.clone();
        let last = attempt.read().await?.last_item(attempt.run.id).await?;
        let collection = Collection::new(&attempt, last).await?;
        let mut lines = Lines::new(body);
        let mut end: Option<Result<()>> = None;
        loop {
            let mut part = Part::default();
            loop {
                while !part.is_full()
                    && let Some(line) = lines.take()
                {
                    self.add(&collection, &mut part, &line);
                }
                if part.is_full() || end.is_some() {
                    break;
                }
                tokio::select! {
                    biased;
                    () = attempt.halt.token.cancelled() => return Err(self.stopped()),
                    read = lines.fill_in_time() => match read {
                        Ok(true) => {}
                        Ok(false) => end = Some(Ok(())),
                        Err(error) => end = Some(Err(error)),
                    },
                    () = tokio::time::sleep(LINGER), if part.lines > 0 => break,
                }
            }
            if part.lines > 0 {
                self.take(&collection, part, receipts).await?;
                continue;
            }
            if let Some(end) = end {
                return end;
            }
        }
    }

    /// Maps and stages a part.
    async fn take(
        &mut self,
        collection: &Collection<'_>,
        part: Part,
        receipts: &mut dyn Receipts,
    ) -> Result<()> {
        for (kind, items) in part.items {
            collection.kind_started(&kind).await?;
            send(collection, &kind, items).await?;
            self.attempt.go_on().map_err(|_: Broken| self.stopped())?;
        }
        collection.stage_rest(true).await?;
        let mut said = part.receipts;
        said.push(Receipt::Committed(self.lines));
        receipts.say(said).await;
        Ok(())
    }

    /// Writes what is left of the log.
    async fn conclude(&self) -> Result<()> {
        self.attempt.log.conclude_bounded();
        Ok(self.attempt.flush().await?)
    }

    fn stopped(&self) -> Error {
        match self.attempt.halt.reason() {
            Some(Stop::Cancelled) => Error::problem(Code::WrongRunState, "the run is being cancelled"),
            Some(Stop::LeaseLost) => Error::unavailable("another server has the run by now"),
            Some(Stop::ServerStops) | None => {
                Error::problem(Code::Unavailable, "the server stops; send what is not committed again")
            }
        }
    }

    fn add(&mut self, collection: &Collection<'_>, part: &mut Part, line: &Line) {
        self.lines += 1;
        part.lines += 1;
        let read = match line {
            Line::Text(text) if text.trim_ascii().is_empty() => return,
            Line::Text(text) => {
                part.bytes += text.len();
                read(text)
            }
            Line::TooLong { length, .. } => {
                let path = Pointer::root();
                let problem = Problem::over(Code::TooLong, path, "bytes of a line", MAX_LINE, *length);
                Err((None, problem.into()))
            }
        };
        let (kind, problems) = match read {
            Ok((kind, item)) if !collection.of(&kind).is_empty() => {
                self.items += 1;
                part.items.entry(kind).or_insert_with(|| Vec::with_capacity(MAX_BATCH)).push(item);
                return;
            }
            Ok((kind, _)) => {
                let message = format!("the run's mapping has no resource of the kind \"{kind}\"");
                let problem = Problem::new(Code::InvalidValue, Pointer::root().key("kind"), message);
                (Some(kind), problem.into())
            }
            Err(refused) => refused,
        };
        self.refuse(collection, kind.as_deref(), &problems);
        part.receipts.push(Receipt::Refused { line: self.lines, problems });
    }

    /// A line that is lost is an item that is lost: of its kind nothing is gone, and of no kind where that is not known.
    fn refuse(&mut self, collection: &Collection<'_>, kind: Option<&str>, problems: &Problems) {
        self.refused += 1;
        let error =
            problems.0.first().map(|problem| (problem.code.as_str().to_owned(), problem.message.clone()));
        match kind {
            Some(kind) => {
                for resource in collection.of(kind) {
                    collection.note(*resource, |known| {
                        known.seen += 1;
                        known.counts.failed += 1;
                        known.error = known.error.take().or_else(|| error.clone());
                    });
                }
            }
            None => {
                for resource in 0..self.attempt.config.resources.len() {
                    collection.note(resource, |known| known.counts.incomplete = true);
                }
            }
        }
        let place = Place { path: "the lines".to_owned(), expression: String::new() };
        let item = format!("line {}", self.lines);
        let about = About { kind, item: Some(&item), place: Some(&place) };
        for problem in &problems.0 {
            self.attempt.log.about(
                LogLevel::Warning,
                &about,
                &format!("{} {}", problem.code, problem.message),
            );
        }
    }
}

/// Reads `{"kind", "item"}`. A refusal names the kind where that can be read.
fn read(text: &[u8]) -> Result<(String, Value), (Option<String>, Problems)> {
    let root = Pointer::root();
    let line: Value = serde_json::from_slice(text).map_err(|error| {
        let message = format!("the line is not JSON: {error}");
        (None, Problem::new(Code::MalformedJson, root.clone(), message).into())
    })?;
    let Value::Object(mut object) = line else {
        return Err((None, Problem::new(Code::WrongType, root, "a line is an object").into()));
    };
    let mut problems = Problems::default();
    let kind = match object.shift_remove("kind") {
        Some(Value::String(kind)) => Some(kind),
        None | Some(Value::Null) => {
            problems.add(Code::Required, root.key("kind"), "\"kind\" is missing");
            None
        }
        Some(_) => {
            problems.add(Code::WrongType, root.key("kind"), "\"kind\" is a string");
            None
        }
    };
    let item = match object.shift_remove("item") {
        Some(item @ Value::Object(_)) => Some(item),
        None | Some(Value::Null) => {
            problems.add(Code::Required, root.key("item"), "\"item\" is missing");
            None
        }
        Some(_) => {
            problems.add(Code::WrongType, root.key("item"), "\"item\" is an object");
            None
        }
    };
    for key in object.keys().take(MAX_UNKNOWN) {
        let message = format!("\"{key}\" is not a field of a line; there are \"kind\" and \"item\"");
        problems.add(Code::UnknownField, root.key(key), message);
    }
    match (kind, item) {
        (Some(kind), Some(item)) if problems.0.is_empty() => Ok((kind, item)),
        (kind, _) => Err((kind, problems)),
    }
}
