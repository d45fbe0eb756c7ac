//! What a calculation's expression names. jq cannot be rewritten safely but for a plain path, so a mention is found
//! rather once too often than once too rarely.

use crate::mapping::plain_path;
use crate::model::computed::reads;

pub(super) fn mentions_property(expression: &str, name: &str) -> bool {
    match reads(expression) {
        Some(names) => names.contains(name),
        None => has_word(expression, name),
    }
}

pub(super) fn mentions_relation(expression: &str, name: &str) -> bool {
    // A property of the same name cannot be: the two share their names.
    let read = reads(expression).is_some() && !expression.contains("relations");
    !read && has_word(expression, name)
}

pub(super) fn mentions_blueprint(expression: &str, identifier: &str) -> bool {
    expression.contains("blueprint") && has_word(expression, identifier)
}

/// The expression with a property or relation renamed; None where it is more than a plain path to it.
pub(super) fn renamed(expression: &str, place: &str, from: &str, to: &str) -> Option<String> {
    let path = plain_path(expression.trim())?;
    let [holder, name, rest @ ..] = path.as_slice() else { return None };
    if holder != place || name != from {
        return None;
    }
    let mut text = format!(".{place}");
    for key in std::iter::once(to).chain(rest.iter().map(String::as_str)) {
        let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if plain && !key.starts_with(|first: char| first.is_ascii_digit()) && !key.is_empty() {
            text.push('.');
            text.push_str(key);
        } else {
            text.push_str(&format!("[{}]", serde_json::Value::from(key)));
        }
    }
    Some(text)
}

/// Whether a text holds a name that no other letter, digit or mark of identifiers touches.
fn has_word(text: &str, name: &str) -> bool {
    let touches = |char: Option<char>| char.is_some_and(|char| char.is_alphanumeric() || char == '_');
    text.match_indices(name).any(|(at, _)| {
        !touches(text[..at].chars().next_back()) && !touches(text[at + name.len()..].chars().next())
    })
}
