//! What is added to GitHub's own fields, under keys that start with two underscores, and what is left out of them.

use serde_json::{Map, Value};

/// Lets whoever knows it clone a private repository for a while.
const SECRET: &str = "temp_clone_token";

/// An item with these keys added, and without what must not be known.
pub(crate) fn with<const N: usize>(mut item: Value, added: [(&str, Value); N]) -> Value {
    clean(&mut item);
    if let Some(object) = item.as_object_mut() {
        object.extend(added.map(|(key, value)| (key.to_owned(), value)));
    }
    item
}

fn clean(value: &mut Value) {
    match value {
        Value::Object(entries) => {
            entries.shift_remove(SECRET);
            entries.values_mut().for_each(clean);
        }
        Value::Array(items) => items.iter_mut().for_each(clean),
        _ => {}
    }
}

/// A text field, or the empty text.
pub(crate) fn text<'a>(item: &'a Value, key: &str) -> &'a str {
    item.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Some fields of an object.
pub(crate) fn fields(item: &Value, keys: &[&str]) -> Value {
    let found = keys.iter().filter_map(|key| Some(((*key).to_owned(), item.get(*key)?.clone())));
    Value::Object(found.collect::<Map<_, _>>())
}
