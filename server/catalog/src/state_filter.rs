//! Filters on changes: what subscriptions look at.
//!
//! A change has a state before it and one after it, and a filter is asked of each. What its author wrote, where its relations
//! point and who wrote it when are of the state; relative dates are counted from the change. Computed values, and what related entities are like, are those of now; of an
//! entity that is gone the last computed values are known, and nothing points at it.

use std::collections::{BTreeSet, HashMap, HashSet};

use portolan_schema::filter::{Direction, Quantifier};
use portolan_schema::model::Stamps;
use portolan_schema::rules::{self, Record, Target, World};
use portolan_schema::{
    BlueprintModel, CatalogModel, EntityState, Error, Field, Filter, Meta, PropertyNo, RelationNo, Result,
    Targets,
};
use portolan_store::TenantScope;
use portolan_store::log::LogEntry;
use serde_json::Value;

use crate::asking::settled;
use crate::known::{Known, known};
use crate::{Catalog, OpContext};

/// Whether a filter looks at what follows from a change later: computed values, here or at related entities.
pub fn looks_at_computed(model: &CatalogModel, blueprint: &BlueprintModel, filter: &Filter) -> bool {
    let is_computed = |field: Field| match field {
        Field::Property(no) => blueprint.computed_by_no(no).is_some(),
        Field::Meta(meta) => meta == Meta::Team && blueprint.owner().is_some(),
    };
    match filter {
        Filter::All(parts) | Filter::Any(parts) => {
            parts.iter().any(|part| looks_at_computed(model, blueprint, part))
        }
        Filter::Not(inner) => looks_at_computed(model, blueprint, inner),
        Filter::Related { relation, direction, filter, .. } => {
            other_end(model, *relation, *direction).is_ok_and(|other| looks_at_computed(model, other, filter))
        }
        other => other.field().is_some_and(is_computed),
    }
}

impl Catalog {
    /// For each of these changes of a blueprint's entities, whether the filter holds before it or after it. One read, with
    /// statements in proportion to the filter's conditions on related entities, not to the changes.
    pub async fn holding(
        &self,
        ctx: &OpContext,
        model: &CatalogModel,
        blueprint: &BlueprintModel,
        filter: &Filter,
        entries: &[LogEntry],
    ) -> Result<Vec<bool>> {
        if entries.is_empty() || *filter == Filter::always() {
            return Ok(vec![true; entries.len()]);
        }
        let scope = self.store.read(ctx.tenant()).await?;
        let known = known(&scope, model, entries).await?;
        let mut verdicts = HashMap::new();
        judge(&scope, ctx, model, blueprint, filter, entries, &known, &mut verdicts).await?;
        let holds = |entry: &LogEntry| {
            let Some(known) = known.get(&entry.entity) else { return false };
            let sides = [(&entry.before, false), (&entry.after, true)];
            sides.into_iter().any(|(state, is_after)| {
                state.as_ref().is_some_and(|state| {
                    let stamps = stamps(entry, known, is_after);
                    let side = Side { model, blueprint, entry, state, stamps: &stamps, known };
                    side.holds(filter, &verdicts)
                })
            })
        };
        Ok(entries.iter().map(holds).collect())
    }
}

/// When and by whom a state was made and written.
fn stamps(entry: &LogEntry, known: &Known, is_after: bool) -> Stamps {
    let (created_at, created_by) = (known.created_at, known.created_by.clone());
    let (updated_at, updated_by) = match (&entry.previous, is_after) {
        (Some(previous), false) => (previous.at, previous.actor.clone()),
        (None, false) => (created_at, created_by.clone()),
        (_, true) => (entry.at, entry.actor.clone()),
    };
    Stamps { created_at, created_by, updated_at, updated_by }
}

/// What the database says of one condition on related entities. Conditions are told apart by where they stand.
enum Verdicts {
    /// Of those that a relation may point at, by identifier: who is there, and who of them matches.
    Targets { there: HashSet<String>, matching: HashSet<String> },
    /// The entities for which the condition holds.
    Entities(HashSet<i64>),
}

fn place(filter: &Filter) -> usize {
    std::ptr::from_ref(filter).addr()
}

fn other_end(model: &CatalogModel, relation: RelationNo, direction: Direction) -> Result<&BlueprintModel> {
    let gone = || Error::internal("a filter names a relation that the model does not have");
    let (holder, found) = model.relation(relation).ok_or_else(gone)?;
    match direction {
        Direction::Backward => Ok(holder),
        Direction::Forward => model.by_no(found.target).map(AsRef::as_ref).ok_or_else(gone),
    }
}

