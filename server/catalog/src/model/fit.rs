//! Whether entities that fit a blueprint still fit it after a change, as far as the definitions tell.

use portolan_schema::{SILENT_KEYS, StoredBlueprint};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::difference::origin;

/// Which entities have to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Check {
    Nothing,
    /// Those that do not fit now: they may fit from now on, the others do in any case.
    Misfits,
    All,
}

/// Compares the rules for values of two versions of a blueprint.
pub(super) fn check(before: &StoredBlueprint, after: &StoredBlueprint) -> Check {
    let mut check = Check::Nothing;
    let mut kept = Vec::new();
    let mut required = Vec::new();
    for (name, property) in &after.blueprint.properties {
        let no = after.numbers.properties.get(name).copied();
        let was = no.and_then(|no| origin(before, after, name, no));
        let is_required = after.blueprint.required.contains(name);
        let was_required = was.is_some_and(|was| before.blueprint.required.contains(was));
        if is_required && !was_required {
            return Check::All;
        }
        if let Some((was, old)) = was.and_then(|was| Some((was, before.blueprint.properties.get(was)?))) {
            check = check.max(compare(&old.definition, &property.definition));
            kept.push(was);
            if is_required {
                required.push(was);
            }
        }
    }
    let own = before.blueprint.properties.keys();
    let lost = own.clone().any(|name| !kept.contains(&name));
    if lost || before.blueprint.required.iter().any(|name| !required.contains(&name)) {
        check = check.max(Check::Misfits);
    }
    check.max(check_relations(before, after))
}

fn check_relations(before: &StoredBlueprint, after: &StoredBlueprint) -> Check {
    let required = |stored: &StoredBlueprint| -> Vec<i32> {
        let relations = stored.blueprint.relations.values().filter(|relation| relation.required);
        let numbers = relations.filter_map(|relation| stored.numbers.relations.get(&relation.identifier));
        numbers.map(|no| no.0).collect()
    };
    let (was, is) = (required(before), required(after));
    if is.iter().any(|no| !was.contains(no)) {
        Check::All
    } else if was.iter().any(|no| !is.contains(no)) {
        Check::Misfits
    } else {
        Check::Nothing
    }
}

fn compare(before: &Map<String, Value>, after: &Map<String, Value>) -> Check {
    let rules = |definition: &Map<String, Value>| -> Map<String, Value> {
        let entries =
            definition.iter().filter(|(key, _)| !SILENT_KEYS.contains(&key.as_str()) && *key != "enum");
        entries.map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    if rules(before) != rules(after) {
        return Check::All;
    }
    let values = |definition: &Map<String, Value>| definition.get("enum").and_then(Value::as_array).cloned();
    match (values(before), values(after)) {
        (before, after) if before == after => Check::Nothing,
        (_, None) => Check::Misfits,
        (Some(before), Some(after)) if before.iter().all(|value| after.contains(value)) => Check::Misfits,
        _ => Check::All,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rules_are_compared_by_what_they_allow() {
        for (before, after, expected) in [
            (
                json!({"type": "string"}),
                json!({"type": "string", "title": "T", "default": "a"}),
                Check::Nothing,
            ),
            (
                json!({"type": "string", "enum": ["a"]}),
                json!({"enum": ["a"], "type": "string"}),
                Check::Nothing,
            ),
            (
                json!({"type": "string", "enum": ["a"]}),
                json!({"type": "string", "enum": ["b", "a"]}),
                Check::Misfits,
            ),
            (json!({"type": "string", "enum": ["a"]}), json!({"type": "string"}), Check::Misfits),
            (
                json!({"type": "string", "enum": ["a", "b"]}),
                json!({"type": "string", "enum": ["a"]}),
                Check::All,
            ),
            (json!({"type": "string"}), json!({"type": "string", "enum": ["a"]}), Check::All),
            (json!({"type": "number"}), json!({"type": "number", "minimum": 1}), Check::All),
            (json!({"type": "string"}), json!({"type": "string", "format": "email"}), Check::All),
        ] {
            let found = compare(before.as_object().unwrap(), after.as_object().unwrap());
            assert_eq!(found, expected, "{before} → {after}");
        }
    }
}
