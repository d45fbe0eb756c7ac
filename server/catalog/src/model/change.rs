//! A change of a tenant's model in the making: blueprints put or removed, with numbers for all their parts.

use std::collections::HashSet;

use portolan_schema::model::computed::OWNER;
use portolan_schema::model::{Numbers, PropertyNo, RelationNo, Stamps, StoredBlueprint};
use portolan_schema::names::{self, GraphqlNames, NamedBlueprint};
use portolan_schema::{
    Blueprint, BlueprintNo, CatalogModel, Code, Error, Instant, Ownership, Pointer, Problem, Problems, Result,
};

use super::difference::Work;
use super::fit::Check;
use super::follower::Rename;

/// All blueprints of a tenant while they are changed.
pub(crate) struct ModelChange {
    pub stored: Vec<StoredBlueprint>,
    pub next_no: i32,
    pub at: Instant,
    pub actor: String,
    /// Blueprints that have entities.
    pub populated: HashSet<BlueprintNo>,
    /// What was renamed, in order.
    pub renames: Vec<Rename>,
}

impl ModelChange {
    pub(crate) fn take_no(&mut self) -> i32 {
        let no = self.next_no;
        self.next_no += 1;
        no
    }

    pub(crate) fn find(&self, identifier: &str) -> Result<usize> {
        self.stored
            .iter()
            .position(|stored| stored.blueprint.identifier == identifier)
            .ok_or_else(|| Error::not_found(format!("the blueprint \"{identifier}\"")))
    }

    /// Adds a blueprint.
    pub(crate) fn create(&mut self, blueprint: Blueprint) {
        let no = BlueprintNo(self.take_no());
        let stamps = Stamps {
            created_at: self.at,
            created_by: self.actor.clone(),
            updated_at: self.at,
            updated_by: self.actor.clone(),
        };
        let unnumbered = StoredBlueprint {
            no,
            blueprint: blueprint.clone(),
            numbers: Numbers::default(),
            names: GraphqlNames::default(),
            revision: 1,
            stamps,
        };
        let mut numbers = self.number(&blueprint, &unnumbered);
        numbers.invalid = self.take_no();
        self.stored.push(StoredBlueprint { numbers, ..unnumbered });
    }

    /// Replaces a blueprint's definition. Answers false where nothing changes.
    pub(crate) fn replace(&mut self, at: usize, mut blueprint: Blueprint) -> bool {
        let old = self.stored[at].clone();
        if blueprint.graphql.is_none() {
            blueprint.graphql.clone_from(&old.blueprint.graphql);
        }
        if old.blueprint == blueprint {
            return false;
        }
        let numbers = self.number(&blueprint, &old);
        self.stored[at] = StoredBlueprint { numbers, ..self.changed(&old, blueprint) };
        true
    }

    pub(crate) fn changed(&self, old: &StoredBlueprint, blueprint: Blueprint) -> StoredBlueprint {
        StoredBlueprint {
            blueprint,
            revision: old.revision + 1,
            stamps: Stamps { updated_at: self.at, updated_by: self.actor.clone(), ..old.stamps.clone() },
            ..old.clone()
        }
    }

