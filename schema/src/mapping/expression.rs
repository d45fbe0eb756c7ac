//! One expression of a mapping.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Code;

/// Longest expression, in bytes. A bound of ours.
pub const MAX_EXPRESSION: usize = 64 << 10;

/// Runs jq. Implemented where processes can be started; this crate only says what it needs.
pub trait Jq {
    type Filter;

    /// # Errors
    /// `INVALID_JQ`.
    fn compile(&self, expression: &str) -> Result<Self::Filter, JqProblem>;

    /// The first output; None where there is none.
    ///
    /// # Errors
    /// `JQ_FAILED`.
    fn first(&self, filter: &Self::Filter, input: &Value) -> Result<Option<Value>, JqProblem>;
}

/// Why an expression gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JqProblem {
    pub code: Code,
    pub message: String,
}

impl JqProblem {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// A compiled expression.
pub enum Expression<F> {
    /// `.a.b`.
    Path(Vec<String>),
    /// `"text"`, `true`, `1`.
    Literal(Value),
    Jq(F),
    /// It does not compile: the field is null, the rest of the mapping goes on.
    Broken(JqProblem),
}

impl<F> Expression<F> {
    pub fn compile<J: Jq<Filter = F>>(jq: &J, text: &str) -> Self {
        let text = text.trim();
        if text.len() > MAX_EXPRESSION {
            let message = format!("an expression has at most {MAX_EXPRESSION} bytes");
            return Self::Broken(JqProblem::new(Code::InvalidJq, message));
        }
        if let Some(path) = plain_path(text) {
            return Self::Path(path);
        }
        if let Some(literal) = literal(text) {
            return Self::Literal(literal);
        }
        match jq.compile(text) {
            Ok(filter) => Self::Jq(filter),
            Err(problem) => Self::Broken(problem),
        }
    }

    /// The first output; none counts as null.
    ///
    /// # Errors
    /// What jq says, or that the expression never compiled.
    pub fn evaluate<J: Jq<Filter = F>>(&self, jq: &J, item: &Value) -> Result<Value, JqProblem> {
        match self {
            Self::Path(path) => look_up(path, item).cloned(),
            Self::Literal(value) => Ok(value.clone()),
            Self::Jq(filter) => Ok(jq.first(filter, item)?.unwrap_or(Value::Null)),
            Self::Broken(problem) => Err(problem.clone()),
        }
    }
}

const NULL: &Value = &Value::Null;

/// jq's rule: null has every key, with the value null; other scalars and lists have none.
fn look_up<'v>(path: &[String], item: &'v Value) -> Result<&'v Value, JqProblem> {
    path.iter().try_fold(item, |value, key| match value {
        Value::Object(entries) => Ok(entries.get(key).unwrap_or(NULL)),
        Value::Null => Ok(NULL),
        _ => Err(JqProblem::new(
            Code::JqFailed,
            format!("cannot take \"{key}\" of something that is no object"),
        )),
    })
}

/// Reads `.`, `.a.b`, `."a-b"`, `.a["b"]`.
pub(crate) fn plain_path(text: &str) -> Option<Vec<String>> {
    let mut rest = text.strip_prefix('.')?;
    let mut path = Vec::new();
    if rest.is_empty() {
        return Some(path);
    }
    loop {
        rest = if rest.starts_with('"') {
            let (key, after) = quoted(rest)?;
            path.push(key);
            after
        } else if let Some(inner) = rest.strip_prefix('[') {
            let (key, after) = quoted(inner)?;
            path.push(key);
            after.strip_prefix(']')?
        } else {
            let end =
                rest.find(|char: char| !char.is_ascii_alphanumeric() && char != '_').unwrap_or(rest.len());
            let (key, after) = rest.split_at(end);
            if key.is_empty() || key.starts_with(|first: char| first.is_ascii_digit()) {
                return None;
            }
            path.push(key.to_owned());
            after
        };
        if rest.is_empty() {
            return Some(path);
        }
        rest = match rest.strip_prefix('.') {
            Some(after) if !after.is_empty() => after,
            None if rest.starts_with('[') => rest,
            _ => return None,
        };
    }
}

/// A leading JSON string without interpolation, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<String>();
    let key = stream.next()?.ok()?;
    Some((key, &text[stream.byte_offset()..]))
}

/// jq's `\(…)` is no JSON, so a text with interpolation is none of these.
fn literal(text: &str) -> Option<Value> {
    let value: Value = serde_json::from_str(text).ok()?;
    (!value.is_array() && !value.is_object()).then_some(value)
}
