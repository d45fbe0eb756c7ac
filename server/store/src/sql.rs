//! A statement in the making: text with a placeholder for every value, which is always bound.

use sea_orm::{DbBackend, Value};

/// Stands for the engine's own sign of a placeholder until the statement is run.
const MARK: char = '\u{1}';

/// SQL text and its bound values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sql {
    text: String,
    values: Vec<Value>,
}

impl Sql {
    pub(crate) fn new(text: &str) -> Self {
        Self { text: text.to_owned(), values: Vec::new() }
    }

    /// Appends SQL text; never user input.
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends a placeholder for `value`.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        self.text.push(MARK);
        self.text.push_str(&self.values.len().to_string());
        self
    }

    /// Appends placeholders for all values; appends `NULL` for none, so that `IN (…)` stays valid and matches nothing.
    pub(crate) fn bind_list<T: Into<Value>>(&mut self, values: impl IntoIterator<Item = T>) -> &mut Self {
        let mut first = true;
        for value in values {
            if !first {
                self.text.push_str(", ");
            }
            first = false;
            self.bind(value);
        }
        if first {
            self.text.push_str("NULL");
        }
        self
    }

    /// PostgreSQL has `$n`. SQLite takes that too, but as a *name* to be looked up among all names; `?n` is a number.
    pub(crate) fn into_parts(self, backend: DbBackend) -> (String, Vec<Value>) {
        let sign = if backend == DbBackend::Postgres { "$" } else { "?" };
        (self.text.replace(MARK, sign), self.values)
    }
}
