//! What taking a run back makes of one entity. Its versions since the run tell, and nothing else.
//!
//! The entity is to be as if the integration had not written it since then: whatever others have changed is changed all
//! the same. So a value goes back to what it was, unless its last change is somebody else's.

use std::collections::{BTreeMap, BTreeSet};

use portolan_schema::{EntityState, Targets};
use serde_json::Value;

/// One version of an entity, from the first that the run wrote on.
#[derive(Clone, Copy)]
pub(super) struct Change<'v> {
    /// It is the integration's. Of its later runs there are only those that are taken back already, and those that did.
    pub own: bool,
    pub before: Option<&'v EntityState>,
    pub after: Option<&'v EntityState>,
}

/// A part of an entity that changes by itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Title,
    Icon,
    Team,
    Property(String),
    Relation(String),
}

impl Part {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Title => "title",
            Self::Icon => "icon",
            Self::Team => "team",
            Self::Property(name) | Self::Relation(name) => name,
        }
    }
}

#[derive(Debug, PartialEq)]
pub(super) enum Undo {
    /// There is nothing to take back, or it is taken back already.
    Nothing,
    /// The run made it, and others have written it since.
    Keep,
    /// The run made it, and nobody else has touched it.
    Remove,
    /// The run deleted it.
    Restore(EntityState),
    /// The run changed it.
    Set {
        state: EntityState,
        /// What is not as it is now.
        parts: BTreeSet<Part>,
    },
}

/// The parts that are there: what is unset is not.
type Parts = BTreeMap<Part, Value>;

/// What is to be done, and which parts that the run wrote keep what others have made of them since.
pub(super) fn undo(changes: &[Change<'_>]) -> (Undo, BTreeSet<Part>) {
    let (Some(first), Some(last)) = (changes.first(), changes.last()) else {
        return (Undo::Nothing, BTreeSet::new());
    };
    let was_made = first.before.is_none();
    let simple = match last.after {
        None if was_made || !last.own => Some(Undo::Nothing),
        Some(_) if was_made && changes.iter().any(|change| !change.own) => Some(Undo::Keep),
        Some(_) if was_made => Some(Undo::Remove),
        _ => None,
    };
    if let Some(simple) = simple {
        return (simple, BTreeSet::new());
    }
    let mut wanted = parts(first.before);
    let mut writers: BTreeMap<Part, Writers> = BTreeMap::new();
    for change in changes {
        let (before, after) = (parts(change.before), parts(change.after));
        for part in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
            if before.get(part) == after.get(part) {
                continue;
            }
            let writers = writers.entry(part.clone()).or_default();
            writers.own |= change.own;
            writers.last_is_own = change.own;
            if !change.own {
                set(&mut wanted, part, after.get(part));
            }
        }
    }
    let kept = writers.iter().filter(|(_, writers)| writers.own && !writers.last_is_own);
    let kept: BTreeSet<Part> = kept.map(|(part, _)| part.clone()).collect();
    let Some(present) = last.after else {
        let identifier = last.before.map(|before| before.identifier.clone()).unwrap_or_default();
        return (Undo::Restore(state(identifier, wanted)), kept);
    };
    let mut result = parts(Some(present));
    let mut moved = BTreeSet::new();
    for (part, _) in writers.iter().filter(|(_, writers)| writers.last_is_own) {
        if result.get(part) != wanted.get(part) {
            set(&mut result, part, wanted.get(part));
            moved.insert(part.clone());
        }
    }
    if moved.is_empty() {
        return (Undo::Nothing, kept);
    }
    (Undo::Set { state: state(present.identifier.clone(), result), parts: moved }, kept)
}

#[derive(Default)]
struct Writers {
    own: bool,
    last_is_own: bool,
}

fn set(parts: &mut Parts, part: &Part, value: Option<&Value>) {
    match value {
        Some(value) => drop(parts.insert(part.clone(), value.clone())),
        None => drop(parts.remove(part)),
    }
}

fn parts(state: Option<&EntityState>) -> Parts {
    let mut parts = Parts::new();
    let Some(state) = state else { return parts };
    let text = |text: &Option<String>| text.clone().map(Value::from);
    parts.extend(text(&state.title).map(|title| (Part::Title, title)));
    parts.extend(text(&state.icon).map(|icon| (Part::Icon, icon)));
    if !state.team.is_empty() {
        parts.insert(Part::Team, state.team.clone().into());
    }
    for (name, value) in &state.properties {
        parts.insert(Part::Property(name.clone()), value.clone());
    }
    for (name, targets) in state.relations.iter().filter(|(_, targets)| !targets.is_empty()) {
        let targets = match targets {
            Targets::One(one) => one.clone().into(),
            Targets::Many(many) => many.clone().into(),
        };
        parts.insert(Part::Relation(name.clone()), targets);
    }
    parts
}

