//! A sink that keeps what it gets, and what was made of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use portolan_schema::Error;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::{Level, MAX_BATCH, Sink, SourceError};

/// A line of the run's log.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub level: Level,
    pub kind: Option<String>,
    pub message: String,
    pub item: Option<String>,
}

/// What a run handed over.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Items as JSON texts, sorted, so that two runs can be compared.
    pub items: BTreeMap<String, Vec<String>>,
    pub done: BTreeSet<String>,
    pub failed: BTreeMap<String, SourceError>,
    pub log: Vec<Line>,
    /// By kind, in order.
    pub checkpoints: BTreeMap<String, Vec<Value>>,
    /// What had been handed over of a kind at each of its checkpoints.
    pub before: BTreeMap<String, Vec<Vec<String>>>,
    /// By kind.
    pub follow_from: BTreeMap<String, Value>,
    started: BTreeSet<String>,
    /// Breaches of the sink's rules.
    breaches: Vec<String>,
}

impl Record {
    /// A kind's items as JSON.
    pub fn values(&self, kind: &str) -> Vec<Value> {
        let texts = self.items.get(kind).into_iter().flatten();
        texts.map(|text| serde_json::from_str(text).expect("it was written as JSON")).collect()
    }

    /// Lines of a kind at a level from which somebody should look.
    pub fn warnings(&self, kind: &str) -> Vec<&Line> {
        let of_kind = |line: &&Line| line.kind.as_deref() == Some(kind) && line.level >= Level::Warning;
        self.log.iter().filter(of_kind).collect()
    }

    /// Kinds that were begun and came to no end.
    pub fn open(&self) -> Vec<&String> {
        self.started
            .iter()
            .filter(|kind| !self.done.contains(*kind) && !self.failed.contains_key(*kind))
            .collect()
    }

    /// How a kind's items differ from another record's, in a line that can be read; none where they do not.
    pub fn difference(&self, kind: &str, other: &Record) -> Option<String> {
        let none = Vec::new();
        let of = |record: &'_ Record| record.items.get(kind).cloned().unwrap_or_default();
        let (found, expected) = (of(self), other.items.get(kind).unwrap_or(&none));
        let extra = found.iter().find(|item| !expected.contains(item));
        let missing = expected.iter().find(|item| !found.contains(item));
        let short = |item: &String| item.chars().take(400).collect::<String>();
        match (extra, missing) {
            (None, None) if found.len() == expected.len() => None,
            (None, None) => Some(format!("{} items of {kind}, not {}", found.len(), expected.len())),
            (extra, missing) => Some(format!(
                "{} items of {kind}, not {}; there is {:?} and should be {:?}",
                found.len(),
                expected.len(),
                extra.map(short),
                missing.map(short)
            )),
        }
    }

    /// Nothing but what another record has of every kind.
    ///
    /// # Panics
    /// Where they differ.
    #[track_caller]
    pub fn assert_same(&self, other: &Record, when: impl std::fmt::Debug) {
        for kind in self.items.keys().chain(other.items.keys()) {
            if let Some(difference) = self.difference(kind, other) {
                panic!("{when:?}: {difference}");
            }
        }
    }

    pub(super) fn breaches(&self) -> &[String] {
        &self.breaches
    }

    fn open_one(&mut self, kind: &str, what: &str) {
        let ended = self.done.contains(kind) || self.failed.contains_key(kind);
        if !self.started.contains(kind) || ended {
            self.breaches.push(format!("{what} of {kind}, which was not begun or had ended"));
        }
    }
}

/// The sink.
#[derive(Default)]
pub struct Recorder {
    record: Mutex<Record>,
    /// Where set, each batch needs a permit.
    gate: Option<Semaphore>,
    /// The call of [`Sink::items`] (from 1) that fails.
    fails_at: Option<usize>,
    batches: Mutex<usize>,
}

impl Recorder {
    /// Takes no batch until [`Recorder::open`].
    pub fn closed() -> Self {
        Self { gate: Some(Semaphore::new(0)), ..Self::default() }
    }

    /// Fails when it is given its n-th batch, from 1.
    pub fn failing_at(batch: usize) -> Self {
        Self { fails_at: Some(batch), ..Self::default() }
    }

    /// Takes batches from now on.
    pub fn open(&self) {
        if let Some(gate) = &self.gate {
            gate.add_permits(Semaphore::MAX_PERMITS / 2);
        }
    }

    /// Batches that were offered.
    pub fn batches(&self) -> usize {
        *self.batches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn record(&self) -> Record {
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner).clone();
        record.items.values_mut().for_each(|items| items.sort());
        record
    }

    fn with<T>(&self, change: impl FnOnce(&mut Record) -> T) -> T {
        change(&mut self.record.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Sink for Recorder {
    async fn kind_started(&self, kind: &str) -> Result<(), Error> {
        self.with(|record| {
            if !record.started.insert(kind.to_owned()) {
                record.breaches.push(format!("{kind} was begun twice"));
            }
        });
        Ok(())
    }

    async fn items(&self, kind: &str, items: Vec<Value>) -> Result<(), Error> {
        let number = {
            let mut batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
            *batches += 1;
            *batches
        };
        if self.fails_at.is_some_and(|at| number >= at) {
            return Err(Error::internal("the sink is full"));
        }
        if let Some(gate) = &self.gate {
            drop(gate.acquire().await.map_err(Error::internal)?);
        }
        self.with(|record| {
            record.open_one(kind, "items");
            if items.is_empty() || items.len() > MAX_BATCH {
                record.breaches.push(format!("a batch of {} items of {kind}", items.len()));
            }
            if let Some(odd) = items.iter().find(|item| !item.is_object()) {
                record.breaches.push(format!("an item of {kind} that is no object: {odd}"));
            }
            let kept = record.items.entry(kind.to_owned()).or_default();
            kept.extend(items.iter().map(Value::to_string));
        });
        Ok(())
    }

    async fn kind_done(&self, kind: &str) -> Result<(), Error> {
        self.with(|record| {
            record.open_one(kind, "the end");
            record.done.insert(kind.to_owned());
        });
        Ok(())
    }

    async fn kind_failed(&self, kind: &str, error: &SourceError) -> Result<(), Error> {
        self.with(|record| {
            record.open_one(kind, "the failure");
            record.failed.insert(kind.to_owned(), error.clone());
        });
        Ok(())
    }

    async fn checkpoint(&self, kind: &str, at: &Value) -> Result<(), Error> {
        self.with(|record| {
            let handed_over = record.items.get(kind).cloned().unwrap_or_default();
            record.before.entry(kind.to_owned()).or_default().push(handed_over);
            record.checkpoints.entry(kind.to_owned()).or_default().push(at.clone());
        });
        Ok(())
    }

    async fn follow_from(&self, kind: &str, at: &Value) -> Result<(), Error> {
        self.with(|record| drop(record.follow_from.insert(kind.to_owned(), at.clone())));
        Ok(())
    }

    async fn log(
        &self,
        level: Level,
        kind: Option<&str>,
        message: &str,
        item: Option<&str>,
    ) -> Result<(), Error> {
        let (kind, item) = (kind.map(ToOwned::to_owned), item.map(ToOwned::to_owned));
        self.with(|record| record.log.push(Line { level, kind, message: message.to_owned(), item }));
        Ok(())
    }
}
