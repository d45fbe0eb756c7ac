//! An entity's state: what its author wrote, what is versioned, and what a change is compared by.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Where a relation points. To-one relations hold zero or one identifier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Targets {
    /// `null` or one identifier.
    One(Option<String>),
    /// A list of identifiers, in the order given, without repetitions.
    Many(Vec<String>),
}

impl Targets {
    pub fn identifiers(&self) -> impl Iterator<Item = &str> {
        let (one, many) = match self {
            Self::One(one) => (one.as_deref(), &[][..]),
            Self::Many(many) => (None, many.as_slice()),
        };
        one.into_iter().chain(many.iter().map(String::as_str))
    }

    pub fn is_empty(&self) -> bool {
        self.identifiers().next().is_none()
    }
}

/// The state of an entity, without its stamps. This is what a version row holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EntityState {
    pub identifier: String,
    pub title: Option<String>,
    pub icon: Option<String>,
    #[serde(default)]
    pub team: Vec<String>,
    /// Own properties by identifier. An explicit null is kept: it is not the same as absent.
    #[serde(default)]
    pub properties: Map<String, Value>,
    /// Relations by identifier. One that was never set is absent.
    #[serde(default)]
    pub relations: IndexMap<String, Targets>,
}

impl EntityState {
    /// Whether two states are the same: whether their hashes are, without taking these where the states are equal anyway.
    pub fn is_same(&self, other: &Self) -> bool {
        self == other || self.hash() == other.hash()
    }

    /// A hash of the whole state, independent of the order of keys. Equal states have equal hashes; a relation that
    /// points nowhere is the same as one that was never set.
    pub fn hash(&self) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new();
        text(&mut hasher, b'i', Some(&self.identifier));
        text(&mut hasher, b't', self.title.as_deref());
        text(&mut hasher, b'c', self.icon.as_deref());
        length(&mut hasher, b'm', self.team.len());
        for team in &self.team {
            text(&mut hasher, b's', Some(team));
        }
        map(&mut hasher, &self.properties);
        let mut relations: Vec<_> =
            self.relations.iter().filter(|(_, targets)| !targets.is_empty()).collect();
        relations.sort_unstable_by_key(|(key, _)| key.as_str());
        length(&mut hasher, b'r', relations.len());
        for (key, targets) in relations {
            text(&mut hasher, b'k', Some(key));
            hasher.update(&[matches!(targets, Targets::Many(_)).into()]);
            length(&mut hasher, b'n', targets.identifiers().count());
            for identifier in targets.identifiers() {
                text(&mut hasher, b's', Some(identifier));
            }
        }
        let mut out = [0; 16];
        out.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        out
    }
}

fn length(hasher: &mut blake3::Hasher, tag: u8, length: usize) {
    hasher.update(&[tag]);
    hasher.update(&(length as u64).to_le_bytes());
}

fn text(hasher: &mut blake3::Hasher, tag: u8, text: Option<&str>) {
    match text {
        None => drop(hasher.update(&[tag, 0])),
        Some(text) => {
            hasher.update(&[tag, 1]);
            length(hasher, b'l', text.len());
            hasher.update(text.as_bytes());
        }
    }
}

fn map(hasher: &mut blake3::Hasher, entries: &Map<String, Value>) {
    let mut sorted: Vec<_> = entries.iter().collect();
    sorted.sort_unstable_by_key(|(key, _)| key.as_str());
    length(hasher, b'o', sorted.len());
    for (key, value) in sorted {
        text(hasher, b'k', Some(key));
        json(hasher, value);
    }
}

fn json(hasher: &mut blake3::Hasher, value: &Value) {
    match value {
        Value::Null => drop(hasher.update(b"0")),
        Value::Bool(flag) => drop(hasher.update(if *flag { b"T" } else { b"F" })),
        Value::Number(number) => text(hasher, b'd', Some(&number.to_string())),
        Value::String(string) => text(hasher, b's', Some(string)),
        Value::Array(items) => {
            length(hasher, b'a', items.len());
            items.iter().for_each(|item| json(hasher, item));
        }
        Value::Object(entries) => map(hasher, entries),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn state(properties: Value) -> EntityState {
        EntityState { properties: properties.as_object().cloned().unwrap(), ..EntityState::default() }
    }

    #[test]
    fn the_hash_ignores_key_order_and_nothing_else() {
        let base = state(json!({"a": 1, "b": {"x": null, "y": [1, 2]}}));
        let turned = state(json!({"b": {"y": [1, 2], "x": null}, "a": 1}));
        assert_eq!(base.hash(), turned.hash());
        assert!(base.is_same(&turned));
        // A relation that points nowhere is none.
        let mut pointless = base.clone();
        pointless.relations.insert("r".to_owned(), Targets::Many(Vec::new()));
        assert!(base.is_same(&pointless) && base != pointless);
        for other in [
            json!({"a": 1, "b": {"y": [1, 2]}}),
            json!({"a": 1, "b": {"x": null, "y": [2, 1]}}),
            json!({"a": "1", "b": {"x": null, "y": [1, 2]}}),
            json!({"a": 1, "b": {"x": "", "y": [1, 2]}}),
        ] {
            assert_ne!(base.hash(), state(other.clone()).hash(), "{other}");
            assert!(!base.is_same(&state(other)));
        }
    }
}