fn state(identifier: String, parts: Parts) -> EntityState {
    let mut state = EntityState { identifier, ..EntityState::default() };
    let text = |value: Value| value.as_str().map(str::to_owned);
    let list = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    for (part, value) in parts {
        match part {
            Part::Title => state.title = text(value),
            Part::Icon => state.icon = text(value),
            Part::Team => state.team = list(&value),
            Part::Property(name) => drop(state.properties.insert(name, value)),
            Part::Relation(name) => {
                let targets = match value {
                    Value::Array(_) => Targets::Many(list(&value)),
                    one => Targets::One(text(one)),
                };
                state.relations.insert(name, targets);
            }
        }
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn state(value: &Value) -> Option<EntityState> {
        let object = value.as_object()?;
        let mut parts = Parts::new();
        for (name, value) in object {
            let part = match name.as_str() {
                "title" => Part::Title,
                "team" => Part::Team,
                relation if relation.starts_with('r') => Part::Relation(relation.to_owned()),
                property => Part::Property(property.to_owned()),
            };
            parts.insert(part, value.clone());
        }
        Some(super::state("e".into(), parts))
    }

    /// States one after the other, each with who made it: `o` the integration, `x` somebody else.
    fn check(before: Value, changes: &[(char, Value)], expected: Value, kept: &[&str]) {
        let states: Vec<Option<EntityState>> =
            std::iter::once(&before).chain(changes.iter().map(|(_, after)| after)).map(state).collect();
        let changes: Vec<Change<'_>> = changes
            .iter()
            .zip(states.windows(2))
            .map(|((who, _), pair)| Change {
                own: *who == 'o',
                before: pair[0].as_ref(),
                after: pair[1].as_ref(),
            })
            .collect();
        let (undo, found) = undo(&changes);
        let shown = match undo {
            Undo::Nothing => json!("nothing"),
            Undo::Keep => json!("keep"),
            Undo::Remove => json!("remove"),
            Undo::Restore(back) => json!({"restore": parts_json(&back)}),
            Undo::Set { state, .. } => parts_json(&state),
        };
        assert_eq!(shown, expected);
        assert_eq!(found.iter().map(Part::name).collect::<Vec<_>>(), kept);
    }

    fn parts_json(state: &EntityState) -> Value {
        parts(Some(state)).into_iter().map(|(part, value)| (part.name().to_owned(), value)).collect()
    }

    #[test]
    fn values_go_back_unless_somebody_else_wrote_them_last() {
        let none = Value::Null;
        // Untouched since.
        check(
            json!({"a": 1, "title": "T"}),
            &[('o', json!({"a": 2, "b": 3}))],
            json!({"a": 1, "title": "T"}),
            &[],
        );
        // One value was edited, and one that the run never wrote.
        check(
            json!({"a": 1, "b": 1, "c": 1}),
            &[('o', json!({"a": 2, "b": 2, "c": 1})), ('x', json!({"a": 9, "b": 2, "c": 9}))],
            json!({"a": 9, "b": 1, "c": 9}),
            &["a"],
        );
        // Edited between two writes of the run: what was edited comes back.
        check(
            json!({"a": 1}),
            &[('o', json!({"a": 2})), ('x', json!({"a": 3})), ('o', json!({"a": 4}))],
            json!({"a": 3}),
            &[],
        );
        // A null is a value, and an empty relation none.
        check(json!({"a": null, "r": []}), &[('o', json!({"r": ["x"]}))], json!({"a": null}), &[]);
        // Half taken back.
        check(json!({"a": 1}), &[('o', json!({"a": 2})), ('o', json!({"a": 1}))], json!("nothing"), &[]);
        // Everything edited.
        check(json!({"a": 1}), &[('o', json!({"a": 2})), ('x', json!({}))], json!("nothing"), &["a"]);
        // Made: goes, stays or is gone.
        check(none.clone(), &[('o', json!({"a": 1}))], json!("remove"), &[]);
        check(none.clone(), &[('o', json!({})), ('o', json!({"a": 1}))], json!("remove"), &[]);
        check(none.clone(), &[('o', json!({})), ('x', json!({"a": 1}))], json!("keep"), &[]);
        check(none.clone(), &[('o', json!({})), ('x', none.clone())], json!("nothing"), &[]);
        check(none.clone(), &[('o', json!({})), ('o', none.clone())], json!("nothing"), &[]);
        // Deleted: comes back, with what others had made of it by then, unless others deleted it.
        check(
            json!({"a": 1, "b": 1}),
            &[('o', json!({"a": 2, "b": 2})), ('x', json!({"a": 2, "b": 3})), ('o', none.clone())],
            json!({"restore": {"a": 1, "b": 3}}),
            &[],
        );
        check(json!({"a": 1}), &[('o', json!({"a": 2})), ('x', none.clone())], json!("nothing"), &[]);
        // Came back already, and was edited since.
        check(
            json!({"a": 1, "b": 1}),
            &[('o', none), ('o', json!({"a": 1, "b": 1})), ('x', json!({"a": 1, "b": 2}))],
            json!("nothing"),
            &["b"],
        );
    }
}
