//! Reading the source: its items are mapped as they come, and what the mapping makes of them is staged in batches.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use portolan_ingestor_contract::{IngestError, KindRequest, Level, Sink, SourceError};
use portolan_schema::mapping::{Mapped, MappedEntity, MappingConfig, share_files};
use portolan_schema::{CatalogModel, Code, Error, Problems, Result};
use portolan_store::integration::{KindStatus, LogLevel, Phase, RunKind, StagedItem};
use serde_json::Value;
use tokio::sync::Mutex as AsyncMutex;

use super::attempt::{Attempt, Broken, Step, Stop};
use super::log::About;
use super::made::{Made, too_many};
use crate::place::{self, Place};
use crate::{masked, now};

/// Staged together, whichever comes first.
const BATCH: usize = 1_000;
const BATCH_BYTES: usize = 4 << 20;
/// Most entities that a run stages.
const MAX_STAGED: i64 = 2_000_000;
/// Items of a kind that may each stop the jq worker, before the kind is given up.
const MAX_STOPPED: usize = 3;

/// Takes what is read of the source.
pub(super) struct Collection<'a> {
    attempt: &'a Attempt,
    model: Arc<CatalogModel>,
    /// Entries of the mapping's resources for each kind, by their place in the mapping.
    resources: HashMap<String, Vec<usize>>,
    /// How many items of each resource stopped the worker.
    stopped: Mutex<Vec<usize>>,
    last_no: AtomicI64,
    batch: AsyncMutex<Batch>,
}

#[derive(Default)]
struct Batch {
    items: Vec<StagedItem>,
    bytes: usize,
    payloads: HashMap<String, Vec<Value>>,
    recorded: Vec<String>,
}

impl Attempt {
    /// Reads the source and stages everything.
    ///
    /// # Errors
    /// Where no kind could be read, the staging failed, or the attempt has to stop.
    pub(crate) async fn collect(&self) -> Step<()> {
        let ingestor = self.own.ingestor(&self.integration.ingestor)?;
        let settings = self.own.settings(&self.ctx, &self.integration)?;
        let requests = requests(&self.config);
        let collection = Collection::new(self, 0).await?;
        let mut context = self.own.context(self.ctx.tenant())?;
        context.cancellation = self.halt.token.clone();
        let read = ingestor.collect(&settings, &requests, &context, &collection);
        let read = context.unless_cancelled(read).await;
        self.go_on()?;
        match read {
            Ok(()) => {}
            Err(IngestError::Source(error)) => return Err(Error::from(error.to_problem()).into()),
            Err(IngestError::Settings(problems)) => return Err(Error::from(problems).into()),
            Err(IngestError::Cancelled) => return Err(Broken::Stopped(Stop::Cancelled)),
            Err(IngestError::Sink(error)) => return Err(error.into()),
        }
        collection.stage_rest(false).await?;
        self.close_kinds();
        self.advance(Phase::Plan).await
    }

    /// A kind that is neither done nor failed was not read.
    pub(super) fn close_kinds(&self) {
        let mut progress = self.progress();
        for kind in &mut progress.kinds {
            if !matches!(kind.status, KindStatus::Succeeded | KindStatus::Failed) {
                kind.status = KindStatus::Failed;
                let message = "the source was read without saying whether this kind is complete";
                kind.error.get_or_insert((Code::UpstreamFailed.as_str().into(), message.into()));
            }
            kind.counts.incomplete |= kind.status == KindStatus::Failed || kind.counts.failed > 0;
        }
        progress.is_new = true;
    }
}

/// What a mapping wants read: each kind once.
pub(crate) fn requests(config: &MappingConfig) -> Vec<KindRequest> {
    let mut requests: Vec<KindRequest> = Vec::new();
    for resource in &config.resources {
        match requests.iter_mut().find(|request| request.kind == resource.kind) {
            Some(request) => share_files(&mut request.selector, &resource.selector),
            None => requests.push(KindRequest {
                selector: resource.selector.clone(),
                ..KindRequest::new(resource.kind.clone())
            }),
        }
    }
    requests
}

