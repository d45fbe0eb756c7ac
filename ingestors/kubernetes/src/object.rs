//! Reading objects: what nobody should see or needs is left out as they are parsed, so that it never takes memory.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Which client set which field: half of an object's size.
const MANAGED_FIELDS: &str = "managedFields";
/// The whole object once more, as somebody applied it, with all its values.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// An object, without `metadata.managedFields` and the annotation of `kubectl apply`, with the values of environment
/// variables null.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Object(pub Map<String, Value>);

impl Object {
    /// A text of the metadata, or the empty one.
    pub fn meta(&self, key: &str) -> &str {
        self.0.get("metadata").and_then(|meta| meta[key].as_str()).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Part::Whole.deserialize(deserializer)? {
            Value::Object(entries) => Ok(Self(entries)),
            _ => Err(D::Error::custom("no object")),
        }
    }
}

/// Where in an object the parser is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Whole,
    Metadata,
    Annotations,
    /// The list of variables of a container.
    Variables,
    Variable,
    Other,
}

impl Part {
    /// What is below a key; none where it is left out.
    fn below(self, key: &str) -> Option<Self> {
        match (self, key) {
            (Self::Whole, "metadata") => Some(Self::Metadata),
            (Self::Metadata, MANAGED_FIELDS) | (Self::Annotations, LAST_APPLIED) => None,
            (Self::Metadata, "annotations") => Some(Self::Annotations),
            (Self::Metadata | Self::Annotations, _) => Some(Self::Other),
            (_, "env") => Some(Self::Variables),
            _ => Some(Self::Other),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Part {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(flag.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let each = if self == Self::Variables { Self::Variable } else { Self::Other };
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(each)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            match self.below(&key) {
                Some(_) if self == Self::Variable && key == "value" => {
                    map.next_value::<IgnoredAny>()?;
                    entries.insert(key, Value::Null);
                }
                Some(part) => {
                    let value = map.next_value_seed(part)?;
                    // An object that was only applied has no annotations.
                    let empty = part == Self::Annotations && value.as_object().is_some_and(Map::is_empty);
                    if !empty {
                        entries.insert(key, value);
                    }
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Value::Object(entries))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_nobody_should_see_is_left_out() {
        let text = json!({
            "metadata": { "name": "web", "managedFields": [{ "manager": "kubectl" }], "env": [{ "value": "kept" }],
                "annotations": { LAST_APPLIED: "{\"password\":\"x\"}", "team": "shop" } },
            "spec": { "managedFields": 1, "replicas": 3, "ratio": 0.5, "negative": -1, "template": { "spec": {
                "containers": [{ "name": "c", "args": ["a", true, null], "env": [
                    { "name": "PASSWORD", "value": "hunter2" },
                    { "name": "FROM", "valueFrom": { "secretKeyRef": { "key": "k", "name": "s" } } },
                ] }] } } },
        });
        let Object(found) = serde_json::from_value(text.clone()).unwrap();
        let mut expected = text;
        expected["metadata"].as_object_mut().unwrap().shift_remove(MANAGED_FIELDS);
        expected["metadata"]["annotations"] = json!({ "team": "shop" });
        expected["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] = Value::Null;
        assert_eq!(Value::Object(found), expected);
        let Object(bare) =
            serde_json::from_value(json!({ "metadata": { "annotations": { LAST_APPLIED: "{}" } } })).unwrap();
        assert_eq!(Value::Object(bare), json!({ "metadata": {} }));
        assert!(serde_json::from_value::<Object>(json!([])).is_err());
    }
}
