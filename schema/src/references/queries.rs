//! The references in a query `{combinator, rules}` (port-api.md 2.5).

use serde_json::Value;

use super::{Definitions, Part};
use crate::Pointer;

/// Adds what the rules name, of a query for entities of `blueprint`.
pub(super) fn collect(
    definitions: &Definitions<'_>,
    blueprint: &str,
    query: &Value,
    path: &Pointer,
    found: &mut Vec<(Pointer, Part)>,
) {
    for (index, rule) in query.get("rules").and_then(Value::as_array).into_iter().flatten().enumerate() {
        let at = path.key("rules").index(index);
        if rule.get("rules").is_some() {
            collect(definitions, blueprint, rule, &at, found);
        } else {
            collect_rule(definitions, blueprint, rule, &at, found);
        }
    }
}

fn collect_rule(
    definitions: &Definitions<'_>,
    blueprint: &str,
    rule: &Value,
    path: &Pointer,
    found: &mut Vec<(Pointer, Part)>,
) {
    match rule.get("property") {
        Some(Value::String(name)) if name == "$blueprint" => {
            let known = |value: &Value| {
                let name = value.as_str().filter(|name| definitions.get(name).is_some())?;
                Some(Part::Blueprint(name.to_owned()))
            };
            let at = path.key("value");
            match rule.get("value") {
                Some(Value::Array(items)) => found.extend(
                    items
                        .iter()
                        .enumerate()
                        .filter_map(|(index, item)| Some((at.index(index), known(item)?))),
                ),
                Some(value) => found.extend(known(value).map(|to| (at, to))),
                None => {}
            }
        }
        Some(Value::String(name)) => {
            let to = definitions.member(blueprint, name);
            found.extend(to.map(|to| (path.key("property"), to)));
        }
        Some(way @ Value::Object(_)) => {
            let at = path.key("property");
            let from = way.get("fromBlueprint").and_then(Value::as_str);
            found.extend(from.map(|from| (at.key("fromBlueprint"), Part::Blueprint(from.to_owned()))));
            let items = way.get("path").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let places = items.iter().enumerate().map(|(index, item)| {
                let at = at.key("path").index(index);
                if item.is_object() { at.key("relation") } else { at }
            });
            let names = items.iter().map_while(|item| item.as_str().or_else(|| item["relation"].as_str()));
            let (parts, _) = definitions.follow(from.unwrap_or(blueprint), names);
            found.extend(places.zip(parts));
        }
        _ => {}
    }
    if let Some(name) = rule.get("relation").and_then(Value::as_str) {
        let to = definitions.member(blueprint, name);
        found.extend(to.map(|to| (path.key("relation"), to)));
    }
    if let Some(name) = rule.get("blueprint").and_then(Value::as_str) {
        found.push((path.key("blueprint"), Part::Blueprint(name.to_owned())));
    }
}