impl<'a> Collection<'a> {
    /// For an attempt whose last staged item has this number.
    pub(super) async fn new(attempt: &'a Attempt, last_no: i64) -> Result<Self> {
        let mut resources: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, resource) in attempt.config.resources.iter().enumerate() {
            resources.entry(resource.kind.clone()).or_default().push(index);
        }
        Ok(Self {
            attempt,
            model: attempt.own.0.catalog.model(&attempt.ctx).await?,
            resources,
            stopped: Mutex::new(vec![0; attempt.config.resources.len()]),
            last_no: AtomicI64::new(last_no),
            batch: AsyncMutex::default(),
        })
    }

    /// Stages what has not been yet, with the run's books where they are to be written together.
    pub(super) async fn stage_rest(&self, with_books: bool) -> Result<()> {
        let mut batch = self.batch.lock().await;
        self.stage(&mut batch, with_books).await
    }

    /// The entries of the mapping for a kind.
    pub(super) fn of(&self, kind: &str) -> &[usize] {
        self.resources.get(kind).map_or(&[], Vec::as_slice)
    }

    /// Changes what is known of a resource.
    pub(super) fn note<T>(&self, resource: usize, change: impl FnOnce(&mut RunKind) -> T) -> Option<T> {
        let mut progress = self.attempt.progress();
        progress.is_new = true;
        progress.kinds.get_mut(resource).map(change)
    }

    fn mark(&self, kind: &str, status: KindStatus, error: Option<&SourceError>) {
        for resource in self.of(kind) {
            self.note(*resource, |known| {
                // A kind whose mapping was given up stays failed.
                if known.status != KindStatus::Failed {
                    known.status = status;
                    if let Some(error) = error {
                        known.error = Some((error.code.as_str().to_owned(), error.message.clone()));
                    }
                }
            });
        }
    }

    async fn map(&self, kind: &str, resource: usize, items: Vec<Value>) -> Result<()> {
        let attempt = self.attempt;
        let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let before = self.note(resource, |known| {
            known.seen += count;
            known.seen - count
        });
        let given_up = self.note(resource, |known| known.status == KindStatus::Failed);
        let (Some(before), Some(false)) = (before, given_up) else { return Ok(()) };
        let names: Vec<String> =
            (before + 1..).zip(&items).map(|(number, item)| name(item, number)).collect();
        let mapped = attempt.own.0.jq.map(&attempt.mapping["resources"][resource], items).await?;
        for (name, mapped) in names.iter().zip(mapped) {
            self.take(kind, resource, name, mapped).await?;
        }
        Ok(())
    }

    async fn take(&self, kind: &str, resource: usize, name: &str, mapped: Mapped) -> Result<()> {
        let first = mapped.entities.first().and_then(|entity| entity.body["identifier"].as_str());
        let name = first.unwrap_or(name).to_owned();
        for problem in &mapped.problems {
            let place = place::of_expression(&self.attempt.mapping, resource, &problem.path);
            let about = About { kind: Some(kind), item: Some(&name), place: Some(&place) };
            self.attempt.log.about(
                LogLevel::Warning,
                &about,
                &format!("{} {}", problem.code, problem.message),
            );
        }
        if let Some(problem) = too_many(mapped.entities.len()) {
            self.fail(kind, resource, &name, "", &problem.into());
            return Ok(());
        }
        if let (true, Some(problem)) = (mapped.entities.is_empty(), mapped.problems.first()) {
            let error = (problem.code.clone(), problem.message.clone());
            self.note(resource, |known| {
                known.counts.failed += 1;
                known.error.get_or_insert(error);
            });
            if problem.code == Code::JqLimit.as_str() {
                self.count_stopped(kind, resource);
            }
        }
        for MappedEntity { blueprint, body } in mapped.entities {
            match self.staged(resource, &blueprint, &body) {
                Ok(item) => {
                    self.note(resource, |known| known.mapped += 1);
                    self.add(item).await?;
                }
                Err(problems) => {
                    self.note(resource, |known| known.mapped += 1);
                    self.fail(kind, resource, &name, &blueprint, &problems);
                }
            }
        }
        Ok(())
    }

    /// A mapping that keeps stopping the worker would keep everybody else's mappings waiting.
    fn count_stopped(&self, kind: &str, resource: usize) {
        let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        stopped[resource] += 1;
        if stopped[resource] == MAX_STOPPED {
            let message = format!("{MAX_STOPPED} items took the mapping too long; the kind is given up");
            let about = About { kind: Some(kind), ..About::default() };
            self.attempt.log.about(LogLevel::Error, &about, &message);
            self.note(resource, |known| {
                known.status = KindStatus::Failed;
                known.error = Some((Code::JqLimit.as_str().to_owned(), message));
            });
        }
    }

    fn fail(&self, kind: &str, resource: usize, name: &str, blueprint: &str, problems: &Problems) {
        for problem in &problems.0 {
            let place = place::of_entity(&self.attempt.mapping, resource, blueprint, problem.path.as_str());
            let about = About { kind: Some(kind), item: Some(name), place: Some(&place) };
            self.attempt.log.about(
                LogLevel::Warning,
                &about,
                &format!("{} {}", problem.code, problem.message),
            );
        }
        let first = problems.0.first();
        let error = first.map(|problem| (problem.code.as_str().to_owned(), problem.message.clone()));
        self.note(resource, |known| {
            known.counts.failed += 1;
            known.error = known.error.take().or(error);
        });
    }

    /// The entity as it is staged.
    ///
    /// # Errors
    /// What can be told of it without the catalog.
    fn staged(&self, resource: usize, blueprint: &str, body: &Value) -> Result<StagedItem, Problems> {
        let Made { write, blueprint, json } = Made::read(&self.model, blueprint, body)?;
        Ok(StagedItem {
            no: self.last_no.fetch_add(1, Ordering::Relaxed) + 1,
            kind: i32::try_from(resource).unwrap_or(i32::MAX),
            blueprint,
            late: write.has_searches(),
            identifier: write.identifier.unwrap_or_default(),
            entity: json,
            verdict: None,
        })
    }

    async fn add(&self, item: StagedItem) -> Result<()> {
        if item.no > MAX_STAGED {
            let message = format!("the source has more than {MAX_STAGED} entities");
            return Err(Error::problem(Code::TooManyItems, message));
        }
        let mut batch = self.batch.lock().await;
        batch.bytes += item.entity.len();
        batch.items.push(item);
        if batch.items.len() >= BATCH || batch.bytes >= BATCH_BYTES {
            self.stage(&mut batch, false).await?;
        }
        Ok(())
    }

    /// Writes the batch. Whoever comes meanwhile waits, and so does the ingestor.
    async fn stage(&self, batch: &mut Batch, with_books: bool) -> Result<()> {
        let payloads = std::mem::take(&mut batch.payloads);
        let items = std::mem::take(&mut batch.items);
        batch.bytes = 0;
        if payloads.is_empty() && items.is_empty() && !with_books {
            return Ok(());
        }
        let attempt = self.attempt;
        let scope = attempt.own.0.store.write(attempt.ctx.tenant()).await?;
        attempt.hold(&scope).await?;
        for (kind, payloads) in &payloads {
            scope.save_payloads(attempt.integration.id, kind, payloads, now()).await?;
        }
        scope.stage_items(attempt.run.id, &items).await?;
        if with_books {
            attempt.write_books(&scope).await?;
        }
        scope.commit().await
    }

    /// Of the first items of a kind, a few are recorded.
    async fn record(&self, kind: &str, items: &[Value]) {
        let mut batch = self.batch.lock().await;
        if !items.is_empty() && !batch.recorded.iter().any(|recorded| recorded == kind) {
            batch.recorded.push(kind.to_owned());
            batch.payloads.insert(kind.to_owned(), masked::record(items));
        }
    }
}

