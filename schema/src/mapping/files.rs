//! `file://PATH` as a property: the text of a file of the repository that an item is. The format's own clients take it for
//! sources that have files; the same can be said by the selector's `includedFiles` and `.__includedFiles["PATH"]`.

use serde_json::{Map, Value};

use super::config::EntityMapping;

const PREFIX: &str = "file://";
/// The key of a selector that asks for files, and the key of an item that has them.
const ASKED: &str = "includedFiles";
const GIVEN: &str = "__includedFiles";

/// Turns properties that are files into expressions, and has the selector ask for the files.
pub(super) fn ask(mappings: &mut [EntityMapping], selector: &mut Map<String, Value>) {
    let mut paths = Vec::new();
    for mapping in mappings {
        mapping.properties.values_mut().for_each(|property| rewrite(property, &mut paths));
    }
    if !paths.is_empty() {
        include(selector, paths);
    }
}

/// Has a selector ask for what another of the same kind asks for as well: a kind is read once, for all mappings.
pub fn share(selector: &mut Map<String, Value>, other: &Map<String, Value>) {
    if let Some(Value::Array(paths)) = other.get(ASKED) {
        include(selector, paths.clone());
    }
}

fn include(selector: &mut Map<String, Value>, paths: Vec<Value>) {
    let asked = selector.entry(ASKED).or_insert_with(|| Value::Array(Vec::new()));
    // What is no list is the ingestor's to refuse.
    if let Value::Array(asked) = asked {
        for path in paths {
            if !asked.contains(&path) {
                asked.push(path);
            }
        }
    }
}

fn rewrite(property: &mut Value, paths: &mut Vec<Value>) {
    match property {
        Value::String(text) => {
            if let Some(path) = text.trim().strip_prefix(PREFIX).filter(|path| !path.is_empty()) {
                let path = Value::from(path);
                *text = format!(".{GIVEN}[{path}]");
                paths.push(path);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rewrite(item, paths)),
        Value::Object(entries) => entries.values_mut().for_each(|entry| rewrite(entry, paths)),
        _ => {}
    }
}
