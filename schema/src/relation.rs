//! A blueprint's relation to another blueprint (port-api.md 1.4).

use serde_json::{Map, Value};

use crate::property::{MAX_TITLE, text};
use crate::{Code, Pointer, Problems, identifier};

/// One relation of a blueprint.
#[derive(Debug, Clone, PartialEq)]
pub struct Relation {
    pub identifier: String,
    pub title: Option<String>,
    pub description: Option<String>,
    /// Identifier of the target blueprint.
    pub target: String,
    pub many: bool,
    pub required: bool,
    /// The name wished for the backward field in GraphQL (api.md 2, names 4).
    pub inverse: Option<String>,
    /// The definition as it was given, unknown keywords included.
    pub definition: Map<String, Value>,
}

impl Relation {
    /// Reads one entry of `relations`.
    ///
    /// # Errors
    /// All problems, with paths below `path`.
    pub fn parse(identifier: &str, definition: &Value, path: &Pointer) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        if let Err(problem) = identifier::check(identifier::Kind::Relation, identifier, path) {
            problems.0.push(problem);
        }
        let Some(object) = definition.as_object() else {
            problems.add(Code::WrongType, path.clone(), "a relation is an object");
            return Err(problems);
        };
        let target = match object.get("target") {
            Some(Value::String(target)) => target.clone(),
            Some(_) => {
                problems.add(Code::WrongType, path.key("target"), "\"target\" is a blueprint identifier");
                String::new()
            }
            None => {
                problems.add(Code::Required, path.key("target"), "a relation needs a \"target\"");
                String::new()
            }
        };
        let relation = Self {
            identifier: identifier.to_owned(),
            title: text(object, "title", MAX_TITLE, path, &mut problems),
            description: text(object, "description", usize::MAX, path, &mut problems),
            target,
            many: flag(object, "many", path, &mut problems),
            required: flag(object, "required", path, &mut problems),
            inverse: text(object, "inverse", MAX_TITLE, path, &mut problems),
            definition: object.clone(),
        };
        problems.into_result(relation)
    }
}

fn flag(object: &Map<String, Value>, key: &str, path: &Pointer, problems: &mut Problems) -> bool {
    match object.get(key) {
        None | Some(Value::Null) => false,
        Some(Value::Bool(flag)) => *flag,
        Some(_) => {
            problems.add(Code::WrongType, path.key(key), format!("\"{key}\" is true or false"));
            false
        }
    }
}
