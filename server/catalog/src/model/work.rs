//! The entities of a blueprint, seen through a change of the model: what they lose, what they break, which rows they need.

use std::collections::HashSet;

use portolan_schema::{BlueprintModel, CatalogModel, EntityState, Error, Problems, Result};
use portolan_store::TenantScope;
use portolan_store::entity::Entity;
use serde_json::Value;

use super::difference::Work;
use super::fit::Check;

/// One entity through a change.
pub(crate) struct Seen {
    /// As it is to be.
    pub entity: Entity,
    /// Values and relations that it has and that go away.
    pub lost: u64,
    /// Why it does not fit from now on; empty where that was not to be looked at.
    pub problems: Problems,
    /// It does not fit now.
    pub misfit: bool,
}

/// How far one has got.
pub(crate) enum Place {
    Everybody(String),
    Misfits(i64),
}

/// A blueprint's entities between two models.
pub(crate) struct View<'a> {
    pub work: &'a Work,
    model: &'a CatalogModel,
    new_model: &'a CatalogModel,
    old: &'a BlueprintModel,
    new: &'a BlueprintModel,
    /// Whether it matters where relations point: some go away, or some have to point somewhere.
    relations: bool,
}

impl<'a> View<'a> {
    pub(crate) fn new(model: &'a CatalogModel, new_model: &'a CatalogModel, work: &'a Work) -> Result<Self> {
        let of = |model: &'a CatalogModel| {
            let found = model.by_no(work.blueprint).map(AsRef::as_ref);
            found.ok_or_else(|| Error::internal("work was found for a blueprint that is not in the model"))
        };
        let (old, new) = (of(model)?, of(new_model)?);
        let lost = old.relations.iter().any(|relation| new.relation_by_no(relation.no).is_none());
        let required = new.relations.iter().any(|relation| relation.relation.required);
        Ok(Self { work, model, new_model, old, new, relations: lost || required })
    }

    /// The set of those who do not fit now.
    fn old_set(&self) -> i32 {
        self.old.stored.numbers.invalid
    }

    fn new_set(&self) -> i32 {
        self.new.stored.numbers.invalid
    }

    /// Where the work begins.
    pub(crate) fn start(&self) -> Place {
        match self.work.check {
            Check::Misfits if self.work.index.is_empty() => Place::Misfits(i64::MIN),
            _ => Place::Everybody(String::new()),
        }
    }

    /// Whether there is more to look at than `limit` entities.
    pub(crate) async fn exceeds(&self, scope: &TenantScope, limit: usize) -> Result<bool> {
        Ok(match self.start() {
            Place::Misfits(after) => {
                scope.invalid_after(self.old_set(), after, limit + 1).await?.len() > limit
            }
            Place::Everybody(_) => scope.exceeds(self.work.blueprint, limit).await?,
        })
    }

    /// The next entities; none at the end.
    pub(crate) async fn next(
        &self,
        scope: &TenantScope,
        place: &mut Place,
        limit: usize,
    ) -> Result<Vec<Seen>> {
        match place {
            Place::Everybody(after) => {
                let found = scope.entities_after(self.model, self.work.blueprint, after, limit).await?;
                if let Some(last) = found.last() {
                    last.state.identifier.clone_into(after);
                }
                self.see(scope, found).await
            }
            Place::Misfits(after) => {
                let ids = scope.invalid_after(self.old_set(), *after, limit).await?;
                *after = ids.last().copied().unwrap_or(i64::MAX);
                self.see_ids(scope, &ids).await
            }
        }
    }

    pub(crate) async fn see_ids(&self, scope: &TenantScope, ids: &[i64]) -> Result<Vec<Seen>> {
        let found = scope.entities_by_id(self.model, ids).await?;
        self.see(scope, found).await
    }

    async fn see(&self, scope: &TenantScope, mut found: Vec<Entity>) -> Result<Vec<Seen>> {
        if self.relations {
            let mut borrowed: Vec<&mut Entity> = found.iter_mut().collect();
            scope.fill_relations(self.model, &mut borrowed).await?;
        }
        let ids: Vec<i64> = found.iter().map(|entity| entity.id).collect();
        // A set without a number has nobody in it.
        let misfits: HashSet<i64> = match self.old_set() {
            0 => HashSet::new(),
            set => scope.invalid_among(set, &ids).await?,
        };
        Ok(found
            .into_iter()
            .map(|entity| {
                let (state, lost) = self.translate(&entity.state);
                let problems = match self.work.check {
                    Check::Nothing => Problems::default(),
                    Check::Misfits | Check::All => self.new.check_entity(&state),
                };
                let misfit = misfits.contains(&entity.id);
                Seen { entity: Entity { state, ..entity }, lost, problems, misfit }
            })
            .collect())
    }

    /// The state by the new names, and how much of it goes away.
    fn translate(&self, state: &EntityState) -> (EntityState, u64) {
        let mut lost = 0;
        let mut new = EntityState {
            properties: serde_json::Map::new(),
            relations: indexmap::IndexMap::new(),
            ..state.clone()
        };
        for (name, value) in &state.properties {
            let no = self.old.property(name).map(|property| property.no);
            match no.and_then(|no| self.new.own_by_no(no)) {
                Some(property) => {
                    new.properties.insert(property.property.identifier.clone(), value.clone());
                }
                None => lost += u64::from(*value != Value::Null),
            }
        }
        for (name, targets) in &state.relations {
            let no = self.old.relation(name).map(|relation| relation.no);
            match no.and_then(|no| self.new.relation_by_no(no)) {
                Some(relation) => {
                    new.relations.insert(relation.relation.identifier.clone(), targets.clone());
                }
                None => lost += u64::from(!targets.is_empty()),
            }
        }
        (new, lost)
    }

    /// Stores what the new model needs of these entities.
    pub(crate) async fn store(&self, scope: &TenantScope, seen: &[Seen]) -> Result<()> {
        if !self.work.index.is_empty() {
            let entities: Vec<&Entity> = seen.iter().map(|seen| &seen.entity).collect();
            scope.index_properties(self.new_model, &self.work.index, &entities).await?;
        }
        if self.work.check == Check::Nothing {
            return Ok(());
        }
        let (fit, misfit): (Vec<&Seen>, Vec<&Seen>) = seen.iter().partition(|seen| seen.problems.is_empty());
        let ids = |seen: &[&Seen]| -> Vec<i64> { seen.iter().map(|seen| seen.entity.id).collect() };
        if self.new_set() == self.old_set() {
            scope.remove_invalid(self.new_set(), &ids(&fit)).await?;
        }
        scope.add_invalid(self.new_set(), &ids(&misfit)).await
    }

    /// Stores it anew for entities that were written since, some of which may be gone.
    pub(crate) async fn renew(&self, scope: &TenantScope, ids: &[i64]) -> Result<()> {
        scope.unindex_properties(self.work.blueprint, &self.work.index, ids).await?;
        if self.work.check != Check::Nothing {
            scope.remove_invalid(self.new_set(), ids).await?;
        }
        let seen = self.see_ids(scope, ids).await?;
        self.store(scope, &seen).await
    }
}
