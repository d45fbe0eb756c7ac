//! Writing what is planned, in batches under the run's number. What a batch wrote leaves the staged items in the same
//! transaction, so that an interrupted commit goes on with the rest: nothing is done twice, and every count is right.

use std::collections::{BTreeMap, HashSet};

use async_trait::async_trait;
use portolan_catalog::{Change, Companion, Kind, MAX_CHANGES, Outcome, Target};
use portolan_schema::{CatalogModel, Result};
use portolan_store::TenantScope;
use portolan_store::integration::{KindCounts, LogLevel, Phase, StagedItem, Verdict};

use super::attempt::{Attempt, Step};
use super::coverage::{Coverage, targets_first};
use super::log::About;
use super::plan::{Staged, name};

impl Attempt {
    /// Writes every staged item.
    pub(crate) async fn commit(&self) -> Step<()> {
        let model = self.own.0.catalog.model(&self.ctx).await?;
        for blueprint in targets_first(&model) {
            loop {
                self.go_on()?;
                let page = self.page(blueprint, None, false).await?;
                if page.is_empty() {
                    break;
                }
                self.commit_page(&model, &page).await?;
            }
        }
        loop {
            self.go_on()?;
            let page = self.late_page(0).await?;
            if page.is_empty() {
                break;
            }
            self.commit_page(&model, &page).await?;
        }
        self.make_waited_for(&model).await?;
        self.advance(Phase::Delete).await
    }

    async fn commit_page(&self, model: &CatalogModel, page: &[StagedItem]) -> Step<()> {
        let mut changes = Vec::with_capacity(page.len());
        for item in page {
            changes.push(self.change(name(model, item.blueprint), item)?);
        }
        let companion = WrittenPage { attempt: self, model, page };
        self.own.0.catalog.write_with(&self.ctx, changes, &self.options(false), &companion).await?;
        Ok(())
    }

    /// An entity that others point at did not come after all: it is made bare, where the mapping allows that.
    async fn make_waited_for(&self, model: &CatalogModel) -> Step<()> {
        loop {
            self.go_on()?;
            let scope = self.read().await?;
            let waited_for = scope.waiting_targets(self.integration.id, model, MAX_CHANGES).await?;
            drop(scope);
            if waited_for.is_empty() {
                return Ok(());
            }
            if !self.config.create_missing {
                let message = format!("{} relations wait for entities that did not come", waited_for.len());
                self.log.say(LogLevel::Warning, &message);
                return Ok(());
            }
            let ensure = |(blueprint, identifier): &Target| Change::Ensure {
                blueprint: name(model, *blueprint).to_owned(),
                identifier: identifier.clone(),
            };
            let changes = waited_for.iter().map(ensure).collect();
            let companion = WrittenPage { attempt: self, model, page: &[] };
            let results =
                self.own.0.catalog.write_with(&self.ctx, changes, &self.options(false), &companion).await?;
            if !results.iter().flatten().any(|outcome| outcome.kind == Kind::Created) {
                return Ok(());
            }
        }
    }
}

/// Keeps books of a batch of writes.
struct WrittenPage<'a> {
    attempt: &'a Attempt,
    model: &'a CatalogModel,
    page: &'a [StagedItem],
}

#[async_trait]
impl Companion for WrittenPage<'_> {
    async fn expects(&self, scope: &TenantScope, missing: &[Target]) -> Result<HashSet<Target>> {
        Staged(self.attempt).among(scope, missing).await
    }

    async fn conclude(&self, scope: &TenantScope, results: &[Result<Outcome>]) -> Result<()> {
        let Self { attempt, model, page } = self;
        attempt.hold(scope).await?;
        let mut counts: BTreeMap<i32, (KindCounts, Option<(String, String)>)> = BTreeMap::new();
        for (item, result) in page.iter().zip(results) {
            let (counts, first) = counts.entry(item.kind).or_default();
            // The plan counted these already.
            if item.verdict == Some(Verdict::Unchanged) {
                counts.unchanged -= 1;
            }
            match result {
                Ok(outcome) => match outcome.kind {
                    Kind::Created => counts.created += 1,
                    Kind::Updated => counts.updated += 1,
                    Kind::Unchanged | Kind::Deleted => counts.unchanged += 1,
                },
                Err(error) => {
                    counts.failed += 1;
                    counts.incomplete = true;
                    first.get_or_insert(attempt.tell_failed(model, item, error));
                    self.spare(scope, item).await?;
                }
            }
        }
        let done: Vec<i64> = page.iter().map(|item| item.no).collect();
        scope.remove_items(attempt.run.id, &done).await?;
        for (kind, (counts, error)) in counts {
            scope.add_to_run_kind(attempt.run.id, kind, &counts, error.as_ref()).await?;
        }
        Ok(())
    }
}

impl WrittenPage<'_> {
    /// An item that failed after it was planned: of the blueprints of its kind nothing is gone any more.
    async fn spare(&self, scope: &TenantScope, item: &StagedItem) -> Result<()> {
        let (attempt, run) = (self.attempt, self.attempt.run.id);
        let coverage = Coverage::new(&attempt.config, self.model, &[(item.kind, item.blueprint)].into());
        let mut spared = 0;
        match coverage.of(item.kind) {
            None => spared += scope.spare_everything(run).await?,
            Some(blueprints) => {
                for blueprint in blueprints {
                    spared += scope.spare_all(run, *blueprint).await?;
                }
            }
        }
        if spared > 0 {
            let message = format!("{spared} planned deletions are left out, because an item failed");
            let about = About { kind: Some(attempt.kind_name(item.kind)), ..About::default() };
            attempt.log.about(LogLevel::Warning, &about, &message);
        }
        Ok(())
    }
}
