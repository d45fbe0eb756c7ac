//! Reading closed JSON objects: each field of the right type, and no other field. Null is as if it were not there.

use std::ops::RangeInclusive;

use portolan_schema::{Code, Pointer, Problem, Problems};
use serde_json::{Map, Value};

use crate::texts;

/// The fields of an object that was found at `path`.
pub(crate) struct Fields<'v> {
    object: &'v Map<String, Value>,
    path: Pointer,
}

impl<'v> Fields<'v> {
    /// None where it is no object. `what` it is, for messages: "a widget".
    pub(crate) fn of(
        value: &'v Value,
        path: &Pointer,
        what: &str,
        known: &[&str],
        problems: &mut Problems,
    ) -> Option<Self> {
        let Some(object) = value.as_object() else {
            problems.add(Code::WrongType, path.clone(), format!("{what} is an object"));
            return None;
        };
        for key in object.keys().filter(|key| !known.contains(&key.as_str())) {
            let message = format!("\"{key}\" is not a field of {what}; there are {}", known.join(", "));
            problems.add(Code::UnknownField, path.key(key), message);
        }
        Some(Self { object, path: path.clone() })
    }

    pub(crate) fn at(&self, key: &str) -> Pointer {
        self.path.key(key)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'v Value> {
        self.object.get(key).filter(|value| !value.is_null())
    }

    /// Says where a field is missing.
    pub(crate) fn require(&self, key: &str, problems: &mut Problems) {
        if self.get(key).is_none() {
            problems.add(Code::Required, self.at(key), format!("\"{key}\" is missing"));
        }
    }

    /// A text of at most `max` characters.
    pub(crate) fn text(&self, key: &str, max: usize, problems: &mut Problems) -> Option<&'v str> {
        match self.get(key)? {
            Value::String(text) => {
                texts::check(text, max, &self.at(key), problems);
                Some(text)
            }
            _ => {
                problems.add(Code::WrongType, self.at(key), format!("\"{key}\" is a text"));
                None
            }
        }
    }

    /// A text that has to be there and is not empty.
    pub(crate) fn required_text(&self, key: &str, max: usize, problems: &mut Problems) -> Option<&'v str> {
        self.require(key, problems);
        let text = self.text(key, max, problems)?;
        if text.trim().is_empty() {
            problems.add(Code::Required, self.at(key), format!("\"{key}\" is empty"));
            return None;
        }
        Some(text)
    }

    /// A whole number.
    pub(crate) fn integer(
        &self,
        key: &str,
        range: RangeInclusive<i64>,
        problems: &mut Problems,
    ) -> Option<i64> {
        let value = self.get(key)?;
        let Some(number) = value.as_i64() else {
            problems.add(Code::WrongType, self.at(key), format!("\"{key}\" is a whole number"));
            return None;
        };
        if !range.contains(&number) {
            let message = format!("\"{key}\" is from {} to {}", range.start(), range.end());
            problems.add(Code::InvalidValue, self.at(key), message);
            return None;
        }
        Some(number)
    }

    pub(crate) fn number(&self, key: &str, problems: &mut Problems) -> Option<f64> {
        let number = self.get(key)?.as_f64();
        if number.is_none() {
            problems.add(Code::WrongType, self.at(key), format!("\"{key}\" is a number"));
        }
        number
    }

    pub(crate) fn flag(&self, key: &str, problems: &mut Problems) -> Option<bool> {
        let flag = self.get(key)?.as_bool();
        if flag.is_none() {
            problems.add(Code::WrongType, self.at(key), format!("\"{key}\" is true or false"));
        }
        flag
    }

    /// One of a few words.
    pub(crate) fn word(
        &self,
        key: &str,
        words: &[&'static str],
        problems: &mut Problems,
    ) -> Option<&'static str> {
        let value = self.get(key)?;
        let found = value.as_str().and_then(|text| words.iter().find(|word| **word == text));
        if found.is_none() {
            let message = format!("\"{key}\" is one of {}", words.join(", "));
            problems.add(Code::InvalidValue, self.at(key), message);
        }
        found.copied()
    }

    /// The items of a list of at most `max`, with their paths; none where it is not there.
    pub(crate) fn list(&self, key: &str, max: usize, problems: &mut Problems) -> Vec<(Pointer, &'v Value)> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let at = self.at(key);
        let Some(items) = value.as_array() else {
            problems.add(Code::WrongType, at, format!("\"{key}\" is a list"));
            return Vec::new();
        };
        if items.len() > max {
            problems.0.push(Problem::over(
                Code::TooManyItems,
                at,
                format!("length of \"{key}\""),
                max as u64,
                items.len() as u64,
            ));
            return Vec::new();
        }
        items.iter().enumerate().map(|(index, item)| (at.index(index), item)).collect()
    }

    /// The texts of a list; those that are none are problems.
    pub(crate) fn texts(&self, key: &str, max: usize, problems: &mut Problems) -> Vec<(Pointer, &'v str)> {
        let mut found = Vec::new();
        for (at, item) in self.list(key, max, problems) {
            match item.as_str() {
                Some(text) => found.push((at, text)),
                None => problems.add(Code::WrongType, at, format!("\"{key}\" is a list of texts")),
            }
        }
        found
    }
}
