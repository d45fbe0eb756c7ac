//! Enum values as GraphQL names (api.md 2, names 6).

use indexmap::IndexMap;
use serde_json::Value;

use super::type_names::shouting;

/// The GraphQL name of every value, or None where they cannot be mapped one to one.
pub fn enum_names(values: &[Value]) -> Option<IndexMap<String, Value>> {
    let mut names = IndexMap::with_capacity(values.len());
    for value in values.iter().filter(|value| !value.is_null()) {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        let name = name(&text)?;
        if names.insert(name, value.clone()).is_some() {
            return None;
        }
    }
    (!names.is_empty()).then_some(names)
}

fn name(text: &str) -> Option<String> {
    let words: Vec<String> =
        text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).map(shouting).collect();
    let name = words.join("_");
    match name.chars().next() {
        None => None,
        Some(first) if first.is_ascii_digit() => Some(format!("_{name}")),
        Some(_) => Some(name),
    }
}
