//! What the run made goes, unless others have written it since, or something that stays points at it.

use std::collections::{BTreeSet, HashMap, HashSet};

use async_trait::async_trait;
use portolan_catalog::{Change, Companion, Deletion, Outcome, Target};
use portolan_schema::{CatalogModel, Code, Error, RelationNo, Result, Targets};
use portolan_store::TenantScope;
use portolan_store::integration::{Gone, KindCounts, Span, Verdict};

use super::undo::Undo;
use super::{PAGE, relation_name};
use crate::run::attempt::{Attempt, Step};
use crate::run::coverage::targets_first;
use crate::run::plan::name;

impl Attempt {
    /// Removes what the run made, sources first.
    pub(super) async fn remove_made(&self, span: Span) -> Step<()> {
        let model = self.own.0.catalog.model(&self.ctx).await?;
        let mut order = targets_first(&model);
        order.reverse();
        let mut is_last = false;
        loop {
            self.hold_back(&model, span, false).await?;
            self.count_kept().await?;
            let mut deleted = 0;
            for blueprint in &order {
                loop {
                    self.go_on()?;
                    let page = self.read().await?.deletions(self.run.id, *blueprint, PAGE).await?;
                    if page.is_empty() {
                        break;
                    }
                    deleted += self.remove_page(&model, &page, span, is_last).await?;
                }
            }
            let scope = self.write().await?;
            let again = scope.retry_deletions(self.run.id).await?;
            scope.commit().await?;
            if again == 0 {
                return Ok(());
            }
            // Only a pass that got nowhere is worth giving up after.
            is_last = deleted == 0;
        }
    }

    /// Marks what stays after all, until nothing changes: what stays may itself point at what was to go. With `planned`,
    /// what is staged to be written points where it is to point then.
    pub(super) async fn hold_back(&self, model: &CatalogModel, span: Span, planned: bool) -> Step<()> {
        self.hold_edited(model, span).await?;
        loop {
            let mut after = i64::MIN;
            let mut changed = false;
            loop {
                self.go_on()?;
                let scope = self.read().await?;
                let page = scope.deletions_after(self.run.id, after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after = last.no;
                let holders = self.holders_of(&scope, model, &page, planned).await?;
                drop(scope);
                changed |= !holders.is_empty();
                for gone in page.iter().filter(|gone| holders.contains_key(&gone.entity())) {
                    let holder = &holders[&gone.entity()];
                    let message = format!("it stays: {holder} points at it");
                    self.tell_kept(name(model, gone.blueprint), &gone.identifier, &message);
                }
                self.mark_kept(page.iter().filter(|gone| holders.contains_key(&gone.entity()))).await?;
            }
            if !changed {
                return Ok(());
            }
        }
    }

    /// Marks what others have written, and takes what is gone already off.
    async fn hold_edited(&self, model: &CatalogModel, span: Span) -> Step<()> {
        let target = self.rolls_back.unwrap_or_default();
        let mut after = i64::MIN;
        loop {
            self.go_on()?;
            let page = self.read().await?.deletions_after(self.run.id, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.no;
            let ids: Vec<i64> = page.iter().map(Gone::entity).collect();
            let touched = self.look_at(model, &ids, target, span).await?;
            let stays =
                |gone: &&Gone| touched.get(&gone.entity()).is_none_or(|touched| touched.undo != Undo::Remove);
            for gone in page.iter().filter(stays) {
                if let Some(touched) = touched.get(&gone.entity()) {
                    self.tell_edited(name(model, gone.blueprint), &gone.identifier, touched);
                }
            }
            self.mark_kept(page.iter().filter(stays)).await?;
        }
    }

    async fn mark_kept(&self, kept: impl Iterator<Item = &Gone>) -> Step<()> {
        let kept: Vec<i64> = kept.map(|gone| gone.no).collect();
        if kept.is_empty() {
            return Ok(());
        }
        let scope = self.write().await?;
        scope.set_verdict(self.run.id, Verdict::Unchanged, &kept).await?;
        Ok(scope.commit().await?)
    }

    /// Counts what stays, and takes it off the list.
    pub(super) async fn count_kept(&self) -> Step<()> {
        loop {
            let scope = self.write().await?;
            let kept = scope.drop_kept(self.run.id).await?;
            for (kind, unchanged) in &kept {
                let counts = KindCounts { unchanged: *unchanged, ..KindCounts::default() };
                scope.add_to_run_kind(self.run.id, *kind, &counts, None).await?;
            }
            scope.commit().await?;
            if kept.is_empty() {
                return Ok(());
            }
        }
    }

    /// Of those that are pointed at by something that stays: by what, for people.
    async fn holders_of(
        &self,
        scope: &TenantScope,
        model: &CatalogModel,
        page: &[Gone],
        planned: bool,
    ) -> Result<HashMap<i64, String>> {
        let ids: Vec<i64> = page.iter().map(Gone::entity).collect();
        let edges = scope.edges_to(&ids).await?;
        let sources: BTreeSet<i64> = edges.iter().map(|(source, ..)| *source).collect();
        let sources: Vec<i64> = sources.into_iter().collect();
        let going = scope.are_going(self.run.id, &sources).await?;
        let relations = match planned {
            true => scope.planned_relations(self.run.id, &sources).await?,
            false => HashMap::new(),
        };
        let identifiers: HashMap<i64, &str> =
            page.iter().map(|gone| (gone.entity(), gone.identifier.as_str())).collect();
        let points = |source: i64, relation: RelationNo, target: i64| -> Result<bool> {
            let Some(planned) = relations.get(&source) else { return Ok(true) };
            let mut targets =
                planned.get(relation_name(model, relation)?).into_iter().flat_map(Targets::identifiers);
            Ok(targets.any(|identifier| Some(&identifier) == identifiers.get(&target)))
        };
        let mut held: HashMap<i64, i64> = HashMap::new();
        for (source, relation, target) in edges {
            if !going.contains(&source) && points(source, relation, target)? {
                held.insert(target, source);
            }
        }
        let sources: BTreeSet<i64> = held.values().copied().collect();
        let sources: Vec<i64> = sources.into_iter().collect();
        let named: HashMap<i64, String> = scope
            .holders(&sources)
            .await?
            .into_iter()
            .map(|found| (found.entity, format!("{} \"{}\"", name(model, found.blueprint), found.identifier)))
            .collect();
        let name = |source: &i64| named.get(source).cloned().unwrap_or_else(|| "something".to_owned());
        Ok(held.iter().map(|(target, source)| (*target, name(source))).collect())
    }

    /// Answers how many went.
    async fn remove_page(
        &self,
        model: &CatalogModel,
        page: &[Gone],
        span: Span,
        is_last: bool,
    ) -> Step<usize> {
        let target = self.rolls_back.unwrap_or_default();
        let ids: Vec<i64> = page.iter().map(Gone::entity).collect();
        let touched = self.look_at(model, &ids, target, span).await?;
        let deletion = |gone: &Gone| {
            Change::Delete(Deletion {
                blueprint: name(model, gone.blueprint).to_owned(),
                identifier: gone.identifier.clone(),
                // Only what the same batch deletes goes along.
                dependents: true,
                // Of one that others have written by now this is none.
                if_revision: Some(
                    touched
                        .get(&gone.entity())
                        .filter(|touched| touched.undo == Undo::Remove)
                        .map_or(0, |touched| touched.revision),
                ),
            })
        };
        let changes = page.iter().map(deletion).collect();
        let companion = RemovedPage { attempt: self, model, page, is_last };
        let options = self.undo_options(false);
        let results = self.own.0.catalog.write_with(&self.ctx, changes, &options, &companion).await?;
        Ok(results.iter().filter(|result| result.is_ok()).count())
    }
}

/// Keeps books of a batch of removals.
struct RemovedPage<'a> {
    attempt: &'a Attempt,
    model: &'a CatalogModel,
    page: &'a [Gone],
    /// What is held is not tried again.
    is_last: bool,
}

#[async_trait]
impl Companion for RemovedPage<'_> {
    async fn expects(&self, _: &TenantScope, _: &[Target]) -> Result<HashSet<Target>> {
        Ok(HashSet::new())
    }

