//! Deleting entities: who points at them, who cannot do without them, and what becomes of the pointers.

use std::collections::{HashMap, HashSet};

use portolan_schema::{Code, Pointer, Problem, RelationNo, Result, Targets};

use crate::batch::{Batch, Key};

/// How many dependents an error names.
const NAMED: usize = 10;

/// Edges that point at entities: target id → (source id, relation).
#[derive(Default)]
pub(crate) struct IncomingEdges(HashMap<i64, Vec<(i64, RelationNo)>>);

impl IncomingEdges {
    /// Loads the edges of targets that are not loaded yet, and the entities that they come from.
    pub(crate) async fn load(&mut self, batch: &mut Batch<'_>, targets: &[i64]) -> Result<()> {
        let missing: Vec<i64> = targets.iter().copied().filter(|id| !self.0.contains_key(id)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let edges = batch.scope.edges_to(&missing).await?;
        for id in missing {
            self.0.insert(id, Vec::new());
        }
        let mut sources: Vec<i64> = edges.iter().map(|(source, ..)| *source).collect();
        sources.sort_unstable();
        sources.dedup();
        batch.load_ids(&sources).await?;
        for (source, relation, target) in edges {
            self.0.entry(target).or_default().push((source, relation));
        }
        Ok(())
    }

    fn of(&self, target: i64) -> &[(i64, RelationNo)] {
        self.0.get(&target).map_or(&[], Vec::as_slice)
    }
}

impl Batch<'_> {
    /// Deletes an entity, and with `dependents` whatever requires it (of a run: what requires it and is deleted by the
    /// same batch). Relations that merely point at it are unset. Answers the keys of all that go, itself first.
    ///
    /// # Errors
    /// [`Code::HasDependents`] where others require it and `dependents` is false; nothing is changed then.
    pub(crate) async fn delete(
        &mut self,
        incoming: &mut IncomingEdges,
        key: &Key,
        dependents: bool,
    ) -> Result<Vec<Key>> {
        let mut doomed: Vec<Key> = vec![key.clone()];
        let mut unset: Vec<(Key, RelationNo, String)> = Vec::new();
        let mut blockers: Vec<Key> = Vec::new();
        let mut level = vec![key.clone()];
        while !level.is_empty() {
            let ids: Vec<i64> = level.iter().filter_map(|key| self.stored_id(key)).collect();
            incoming.load(self, &ids).await?;
            let mut next = Vec::new();
            for target in &level {
                let Some(id) = self.stored_id(target) else { continue };
                for (source, relation) in incoming.of(id) {
                    let Some(source) = self.key_of(*source).cloned() else { continue };
                    if doomed.contains(&source) {
                        continue;
                    }
                    match self.dependence(&source, *relation, target)? {
                        Dependence::None => {}
                        Dependence::Loose => unset.push((source, *relation, target.1.clone())),
                        Dependence::Required if dependents && self.may_take(&source) => {
                            doomed.push(source.clone());
                            next.push(source);
                        }
                        Dependence::Required => blockers.push(source),
                    }
                }
            }
            level = next;
        }
        if !blockers.is_empty() {
            return Err(self.blocked(key, &blockers).into());
        }
        for key in &doomed {
            if let Some(draft) = self.drafts.get_mut(key) {
                draft.after = None;
            }
        }
        let gone: HashSet<&Key> = doomed.iter().collect();
        for (source, relation, identifier) in unset.iter().filter(|(source, ..)| !gone.contains(source)) {
            self.unset(source, *relation, identifier)?;
        }
        Ok(doomed)
    }

    /// A run deletes only what belongs to its integration; anybody else anything.
    pub(crate) fn may_delete(&self, key: &Key) -> bool {
        let owner = self.drafts.get(key).and_then(|draft| draft.before.as_ref()?.integration);
        self.run.is_none_or(|run| owner == Some(run.integration))
    }

    /// Whether a deletion may take a dependent along: nobody a member, a run only what it deletes anyway.
    fn may_take(&self, key: &Key) -> bool {
        !self.is_member(key) && (self.run.is_none() || self.deleted.contains(key) && self.may_delete(key))
    }

    fn stored_id(&self, key: &Key) -> Option<i64> {
        self.drafts.get(key)?.before.as_ref().map(|before| before.id)
    }

    fn dependence(&self, source: &Key, relation: RelationNo, target: &Key) -> Result<Dependence> {
        let blueprint = self.blueprint(source.0)?;
        let Some(model) = blueprint.relation_by_no(relation) else { return Ok(Dependence::None) };
        let targets = self
            .drafts
            .get(source)
            .and_then(|draft| draft.after.as_ref())
            .and_then(|after| after.relations.get(&model.relation.identifier));
        let Some(targets) = targets else { return Ok(Dependence::None) };
        let others = targets.identifiers().filter(|identifier| *identifier != target.1).count();
        if others == targets.identifiers().count() {
            return Ok(Dependence::None);
        }
        Ok(if model.relation.required && others == 0 { Dependence::Required } else { Dependence::Loose })
    }

    /// Takes a target out of a relation of a draft, whatever the blueprint requires.
    pub(crate) fn unset(&mut self, source: &Key, relation: RelationNo, identifier: &str) -> Result<()> {
        let blueprint = self.blueprint(source.0)?;
        let name = blueprint.relation_by_no(relation).map(|model| model.relation.identifier.clone());
        let after = self.drafts.get_mut(source).and_then(|draft| draft.after.as_mut());
        if let (Some(name), Some(after)) = (name, after)
            && let Some(targets) = after.relations.get_mut(&name)
        {
            match targets {
                Targets::One(one) => drop(one.take_if(|target| target == identifier)),
                Targets::Many(many) => many.retain(|target| target != identifier),
            }
        }
        Ok(())
    }

    fn blocked(&self, key: &Key, blockers: &[Key]) -> Problem {
        let name = |key: &Key| {
            let blueprint = self.model.by_no(key.0).map_or("?", |blueprint| blueprint.identifier());
            format!("{blueprint} \"{}\"", key.1)
        };
        let named: Vec<_> = blockers.iter().take(NAMED).map(name).collect();
        let more = blockers.len().saturating_sub(NAMED);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        let message = format!("{} is required by {}{rest}", name(key), named.join(", "));
        Problem::new(Code::HasDependents, Pointer::root(), message)
    }
}

enum Dependence {
    /// The source does not point there (any more).
    None,
    /// It points there and can do without.
    Loose,
    /// It would lack a required relation.
    Required,
}
