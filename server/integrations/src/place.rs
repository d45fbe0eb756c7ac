//! Where in a mapping something went wrong: the JSON Pointer and the expression there.

use portolan_schema::Pointer;
use serde_json::Value;

/// Longest expression that is shown, in characters.
const MAX_SHOWN: usize = 120;

/// A place in a mapping.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Place {
    /// JSON Pointer in the mapping.
    pub path: String,
    /// The expression there, cut if it is long; empty where there is none.
    pub expression: String,
}

/// The place of a problem that a resource of the mapping had, by its path below the resource. The mapping of entities
/// counts as a list there, also where it is written as one object.
pub(crate) fn of_expression(mapping: &Value, resource: usize, path: &str) -> Place {
    let base = Pointer::root().key("resources").index(resource);
    let written = &mapping["resources"][resource];
    let one = "/port/entity/mappings/0";
    let path = match path.strip_prefix(one) {
        Some(rest) if written["port"]["entity"]["mappings"].is_object() => {
            format!("/port/entity/mappings{rest}")
        }
        _ => path.to_owned(),
    };
    at(mapping, format!("{}{path}", base.as_str()))
}

/// The place that is to blame for a problem of an entity, by its path in the entity: `/properties/x`.
pub(crate) fn of_entity(mapping: &Value, resource: usize, blueprint: &str, path: &str) -> Place {
    let base = Pointer::root().key("resources").index(resource);
    let list = base.key("port").key("entity").key("mappings");
    let written = &mapping["resources"][resource]["port"]["entity"]["mappings"];
    let literal = Value::from(blueprint).to_string();
    let maker = match written.as_array().map(Vec::as_slice) {
        None => list,
        Some([_]) => list.index(0),
        Some(many) => {
            match many.iter().position(|one| one["blueprint"].as_str().map(str::trim) == Some(&literal)) {
                Some(index) => list.index(index),
                None => return at(mapping, list.as_str().to_owned()),
            }
        }
    };
    // An item of a list has no expression of its own: the nearest place above that has one.
    let mut path = path;
    loop {
        let place = at(mapping, format!("{}{path}", maker.as_str()));
        match path.rfind('/') {
            Some(end) if place.expression.is_empty() && mapping.pointer(&place.path).is_none() => {
                path = &path[..end]
            }
            _ => return place,
        }
    }
}

fn at(mapping: &Value, path: String) -> Place {
    let text = mapping.pointer(&path).and_then(Value::as_str).unwrap_or_default();
    let mut expression: String = text.chars().take(MAX_SHOWN).collect();
    if expression.len() < text.len() {
        expression.push('…');
    }
    Place { path, expression }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn places_are_found() {
        let one = json!({"identifier": ".id", "blueprint": "\"b\"", "properties": {"a/b": ".x"}, "relations": {"r": ".rs"}});
        let mapping = json!({"resources": [
            {"selector": {"query": "true"}, "port": {"entity": {"mappings": one}}},
            {"port": {"itemsToParse": ".list", "entity": {"mappings": [{"blueprint": "\"c\""}, one]}}}]});
        for (resource, path, expected) in [
            (0, "/selector/query", ("/resources/0/selector/query", "true")),
            (
                0,
                "/port/entity/mappings/0/properties/a~1b",
                ("/resources/0/port/entity/mappings/properties/a~1b", ".x"),
            ),
            (
                1,
                "/port/entity/mappings/1/identifier",
                ("/resources/1/port/entity/mappings/1/identifier", ".id"),
            ),
            (1, "/port/itemsToParse", ("/resources/1/port/itemsToParse", ".list")),
        ] {
            let place = of_expression(&mapping, resource, path);
            assert_eq!((place.path.as_str(), place.expression.as_str()), expected);
        }
        for (resource, blueprint, path, expected) in [
            (0, "b", "/properties/a~1b", ("/resources/0/port/entity/mappings/properties/a~1b", ".x")),
            (1, "b", "/relations/r/3", ("/resources/1/port/entity/mappings/1/relations/r", ".rs")),
            (1, "b", "/title", ("/resources/1/port/entity/mappings/1", "")),
            (1, "z", "/title", ("/resources/1/port/entity/mappings", "")),
        ] {
            let place = of_entity(&mapping, resource, blueprint, path);
            assert_eq!((place.path.as_str(), place.expression.as_str()), expected, "{blueprint} {path}");
        }
    }
}
