//! The fields of a small JSON body, with all that is wrong with it.

use std::collections::HashSet;

use portolan_schema::{Code, Pointer, Problems};
use serde_json::Value;

/// Reads fields of an object one by one; what nobody asked for is unknown.
pub(crate) struct Fields<'a> {
    body: &'a Value,
    asked: HashSet<&'static str>,
    problems: Problems,
}

impl<'a> Fields<'a> {
    pub(crate) fn of(body: &'a Value) -> Self {
        let mut problems = Problems::default();
        if !body.is_object() {
            problems.add(Code::WrongType, Pointer::root(), "the body is a JSON object");
        }
        Self { body, asked: HashSet::new(), problems }
    }

    /// A text that must be there; empty where it is not.
    pub(crate) fn text(&mut self, key: &'static str) -> String {
        let found = self.optional_text(key);
        if found.is_none() && self.body.get(key).is_none_or(Value::is_null) {
            self.problem(Code::Required, key, format!("\"{key}\" is required"));
        }
        found.unwrap_or_default()
    }

    /// A text; None where it is missing or null.
    pub(crate) fn optional_text(&mut self, key: &'static str) -> Option<String> {
        match self.value(key)? {
            Value::String(text) => Some(text.clone()),
            _ => {
                self.problem(Code::WrongType, key, format!("\"{key}\" is a text"));
                None
            }
        }
    }

    /// A value of any kind; None where it is missing or null.
    pub(crate) fn value(&mut self, key: &'static str) -> Option<&'a Value> {
        self.asked.insert(key);
        self.body.get(key).filter(|value| !value.is_null())
    }

    pub(crate) fn problem(&mut self, code: Code, key: &str, message: impl Into<String>) {
        self.problems.add(code, Pointer::root().key(key), message);
    }

    /// # Errors
    /// All that was wrong, unknown fields too.
    pub(crate) fn finish(mut self) -> Result<(), Problems> {
        let keys = self.body.as_object().into_iter().flat_map(|object| object.keys());
        for key in keys.filter(|key| !self.asked.contains(key.as_str())) {
            let message = format!("\"{key}\" is not known here");
            self.problems.add(Code::UnknownField, Pointer::root().key(key), message);
        }
        self.problems.into_result(())
    }
}
