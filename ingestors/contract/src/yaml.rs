//! YAML of others: read into JSON within bounds, so that a small text cannot become a large value.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde_json::{Map, Value};

/// Most values of one text, aliases counted as often as they are used.
const MAX_VALUES: usize = 200_000;
/// Most bytes of texts among them.
const MAX_BYTES: usize = 32 << 20;

/// What the parser says whose own bound for aliases is met first.
const REPETITION: &str = "repetition limit";

/// Why a text is not read. Quotes nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum YamlError {
    /// With the line, from 1, where the parser knows it.
    #[error("is not well-formed YAML{}", line(*.0))]
    Malformed(Option<usize>),
    /// Such as by aliases of aliases.
    #[error("becomes more than {MAX_VALUES} values or {MAX_BYTES} bytes once its aliases are replaced")]
    TooLarge,
}

fn line(at: Option<usize>) -> String {
    at.map(|line| format!(" (line {line})")).unwrap_or_default()
}

/// Every document of a text, in order. Keys that are no texts become texts, tags are left out, and numbers that JSON does
/// not have are null.
///
/// # Errors
/// [`YamlError`]; nothing of a text is read whose last document is wrong.
pub fn documents(text: &str) -> Result<Vec<Value>, YamlError> {
    // The parser makes a document of nothing, and then misses its content.
    if text.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with('#')) {
        return Ok(Vec::new());
    }
    let mut budget = Budget { values: MAX_VALUES, bytes: MAX_BYTES };
    let mut found = Vec::new();
    for document in serde_norway::Deserializer::from_str(text) {
        match (Bounded { budget: &mut budget }).deserialize(document) {
            Ok(value) => found.push(value),
            Err(error) if budget.is_spent() || error.to_string().starts_with(REPETITION) => {
                return Err(YamlError::TooLarge);
            }
            Err(error) => return Err(YamlError::Malformed(error.location().map(|at| at.line()))),
        }
    }
    Ok(found)
}

struct Budget {
    values: usize,
    bytes: usize,
}

impl Budget {
    fn is_spent(&self) -> bool {
        self.values == 0 || self.bytes == 0
    }

    fn take<E: serde::de::Error>(&mut self, bytes: usize) -> Result<(), E> {
        self.values = self.values.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
        if self.is_spent() { Err(E::custom("too large")) } else { Ok(()) }
    }
}

struct Bounded<'b> {
    budget: &'b mut Budget,
}

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Value, E> {
        self.budget.take(0).map(|()| Value::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Value, E> {
        self.budget.take(0).map(|()| value.into())
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        self.budget.take(0).map(|()| value.into())
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        self.budget.take(0).map(|()| value.into())
    }

    /// Larger than JSON's whole numbers are here.
    fn visit_u128<E: serde::de::Error>(self, value: u128) -> Result<Value, E> {
        self.visit_f64(value as f64)
    }

    fn visit_i128<E: serde::de::Error>(self, value: i128) -> Result<Value, E> {
        self.visit_f64(value as f64)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        self.budget.take(0).map(|()| value.into())
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        self.budget.take(value.len()).map(|()| value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        self.budget.take(0)?;
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(Bounded { budget: self.budget })? {
            items.push(item);
        }
        Ok(items.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        self.budget.take(0)?;
        let mut entries = Map::new();
        while let Some(key) = access.next_key_seed(Bounded { budget: self.budget })? {
            let key = match key {
                Value::String(key) => key,
                other => other.to_string(),
            };
            entries.insert(key, access.next_value_seed(Bounded { budget: self.budget })?);
        }
        Ok(entries.into())
    }

    /// `!tag value`.
    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<Value, A::Error> {
        let (_, value) = access.variant::<String>()?;
        value.newtype_variant_seed(self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_document_becomes_json() {
        for (text, expected) in [
            ("a: 1\n---\n- b\n- 2.5\n---\n", vec![json!({"a": 1}), json!(["b", 2.5]), json!(null)]),
            ("base: &b {x: 1}\nuse: *b", vec![json!({"base": {"x": 1}, "use": {"x": 1}})]),
            (
                "1: one\ntrue: yes\nnull: 2026-01-01",
                vec![json!({"1": "one", "true": "yes", "null": "2026-01-01"})],
            ),
            ("a: !secret b\nc: !list [1]\nd: .nan", vec![json!({"a": "b", "c": [1], "d": null})]),
            ("", vec![]),
            ("# nothing\n", vec![]),
        ] {
            assert_eq!(documents(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_malformed_or_would_grow_is_refused() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..9 {
            let before = format!("*a{}, ", level - 1).repeat(10);
            bomb += &format!("a{level}: &a{level} [{before}]\n");
        }
        let long = format!("text: &t {}\nlist: [{}]", "x".repeat(1 << 20), "*t, ".repeat(40));
        let deep = "[".repeat(5_000);
        for (text, expected) in [
            ("a: [1", YamlError::Malformed(Some(1))),
            ("ok: 1\n---\nb: :\n  - c: d: e", YamlError::Malformed(Some(4))),
            (bomb.as_str(), YamlError::TooLarge),
            (long.as_str(), YamlError::TooLarge),
        ] {
            let found = documents(text).expect_err("it is wrong");
            let short = text.chars().take(40).collect::<String>();
            match (&found, &expected) {
                (YamlError::Malformed(Some(_)), YamlError::Malformed(Some(_))) => {}
                _ => assert_eq!(found, expected, "{short}"),
            }
        }
        assert!(matches!(documents(&deep), Err(YamlError::Malformed(_))));
        let message = documents("a: [1").expect_err("it is wrong").to_string();
        assert!(message.starts_with("is not well-formed YAML (line "), "{message}");
    }
}