    /// Numbers for every part. What was there keeps its own, unless what is stored under it is not to be read any more:
    /// a property that is stored in another column, a value that is computed in another way.
    fn number(&mut self, blueprint: &Blueprint, old: &StoredBlueprint) -> Numbers {
        let mut numbers = Numbers { invalid: old.numbers.invalid, ..Numbers::default() };
        let had = |identifier: &str| old.numbers.properties.get(identifier).copied();
        for (identifier, property) in &blueprint.properties {
            let before = old.blueprint.properties.get(identifier);
            let no = match (before, had(identifier)) {
                (Some(before), Some(no)) if before.column() == property.column() => no,
                (Some(_), Some(no)) if !self.populated.contains(&old.no) => no,
                (Some(_), Some(no)) => {
                    numbers.former.insert(no, identifier.clone());
                    PropertyNo(self.take_no())
                }
                _ => PropertyNo(self.take_no()),
            };
            numbers.properties.insert(identifier.clone(), no);
        }
        for (no, identifier) in &old.numbers.former {
            if old.blueprint.properties.contains_key(identifier)
                && blueprint.properties.contains_key(identifier)
            {
                numbers.former.insert(*no, identifier.clone());
            }
        }
        numbers.former.sort_keys();
        let inherits = |ownership: &Option<Ownership>| matches!(ownership, Some(Ownership::Inherited { .. }));
        let owner = inherits(&blueprint.ownership).then_some(OWNER);
        for identifier in blueprint.computed.keys().map(String::as_str).chain(owner) {
            let same = match old.blueprint.computed.get(identifier) {
                Some(before) => blueprint.computed.get(identifier).map(|now| &now.kind) == Some(&before.kind),
                None => identifier == OWNER && old.blueprint.ownership == blueprint.ownership,
            };
            let no = had(identifier).filter(|_| same).unwrap_or_else(|| PropertyNo(self.take_no()));
            numbers.properties.insert(identifier.to_owned(), no);
        }
        for identifier in blueprint.relations.keys() {
            let no = old.numbers.relations.get(identifier).copied();
            let no = no.unwrap_or_else(|| RelationNo(self.take_no()));
            numbers.relations.insert(identifier.clone(), no);
        }
        numbers
    }

    /// Gives a new set of misfits to every blueprint whose entities have to be looked at.
    pub(crate) fn number_sets(&mut self, work: &[Work]) {
        for work in work.iter().filter(|work| work.check != Check::Nothing) {
            let no = self.take_no();
            if let Some(stored) = self.stored.iter_mut().find(|stored| stored.no == work.blueprint) {
                stored.numbers.invalid = no;
            }
        }
    }

    /// Chooses names that are missing and compiles the whole.
    ///
    /// # Errors
    /// All problems of the model. Paths begin with the blueprint's identifier, but for the one in `focus`.
    pub(crate) fn compile(&mut self, revision: i64, focus: Option<&str>) -> Result<CatalogModel> {
        self.compile_whole(revision).map_err(|problems| {
            let Some(focus) = focus else { return problems.into() };
            let prefix = Pointer::root().key(focus);
            let inner = |mut problem: Problem| {
                if let Some(rest) = below(&problem.path, &prefix) {
                    problem.path = rest;
                }
                problem
            };
            Problems(problems.into_iter().map(inner).collect()).into()
        })
    }

    fn compile_whole(&mut self, revision: i64) -> Result<CatalogModel, Problems> {
        let named: Vec<NamedBlueprint<'_>> = self
            .stored
            .iter()
            .map(|stored| NamedBlueprint {
                blueprint: &stored.blueprint,
                stored: (!stored.names.type_name.is_empty()).then_some(&stored.names),
            })
            .collect();
        // Relations without a target make no inverse names; compiling reports them, so compile problems come first.
        let names = names::assign(&named);
        if let Ok(names) = &names {
            for (stored, names) in self.stored.iter_mut().zip(names) {
                stored.names.clone_from(names);
            }
        }
        let model = CatalogModel::compile(revision, self.stored.clone());
        match (model, names) {
            (Ok(model), Ok(_)) => Ok(model),
            (Ok(_), Err(problems)) | (Err(problems), Ok(_)) => Err(problems),
            (Err(mut problems), Err(more)) => {
                problems.extend(more);
                Err(problems)
            }
        }
    }
}

/// What follows `prefix` in a path: `/service` is not the beginning of `/services`.
pub(crate) fn below(path: &Pointer, prefix: &Pointer) -> Option<Pointer> {
    let rest = path.as_str().strip_prefix(prefix.as_str())?;
    (rest.is_empty() || rest.starts_with('/')).then(|| Pointer::from_text(rest))
}

pub(crate) fn already_exists(identifier: &str) -> Error {
    let message = format!("there is a blueprint \"{identifier}\" already");
    Error::at(Code::AlreadyExists, Pointer::root().key("identifier"), message)
}
