//! Plain paths of jq: `.`, `.data.items`, `."next-page"`, `.["next page"]`, `.pages[0]`.

use std::collections::HashMap;

use portolan_schema::{Code, Pointer, Problems};
use serde_json::Value;
use serde_json::value::RawValue;

/// Where something is in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainPath(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

impl PlainPath {
    /// None where the text is more than a plain path: nothing is computed here.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.trim();
        if rest == "." {
            return Some(Self(Vec::new()));
        }
        if !rest.starts_with('.') {
            return None;
        }
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let after = rest.strip_prefix('.').unwrap_or(rest);
            let (step, left) = match after.strip_prefix('[') {
                Some(inner) => bracket(inner)?,
                None if after.len() < rest.len() => named(after)?,
                None => return None,
            };
            steps.push(step);
            rest = left;
        }
        Some(Self(steps))
    }

    /// [`PlainPath::parse`] of a setting that stands at `at`.
    pub fn check(text: &str, at: &Pointer, problems: &mut Problems) -> Option<Self> {
        let path = Self::parse(text);
        if path.is_none() {
            let message = "is no plain path such as \".data.items\"; other jq is not supported here";
            problems.add(Code::InvalidValue, at.clone(), message);
        }
        path
    }

    /// The value there, none where a key or an index is missing.
    pub fn find<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(value, |value, step| match step {
            Step::Key(key) => value.as_object()?.get(key),
            Step::Index(index) => value.as_array()?.get(*index),
        })
    }

    /// The same in a text that is not parsed further than the path leads.
    pub fn find_raw<'a>(&self, text: &'a RawValue) -> Option<&'a RawValue> {
        self.0.iter().try_fold(text, |text, step| match step {
            Step::Key(key) => {
                serde_json::from_str::<HashMap<String, &RawValue>>(text.get()).ok()?.remove(key)
            }
            Step::Index(index) => {
                serde_json::from_str::<Vec<&RawValue>>(text.get()).ok()?.get(*index).copied()
            }
        })
    }

    /// Takes the value out of the document; none where a key or an index is missing.
    pub fn take(&self, document: &mut Value) -> Option<Value> {
        let found = self.0.iter().try_fold(document, |value, step| match step {
            Step::Key(key) => value.as_object_mut()?.get_mut(key),
            Step::Index(index) => value.as_array_mut()?.get_mut(*index),
        })?;
        Some(found.take())
    }
}

/// `"a key"]…` or `0]…`.
fn bracket(text: &str) -> Option<(Step, &str)> {
    if text.starts_with('"') {
        let (key, rest) = quoted(text)?;
        return Some((Step::Key(key), rest.strip_prefix(']')?));
    }
    let (index, rest) = text.split_once(']')?;
    let digits = !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit());
    Some((Step::Index(digits.then(|| index.parse().ok())??), rest))
}

/// `key…` or `"a key"…`.
fn named(text: &str) -> Option<(Step, &str)> {
    if text.starts_with('"') {
        let (key, rest) = quoted(text)?;
        return Some((Step::Key(key), rest));
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    let (key, rest) = text.split_at(end);
    let is_name = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    is_name.then(|| (Step::Key(key.to_owned()), rest))
}

/// A JSON text at the beginning, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut texts = serde_json::Deserializer::from_str(text).into_iter::<String>();
    let key = texts.next()?.ok()?;
    let end = texts.byte_offset();
    Some((key, text.get(end..)?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn plain_paths_are_read_and_nothing_else() {
        let answer = json!({"a": {"b-c": [{"d e": 7}]}, "_x1": null});
        for (text, expected) in [
            (".", Some(answer.clone())),
            (".a[\"b-c\"][0].\"d e\"", Some(json!(7))),
            (" .[\"a\"].\"b-c\" ", Some(json!([{"d e": 7}]))),
            ("._x1", Some(Value::Null)),
            (".a.none", None),
            (".a[0]", None),
        ] {
            let path = PlainPath::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(path.find(&answer), expected.as_ref(), "{text}");
            let raw = RawValue::from_string(answer.to_string()).expect("it is JSON");
            let found = path.find_raw(&raw).map(|found| serde_json::from_str(found.get()).expect("JSON"));
            assert_eq!(found, expected, "{text}");
            assert_eq!(path.take(&mut answer.clone()), expected, "{text}");
        }
        for text in [
            "", "a", "..", ".a.", ".a[]", ".[1", ".a | .b", ".a b", ".\"a", ".a-b", ".[-1]", ".[+1]", ".1",
            ".a\"b\"",
        ] {
            assert_eq!(PlainPath::parse(text), None, "{text}");
        }
    }
}
