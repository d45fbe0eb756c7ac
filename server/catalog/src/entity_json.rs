//! Entities as JSON: what `/v1`, documents and streams send (port-api.md 2.2).

use portolan_schema::{Code, Pointer, Problems};
use serde_json::Value;

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
        let root = Pointer::root();
        let mut problems = Problems::default();
        let mut write = Self { blueprint: blueprint.to_owned(), ..Self::default() };
        let Some(object) = body.as_object() else {
            problems.add(Code::WrongType, root, "an entity is an object");
            return Err(problems);
        };
        for (key, value) in object {
            let path = root.key(key);
            match key.as_str() {
                "identifier" => match value {
                    Value::String(identifier) => write.identifier = Some(identifier.clone()),
                    Value::Object(_) => write.search = Some(value.clone()),
                    Value::Null => {}
                    _ => problems.add(Code::WrongType, path, "an identifier is a string or a search query"),
                },
                "title" => write.title = Some(text(value, &path, &mut problems)),
                "icon" => write.icon = Some(text(value, &path, &mut problems)),
                "team" => write.team = Some(team(value, &path, &mut problems)),
                "properties" => match value {
                    Value::Object(properties) => write.properties.clone_from(properties),
                    Value::Null => {}
                    _ => problems.add(Code::WrongType, path, "\"properties\" is an object"),
                },
                "relations" => match value {
                    Value::Object(relations) => {
                        for (name, target) in relations {
                            if let Some(input) = relation(target, &path.key(name), &mut problems) {
                                write.relations.insert(name.clone(), input);
                            }
                        }
                    }
                    Value::Null => {}
                    _ => problems.add(Code::WrongType, path, "\"relations\" is an object"),
                },
                known if IGNORED.contains(&known) => {}
                _ => problems.add(Code::UnknownField, path, format!("\"{key}\" is not a field of an entity")),
            }
        }
        problems.into_result(write)
    }
}

fn text(value: &Value, path: &Pointer, problems: &mut Problems) -> Option<String> {
    if !value.is_string() && !value.is_null() {
        problems.add(Code::WrongType, path.clone(), "this is a string or null");
    }
    value.as_str().map(str::to_owned)
}

fn team(value: &Value, path: &Pointer, problems: &mut Problems) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::String(one) => vec![one.clone()],
        Value::Array(items) => strings(items, path, problems),
        _ => {
            problems.add(Code::WrongType, path.clone(), "\"team\" is a string, a list of strings or null");
            Vec::new()
        }
    }
}

fn relation(value: &Value, path: &Pointer, problems: &mut Problems) -> Option<RelationInput> {
    match value {
        Value::Null => Some(RelationInput::Unset),
        Value::String(one) => Some(RelationInput::One(one.clone())),
        Value::Array(items) => Some(RelationInput::Many(strings(items, path, problems))),
        Value::Object(_) => Some(RelationInput::Search(value.clone())),
        _ => {
            problems.add(
                Code::WrongType,
                path.clone(),
                "a relation is an identifier, a list of them, a query or null",
            );
            None
        }
    }
}

fn strings(items: &[Value], path: &Pointer, problems: &mut Problems) -> Vec<String> {
    let mut found = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        match item.as_str() {
            Some(text) => found.push(text.to_owned()),
            None => problems.add(Code::WrongType, path.index(index), "this is a string"),
        }
    }
    found
}
