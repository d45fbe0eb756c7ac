//! What is gone: own entities that the run has not seen, and what goes along with them.
//!
//! An entity that another requires stays, unless that one goes too. With `deleteDependentEntities`, entities of the
//! integration that no entry of the mapping fills any more go along; what the source still has, what could not be read
//! whole, and what belongs to others never does.

use std::collections::{BTreeSet, HashMap, HashSet};

use portolan_catalog::{MAX_CHANGES, Target};
use portolan_schema::{CatalogModel, Code, Result};
use portolan_store::TenantScope;
use portolan_store::integration::{Gone, Holder, LogLevel, Verdict};

use super::attempt::{Attempt, Step};
use super::log::About;
use super::plan::{Plan, Staged, name};
use super::required::{Going, Required};

/// Deletions of a kind and blueprint that are shown.
const SHOWN: usize = 3;

impl Attempt {
    /// Decides which deletions can be, and counts them.
    pub(crate) async fn plan_deletions(&self, plan: &mut Plan) -> Step<()> {
        if plan.candidates == 0 {
            return Ok(());
        }
        let run = self.run.id;
        let scope = self.write().await?;
        let deletable = plan.coverage.deletable(&plan.kinds, plan.owned.keys().copied());
        for blueprint in plan.owned.keys().filter(|blueprint| !deletable.contains_key(blueprint)) {
            scope.spare_all(run, *blueprint).await?;
        }
        // What stays may itself require what was to go, so this goes on until nothing changes.
        while self.look_through(&scope, plan).await? {}
        let planned = scope.planned_deletions(run).await?;
        scope.commit().await?;
        for (ordinal, blueprint, count) in planned {
            if let Some(kind) = plan.kind(ordinal) {
                kind.counts.deleted += count;
            }
            for gone in self.read().await?.deletions(run, blueprint, SHOWN).await? {
                let model = plan.model.clone();
                self.sample(&mut plan.samples, &model, "DELETED", blueprint, &gone.identifier, None).await?;
            }
        }
        Ok(())
    }

    /// Looks once at everything that is to go. Answers whether something changed.
    async fn look_through(&self, scope: &TenantScope, plan: &mut Plan) -> Step<bool> {
        let run = self.run.id;
        let required = Required::of(&plan.model);
        let mut after = i64::MIN;
        let mut changed = false;
        loop {
            let page = scope.deletions_after(run, after, MAX_CHANGES).await?;
            let Some(last) = page.last() else { return Ok(changed) };
            after = last.no;
            let targets: Vec<i64> = page.iter().map(Gone::entity).collect();
            let mut held: HashMap<i64, Vec<i64>> = HashMap::new();
            for (source, target) in required.lacking(scope, &targets, Going::Staged(run)).await? {
                held.entry(target).or_default().push(source);
            }
            let sources: BTreeSet<i64> = held.values().flatten().copied().collect();
            let sources: Vec<i64> = sources.into_iter().collect();
            let holders = scope.holders(&sources).await?;
            let written = self.are_written(scope, &holders).await?;
            let holders: HashMap<i64, Holder> = holders
                .into_iter()
                .filter(|holder| !written.contains(&(holder.blueprint, holder.identifier.clone())))
                .map(|holder| (holder.entity, holder))
                .collect();
            for gone in &page {
                let sources = held.get(&gone.entity()).into_iter().flatten();
                let holders: Vec<&Holder> = sources.filter_map(|source| holders.get(source)).collect();
                changed |= self.decide(scope, plan, gone, &holders).await?;
            }
        }
    }

    /// What the run writes has the relations of its new state, which do not point at what is gone.
    async fn are_written(&self, scope: &TenantScope, holders: &[Holder]) -> Result<HashSet<Target>> {
        let targets: Vec<Target> =
            holders.iter().map(|holder| (holder.blueprint, holder.identifier.clone())).collect();
        Staged(self).among(scope, &targets).await
    }

    /// Takes the holders along, or lets the entity stay. Answers whether something changed.
    async fn decide(
        &self,
        scope: &TenantScope,
        plan: &mut Plan,
        gone: &Gone,
        holders: &[&Holder],
    ) -> Result<bool> {
        let goes_along = |holder: &Holder| {
            let own = holder.integration == Some(self.integration.id);
            self.config.delete_dependents && own && !plan.coverage.covers(holder.blueprint)
        };
        if let Some(holder) = holders.iter().find(|holder| !goes_along(holder)) {
            scope.set_verdict(self.run.id, Verdict::Failed, &[gone.no]).await?;
            let holder = format!("{} \"{}\"", name(&plan.model, holder.blueprint), holder.identifier);
            let error = self.tell_held(&plan.model, gone, &holder);
            if let Some(kind) = plan.kind(gone.kind) {
                kind.counts.failed += 1;
                kind.error.get_or_insert(error);
            }
            return Ok(true);
        }
        for holder in holders {
            let along = Gone {
                no: -holder.entity,
                kind: gone.kind,
                blueprint: holder.blueprint,
                identifier: holder.identifier.clone(),
            };
            scope.stage_deletion(self.run.id, &along).await?;
        }
        Ok(!holders.is_empty())
    }

    fn tell_held(&self, model: &CatalogModel, gone: &Gone, holder: &str) -> (String, String) {
        let blueprint = name(model, gone.blueprint);
        let message = format!("{blueprint}: the source does not have it any more, but {holder} requires it");
        let about =
            About { kind: Some(self.kind_name(gone.kind)), item: Some(&gone.identifier), ..About::default() };
        self.log.about(LogLevel::Warning, &about, &message);
        (Code::HasDependents.as_str().to_owned(), message)
    }
}
