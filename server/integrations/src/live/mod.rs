//! What happened at a source, as its events tell it, mapped and written: as a run would, and without looking at what they
//! do not say.

mod after_run;

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use portolan_catalog::{Change, Companion, MAX_CHANGES, OpContext, Outcome, RunOrigin, Target, WriteOptions};
use portolan_ingestor_contract::Event;
use portolan_schema::mapping::{Mapped, MappingConfig};
use portolan_schema::{CatalogModel, Code, Error, Pointer, Problem, Problems, Result};
use portolan_store::TenantScope;
use portolan_store::integration::Integration;
use serde_json::{Value, json};

pub(crate) use self::after_run::after_run;
use crate::Integrations;
use crate::run::{Made, deletion, mode, too_many};

/// Items that stop the jq worker, after which it was not asked for the rest.
const MAX_STOPPED: usize = 3;

/// An event, and which of the things that are worked on together told it. They come in their order.
pub(crate) struct Told {
    pub origin: usize,
    pub event: Event,
}

/// The first thing that went wrong with each origin: code and message.
pub(crate) type FirstProblems = BTreeMap<usize, (String, String)>;

/// How far the work came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    /// So many of the first origins are done; one at least.
    pub origins: usize,
    /// The mapping took too long for some of them: others should have their turn.
    pub stopped: bool,
}

/// Who keeps books of what is written.
#[async_trait]
pub(crate) trait Books: Sync {
    /// Comes in every transaction.
    ///
    /// # Errors
    /// Where nothing may be written any more.
    async fn hold(&self, scope: &TenantScope) -> Result<()>;

    /// Comes last in the last transaction.
    async fn conclude(&self, scope: &TenantScope, taken: Taken, problems: &FirstProblems) -> Result<()>;
}

/// What events are applied to.
pub(crate) struct Live<'a> {
    pub own: &'a Integrations,
    pub ctx: &'a OpContext,
    pub integration: &'a Integration,
    pub config: MappingConfig,
    /// Whether items are what runs would hand over: then what a mapping's query leaves out is gone. Otherwise they are
    /// about something else, of which the mapping takes what it wants.
    pub is_source: bool,
}

/// A change to be made.
struct Wanted {
    origin: usize,
    change: Change,
}

/// What the mapping makes of an event, entry by entry.
#[derive(Default)]
struct Outputs {
    made: Vec<Mapped>,
    /// What entries whose query leaves the item out would have made of it.
    left_out: Vec<Mapped>,
}

/// Notes what went wrong.
#[derive(Default)]
struct Notes(Mutex<FirstProblems>);

impl Notes {
    fn add(&self, origin: usize, code: &str, message: &str) {
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        first.entry(origin).or_insert_with(|| (code.to_owned(), message.to_owned()));
    }

    fn add_all(&self, origin: usize, problems: &Problems) {
        if let Some(problem) = problems.0.first() {
            self.add(origin, problem.code.as_str(), &problem.to_string());
        }
    }

