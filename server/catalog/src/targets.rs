//! The targets of relations: which exist, which are missing, and the edges that follow.

use std::collections::{HashMap, HashSet};

use portolan_schema::{BlueprintNo, Code, EntityState, Pointer, Problem, Problems, Result, system};
use portolan_store::entity_write::Edge;

use crate::batch::{Batch, Key};
use crate::companion::Target;
use crate::draft::{self, Draft};

/// Ids of stored entities outside of the batch that its relations point at.
pub(crate) type StoredTargets = HashMap<Key, i64>;

impl Batch<'_> {
    /// Looks up every target that is not in the batch itself: one statement a target blueprint.
    pub(crate) async fn stored_targets(&self) -> Result<StoredTargets> {
        let present = self.present();
        let mut wanted: HashMap<BlueprintNo, HashSet<&str>> = HashMap::new();
        for (key, draft) in self.drafts.iter().filter(|(_, draft)| draft.is_changed()) {
            let Some(after) = &draft.after else { continue };
            for target in self.targets_of(key.0, after)? {
                let known = present.contains_key(&(target.blueprint, target.identifier));
                if !known && !self.vanished(target.blueprint, target.identifier) {
                    wanted.entry(target.blueprint).or_default().insert(target.identifier);
                }
            }
        }
        let mut found = StoredTargets::new();
        for (blueprint, identifiers) in wanted {
            let identifiers: Vec<&str> = identifiers.into_iter().collect();
            let ids = self.scope.entity_ids(blueprint, &identifiers).await?;
            found.extend(ids.into_iter().map(|(identifier, id)| ((blueprint, identifier), id)));
        }
        Ok(found)
    }

    /// What each changed draft points at that does not exist. `expected` is still to come; what a stored edge waits for
    /// already is waited for further.
    pub(crate) fn missing_targets(
        &self,
        stored: &StoredTargets,
        expected: Option<&HashSet<Target>>,
    ) -> Result<Vec<(Key, Vec<Missing>)>> {
        let present = self.present();
        let mut all = Vec::new();
        for (key, draft) in self.drafts.iter().filter(|(_, draft)| draft.is_changed()) {
            let Some(after) = &draft.after else { continue };
            let mut missing = Vec::new();
            for target in self.targets_of(key.0, after)? {
                let target_key = (target.blueprint, target.identifier.to_owned());
                let there = present.contains_key(&(target.blueprint, target.identifier))
                    || stored.contains_key(&target_key)
                    || expected.is_some_and(|expected| expected.contains(&target_key))
                    || self.waits(draft, &target);
                if !there {
                    missing.push(Missing {
                        path: target.path,
                        blueprint: target.blueprint,
                        identifier: target.identifier.to_owned(),
                    });
                }
            }
            if !missing.is_empty() {
                all.push((key.clone(), missing));
            }
        }
        Ok(all)
    }

    /// Whether an edge of the stored entity waits for this target already.
    fn waits(&self, draft: &Draft, target: &TargetRef<'_>) -> bool {
        let had = draft.before.as_ref().and_then(|before| before.state.relations.get(target.relation));
        had.is_some_and(|had| had.identifiers().any(|identifier| identifier == target.identifier))
            && !self.vanished(target.blueprint, target.identifier)
    }

    /// Makes bare entities for missing targets.
    pub(crate) fn create_bare(&mut self, missing: &[Missing]) -> Result<()> {
        for target in missing {
            let blueprint = self.blueprint(target.blueprint)?;
            let key = (target.blueprint, target.identifier.clone());
            let state = draft::bare(blueprint, &target.identifier);
            let draft = self.drafts.entry(key).or_insert_with(Draft::absent);
            draft.after = Some(state);
            draft.bare = true;
        }
        Ok(())
    }

    /// Of missing targets, those that are never made bare: a person or a team is not made by being pointed at.
    pub(crate) fn never_bare(&self, missing: &[(Key, Vec<Missing>)]) -> Vec<(Key, Vec<Missing>)> {
        let refused = |targets: &Vec<Missing>| -> Vec<Missing> {
            targets.iter().filter(|target| self.is_system(target.blueprint)).cloned().collect()
        };
        let all = missing.iter().map(|(key, targets)| (key.clone(), refused(targets)));
        all.filter(|(_, targets)| !targets.is_empty()).collect()
    }

    /// # Errors
    /// `RELATION_TARGET_NOT_FOUND` for what is never made bare.
    pub(crate) fn refuse_bare(&self, key: &Key) -> Result<(), Problems> {
        let target = Missing { path: Pointer::root(), blueprint: key.0, identifier: key.1.clone() };
        if self.is_system(key.0) { Err(self.missing_problems(&[target])) } else { Ok(()) }
    }

    fn is_system(&self, blueprint: BlueprintNo) -> bool {
        self.model.by_no(blueprint).is_some_and(|blueprint| system::is_system(blueprint.identifier()))
    }

    /// The problems that missing targets are where none may be made.
    pub(crate) fn missing_problems(&self, missing: &[Missing]) -> Problems {
        let mut problems = Problems::default();
        for target in missing {
            let blueprint =
                self.model.by_no(target.blueprint).map_or("?", |blueprint| blueprint.identifier());
            let message = format!("there is no {blueprint} \"{}\"", target.identifier);
            problems.0.push(Problem::new(Code::RelationTargetNotFound, target.path.clone(), message));
        }
        problems
    }

    /// The edges of a state. `ids` knows every entity of the batch.
    pub(crate) fn edges(
        &self,
        blueprint: BlueprintNo,
        state: &EntityState,
        ids: &HashMap<(BlueprintNo, &str), i64>,
        stored: &StoredTargets,
    ) -> Result<Vec<Edge>> {
        let holder = self.blueprint(blueprint)?;
        let mut edges = Vec::new();
        for relation in &holder.relations {
            let Some(targets) = state.relations.get(&relation.relation.identifier) else { continue };
            for (ordinal, identifier) in (0..).zip(targets.identifiers()) {
                let id = ids
                    .get(&(relation.target, identifier))
                    .or_else(|| stored.get(&(relation.target, identifier.to_owned())))
                    .copied();
                let target = id.ok_or_else(|| identifier.to_owned());
                edges.push(Edge { relation: relation.no, ordinal, target });
            }
        }
        Ok(edges)
    }

    fn targets_of<'s>(
        &'s self,
        blueprint: BlueprintNo,
        state: &'s EntityState,
    ) -> Result<Vec<TargetRef<'s>>> {
        let holder = self.blueprint(blueprint)?;
        let mut found = Vec::new();
        for relation in &holder.relations {
            let name = &relation.relation.identifier;
            let Some(targets) = state.relations.get(name) else { continue };
            let path = Pointer::root().key("relations").key(name);
            for (index, identifier) in targets.identifiers().enumerate() {
                let path = if relation.relation.many { path.index(index) } else { path.clone() };
                found.push(TargetRef { relation: name, path, blueprint: relation.target, identifier });
            }
        }
        Ok(found)
    }
}

struct TargetRef<'s> {
    relation: &'s str,
    path: Pointer,
    blueprint: BlueprintNo,
    identifier: &'s str,
}

/// A target that does not exist.
#[derive(Debug, Clone)]
pub(crate) struct Missing {
    pub path: Pointer,
    pub blueprint: BlueprintNo,
    pub identifier: String,
}

impl Missing {
    pub(crate) fn key(&self) -> Target {
        (self.blueprint, self.identifier.clone())
    }
}
