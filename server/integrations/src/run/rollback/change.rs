//! What is asked of the catalog for an entity that comes back or goes back.

use std::collections::{HashMap, HashSet};

use portolan_catalog::{Change, EntityWrite, RelationInput, Revived, Target, WriteMode};
use portolan_schema::{BlueprintModel, CatalogModel, EntityState, Instant, Result, Targets};
use portolan_store::integration::{LogLevel, StagedItem};

use super::touched::Touched;
use super::undo::{Part, Undo};
use crate::run::attempt::Attempt;
use crate::run::log::About;

/// Which targets of relations there are, or are still to come.
pub(super) type Present = HashSet<Target>;

/// A state that an entity is to have, and the parts of it that are not as they are now: of one that comes back, all.
pub(super) struct Wanted<'t> {
    pub item: &'t StagedItem,
    pub blueprint: &'t BlueprintModel,
    pub state: &'t EntityState,
    touched: &'t Touched,
}

impl<'t> Wanted<'t> {
    /// None where there is nothing to write.
    pub(super) fn of(
        model: &'t CatalogModel,
        item: &'t StagedItem,
        touched: Option<&'t Touched>,
    ) -> Option<Self> {
        let touched = touched?;
        let blueprint = model.by_no(item.blueprint)?.as_ref();
        match &touched.undo {
            Undo::Restore(state) | Undo::Set { state, .. } => Some(Self { item, blueprint, state, touched }),
            Undo::Nothing | Undo::Keep | Undo::Remove => None,
        }
    }

    /// Targets of the relations that are written.
    fn targets(&self) -> impl Iterator<Item = Target> {
        self.blueprint
            .relations
            .iter()
            .filter(|relation| self.writes(&relation.relation.identifier))
            .flat_map(|relation| {
                let targets = self.state.relations.get(&relation.relation.identifier);
                let targets = targets.into_iter().flat_map(Targets::identifiers);
                targets.map(|identifier| (relation.target, identifier.to_owned()))
            })
    }

    fn writes(&self, relation: &str) -> bool {
        match &self.touched.undo {
            Undo::Set { parts, .. } => parts.contains(&Part::Relation(relation.to_owned())),
            _ => true,
        }
    }

    /// What the catalog is asked, without what it does not have any more. Answers the targets that are left out, too.
    pub(super) fn change(&self, present: &Present) -> (Change, Vec<(String, String)>) {
        let Self { item, blueprint, state, touched } = self;
        let mut write = EntityWrite {
            blueprint: blueprint.identifier().to_owned(),
            identifier: Some(state.identifier.clone()),
            title: Some(state.title.clone()),
            icon: Some(state.icon.clone()),
            team: Some(state.team.clone()),
            ..EntityWrite::default()
        };
        for property in &blueprint.properties {
            let name = &property.property.identifier;
            if let Some(value) = state.properties.get(name) {
                write.properties.insert(name.clone(), value.clone());
            }
        }
        let mut lost = Vec::new();
        for relation in &blueprint.relations {
            let name = &relation.relation.identifier;
            let Some(targets) = state.relations.get(name) else { continue };
            let mut kept: Vec<String> = Vec::new();
            for target in targets.identifiers() {
                if !self.writes(name) || present.contains(&(relation.target, target.to_owned())) {
                    kept.push(target.to_owned());
                } else {
                    lost.push((name.clone(), target.to_owned()));
                }
            }
            let input = match (relation.relation.many, kept.pop()) {
                (false, Some(last)) => RelationInput::One(last),
                (_, None) => RelationInput::Unset,
                (true, Some(last)) => {
                    kept.push(last);
                    RelationInput::Many(kept)
                }
            };
            write.relations.insert(name.clone(), input);
        }
        let mode = match &touched.undo {
            Undo::Restore(_) => {
                let (created_at, created_by) = touched.birth.clone().unwrap_or((Instant(0), String::new()));
                let revision = touched.revision;
                write.revives = Some(Revived { id: item.no, revision, created_at, created_by });
                WriteMode::Create
            }
            _ => {
                write.if_revision = Some(touched.revision);
                WriteMode::Replace
            }
        };
        (Change::Write(mode, Box::new(write)), lost)
    }
}

impl Attempt {
    /// Which targets of what is to be written there are, or are staged to come back.
    pub(super) async fn present_targets(&self, wanted: &[Wanted<'_>]) -> Result<Present> {
        let mut asked: HashMap<_, HashSet<String>> = HashMap::new();
        for (blueprint, identifier) in wanted.iter().flat_map(Wanted::targets) {
            asked.entry(blueprint).or_default().insert(identifier);
        }
        let scope = self.read().await?;
        let mut present = Present::new();
        for (blueprint, identifiers) in &asked {
            let identifiers: Vec<&str> = identifiers.iter().map(String::as_str).collect();
            let there = scope.entity_ids(*blueprint, &identifiers).await?.into_keys();
            let to_come = scope.staged_identifiers(self.run.id, *blueprint, &identifiers).await?;
            present.extend(there.chain(to_come).map(|identifier| (*blueprint, identifier)));
        }
        Ok(present)
    }

    /// Says what is not taken back of an entity, and why.
    pub(super) fn tell_kept(&self, blueprint: &str, identifier: &str, message: &str) {
        let about = About { kind: Some(blueprint), item: Some(identifier), ..About::default() };
        self.log.about(LogLevel::Warning, &about, message);
    }
}
