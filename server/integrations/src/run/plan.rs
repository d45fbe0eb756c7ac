//! The plan: what the commit will do, told by the catalog's dry run of everything that is staged, and what is gone. Its
//! counts are those of the commit.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use portolan_catalog::{Companion, Entity, Kind, Outcome, Target};
use portolan_schema::{BlueprintNo, CatalogModel, Error, Result};
use portolan_store::TenantScope;
use portolan_store::integration::{
    Blocked, KindCounts, LogLevel, Phase, Repeated, RunKind, RunStatus, StagedItem, Verdict,
};

use super::attempt::{Attempt, Step};
use super::coverage::{Coverage, targets_first};
use super::ending::Ending;
use super::log::About;
use super::samples::Samples;
use crate::guard::{Loss, trips};
use crate::place;

/// How often the plan is made again because items failed that others point at.
const PASSES: usize = 10;
/// Repeated identifiers that the log tells.
const MAX_REPEATED: usize = 20;

/// A plan in the making.
pub(crate) struct Plan {
    pub model: Arc<CatalogModel>,
    pub coverage: Coverage,
    pub kinds: Vec<RunKind>,
    pub owned: BTreeMap<BlueprintNo, i64>,
    /// Entities that are staged for deletion; while there are none, nothing has to be spared.
    pub candidates: u64,
    pub samples: Samples,
}

impl Plan {
    pub(crate) fn kind(&mut self, ordinal: i32) -> Option<&mut RunKind> {
        usize::try_from(ordinal).ok().and_then(|index| self.kinds.get_mut(index))
    }
}

/// Knows what the run is still to make.
pub(crate) struct Staged<'a>(pub &'a Attempt);

impl Staged<'_> {
    pub(crate) async fn among(&self, scope: &TenantScope, missing: &[Target]) -> Result<HashSet<Target>> {
        let mut by_blueprint: HashMap<BlueprintNo, Vec<&str>> = HashMap::new();
        for (blueprint, identifier) in missing {
            by_blueprint.entry(*blueprint).or_default().push(identifier);
        }
        let mut expected = HashSet::new();
        for (blueprint, identifiers) in by_blueprint {
            let staged = scope.staged_identifiers(self.0.run.id, blueprint, &identifiers).await?;
            expected.extend(staged.into_iter().map(|identifier| (blueprint, identifier)));
        }
        Ok(expected)
    }
}

#[async_trait]
impl Companion for Staged<'_> {
    async fn expects(&self, scope: &TenantScope, missing: &[Target]) -> Result<HashSet<Target>> {
        self.among(scope, missing).await
    }

    async fn conclude(&self, _: &TenantScope, _: &[Result<Outcome>]) -> Result<()> {
        Err(Error::internal("a plan writes nothing"))
    }
}

impl Attempt {
    /// Plans what is staged and asks the guard. Answers whether the run goes on to commit.
    pub(crate) async fn plan(&self) -> Step<bool> {
        let model = self.own.0.catalog.model(&self.ctx).await?;
        let mut plan = self.begin_plan(model).await?;
        for _ in 0..PASSES {
            let failed = self.plan_writes(&mut plan).await?;
            // Where targets may not be made, an item fails with what it points at.
            if !failed || self.config.create_missing {
                break;
            }
        }
        self.plan_deletions(&mut plan).await?;
        self.end_plan(plan).await
    }

    async fn begin_plan(&self, model: Arc<CatalogModel>) -> Step<Plan> {
        let scope = self.write().await?;
        let run = self.run.id;
        scope.clear_plan(run).await?;
        let staged: BTreeSet<(i32, BlueprintNo)> = scope.staged_blueprints(run).await?;
        let owned: BTreeMap<_, _> = scope.owned_counts(self.integration.id).await?.into_iter().collect();
        let coverage = Coverage::new(&self.config, &model, &staged);
        let kinds = self.progress().kinds.clone();
        let mut candidates = 0;
        for (blueprint, kind) in coverage.deletable(&kinds, owned.keys().copied()) {
            candidates += scope.stage_deletions(run, self.integration.id, blueprint, kind).await?;
        }
        let repeated = scope.repeated_items(run, MAX_REPEATED).await?;
        scope.commit().await?;
        self.tell_repeated(&model, &repeated);
        Ok(Plan { model, coverage, kinds, owned, candidates, samples: Samples::default() })
    }