#[async_trait]
impl Sink for Collection<'_> {
    async fn kind_started(&self, kind: &str) -> Result<()> {
        self.mark(kind, KindStatus::Running, None);
        Ok(())
    }

    async fn items(&self, kind: &str, items: Vec<Value>) -> Result<()> {
        self.record(kind, &items).await;
        let Some((last, others)) = self.of(kind).split_last() else { return Ok(()) };
        for resource in others {
            self.map(kind, *resource, items.clone()).await?;
        }
        self.map(kind, *last, items).await
    }

    async fn kind_done(&self, kind: &str) -> Result<()> {
        self.mark(kind, KindStatus::Succeeded, None);
        Ok(())
    }

    async fn kind_failed(&self, kind: &str, error: &SourceError) -> Result<()> {
        let about = About { kind: Some(kind), ..About::default() };
        self.attempt.log.about(LogLevel::Error, &about, &error.to_string());
        self.mark(kind, KindStatus::Failed, Some(error));
        Ok(())
    }

    async fn follow_from(&self, kind: &str, at: &Value) -> Result<()> {
        let attempt = self.attempt;
        let scope = attempt.own.0.store.write(attempt.ctx.tenant()).await?;
        attempt.hold(&scope).await?;
        scope.save_run_follow_point(attempt.run.id, kind, at).await?;
        scope.commit().await
    }

    async fn log(&self, level: Level, kind: Option<&str>, message: &str, item: Option<&str>) -> Result<()> {
        let level = match level {
            Level::Info => LogLevel::Info,
            Level::Warning => LogLevel::Warning,
            Level::Error => LogLevel::Error,
        };
        // What a source says of many items is bounded as what a mapping says of them.
        let place = item.map(|_| Place { path: "the source".to_owned(), expression: String::new() });
        self.attempt.log.about(level, &About { kind, item, place: place.as_ref() }, message);
        Ok(())
    }
}

/// What people may know a raw item by, or its number.
fn name(item: &Value, number: i64) -> String {
    const KEYS: [&str; 9] = ["identifier", "id", "Id", "name", "Name", "key", "Key", "arn", "Arn"];
    let named = KEYS.iter().find_map(|key| match &item[*key] {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    });
    named.unwrap_or_else(|| format!("#{number}"))
}
