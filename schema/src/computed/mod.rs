//! Properties whose values follow from others: mirrors, calculations, aggregations and inherited ownership
//! (port-api.md 1.5 to 1.7), as their author defined them.
//!
//! This module reads definitions on their own; [`crate::model::computed`] binds them to the other blueprints.

mod aggregation;
mod ownership;

use serde_json::{Map, Value};

pub use aggregation::{Aggregation, AggregationFunction, PathFilter, Period};
pub use ownership::Ownership;

use crate::property::{MAX_TITLE, parse_enum, parse_type, text};
use crate::{Code, Pointer, Problems, ValueType, identifier};

/// Most computed properties of one blueprint. A bound of ours; Port states none.
pub const MAX_COMPUTED: usize = 200;
/// Longest jq expression of a calculation, in bytes.
pub const MAX_CALCULATION: usize = 16 << 10;
/// Most relations that a mirror's, an aggregation's or an owner's path follows. A bound of ours.
pub const MAX_HOPS: usize = 8;

/// The three places of a definition that hold computed properties.
pub(crate) const PLACES: [&str; 3] = ["mirrorProperties", "calculationProperties", "aggregationProperties"];

/// One computed property.
#[derive(Debug, Clone, PartialEq)]
pub struct ComputedProperty {
    pub identifier: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub kind: ComputedKind,
    /// The definition as it was given, unknown keywords included.
    pub definition: Map<String, Value>,
}

/// Where a computed property's values come from.
#[derive(Debug, Clone, PartialEq)]
pub enum ComputedKind {
    /// Relations to follow and, last, a property or `$meta` property.
    Mirror {
        path: Vec<String>,
    },
    Calculation {
        expression: String,
        value_type: ValueType,
        enumeration: Option<Vec<Value>>,
    },
    Aggregation(Aggregation),
}

impl ComputedProperty {
    /// Where it stands in a definition.
    pub fn place(&self) -> &'static str {
        match self.kind {
            ComputedKind::Mirror { .. } => PLACES[0],
            ComputedKind::Calculation { .. } => PLACES[1],
            ComputedKind::Aggregation(_) => PLACES[2],
        }
    }

    /// Its JSON Pointer in the definition.
    pub fn path(&self) -> Pointer {
        Pointer::root().key(self.place()).key(&self.identifier)
    }

    /// Reads all computed properties of a definition.
    pub(crate) fn parse_all(definition: &Map<String, Value>, problems: &mut Problems) -> Vec<Self> {
        let mut all = Vec::new();
        for place in PLACES {
            let path = Pointer::root().key(place);
            match definition.get(place) {
                None | Some(Value::Null) => {}
                Some(Value::Object(entries)) => {
                    for (identifier, value) in entries {
                        all.extend(Self::parse(place, identifier, value, &path.key(identifier), problems));
                    }
                }
                Some(_) => problems.add(Code::WrongType, path, format!("\"{place}\" is an object")),
            }
        }
        if all.len() > MAX_COMPUTED {
            let message = format!("{} computed properties; at most {MAX_COMPUTED} are allowed", all.len());
            problems.add(Code::TooManyItems, Pointer::root(), message);
        }
        all
    }

    fn parse(
        place: &str,
        identifier: &str,
        value: &Value,
        path: &Pointer,
        problems: &mut Problems,
    ) -> Option<Self> {
        if let Err(problem) = identifier::check(identifier::Kind::Property, identifier, path) {
            problems.0.push(problem);
        }
        let Some(object) = value.as_object() else {
            problems.add(Code::WrongType, path.clone(), "a computed property is an object");
            return None;
        };
        let title = text(object, "title", MAX_TITLE, path, problems);
        let description = text(object, "description", usize::MAX, path, problems);
        let kind = match place {
            "mirrorProperties" => mirror(object, path, problems),
            "calculationProperties" => calculation(object, path, problems),
            _ => Aggregation::parse(object, path, problems).map(ComputedKind::Aggregation),
        }?;
        let identifier = identifier.to_owned();
        Some(Self { identifier, title, description, kind, definition: object.clone() })
    }
}

fn mirror(object: &Map<String, Value>, path: &Pointer, problems: &mut Problems) -> Option<ComputedKind> {
    let path = path.key("path");
    let text = required(object, "path", &path, problems)?;
    let segments = segments(&text);
    if segments.len() < 2 || segments.iter().any(String::is_empty) {
        let message = "a mirror's path is one or more relations and a property: relation.property";
        problems.add(Code::InvalidValue, path, message);
        return None;
    }
    bounded(segments.len() - 1, &path, problems).then_some(ComputedKind::Mirror { path: segments })
}

fn calculation(object: &Map<String, Value>, path: &Pointer, problems: &mut Problems) -> Option<ComputedKind> {
    let at = path.key("calculation");
    let expression = required(object, "calculation", &at, problems);
    let value_type = parse_type(object, path, problems);
    let enumeration = parse_enum(object, value_type.as_ref(), path, problems);
    let (expression, value_type) = (expression?, value_type?);
    if expression.len() > MAX_CALCULATION {
        let message =
            format!("the expression has {} bytes; at most {MAX_CALCULATION} are allowed", expression.len());
        problems.add(Code::TooLong, at, message);
        return None;
    }
    Some(ComputedKind::Calculation { expression, value_type, enumeration })
}

/// Dots separate; identifiers of properties and relations hold none.
fn segments(path: &str) -> Vec<String> {
    path.split('.').map(str::to_owned).collect()
}

fn bounded(hops: usize, path: &Pointer, problems: &mut Problems) -> bool {
    if hops > MAX_HOPS {
        let message = format!("the path follows {hops} relations; at most {MAX_HOPS} are allowed");
        problems.add(Code::TooManyItems, path.clone(), message);
    }
    hops <= MAX_HOPS
}

/// A text that must be there and not be empty.
fn required(
    object: &Map<String, Value>,
    key: &str,
    path: &Pointer,
    problems: &mut Problems,
) -> Option<String> {
    match object.get(key) {
        Some(Value::String(text)) if text.contains('\0') => {
            problems.add(Code::NulCharacter, path.clone(), "a text may not hold a NUL character");
            None
        }
        Some(Value::String(text)) if !text.trim().is_empty() => Some(text.clone()),
        None | Some(Value::Null | Value::String(_)) => {
            problems.add(Code::Required, path.clone(), format!("\"{key}\" is needed"));
            None
        }
        Some(_) => {
            problems.add(Code::WrongType, path.clone(), format!("\"{key}\" is a string"));
            None
        }
    }
}
