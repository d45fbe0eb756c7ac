//! Values that go back and entities that come back, in batches.

use std::collections::{BTreeMap, HashMap, HashSet};

use async_trait::async_trait;
use portolan_catalog::{Change, Companion, Kind, MAX_CHANGES, Outcome, Target, WriteOptions};
use portolan_schema::{BlueprintNo, CatalogModel, Code, Error, Result};
use portolan_store::TenantScope;
use portolan_store::integration::{KindCounts, Span, StagedItem};

use super::PAGE;
use super::change::Wanted;
use super::touched::Touched;
use super::undo::{Part, Undo};
use crate::run::attempt::{Attempt, Step};
use crate::run::plan::{Staged, name};

/// A batch: what was staged, and what each change is about.
pub(super) struct Batch {
    pub items: Vec<StagedItem>,
    pub touched: HashMap<i64, Touched>,
    pub changes: Vec<Change>,
    /// The item of each change, by its place.
    pub places: Vec<usize>,
}

/// What came of an item.
pub(super) enum Settled {
    Counted(KindCounts),
    Failed((String, String)),
    /// Somebody was faster: it is looked at again.
    Again,
}

impl Attempt {
    /// Writes everything that is not to be removed: first what is gone comes back, so that the rest can point at it.
    pub(super) async fn undo_writes(&self, span: Span) -> Step<()> {
        let model = self.own.0.catalog.model(&self.ctx).await?;
        self.settle_absent(&model, span).await?;
        for late in [false, true] {
            loop {
                self.go_on()?;
                let items = self.read().await?.numbered_items(self.run.id, late, 0, PAGE).await?;
                if items.is_empty() {
                    break;
                }
                let mut batch = self.batch(&model, items, span).await?;
                let changes = std::mem::take(&mut batch.changes);
                let companion = UndonePage { attempt: self, model: &model, batch: &batch };
                let options = self.undo_options(false);
                let results = self.own.0.catalog.write_with(&self.ctx, changes, &options, &companion).await?;
                if !late {
                    self.give_up(&model, &batch, &results).await?;
                }
            }
        }
        Ok(())
    }

    /// Takes what is gone and does not come back off the list, so that nothing is made to wait for it.
    pub(super) async fn settle_absent(&self, model: &CatalogModel, span: Span) -> Step<()> {
        let target = self.rolls_back.unwrap_or_default();
        let mut after = 0;
        loop {
            self.go_on()?;
            let mut items = self.read().await?.numbered_items(self.run.id, false, after, PAGE).await?;
            let Some(last) = items.last() else { return Ok(()) };
            after = last.no;
            let ids: Vec<i64> = items.iter().map(|item| item.no).collect();
            let touched = self.look_at(model, &ids, target, span).await?;
            items.retain(|item| Wanted::of(model, item, touched.get(&item.no)).is_none());
            let mut kinds: BTreeMap<i32, i64> = BTreeMap::new();
            for item in &items {
                *kinds.entry(item.kind).or_default() += 1;
            }
            let scope = self.write().await?;
            let ids: Vec<i64> = items.iter().map(|item| item.no).collect();
            scope.remove_items(self.run.id, &ids).await?;
            for (kind, unchanged) in kinds {
                let counts = KindCounts { unchanged, ..KindCounts::default() };
                scope.add_to_run_kind(self.run.id, kind, &counts, None).await?;
            }
            scope.commit().await?;
        }
    }

    /// Where an entity does not come back, nobody waits for it.
    async fn give_up(&self, model: &CatalogModel, batch: &Batch, results: &[Result<Outcome>]) -> Step<()> {
        let results: HashMap<usize, &Result<Outcome>> = batch.places.iter().copied().zip(results).collect();
        let mut lost: BTreeMap<BlueprintNo, Vec<&str>> = BTreeMap::new();
        for (place, item) in batch.items.iter().enumerate() {
            let stays_away = match results.get(&place) {
                Some(Ok(_)) => false,
                Some(Err(error)) => error.code() != Code::Conflict,
                None => true,
            };
            if stays_away {
                lost.entry(item.blueprint).or_default().push(&item.identifier);
            }
        }
        let scope = self.read().await?;
        let mut changes = Vec::new();
        for (blueprint, identifiers) in lost {
            for (holder, identifier, relation, target) in
                scope.edges_waiting_for(model, blueprint, &identifiers).await?
            {
                let message = format!("it does not get back \"{target}\", which did not come back");
                self.tell_kept(name(model, holder), &identifier, &message);
                let blueprint = name(model, holder).to_owned();
                changes.push(Change::GiveUp { blueprint, identifier, relation, target });
            }
        }
        drop(scope);
        while !changes.is_empty() {
            let part: Vec<Change> = changes.drain(..changes.len().min(MAX_CHANGES)).collect();
            self.own.0.catalog.write(&self.ctx, part, &self.undo_options(false)).await?;
        }
        Ok(())
    }

    pub(super) fn undo_options(&self, dry_run: bool) -> WriteOptions {
        WriteOptions { create_missing: false, ..self.options(dry_run) }
    }

