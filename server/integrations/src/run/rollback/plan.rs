//! A rollback that changes nothing: what it would do, by the catalog's dry run, in the run's counts and samples.

use std::collections::{BTreeMap, HashMap};

use indexmap::IndexMap;
use portolan_catalog::Kind;
use portolan_schema::{CatalogModel, EntityState, Error, Targets};
use portolan_store::integration::{KindCounts, Span, StagedItem, Verdict};

use super::PAGE;
use super::undo::Undo;
use super::write::Settled;
use crate::run::attempt::{Attempt, Step};
use crate::run::plan::Staged;
use crate::run::samples::Samples;

/// Removals of a blueprint that are shown.
const SHOWN: usize = 3;

impl Attempt {
    /// Counts what the rollback would do.
    pub(super) async fn foretell(&self, span: Span) -> Step<()> {
        let model = self.own.0.catalog.model(&self.ctx).await?;
        let mut samples = Samples::default();
        self.settle_absent(&model, span).await?;
        for late in [false, true] {
            let mut after = 0;
            loop {
                self.go_on()?;
                let items = self.read().await?.numbered_items(self.run.id, late, after, PAGE).await?;
                let Some(last) = items.last() else { break };
                after = last.no;
                self.foretell_page(&model, items, span, &mut samples).await?;
            }
        }
        self.hold_back(&model, span, true).await?;
        self.count_kept().await?;
        for (kind, blueprint, count) in self.read().await?.planned_deletions(self.run.id).await? {
            let scope = self.write().await?;
            let counts = KindCounts { deleted: count, ..KindCounts::default() };
            scope.add_to_run_kind(self.run.id, kind, &counts, None).await?;
            scope.commit().await?;
            for gone in self.read().await?.deletions(self.run.id, blueprint, SHOWN).await? {
                self.sample(&mut samples, &model, "DELETED", blueprint, &gone.identifier, None).await?;
            }
        }
        let scope = self.write().await?;
        scope.save_plan(self.run.id, None, &samples.into_json()).await?;
        Ok(scope.commit().await?)
    }

    async fn foretell_page(
        &self,
        model: &CatalogModel,
        items: Vec<StagedItem>,
        span: Span,
        samples: &mut Samples,
    ) -> Step<()> {
        let mut batch = self.batch(model, items, span).await?;
        let changes = std::mem::take(&mut batch.changes);
        let catalog = &self.own.0.catalog;
        let results = catalog.write_with(&self.ctx, changes, &self.undo_options(true), &Staged(self)).await?;
        let results: HashMap<usize, _> = batch.places.iter().copied().zip(results).collect();
        let mut counts: BTreeMap<i32, (KindCounts, Option<(String, String)>)> = BTreeMap::new();
        let mut failed = Vec::new();
        let mut planned: Vec<(i64, IndexMap<String, Targets>)> = Vec::new();
        for (place, item) in batch.items.iter().enumerate() {
            let result = results.get(&place);
            if let Some(Err(Error::Fault { .. })) = result {
                return Err(Error::unavailable("a batch of a rollback could not be planned").into());
            }
            let touched = batch.touched.get(&item.no);
            let (counts, first) = counts.entry(item.kind).or_default();
            match self.settled(model, item, touched, result) {
                Settled::Counted(added) => counts.add(&added),
                // Somebody is writing it right now.
                Settled::Again => counts.updated += 1,
                Settled::Failed(error) => {
                    counts.failed += 1;
                    first.get_or_insert(error);
                    failed.push(item.no);
                }
            }
            let Some(Ok(outcome)) = result else { continue };
            let state: &EntityState = &outcome.entity.state;
            if let Some(Undo::Restore(_) | Undo::Set { .. }) = touched.map(|touched| &touched.undo) {
                planned.push((item.no, state.relations.clone()));
            }
            let change = match outcome.kind {
                Kind::Created => "CREATED",
                Kind::Updated => "UPDATED",
                Kind::Unchanged | Kind::Deleted => continue,
            };
            self.sample(samples, model, change, item.blueprint, &state.identifier, Some(state)).await?;
        }
        let scope = self.write().await?;
        scope.set_verdict(self.run.id, Verdict::Failed, &failed).await?;
        scope.keep_planned_relations(self.run.id, &planned).await?;
        for (kind, (counts, error)) in counts {
            scope.add_to_run_kind(self.run.id, kind, &counts, error.as_ref()).await?;
        }
        Ok(scope.commit().await?)
    }
}
