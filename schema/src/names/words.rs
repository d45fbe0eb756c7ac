//! From identifiers to GraphQL names: transliteration, word splitting, letter case (api.md 2, names 1 and 6).

use heck::{ToLowerCamelCase, ToShoutySnakeCase, ToUpperCamelCase};

/// `AWSAccount` → `AwsAccount`.
pub fn type_name(identifier: &str) -> String {
    cased(identifier, |text| text.to_upper_camel_case())
}

/// `open_issues` → `openIssues`.
pub fn field_name(identifier: &str) -> String {
    cased(identifier, |text| text.to_lower_camel_case())
}

/// `in-progress` → `IN_PROGRESS`; None where no letter or digit is left.
pub fn enum_value_name(value: &str) -> Option<String> {
    let ascii = any_ascii::any_ascii(value);
    let name = ascii.to_shouty_snake_case();
    (!name.is_empty()).then(|| digit_safe(name))
}

/// `Service` → `service`; leading underscores stay.
pub fn lower_first(name: &str) -> String {
    change_first(name, |first| first.to_ascii_lowercase())
}

/// `services` → `Services`.
pub fn upper_first(name: &str) -> String {
    change_first(name, |first| first.to_ascii_uppercase())
}

/// Whether GraphQL allows the name and does not keep it for itself (`__…`).
pub fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !name.starts_with("__")
}

fn cased(identifier: &str, case: impl Fn(&str) -> String) -> String {
    let ascii = any_ascii::any_ascii(identifier);
    let name = case(&ascii);
    if name.is_empty() {
        // Any letter would do; `x` cannot be mistaken for a word of the identifier.
        let hash = blake3::hash(identifier.as_bytes()).to_hex();
        return case(&format!("x{}", &hash[..8]));
    }
    if ascii.starts_with('_') { format!("_{name}") } else { digit_safe(name) }
}

fn digit_safe(name: String) -> String {
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("_{name}") } else { name }
}

fn change_first(name: &str, change: impl Fn(char) -> char) -> String {
    let bare = name.trim_start_matches('_');
    let (lead, mut letters) = (&name[..name.len() - bare.len()], bare.chars());
    match letters.next() {
        Some(first) => format!("{lead}{}{}", change(first), letters.as_str()),
        None => name.to_owned(),
    }
}
