//! Renaming a part: its own definition, and every place that names it.

use serde_json::{Map, Value};

use super::{Definitions, Part, Place, Reference, calculations, has_property};
use crate::identifier::{self, Kind};
use crate::{Blueprint, Code, Pointer, Problem, Problems};

/// A blueprint that a rename has changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Renamed {
    /// The blueprint's identifier before.
    pub was: String,
    pub blueprint: Blueprint,
}

/// Renames a part. Answers the blueprints that have changed.
///
/// # Errors
/// `NOT_FOUND`; `ALREADY_EXISTS`; what the new identifier lacks; `IN_USE` for every calculation that mentions the part and
/// is more than a plain path to it. Paths begin with a blueprint's identifier.
pub fn rename(blueprints: &[&Blueprint], part: &Part, to: &str) -> Result<Vec<Renamed>, Problems> {
    let definitions = Definitions::new(blueprints.iter().copied());
    check(&definitions, part, to)?;
    let mut problems = Problems::default();
    let mut changed = Vec::new();
    for holder in blueprints {
        let mut found = super::references(&definitions, holder);
        found.retain(|reference| reference.to == *part);
        let is_own = holder.identifier == part.blueprint();
        if found.is_empty() && !is_own {
            continue;
        }
        let mut whole = holder.definition.clone();
        whole.extend(holder.graphql.clone().map(|wishes| ("graphql".to_owned(), wishes)));
        let mut whole = Value::Object(whole);
        for reference in &found {
            if let Err(problem) = apply(&mut whole, reference, part, to) {
                problems.0.push(problem);
            }
        }
        if is_own {
            rename_own(&mut whole, part, to);
        }
        match Blueprint::parse(&whole) {
            Ok(blueprint) => changed.push(Renamed { was: holder.identifier.clone(), blueprint }),
            Err(found) => {
                let outer = Pointer::root().key(&holder.identifier);
                problems.extend(found.into_iter().map(|problem| problem.under(&outer)));
            }
        }
    }
    problems.into_result(changed)
}

fn check(definitions: &Definitions<'_>, part: &Part, to: &str) -> Result<(), Problem> {
    let kind = match part {
        Part::Blueprint(_) => Kind::Blueprint,
        Part::Property { .. } => Kind::Property,
        Part::Relation { .. } => Kind::Relation,
    };
    identifier::check(kind, to, &Pointer::root())?;
    let missing = |what: &str, name: &str| {
        Problem::new(Code::NotFound, Pointer::root(), format!("the {what} \"{name}\" was not found"))
    };
    let taken = || Problem::new(Code::AlreadyExists, Pointer::root(), format!("\"{to}\" exists already"));
    let holder = definitions.get(part.blueprint()).ok_or_else(|| missing("blueprint", part.blueprint()))?;
    let is_taken = match part {
        Part::Blueprint(_) => definitions.get(to).is_some(),
        Part::Property { property, .. } if !has_property(holder, property) => {
            return Err(missing("property", property));
        }
        Part::Relation { relation, .. } if !holder.relations.contains_key(relation) => {
            return Err(missing("relation", relation));
        }
        _ => has_property(holder, to) || holder.relations.contains_key(to),
    };
    if is_taken { Err(taken()) } else { Ok(()) }
}

/// Changes the key of the part's own definition.
fn rename_own(whole: &mut Value, part: &Part, to: &str) {
    let Some(object) = whole.as_object_mut() else { return };
    match part {
        Part::Blueprint(_) => drop(object.insert("identifier".into(), to.into())),
        Part::Relation { relation, .. } => {
            if let Some(relations) = object.get_mut("relations").and_then(Value::as_object_mut) {
                rename_key(relations, relation, to);
            }
        }
        Part::Property { property, .. } => {
            let own = object.get_mut("schema").and_then(|schema| schema.get_mut("properties"));
            if let Some(own) = own.and_then(Value::as_object_mut) {
                rename_key(own, property, to);
            }
            for place in crate::computed::PLACES {
                if let Some(entries) = object.get_mut(place).and_then(Value::as_object_mut) {
                    rename_key(entries, property, to);
                }
            }
        }
    }
}

fn apply(whole: &mut Value, reference: &Reference, part: &Part, to: &str) -> Result<(), Problem> {
    if reference.place == Place::Key {
        rename_entry(whole, &reference.path, part, to);
        return Ok(());
    }
    let Some(Value::String(text)) = whole.pointer_mut(reference.path.as_str()) else { return Ok(()) };
    match reference.place {
        Place::Text => to.clone_into(text),
        Place::Segment(at) => {
            let mut segments: Vec<&str> = text.split('.').collect();
            if let Some(segment) = segments.get_mut(at) {
                *segment = to;
            }
            *text = segments.join(".");
        }
        Place::Mention => {
            let renamed = match part {
                Part::Property { property, .. } => calculations::renamed(text, "properties", property, to),
                Part::Relation { relation, .. } => calculations::renamed(text, "relations", relation, to),
                Part::Blueprint(_) => None,
            };
            *text = renamed.ok_or_else(|| in_use(reference))?;
        }
        Place::Key => {}
    }
    Ok(())
}

fn in_use(reference: &Reference) -> Problem {
    let message = format!(
        "the calculation \"{}\" mentions it, and an expression is not rewritten; change the calculation first",
        reference.name()
    );
    Problem::new(Code::InUse, reference.full_path(), message)
}

/// Renames the key of an entry, which is the part's identifier or, for backward relations, holds it.
fn rename_entry(whole: &mut Value, path: &Pointer, part: &Part, to: &str) {
    let Some((parent, _)) = path.as_str().rsplit_once('/') else { return };
    let Some(entries) = whole.pointer_mut(parent).and_then(Value::as_object_mut) else { return };
    let keys: Vec<String> = entries.keys().cloned().collect();
    for key in keys.iter().filter(|key| Pointer::from_text(parent).key(key) == *path) {
        let renamed = match (part, key.rsplit_once('.')) {
            (Part::Blueprint(_), Some((_, relation))) => format!("{to}.{relation}"),
            (Part::Relation { .. }, Some((blueprint, _))) => format!("{blueprint}.{to}"),
            _ => to.to_owned(),
        };
        rename_key(entries, key, &renamed);
    }
}

/// Renames a key in its place.
pub(super) fn rename_key(map: &mut Map<String, Value>, from: &str, to: &str) {
    let entries = std::mem::take(map);
    map.extend(
        entries
            .into_iter()
            .map(|(key, value)| if key == from { (to.to_owned(), value) } else { (key, value) }),
    );
}
