//! One entity in the middle of being written: its state before and after, and how a write changes it.

use indexmap::IndexMap;
use portolan_schema::{BlueprintModel, Code, EntityState, Pointer, Problem, Problems, Targets, identifier};
use portolan_store::entity::Entity;

use crate::change::{EntityWrite, RelationInput, Revived, WriteMode};

/// An entity of a batch.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    /// As stored, relations filled; None where it is new.
    pub before: Option<Entity>,
    /// As it is to be; None where it does not exist (any more).
    pub after: Option<EntityState>,
    /// Made only because a relation points at it: it may lack required values.
    pub bare: bool,
    /// Whether an edge of what is stored waits for its target.
    pub waits: bool,
    /// Who comes back, where it is new and does.
    pub revives: Option<Revived>,
}

impl Draft {
    pub(crate) fn absent() -> Self {
        Self { before: None, after: None, bare: false, waits: false, revives: None }
    }

    pub(crate) fn stored(entity: Entity, waits: bool) -> Self {
        let after = Some(entity.state.clone());
        Self { before: Some(entity), after, bare: false, waits, revives: None }
    }

    pub(crate) fn is_changed(&self) -> bool {
        match (&self.before, &self.after) {
            (None, None) => false,
            (Some(before), Some(after)) => !before.state.is_same(after),
            _ => true,
        }
    }
}

/// The state that `write` makes of `present`.
///
/// # Errors
/// All problems: existence against the mode, unknown names, types, required values.
pub(crate) fn apply(
    blueprint: &BlueprintModel,
    present: Option<&EntityState>,
    identifier: &str,
    mode: WriteMode,
    write: &EntityWrite,
) -> Result<EntityState, Problems> {
    let what = || format!("the {} \"{identifier}\"", blueprint.identifier());
    match (mode, present) {
        (WriteMode::Create, Some(_)) => {
            let message = format!("{} exists already", what());
            return Err(Problem::new(Code::AlreadyExists, Pointer::root().key("identifier"), message).into());
        }
        (WriteMode::Update, None) => {
            let message = format!("{} was not found", what());
            return Err(Problem::new(Code::NotFound, Pointer::root().key("identifier"), message).into());
        }
        _ => {}
    }
    let mut problems = Problems::default();
    let kept = if mode == WriteMode::Replace { None } else { present };
    let mut state = kept.cloned().unwrap_or_default();
    let new_identifier = write.rename.as_deref().unwrap_or(identifier);
    let kind = identifier::Kind::of_entity(blueprint.identifier());
    if let Err(problem) = identifier::check(kind, new_identifier, &Pointer::root().key("identifier")) {
        problems.0.push(problem);
    }
    new_identifier.clone_into(&mut state.identifier);
    if let Some(title) = &write.title {
        check_text(title.as_deref(), "title", &mut problems);
        state.title.clone_from(title);
    }
    if let Some(icon) = &write.icon {
        check_text(icon.as_deref(), "icon", &mut problems);
        state.icon.clone_from(icon);
    }
    if let Some(team) = &write.team {
        team.iter().for_each(|team| check_text(Some(team), "team", &mut problems));
        state.team = unique(team);
    }
    for (key, value) in &write.properties {
        state.properties.insert(key.clone(), value.clone());
    }
    if present.is_none() && write.revives.is_none() {
        for property in &blueprint.properties {
            if let Some(default) = &property.property.default
                && !state.properties.contains_key(&property.property.identifier)
            {
                state.properties.insert(property.property.identifier.clone(), default.clone());
            }
        }
    }
    set_relations(blueprint, write, &mut state, &mut problems);
    problems.extend(blueprint.check_properties(&state.properties));
    for missing in blueprint.missing_relations(&state) {
        let below = format!("{}/", missing.path);
        let told = |found: &Problem| found.path == missing.path || found.path.as_str().starts_with(&below);
        if !problems.0.iter().any(told) {
            problems.0.push(missing);
        }
    }
    problems.into_result(state)
}

/// A bare entity for a relation that points at nothing yet.
pub(crate) fn bare(blueprint: &BlueprintModel, identifier: &str) -> EntityState {
    let mut state = EntityState { identifier: identifier.to_owned(), ..EntityState::default() };
    state.relations = arranged(blueprint, &mut IndexMap::new());
    state
}

fn set_relations(
    blueprint: &BlueprintModel,
    write: &EntityWrite,
    state: &mut EntityState,
    problems: &mut Problems,
) {
    let path = Pointer::root().key("relations");
    for (name, input) in &write.relations {
        let Some(model) = blueprint.relation(name) else {
            let message = format!("the blueprint \"{}\" has no relation \"{name}\"", blueprint.identifier());
            problems.add(Code::UnknownProperty, path.key(name), message);
            continue;
        };
        let targets = match (input, model.relation.many) {
            (RelationInput::Unset, true) => Targets::Many(Vec::new()),
            (RelationInput::Unset, false) => Targets::One(None),
            (RelationInput::One(target), false) => Targets::One(Some(target.clone())),
            // A single identifier for a to-many relation, as some clients send.
            (RelationInput::One(target), true) => Targets::Many(vec![target.clone()]),
            (RelationInput::Many(targets), true) => Targets::Many(unique(targets)),
            (RelationInput::Many(_), false) => {
                let message = format!("the relation \"{name}\" points at one entity, not at a list");
                problems.add(Code::WrongType, path.key(name), message);
                continue;
            }
            (RelationInput::Search(_), _) => {
                problems.add(Code::BadRequest, path.key(name), "the search query was not resolved");
                continue;
            }
        };
        let kind = identifier::Kind::of_entity(&model.relation.target);
        for (index, target) in targets.identifiers().enumerate() {
            let at = if model.relation.many { path.key(name).index(index) } else { path.key(name) };
            if let Err(problem) = identifier::check(kind, target, &at) {
                problems.0.push(problem);
            }
        }
        state.relations.insert(name.clone(), targets);
    }
    state.relations = arranged(blueprint, &mut state.relations);
}

/// Every relation of the blueprint, in its order; what the blueprint does not have is dropped.
fn arranged(
    blueprint: &BlueprintModel,
    relations: &mut IndexMap<String, Targets>,
) -> IndexMap<String, Targets> {
    blueprint
        .relations
        .iter()
        .map(|model| {
            let name = &model.relation.identifier;
            let unset = || if model.relation.many { Targets::Many(Vec::new()) } else { Targets::One(None) };
            (name.clone(), relations.swap_remove(name).unwrap_or_else(unset))
        })
        .collect()
}

fn check_text(text: Option<&str>, key: &str, problems: &mut Problems) {
    if text.is_some_and(|text| text.contains('\0')) {
        problems.add(Code::NulCharacter, Pointer::root().key(key), "a text may not hold a NUL character");
    }
}

fn unique(items: &[String]) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    items.iter().filter(|item| seen.insert(item.as_str())).cloned().collect()
}
