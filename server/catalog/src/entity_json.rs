//! Entities as JSON: what `/v1`, documents and streams send (port-api.md 2.2).

use portolan_schema::{Code, Pointer, Problem, Problems};
use serde_json::{Map, Value};

use crate::change::{EntityWrite, RelationInput};

/// Sent back by clients that read before they write, or set by the path; ignored.
const IGNORED: &[&str] =
    &["blueprint", "id", "scorecards", "createdAt", "createdBy", "updatedAt", "updatedBy"];

impl EntityWrite {
    /// Reads an entity of `blueprint`.
    ///
    /// # Errors
    /// All problems, with paths in the JSON.
    pub fn from_json(blueprint: &str, body: &Value) -> Result<Self, Problems> {
        match body {
            Value::Object(object) => Self::from_object(blueprint, object.clone()),
            _ => Err(Problem::new(Code::WrongType, Pointer::root(), "an entity is an object").into()),
        }
    }

    /// [`EntityWrite::from_json`] for whoever has no more use for the JSON.
    ///
    /// # Errors
    /// As there.
    pub fn from_object(blueprint: &str, object: Map<String, Value>) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let mut write = Self { blueprint: blueprint.to_owned(), ..Self::default() };
        for (key, value) in object {
            let path = || Pointer::root().key(&key);
            match key.as_str() {
                "identifier" => match value {
                    Value::String(identifier) => write.identifier = Some(identifier),
                    Value::Object(_) => write.search = Some(value),
                    Value::Null => {}
                    _ => problems.add(Code::WrongType, path(), "an identifier is a string or a search query"),
                },
                "title" => write.title = Some(text(value, path, &mut problems)),
                "icon" => write.icon = Some(text(value, path, &mut problems)),
                "team" => write.team = Some(team(value, path, &mut problems)),
                "properties" => match value {
                    Value::Object(properties) => write.properties = properties,
                    Value::Null => {}
                    _ => problems.add(Code::WrongType, path(), "\"properties\" is an object"),
                },
                "relations" => match value {
                    Value::Object(relations) => {
                        for (name, target) in relations {
                            if let Some(input) = relation(target, || path().key(&name), &mut problems) {
                                write.relations.insert(name, input);
                            }
                        }
                    }
                    Value::Null => {}
                    _ => problems.add(Code::WrongType, path(), "\"relations\" is an object"),
                },
                known if IGNORED.contains(&known) => {}
                _ => {
                    problems.add(Code::UnknownField, path(), format!("\"{key}\" is not a field of an entity"))
                }
            }
        }
        problems.into_result(write)
    }

    /// Whether search queries stand in the place of identifiers: what they hit depends on what is stored.
    pub fn has_searches(&self) -> bool {
        self.search.is_some()
            || self.relations.values().any(|input| matches!(input, RelationInput::Search(_)))
    }
}

fn text(value: Value, path: impl Fn() -> Pointer, problems: &mut Problems) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Null => None,
        _ => {
            problems.add(Code::WrongType, path(), "this is a string or null");
            None
        }
    }
}

fn team(value: Value, path: impl Fn() -> Pointer, problems: &mut Problems) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::String(one) => vec![one],
        Value::Array(items) => strings(items, path, problems),
        _ => {
            problems.add(Code::WrongType, path(), "\"team\" is a string, a list of strings or null");
            Vec::new()
        }
    }
}

fn relation(value: Value, path: impl Fn() -> Pointer, problems: &mut Problems) -> Option<RelationInput> {
    match value {
        Value::Null => Some(RelationInput::Unset),
        Value::String(one) => Some(RelationInput::One(one)),
        Value::Array(items) => Some(RelationInput::Many(strings(items, path, problems))),
        Value::Object(_) => Some(RelationInput::Search(value)),
        _ => {
            problems.add(
                Code::WrongType,
                path(),
                "a relation is an identifier, a list of them, a query or null",
            );
            None
        }
    }
}

fn strings(items: Vec<Value>, path: impl Fn() -> Pointer, problems: &mut Problems) -> Vec<String> {
    let mut found = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        match item {
            Value::String(text) => found.push(text),
            _ => problems.add(Code::WrongType, path().index(index), "this is a string"),
        }
    }
    found
}
