//! Who owns an entity: teams of its own, or those of an entity that it is related to (port-api.md 1.1).

use serde_json::{Map, Value};

use super::{bounded, required, segments};
use crate::{Code, Pointer, Problems};

/// A blueprint's `ownership`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ownership {
    /// Entities have teams of their own.
    Direct,
    /// Entities have the teams of what these relations lead to.
    Inherited { path: Vec<String> },
}

impl Ownership {
    /// Reads `ownership`, or `teamInheritance` where an older client sends only that.
    pub(crate) fn parse(definition: &Map<String, Value>, problems: &mut Problems) -> Option<Self> {
        let path = Pointer::root().key("ownership");
        match definition.get("ownership") {
            None | Some(Value::Null) => {}
            Some(Value::Object(object)) => {
                return match object.get("type").and_then(Value::as_str) {
                    Some("Direct") => Some(Self::Direct),
                    Some("Inherited") => inherited(object, &path, problems),
                    _ => {
                        let message = "the type of an ownership is \"Direct\" or \"Inherited\"";
                        problems.add(Code::InvalidValue, path.key("type"), message);
                        None
                    }
                };
            }
            Some(_) => {
                problems.add(Code::WrongType, path, "\"ownership\" is an object");
                return None;
            }
        }
        let path = Pointer::root().key("teamInheritance");
        match definition.get("teamInheritance") {
            None | Some(Value::Null) => None,
            Some(Value::Object(object)) => inherited(object, &path, problems),
            Some(_) => {
                problems.add(Code::WrongType, path, "\"teamInheritance\" is an object");
                None
            }
        }
    }
}

fn inherited(object: &Map<String, Value>, path: &Pointer, problems: &mut Problems) -> Option<Ownership> {
    let path = path.key("path");
    let segments = segments(&required(object, "path", &path, problems)?);
    if segments.iter().any(String::is_empty) {
        problems.add(Code::InvalidValue, path, "the path is one or more relations: relation.relation");
        return None;
    }
    bounded(segments.len(), &path, problems).then_some(Ownership::Inherited { path: segments })
}