    async fn conclude(&self, scope: &TenantScope, results: &[Result<Outcome>]) -> Result<()> {
        let Self { attempt, model, page, is_last } = self;
        attempt.hold(scope).await?;
        let deleted: HashSet<&(String, String)> =
            results.iter().flatten().flat_map(|outcome| &outcome.deleted).collect();
        let (mut done, mut again) = (Vec::new(), Vec::new());
        let mut counts: HashMap<i32, (KindCounts, Option<(String, String)>)> = HashMap::new();
        for (gone, result) in page.iter().zip(results) {
            let (counts, first) = counts.entry(gone.kind).or_default();
            let key = (name(model, gone.blueprint).to_owned(), gone.identifier.clone());
            match result {
                _ if deleted.contains(&key) => counts.deleted += 1,
                // Somebody else was faster.
                Ok(_) => counts.unchanged += 1,
                Err(error) if error.code() == Code::NotFound => counts.unchanged += 1,
                Err(Error::Fault { .. }) => {
                    return Err(Error::unavailable("a batch of a rollback could not be written"));
                }
                Err(error) if !is_last && matches!(error.code(), Code::HasDependents | Code::Conflict) => {
                    again.push(gone.no);
                    continue;
                }
                Err(error) => {
                    let message = error.public().to_string();
                    attempt.tell_kept(&key.0, &key.1, &format!("{} {message}", error.code()));
                    counts.failed += 1;
                    first.get_or_insert((error.code().as_str().to_owned(), message));
                }
            }
            done.push(gone.no);
        }
        scope.remove_items(attempt.run.id, &done).await?;
        scope.set_verdict(attempt.run.id, Verdict::Again, &again).await?;
        for (kind, (counts, error)) in counts {
            scope.add_to_run_kind(attempt.run.id, kind, &counts, error.as_ref()).await?;
        }
        Ok(())
    }
}