    pub(super) async fn batch(
        &self,
        model: &CatalogModel,
        items: Vec<StagedItem>,
        span: Span,
    ) -> Result<Batch> {
        let target = self.rolls_back.unwrap_or_default();
        let ids: Vec<i64> = items.iter().map(|item| item.no).collect();
        let touched = self.look_at(model, &ids, target, span).await?;
        let (mut changes, mut places, mut lost) = (Vec::new(), Vec::new(), Vec::new());
        {
            let wanted: Vec<(usize, Wanted<'_>)> = items
                .iter()
                .enumerate()
                .filter_map(|(place, item)| Some((place, Wanted::of(model, item, touched.get(&item.no))?)))
                .collect();
            let (numbers, wanted): (Vec<usize>, Vec<Wanted<'_>>) = wanted.into_iter().unzip();
            let present = self.present_targets(&wanted).await?;
            for (place, wanted) in numbers.into_iter().zip(&wanted) {
                let (change, without) = wanted.change(&present);
                changes.push(change);
                places.push(place);
                lost.extend(without.into_iter().map(|lost| (place, lost)));
            }
        }
        for (place, (relation, target)) in lost {
            let message =
                format!("its relation \"{relation}\" does not get back \"{target}\", which is gone");
            self.tell_kept(name(model, items[place].blueprint), &items[place].identifier, &message);
        }
        Ok(Batch { items, touched, changes, places })
    }

    /// What came of an item; `result` where something was to be written.
    pub(super) fn settled(
        &self,
        model: &CatalogModel,
        item: &StagedItem,
        touched: Option<&Touched>,
        result: Option<&Result<Outcome>>,
    ) -> Settled {
        let blueprint = name(model, item.blueprint);
        let unchanged = || Settled::Counted(KindCounts { unchanged: 1, ..KindCounts::default() });
        if let Some(touched) = touched
            && !matches!(result, Some(Err(_)))
        {
            self.tell_edited(blueprint, &item.identifier, touched);
        }
        match result {
            None => unchanged(),
            Some(Ok(outcome)) => Settled::Counted(match outcome.kind {
                Kind::Created => KindCounts { created: 1, ..KindCounts::default() },
                Kind::Updated => KindCounts { updated: 1, ..KindCounts::default() },
                Kind::Unchanged | Kind::Deleted => KindCounts { unchanged: 1, ..KindCounts::default() },
            }),
            Some(Err(error)) => match error.code() {
                Code::Conflict => Settled::Again,
                Code::AlreadyExists => {
                    let message = "it does not come back: there is another one in its place";
                    self.tell_kept(blueprint, &item.identifier, message);
                    unchanged()
                }
                code => {
                    let message = error.public().to_string();
                    self.tell_kept(blueprint, &item.identifier, &format!("{code} {message}"));
                    Settled::Failed((code.as_str().to_owned(), message))
                }
            },
        }
    }

    /// Which values stay as others have written them since.
    pub(super) fn tell_edited(&self, blueprint: &str, identifier: &str, touched: &Touched) {
        if touched.too_many {
            self.tell_kept(
                blueprint,
                identifier,
                "it stays as it is: it has changed too often since the run",
            );
        } else if touched.undo == Undo::Keep {
            self.tell_kept(blueprint, identifier, "it stays: others have written it since the run made it");
        } else if !touched.kept.is_empty() {
            let names: Vec<&str> = touched.kept.iter().map(Part::name).collect();
            let message = format!("others have written {} since the run; that stays", names.join(", "));
            self.tell_kept(blueprint, identifier, &message);
        }
    }
}

/// Keeps books of a batch.
struct UndonePage<'a> {
    attempt: &'a Attempt,
    model: &'a CatalogModel,
    batch: &'a Batch,
}

#[async_trait]
impl Companion for UndonePage<'_> {
    async fn expects(&self, scope: &TenantScope, missing: &[Target]) -> Result<HashSet<Target>> {
        Staged(self.attempt).among(scope, missing).await
    }

    async fn conclude(&self, scope: &TenantScope, results: &[Result<Outcome>]) -> Result<()> {
        let Self { attempt, model, batch } = self;
        attempt.hold(scope).await?;
        if results.iter().any(|result| matches!(result, Err(Error::Fault { .. }))) {
            return Err(Error::unavailable("a batch of a rollback could not be written"));
        }
        let results: HashMap<usize, &Result<Outcome>> = batch.places.iter().copied().zip(results).collect();
        let mut counts: BTreeMap<i32, (KindCounts, Option<(String, String)>)> = BTreeMap::new();
        let mut done = Vec::with_capacity(batch.items.len());
        for (place, item) in batch.items.iter().enumerate() {
            let (counts, first) = counts.entry(item.kind).or_default();
            let result = results.get(&place).copied();
            match attempt.settled(model, item, batch.touched.get(&item.no), result) {
                Settled::Again => continue,
                Settled::Counted(added) => counts.add(&added),
                Settled::Failed(error) => {
                    counts.failed += 1;
                    first.get_or_insert(error);
                }
            }
            done.push(item.no);
        }
        scope.remove_items(attempt.run.id, &done).await?;
        for (kind, (counts, error)) in counts {
            scope.add_to_run_kind(attempt.run.id, kind, &counts, error.as_ref()).await?;
        }
        Ok(())
    }
}