/// Asks the database about every condition on related entities, for all changes at once.
#[expect(clippy::too_many_arguments, reason = "what is asked, and of what")]
async fn judge(
    scope: &TenantScope,
    ctx: &OpContext,
    model: &CatalogModel,
    blueprint: &BlueprintModel,
    filter: &Filter,
    entries: &[LogEntry],
    known: &HashMap<i64, Known>,
    verdicts: &mut HashMap<usize, Verdicts>,
) -> Result<()> {
    let mut open = vec![filter];
    while let Some(part) = open.pop() {
        match part {
            Filter::All(parts) | Filter::Any(parts) => open.extend(parts),
            Filter::Not(inner) => open.push(inner),
            Filter::Related { relation, direction: Direction::Forward, quantifier, filter } => {
                let target = other_end(model, *relation, Direction::Forward)?;
                let filter = settled(scope, ctx, model, filter).await?;
                let states = entries.iter().flat_map(|entry| entry.before.iter().chain(&entry.after));
                let names: BTreeSet<&str> =
                    states.flat_map(|state| targets(blueprint, state, *relation)).collect();
                let names: Vec<&str> = names.into_iter().collect();
                let matching = scope.matching_identifiers(model, target, &filter, &names).await?;
                let there = match quantifier {
                    Quantifier::Every => {
                        scope.matching_identifiers(model, target, &Filter::always(), &names).await?
                    }
                    Quantifier::Some | Quantifier::None => HashSet::new(),
                };
                verdicts.insert(place(part), Verdicts::Targets { there, matching });
            }
            Filter::Related { direction: Direction::Backward, .. } | Filter::Chain { .. } => {
                let present = known.values().filter_map(|known| Some(known.present.as_ref()?.id));
                let present: Vec<i64> = present.collect();
                let filter = settled(scope, ctx, model, part).await?;
                let holding = scope.matching(model, blueprint, &filter, &present).await?;
                verdicts.insert(place(part), Verdicts::Entities(holding));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The identifiers that a state's relation points at.
fn targets<'s>(
    blueprint: &BlueprintModel,
    state: &'s EntityState,
    relation: RelationNo,
) -> impl Iterator<Item = &'s str> {
    let name = blueprint.relation_by_no(relation).map(|found| &found.relation.identifier);
    let found = name.and_then(|name| state.relations.get(name));
    found.into_iter().flat_map(Targets::identifiers)
}

/// One side of a change.
struct Side<'a> {
    model: &'a CatalogModel,
    blueprint: &'a BlueprintModel,
    entry: &'a LogEntry,
    state: &'a EntityState,
    stamps: &'a Stamps,
    known: &'a Known,
}

impl Side<'_> {
    fn holds(&self, filter: &Filter, verdicts: &HashMap<usize, Verdicts>) -> bool {
        match filter {
            Filter::All(parts) => parts.iter().all(|part| self.holds(part, verdicts)),
            Filter::Any(parts) => parts.iter().any(|part| self.holds(part, verdicts)),
            Filter::Not(inner) => !self.holds(inner, verdicts),
            Filter::Related { relation, quantifier, .. } => match verdicts.get(&place(filter)) {
                Some(Verdicts::Targets { there, matching }) => {
                    let mut targets = targets(self.blueprint, self.state, *relation);
                    match quantifier {
                        Quantifier::Some => targets.any(|target| matching.contains(target)),
                        Quantifier::None => !targets.any(|target| matching.contains(target)),
                        // One that does not exist (yet) is no related entity.
                        Quantifier::Every => {
                            targets.all(|target| matching.contains(target) || !there.contains(target))
                        }
                    }
                }
                Some(Verdicts::Entities(holding)) if self.known.present.is_some() => {
                    holding.contains(&self.entry.entity)
                }
                // Nothing points at an entity that is gone.
                _ => *quantifier != Quantifier::Some,
            },
            Filter::Chain { .. } => match verdicts.get(&place(filter)) {
                Some(Verdicts::Entities(holding)) => holding.contains(&self.entry.entity),
                _ => false,
            },
            own => rules::matches(self, &self.record(), &own.at(self.entry.at)),
        }
    }

    fn record(&self) -> Record<'_> {
        Record {
            id: self.entry.entity,
            blueprint: self.blueprint,
            state: self.state,
            stamps: self.stamps,
            datasource: self.known.datasource(),
        }
    }
}

/// What the conditions on an entity's own fields look at.
impl World for Side<'_> {
    fn model(&self) -> &CatalogModel {
        self.model
    }

    fn entity(&self, _: i64) -> Option<Record<'_>> {
        None
    }

    fn computed(&self, _: i64, property: PropertyNo) -> Option<&Value> {
        self.known.computed.get(property)
    }

    fn targets(&self, _: i64, relation: RelationNo) -> Vec<Target<'_>> {
        targets(self.blueprint, self.state, relation).map(Target::Pending).collect()
    }

    fn sources(&self, _: i64, _: RelationNo) -> Vec<i64> {
        Vec::new()
    }
}
