//! What a change of the model means for what is stored: parts that go away, changes that rows forbid, rows to be made.

use std::collections::{HashMap, HashSet};

use portolan_schema::model::Numbers;
use portolan_schema::{BlueprintNo, Pointer, PropertyNo, Relation, RelationNo, StoredBlueprint};
use portolan_store::retired::{PartKind, RetiredPart};
use serde::{Deserialize, Serialize};

use super::fit::{self, Check};

/// The difference between the blueprints before and after.
#[derive(Debug, Default)]
pub(crate) struct Difference {
    /// New and changed blueprints.
    pub changed: Vec<StoredBlueprint>,
    pub removed: Vec<StoredBlueprint>,
    /// Numbers that are not used any more.
    pub retired: Vec<RetiredPart>,
    pub guards: Vec<Guard>,
    pub work: Vec<Work>,
}

/// What must not be there, for the change to be allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Guard {
    /// The type of a property of a blueprint with entities has changed.
    Type { path: Pointer },
    /// The relation must have no edges: its target or cardinality has changed.
    NoEdges { blueprint: BlueprintNo, no: RelationNo, path: Pointer },
}

/// What has to be done with the entities of a blueprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Work {
    pub blueprint: BlueprintNo,
    /// Properties whose value rows have to be made, by their new numbers.
    pub index: Vec<PropertyNo>,
    /// Whose fit has to be looked at.
    pub check: Check,
}

impl Difference {
    /// Compares all blueprints of a tenant. Paths of guards begin with the blueprint's identifier.
    pub(crate) fn between(
        before: &[StoredBlueprint],
        after: &[StoredBlueprint],
        populated: &HashSet<BlueprintNo>,
    ) -> Self {
        let mut difference = Self::default();
        let old: HashMap<BlueprintNo, &StoredBlueprint> =
            before.iter().map(|stored| (stored.no, stored)).collect();
        let targets = [numbers_by_name(before), numbers_by_name(after)];
        let live: HashSet<BlueprintNo> = after.iter().map(|stored| stored.no).collect();
        for stored in after {
            match old.get(&stored.no) {
                Some(before) if *before == stored => {}
                Some(before) => {
                    difference.changed.push(stored.clone());
                    difference.retire(before, Some(stored));
                    if populated.contains(&stored.no) {
                        difference.compare(before, stored, &targets);
                    }
                }
                None => difference.changed.push(stored.clone()),
            }
        }
        for stored in before.iter().filter(|stored| !live.contains(&stored.no)) {
            difference.removed.push(stored.clone());
            difference.retire(stored, None);
        }
        difference
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.removed.is_empty()
    }

    fn retire(&mut self, before: &StoredBlueprint, after: Option<&StoredBlueprint>) {
        let blueprint = before.no;
        let live = after.map(numbers_of).unwrap_or_default();
        let mut part = |no: i32, kind: PartKind, identifier: &str| {
            if no != 0 && !live.contains(&no) {
                let identifier = identifier.to_owned();
                self.retired.push(RetiredPart { no, blueprint, kind, identifier });
            }
        };
        let Numbers { properties, relations, invalid, .. } = &before.numbers;
        for (name, no) in properties {
            part(no.0, PartKind::Property, name);
        }
        for (name, no) in relations {
            part(no.0, PartKind::Relation, name);
        }
        part(*invalid, PartKind::InvalidSet, "");
        if after.is_none() {
            part(blueprint.0, PartKind::Blueprint, &before.blueprint.identifier);
        }
    }

    /// `targets` are the numbers of blueprints by identifier, before and after.
    fn compare(
        &mut self,
        before: &StoredBlueprint,
        after: &StoredBlueprint,
        targets: &[HashMap<&str, BlueprintNo>; 2],
    ) {
        let blueprint = after.no;
        let root = Pointer::root().key(&after.blueprint.identifier);
        let mut index = Vec::new();
        for (name, property) in &after.blueprint.properties {
            let Some(no) = after.numbers.properties.get(name).copied() else { continue };
            let Some(was) = origin(before, after, name, no) else { continue };
            let Some(was) = before.blueprint.properties.get(was) else { continue };
            if was.value_type.json_type() != property.value_type.json_type() {
                let path = root.key("schema").key("properties").key(name).key("type");
                self.guards.push(Guard::Type { path });
            } else if was.column() != property.column() && property.column().is_some() {
                index.push(no);
            }
        }
        for (name, relation) in &after.blueprint.relations {
            let Some(no) = after.numbers.relations.get(name).copied() else { continue };
            let was = before.numbers.relations.iter().find(|(_, old)| **old == no);
            let was = was.and_then(|(name, _)| before.blueprint.relations.get(name));
            let moved = |was: &Relation| {
                targets[0].get(was.target.as_str()) != targets[1].get(relation.target.as_str())
            };
            if was.is_some_and(|was| moved(was) || was.many != relation.many) {
                self.guards.push(Guard::NoEdges { blueprint, no, path: root.key("relations").key(name) });
            }
        }
        let check = match fit::check(before, after) {
            // Nobody is known who does not fit.
            Check::Misfits if before.numbers.invalid == 0 => Check::Nothing,
            check => check,
        };
        if !index.is_empty() || check != Check::Nothing {
            self.work.push(Work { blueprint, index, check });
        }
    }
}

fn numbers_by_name(all: &[StoredBlueprint]) -> HashMap<&str, BlueprintNo> {
    all.iter().map(|stored| (stored.blueprint.identifier.as_str(), stored.no)).collect()
}

fn numbers_of(stored: &StoredBlueprint) -> HashSet<i32> {
    let Numbers { properties, relations, invalid, .. } = &stored.numbers;
    let properties = properties.values().map(|no| no.0);
    properties.chain(relations.values().map(|no| no.0)).chain([*invalid]).collect()
}

/// The name that a property had before the change.
pub(super) fn origin<'a>(
    before: &'a StoredBlueprint,
    after: &StoredBlueprint,
    name: &str,
    no: PropertyNo,
) -> Option<&'a String> {
    let held =
        |no: &PropertyNo| before.numbers.properties.iter().find(|(_, old)| *old == no).map(|(name, _)| name);
    let former = after.numbers.former.iter().rev().filter(|(_, of)| of.as_str() == name);
    held(&no).or_else(|| former.map(|(no, _)| no).find_map(held))
}
