//! The references in an integration's mapping: entries whose `blueprint` is a plain text, and what they fill.

use serde_json::Value;

use super::rename::rename_key;
use super::{Part, Place, Reference, ReferenceKind};
use crate::Pointer;

/// What a mapping names. Paths begin in the mapping; `integration` is the holder.
pub fn mapping_references(integration: &str, mapping: &Value) -> Vec<Reference> {
    let mut found = Vec::new();
    for (path, blueprint) in entries(mapping) {
        let entry = mapping.pointer(path.as_str());
        let mut add = |path: Pointer, place: Place, to: Part| {
            let holder = integration.to_owned();
            let kind = ReferenceKind::Mapping;
            found.push(Reference { kind, holder, identifier: String::new(), path, place, to });
        };
        add(path.key("blueprint"), Place::Text, Part::Blueprint(blueprint.clone()));
        for (key, part) in [
            ("properties", Part::property as fn(&str, &str) -> Part),
            ("relations", Part::relation as fn(&str, &str) -> Part),
        ] {
            let filled = entry.and_then(|entry| entry.get(key)).and_then(Value::as_object);
            for name in filled.into_iter().flat_map(serde_json::Map::keys) {
                add(path.key(key).key(name), Place::Key, part(&blueprint, name));
            }
        }
    }
    found
}

/// Renames a part in a mapping. Answers whether anything has changed.
pub fn rename_in_mapping(mapping: &mut Value, part: &Part, to: &str) -> bool {
    let mut changed = false;
    for (path, _) in entries(mapping).into_iter().filter(|(_, blueprint)| blueprint == part.blueprint()) {
        let Some(entry) = mapping.pointer_mut(path.as_str()) else { continue };
        let (key, name) = match part {
            Part::Blueprint(_) => {
                entry["blueprint"] = Value::from(to).to_string().into();
                changed = true;
                continue;
            }
            Part::Property { property, .. } => ("properties", property),
            Part::Relation { relation, .. } => ("relations", relation),
        };
        if let Some(filled) = entry.get_mut(key).and_then(Value::as_object_mut)
            && filled.contains_key(name)
        {
            rename_key(filled, name, to);
            changed = true;
        }
    }
    changed
}

/// The places of entries that make entities of a blueprint that is known from the text: jq's literal `"service"`.
fn entries(mapping: &Value) -> Vec<(Pointer, String)> {
    let mut found = Vec::new();
    let resources = mapping.get("resources").and_then(Value::as_array);
    for (index, resource) in resources.into_iter().flatten().enumerate() {
        let path = Pointer::root().key("resources").index(index).key("port").key("entity").key("mappings");
        let mut add = |entry: &Value, path: Pointer| {
            let literal = entry.get("blueprint").and_then(Value::as_str);
            let name = literal.and_then(|text| serde_json::from_str::<String>(text.trim()).ok());
            found.extend(name.map(|name| (path, name)));
        };
        match &resource["port"]["entity"]["mappings"] {
            Value::Array(many) => {
                many.iter().enumerate().for_each(|(index, one)| add(one, path.index(index)));
            }
            one => add(one, path),
        }
    }
    found
}