    /// Most often a mapping whose identifier is not one.
    fn tell_repeated(&self, model: &CatalogModel, repeated: &[Repeated]) {
        for one in repeated {
            let blueprint = model.by_no(one.blueprint).map_or("?", |blueprint| blueprint.identifier());
            let message = format!(
                "{} items of the kind make this {blueprint}; they are merged in their order",
                one.times
            );
            let about = About {
                kind: Some(self.kind_name(one.kind)),
                item: Some(&one.identifier),
                ..About::default()
            };
            self.log.about(LogLevel::Warning, &about, &message);
        }
    }

    /// Dry-runs everything that is staged and is not known to fail. Answers whether more failed.
    async fn plan_writes(&self, plan: &mut Plan) -> Step<bool> {
        for kind in &mut plan.kinds {
            kind.counts = KindCounts {
                failed: kind.counts.failed,
                incomplete: kind.counts.incomplete,
                ..KindCounts::default()
            };
        }
        plan.samples = Samples::default();
        let mut failed = false;
        for blueprint in targets_first(&plan.model) {
            let mut after = None;
            loop {
                self.go_on()?;
                let page = self.page(blueprint, after.as_ref(), true).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.place());
                failed |= self.plan_page(plan, &page).await?;
            }
        }
        let mut after = 0;
        loop {
            self.go_on()?;
            let page = self.late_page(after).await?;
            let Some(last) = page.last() else { return Ok(failed) };
            after = last.no;
            failed |= self.plan_page(plan, &page).await?;
        }
    }

    async fn plan_page(&self, plan: &mut Plan, page: &[StagedItem]) -> Step<bool> {
        let mut changes = Vec::with_capacity(page.len());
        for item in page {
            changes.push(self.change(name(&plan.model, item.blueprint), item)?);
        }
        let catalog = &self.own.0.catalog;
        let results = catalog.write_with(&self.ctx, changes, &self.options(true), &Staged(self)).await?;
        let mut verdicts: HashMap<Verdict, Vec<i64>> = HashMap::new();
        let mut spared: BTreeMap<BlueprintNo, BTreeSet<String>> = BTreeMap::new();
        for (item, result) in page.iter().zip(results) {
            let verdict = match result {
                Ok(outcome) => {
                    if plan.candidates > 0 {
                        point_at(&plan.model, &outcome.entity, item.late, &mut spared);
                    }
                    self.count_planned(plan, item, &outcome).await?
                }
                Err(error @ Error::Fault { .. }) => return Err(error.into()),
                Err(error) => {
                    let failure = self.tell_failed(&plan.model, item, &error);
                    if let Some(kind) = plan.kind(item.kind) {
                        kind.counts.failed += 1;
                        kind.counts.incomplete = true;
                        kind.error.get_or_insert(failure);
                    }
                    Verdict::Failed
                }
            };
            verdicts.entry(verdict).or_default().push(item.no);
        }
        let scope = self.write().await?;
        for (verdict, items) in &verdicts {
            scope.set_verdict(self.run.id, *verdict, items).await?;
        }
        for (blueprint, identifiers) in &spared {
            let identifiers: Vec<&str> = identifiers.iter().map(String::as_str).collect();
            plan.candidates -= scope.spare(self.run.id, *blueprint, &identifiers).await?;
        }
        scope.commit().await?;
        Ok(verdicts.contains_key(&Verdict::Failed))
    }

    async fn count_planned(&self, plan: &mut Plan, item: &StagedItem, outcome: &Outcome) -> Result<Verdict> {
        let (verdict, change) = match outcome.kind {
            Kind::Created => (Verdict::Created, "CREATED"),
            Kind::Updated => (Verdict::Updated, "UPDATED"),
            Kind::Unchanged | Kind::Deleted => (Verdict::Unchanged, ""),
        };
        if let Some(kind) = plan.kind(item.kind) {
            match verdict {
                Verdict::Created => kind.counts.created += 1,
                Verdict::Updated => kind.counts.updated += 1,
                _ => kind.counts.unchanged += 1,
            }
        }
        if !change.is_empty() {
            let (model, state) = (plan.model.clone(), &outcome.entity.state);
            let identifier = state.identifier.as_str();
            self.sample(&mut plan.samples, &model, change, item.blueprint, identifier, Some(state)).await?;
        }
        Ok(verdict)
    }

    /// Puts a failed item into the log; answers code and message of its first problem.
    pub(crate) fn tell_failed(
        &self,
        model: &CatalogModel,
        item: &StagedItem,
        error: &Error,
    ) -> (String, String) {
        let blueprint = name(model, item.blueprint);
        let resource = usize::try_from(item.kind).unwrap_or(usize::MAX);
        let public = error.public();
        for problem in &public.0 {
            let place = place::of_entity(&self.mapping, resource, blueprint, problem.path.as_str());
            let about = About {
                kind: Some(self.kind_name(item.kind)),
                item: Some(&item.identifier).filter(|identifier| !identifier.is_empty()).map(String::as_str),
                place: Some(&place),
            };
            let message = format!("{blueprint}: {} {}", problem.code, problem.message);
            self.log.about(LogLevel::Warning, &about, &message);
        }
        let message = public.0.first().map(ToString::to_string).unwrap_or_default();
        (error.code().as_str().to_owned(), message)
    }

    /// The plan stands: what happens next is decided and recorded in one transaction.
    async fn end_plan(&self, plan: Plan) -> Step<bool> {
        let blocked = self.ask_guard(&plan).await?;
        let counts = |of: fn(&KindCounts) -> i64| plan.kinds.iter().map(|kind| of(&kind.counts)).sum::<i64>();
        self.log.say(
            LogLevel::Info,
            &format!(
                "planned: {} to create, {} to update, {} unchanged, {} to delete, {} failed",
                counts(|counts| counts.created),
                counts(|counts| counts.updated),
                counts(|counts| counts.unchanged),
                counts(|counts| counts.deleted),
                counts(|counts| counts.failed)
            ),
        );
        if let Some(blocked) = &blocked {
            self.log.say(LogLevel::Warning, &format!("the guard: {}", blocked.reason));
        }
        let goes_on = blocked.is_none() && !self.run.plan_only;
        {
            let mut progress = self.progress();
            progress.kinds = plan.kinds;
            progress.is_new = true;
            if goes_on {
                // From here on the counts say what was done.
                for kind in &mut progress.kinds {
                    kind.counts.created = 0;
                    kind.counts.updated = 0;
                    kind.counts.deleted = 0;
                }
            }
        }
        let writing = self.writing.lock().await;
        let scope = self.write().await?;
        let run = self.run.id;
        self.write_books(&scope).await?;
        self.progress().is_over = true;
        scope.save_plan(run, blocked.as_ref(), &plan.samples.into_json()).await?;
        if !self.run.plan_only {
            scope.drop_settled_items(run).await?;
            scope.set_phase(run, Phase::Commit).await?;
        }
        let stopped = match blocked.is_some() && !self.run.plan_only {
            true => Some(Ending::record(&scope, run, &self.integration, RunStatus::Blocked, None).await?),
            false => None,
        };
        scope.commit().await?;
        stopped.into_iter().for_each(Ending::tell);
        drop(writing);
        if self.run.plan_only {
            self.finish().await?;
        }
        Ok(goes_on)
    }

    async fn ask_guard(&self, plan: &Plan) -> Step<Option<Blocked>> {
        let planned = self.read().await?.planned_deletions(self.run.id).await?;
        let mut losses: BTreeMap<BlueprintNo, u64> = BTreeMap::new();
        for (_, blueprint, count) in planned {
            *losses.entry(blueprint).or_default() += u64::try_from(count).unwrap_or(0);
        }
        let losses: Vec<Loss<'_>> = losses
            .into_iter()
            .map(|(blueprint, deletions)| Loss {
                blueprint: name(&plan.model, blueprint),
                deletions,
                owned: plan.owned.get(&blueprint).and_then(|count| u64::try_from(*count).ok()).unwrap_or(0),
            })
            .collect();
        Ok(trips(&self.integration.guard, &self.config, &losses))
    }
}

/// What an entity of the run points at is not gone, nor is one that a search query has found.
fn point_at(
    model: &CatalogModel,
    entity: &Entity,
    late: bool,
    spared: &mut BTreeMap<BlueprintNo, BTreeSet<String>>,
) {
    if late {
        spared.entry(entity.blueprint).or_default().insert(entity.state.identifier.clone());
    }
    let Some(blueprint) = model.by_no(entity.blueprint) else { return };
    for relation in &blueprint.relations {
        let targets = entity.state.relations.get(&relation.relation.identifier);
        let targets = targets.into_iter().flat_map(|targets| targets.identifiers());
        spared.entry(relation.target).or_default().extend(targets.map(str::to_owned));
    }
}

pub(crate) fn name(model: &CatalogModel, blueprint: BlueprintNo) -> &str {
    model.by_no(blueprint).map_or("?", |blueprint| blueprint.identifier())
}
