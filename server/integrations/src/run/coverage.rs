//! Which entries of a mapping fill which blueprints: what can be said to be gone, and what cannot.

use std::collections::{BTreeMap, BTreeSet};

use portolan_schema::mapping::MappingConfig;
use portolan_schema::{BlueprintNo, CatalogModel};
use portolan_store::integration::{KindStatus, RunKind};

pub(crate) struct Coverage(Vec<Filled>);

#[derive(Default)]
struct Filled {
    blueprints: BTreeSet<BlueprintNo>,
    /// Its blueprint is no literal: it may fill any.
    any: bool,
}

impl Coverage {
    /// From what the mapping names, and what was staged.
    pub(crate) fn new(
        config: &MappingConfig,
        model: &CatalogModel,
        staged: &BTreeSet<(i32, BlueprintNo)>,
    ) -> Self {
        let mut filled: Vec<Filled> = Vec::new();
        for resource in &config.resources {
            let mut one = Filled::default();
            for mapping in &resource.mappings {
                match serde_json::from_str::<String>(mapping.blueprint.trim()) {
                    Ok(literal) => one.blueprints.extend(model.get(&literal).map(|blueprint| blueprint.no())),
                    Err(_) => one.any = true,
                }
            }
            filled.push(one);
        }
        for (kind, blueprint) in staged {
            if let Some(one) = usize::try_from(*kind).ok().and_then(|kind| filled.get_mut(kind)) {
                one.blueprints.insert(*blueprint);
            }
        }
        Self(filled)
    }

    /// Whether some entry fills the blueprint.
    pub(crate) fn covers(&self, blueprint: BlueprintNo) -> bool {
        self.0.iter().any(|filled| filled.blueprints.contains(&blueprint))
    }

    /// What an entry fills; None where it may be anything.
    pub(crate) fn of(&self, kind: i32) -> Option<&BTreeSet<BlueprintNo>> {
        let filled = usize::try_from(kind).ok().and_then(|kind| self.0.get(kind))?;
        (!filled.any).then_some(&filled.blueprints)
    }

    /// Of these blueprints those whose missing entities are gone, each with the entry that answers for it: every entry that
    /// fills it is complete, and no incomplete one may fill anything. What no entry fills any more is only gone where an
    /// entry that fills anything could have brought it.
    pub(crate) fn deletable(
        &self,
        kinds: &[RunKind],
        owned: impl Iterator<Item = BlueprintNo>,
    ) -> BTreeMap<BlueprintNo, i32> {
        let complete = |kind: usize| {
            kinds
                .get(kind)
                .is_some_and(|kind| kind.status == KindStatus::Succeeded && !kind.counts.incomplete)
        };
        let all = (0_i32..)
            .zip(0..)
            .zip(&self.0)
            .map(|((ordinal, index), filled)| (ordinal, complete(index), filled));
        let all: Vec<(i32, bool, &Filled)> = all.collect();
        if all.iter().any(|(_, complete, filled)| filled.any && !complete) {
            return BTreeMap::new();
        }
        let anything = all.iter().find(|(.., filled)| filled.any).map(|(ordinal, ..)| *ordinal);
        let everything = all.iter().all(|(_, complete, _)| *complete);
        let mut deletable = BTreeMap::new();
        for blueprint in owned {
            let mut fillers =
                all.iter().filter(|(.., filled)| filled.blueprints.contains(&blueprint)).peekable();
            let answers = match fillers.peek() {
                Some((ordinal, ..)) => {
                    let ordinal = *ordinal;
                    fillers.all(|(_, complete, _)| *complete).then_some(ordinal)
                }
                None => anything.filter(|_| everything),
            };
            deletable.extend(answers.map(|ordinal| (blueprint, ordinal)));
        }
        deletable
    }
}

/// Targets of relations before what points at them, as far as there are no circles.
pub(crate) fn targets_first(model: &CatalogModel) -> Vec<BlueprintNo> {
    fn visit(
        model: &CatalogModel,
        no: BlueprintNo,
        seen: &mut BTreeSet<BlueprintNo>,
        order: &mut Vec<BlueprintNo>,
    ) {
        let Some(blueprint) = model.by_no(no).filter(|_| seen.insert(no)) else { return };
        for relation in &blueprint.relations {
            visit(model, relation.target, seen, order);
        }
        order.push(no);
    }
    let (mut seen, mut order) = (BTreeSet::new(), Vec::new());
    for blueprint in model.blueprints() {
        visit(model, blueprint.no(), &mut seen, &mut order);
    }
    order
}