    fn so_far(&self) -> FirstProblems {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Live<'_> {
    /// Writes what the mapping makes of what `origins` things tell, in their order. What cannot be made of it is left out, and
    /// told to the books. `run` is what the changes are stamped with.
    ///
    /// # Errors
    /// A mapping that is none, or where something was away: nothing was concluded then, though some may be written.
    pub(crate) async fn take(
        &self,
        told: &[Told],
        origins: usize,
        run: i64,
        books: &dyn Books,
    ) -> Result<Taken> {
        let notes = Notes::default();
        let (outputs, taken) = self.map(told, origins).await?;
        let model = self.own.0.catalog.model(self.ctx).await?;
        let mut rest: Vec<Wanted> = Vec::new();
        for (told, outputs) in told.iter().zip(outputs).filter(|(told, _)| told.origin < taken.origins) {
            rest.extend(self.changes(&model, told, outputs, &notes));
        }
        if rest.is_empty() {
            let scope = self.own.0.store.write(self.ctx.tenant()).await?;
            books.hold(&scope).await?;
            books.conclude(&scope, taken, &notes.so_far()).await?;
            scope.commit().await?;
            return Ok(taken);
        }
        let options = WriteOptions {
            create_missing: self.config.create_missing,
            run: Some(RunOrigin { run, integration: self.integration.id }),
            ..WriteOptions::default()
        };
        while !rest.is_empty() {
            let after = rest.split_off(rest.len().min(MAX_CHANGES));
            let page = Page {
                books,
                notes: &notes,
                of: rest
                    .iter()
                    .map(|wanted| (wanted.origin, matches!(wanted.change, Change::Delete(_))))
                    .collect(),
                last: after.is_empty().then_some(taken),
            };
            let changes = rest.into_iter().map(|wanted| wanted.change).collect();
            self.own.0.catalog.write_with(self.ctx, changes, &options, &page).await?;
            rest = after;
        }
        Ok(taken)
    }

    /// What the mapping makes of each event, and of how many origins that is: where the worker was stopped too often, those
    /// behind are left for later.
    async fn map(&self, told: &[Told], origins: usize) -> Result<(Vec<Outputs>, Taken)> {
        let mut outputs: Vec<Outputs> = std::iter::repeat_with(Outputs::default).take(told.len()).collect();
        let mut taken = Taken { origins, stopped: false };
        for (index, resource) in self.config.resources.iter().enumerate() {
            let entry = &self.integration.mapping["resources"][index];
            let whole = unfiltered(entry);
            let of_kind = |gone: bool| -> Vec<usize> {
                let is_wanted = |event: &Event| event.kind() == resource.kind && is_gone(event) == gone;
                (0..told.len()).filter(|at| is_wanted(&told[*at].event)).collect()
            };
            let (present, gone) = (of_kind(false), of_kind(true));
            let mut left_out = Vec::new();
            for (at, mapped) in self.run(entry, told, &present, &mut taken).await? {
                if self.is_source && mapped.entities.is_empty() && mapped.problems.is_empty() {
                    left_out.push(at);
                }
                outputs[at].made.push(mapped);
            }
            for (at, mapped) in self.run(&whole, told, &left_out, &mut taken).await? {
                outputs[at].left_out.push(mapped);
            }
            // What is gone is gone, whatever its last state would have made of the query.
            let entry = if self.is_source { &whole } else { entry };
            for (at, mapped) in self.run(entry, told, &gone, &mut taken).await? {
                outputs[at].made.push(mapped);
            }
        }
        Ok((outputs, taken))
    }

    /// Maps the events at these places.
    async fn run(
        &self,
        entry: &Value,
        told: &[Told],
        at: &[usize],
        taken: &mut Taken,
    ) -> Result<Vec<(usize, Mapped)>> {
        if at.is_empty() {
            return Ok(Vec::new());
        }
        let items = at.iter().map(|at| item(&told[*at].event).clone()).collect();
        let mapped = self.own.0.jq.map(entry, items).await?;
        let stops = at.iter().zip(&mapped).filter(|(_, mapped)| is_over_limit(mapped)).map(|(at, _)| *at);
        let stops: Vec<usize> = stops.collect();
        taken.stopped |= !stops.is_empty();
        // From there on none was tried.
        if let Some(untried) = stops.get(MAX_STOPPED) {
            taken.origins = taken.origins.min(told[*untried].origin.max(1));
        }
        Ok(at.iter().copied().zip(mapped).collect())
    }

    fn changes(&self, model: &CatalogModel, told: &Told, outputs: Outputs, notes: &Notes) -> Vec<Wanted> {
        let (origin, gone) = (told.origin, is_gone(&told.event));
        let mut changes = Vec::new();
        let mut named: HashSet<(String, String)> = HashSet::new();
        for mapped in outputs.made {
            for problem in &mapped.problems {
                notes.add(origin, &problem.code, &problem.message);
            }
            if let Some(problem) = too_many(mapped.entities.len()) {
                notes.add_all(origin, &problem.into());
                continue;
            }
            for entity in mapped.entities {
                let made = Made::read(model, &entity.blueprint, &entity.body);
                if let Ok(Made { write, .. }) = &made
                    && let Some(identifier) = &write.identifier
                {
                    named.insert((entity.blueprint.clone(), identifier.clone()));
                }
                match made.and_then(|made| self.change(made, &entity.blueprint, gone)) {
                    Ok(change) => changes.push(Wanted { origin, change }),
                    Err(problems) => notes.add_all(origin, &problems),
                }
            }
        }
        // A run would not find these any more. What an entry makes of the item is not taken away by another.
        for entity in outputs.left_out.into_iter().flat_map(|mapped| mapped.entities) {
            let Some(identifier) = entity.body["identifier"].as_str() else { continue };
            let key = (entity.blueprint, identifier.to_owned());
            if model.get(&key.0).is_some() && !named.contains(&key) {
                changes.push(Wanted { origin, change: deletion(&key.0, &key.1) });
                named.insert(key);
            }
        }
        changes
    }

    fn change(&self, made: Made, blueprint: &str, gone: bool) -> Result<Change, Problems> {
        if !gone {
            return Ok(Change::Write(mode(&self.config), Box::new(made.write)));
        }
        match &made.write.identifier {
            Some(identifier) => Ok(deletion(blueprint, identifier)),
            None => {
                let message = "what is to be deleted is named by its identifier, not by a search";
                Err(Problem::new(Code::Required, Pointer::root().key("identifier"), message).into())
            }
        }
    }
}

/// An entry of a mapping that takes every item.
fn unfiltered(entry: &Value) -> Value {
    let mut whole = entry.clone();
    whole["selector"]["query"] = json!("true");
    whole
}

fn is_gone(event: &Event) -> bool {
    matches!(event, Event::Gone { .. })
}

fn item(event: &Event) -> &Value {
    let (Event::Present { item, .. } | Event::Gone { item, .. }) = event;
    item
}

fn is_over_limit(mapped: &Mapped) -> bool {
    mapped.entities.is_empty() && mapped.problems.iter().any(|one| one.code == Code::JqLimit.as_str())
}

/// Changes that are written together.
struct Page<'a> {
    books: &'a dyn Books,
    notes: &'a Notes,
    /// The origin of each, and whether it is a deletion.
    of: Vec<(usize, bool)>,
    last: Option<Taken>,
}

#[async_trait]
impl Companion for Page<'_> {
    async fn expects(&self, _: &TenantScope, _: &[Target]) -> Result<HashSet<Target>> {
        Ok(HashSet::new())
    }

    async fn conclude(&self, scope: &TenantScope, results: &[Result<Outcome>]) -> Result<()> {
        for (result, (origin, is_deletion)) in results.iter().zip(&self.of) {
            match result {
                // What is gone already, or is not the integration's.
                Err(error) if *is_deletion && error.code() == Code::NotFound => {}
                Err(Error::Fault { .. }) => return Err(Error::unavailable("a change could not be written")),
                Err(Error::Problems(problems)) => self.notes.add_all(*origin, problems),
                Ok(_) => {}
            }
        }
        self.books.hold(scope).await?;
        match self.last {
            Some(taken) => self.books.conclude(scope, taken, &self.notes.so_far()).await,
            None => Ok(()),
        }
    }
}
