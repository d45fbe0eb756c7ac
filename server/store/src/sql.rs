//! A statement in the making: text with a placeholder for every value, which is always bound.

use std::hash::{Hash, Hasher};

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

    /// Appends another statement's text and values.
    pub(crate) fn append(&mut self, other: Self) -> &mut Self {
        self.text.push_str(&other.text);
        self.values.extend(other.values);
        self
    }

    /// Feeds text and values to a hash.
    pub(crate) fn hash_into(&self, hasher: &mut impl Hasher) {
        self.text.hash(hasher);
        for value in &self.values {
            format!("{value:?}").hash(hasher);
        }
    }

    /// How many values are bound.
    pub(crate) fn bound(&self) -> usize {
        self.values.len()
    }

    /// PostgreSQL has `$n`. SQLite has a bare `?`: a placeholder with a number has a *name*, and the driver asks for the
    /// name of each one as it binds it, a walk through all of them.
    pub(crate) fn into_parts(self, backend: DbBackend) -> (String, Vec<Value>) {
        if backend != DbBackend::Postgres {
            return (self.text.replace(MARK, "?"), self.values);
        }
        let mut numbered = String::with_capacity(self.text.len() + self.values.len() * 4);
        for (number, part) in self.text.split(MARK).enumerate() {
            if number > 0 {
                numbered.push('$');
                numbered.push_str(&number.to_string());
            }
            numbered.push_str(part);
        }
        (numbered, self.values)
    }
}
