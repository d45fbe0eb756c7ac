//! A blueprint: a user-defined type of entity, as a JSON Schema with relations (port-api.md 1).

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::property::{MAX_TITLE, text};
use crate::{Code, ComputedProperty, Ownership, Pointer, Problems, Property, Relation, identifier};

/// Longest description of a blueprint, in characters.
pub const MAX_DESCRIPTION: usize = 200;
/// Most properties of one blueprint. A bound of ours; Port states none.
pub const MAX_PROPERTIES: usize = 500;
/// Most relations of one blueprint. A bound of ours; Port states none.
pub const MAX_RELATIONS: usize = 200;

/// Keys a definition may have at its top level. Others are refused: the body is closed (port-api.md 1.1).
const KNOWN: &[&str] = &[
    "identifier",
    "title",
    "description",
    "icon",
    "schema",
    "relations",
    "calculationProperties",
    "mirrorProperties",
    "aggregationProperties",
    "ownership",
    "teamInheritance",
    "changelogDestination",
    "includeInGlobalSearch",
    "graphql",
];

/// Set by the server, so that what was read can be sent back; ignored on write.
const SERVER_SET: &[&str] = &["id", "createdAt", "updatedAt", "createdBy", "updatedBy"];

/// A blueprint as its author wrote it, checked on its own (not yet against the others of its tenant).
#[derive(Debug, Clone, PartialEq)]
pub struct Blueprint {
    pub identifier: String,
    pub title: String,
    pub description: Option<String>,
    pub icon: Option<String>,
    pub properties: IndexMap<String, Property>,
    /// Identifiers of properties that every entity must have.
    pub required: Vec<String>,
    pub relations: IndexMap<String, Relation>,
    /// Mirrors, calculations and aggregations, by identifier.
    pub computed: IndexMap<String, ComputedProperty>,
    pub ownership: Option<Ownership>,
    /// The definition as it was given, without what the server sets and without `graphql`.
    pub definition: Map<String, Value>,
    /// The author's wishes for GraphQL names, where given: `{type, plural, fields, inverses}`.
    pub graphql: Option<Value>,
}

impl Blueprint {
    /// Reads a definition.
    ///
    /// # Errors
    /// All problems that can be seen without the other blueprints.
    pub fn parse(definition: &Value) -> Result<Self, Problems> {
        let root = Pointer::root();
        let Some(object) = definition.as_object() else {
            return Err(crate::Problem::new(Code::WrongType, root, "a blueprint is an object").into());
        };
        let mut problems = Problems::default();
        for key in object.keys() {
            if !KNOWN.contains(&key.as_str()) && !SERVER_SET.contains(&key.as_str()) {
                problems.add(
                    Code::UnknownField,
                    root.key(key),
                    format!("\"{key}\" is not a field of a blueprint"),
                );
            }
        }
        let identifier = required_text(object, "identifier", usize::MAX, &mut problems);
        if !identifier.is_empty()
            && let Err(problem) =
                identifier::check(identifier::Kind::Blueprint, &identifier, &root.key("identifier"))
        {
            problems.0.push(problem);
        }
        let title = required_text(object, "title", MAX_TITLE, &mut problems);
        let description = text(object, "description", MAX_DESCRIPTION, &root, &mut problems);
        let icon = text(object, "icon", usize::MAX, &root, &mut problems);
        let (properties, required) = parse_schema(object, &mut problems);
        let relations = parse_relations(object, &mut problems);
        for relation in relations.keys() {
            if properties.contains_key(relation) {
                let message = format!("\"{relation}\" is both a property and a relation");
                problems.add(Code::DuplicateName, root.key("relations").key(relation), message);
            }
        }
        let mut computed: IndexMap<String, ComputedProperty> = IndexMap::new();
        for found in ComputedProperty::parse_all(object, &mut problems) {
            let name = &found.identifier;
            if properties.contains_key(name) || relations.contains_key(name) || computed.contains_key(name) {
                let message = format!("there is another property or relation \"{name}\"");
                problems.add(Code::DuplicateName, found.path(), message);
            }
            computed.insert(name.clone(), found);
        }
        let ownership = Ownership::parse(object, &mut problems);
        let mut kept = object.clone();
        for key in SERVER_SET {
            kept.shift_remove(*key);
        }
        let graphql = kept.shift_remove("graphql").filter(|value| !value.is_null());
        problems.into_result(Self {
            identifier,
            title,
            description,
            icon,
            properties,
            required,
            relations,
            computed,
            ownership,
            definition: kept,
            graphql,
        })
    }
}

fn required_text(object: &Map<String, Value>, key: &str, max: usize, problems: &mut Problems) -> String {
    let root = Pointer::root();
    let found = text(object, key, max, &root, problems);
    match (found, object.get(key)) {
        (Some(text), _) if text.is_empty() => {
            problems.add(Code::Required, root.key(key), format!("\"{key}\" is empty"));
            text
        }
        (Some(text), _) => text,
        (None, None | Some(Value::Null)) => {
            problems.add(Code::Required, root.key(key), format!("a blueprint needs \"{key}\""));
            String::new()
        }
        (None, Some(_)) => String::new(),
    }
}

fn parse_schema(
    object: &Map<String, Value>,
    problems: &mut Problems,
) -> (IndexMap<String, Property>, Vec<String>) {
    let path = Pointer::root().key("schema");
    let mut properties = IndexMap::new();
    let schema = match object.get("schema") {
        Some(Value::Object(schema)) => schema,
        Some(_) => {
            problems.add(Code::WrongType, path, "\"schema\" is an object");
            return (properties, Vec::new());
        }
        None => {
            problems.add(Code::Required, path, "a blueprint needs \"schema\"");
            return (properties, Vec::new());
        }
    };
    for key in schema.keys().filter(|key| *key != "properties" && *key != "required") {
        problems.add(
            Code::UnknownField,
            path.key(key),
            "\"schema\" has \"properties\" and \"required\" only",
        );
    }
    match schema.get("properties") {
        Some(Value::Object(entries)) => {
            if entries.len() > MAX_PROPERTIES {
                let message = format!("{} properties; at most {MAX_PROPERTIES} are allowed", entries.len());
                problems.add(Code::TooManyItems, path.key("properties"), message);
            }
            for (key, definition) in entries {
                match Property::parse(key, definition, &path.key("properties").key(key)) {
                    Ok(property) => drop(properties.insert(key.clone(), property)),
                    Err(found) => problems.extend(found),
                }
            }
        }
        Some(_) => problems.add(Code::WrongType, path.key("properties"), "\"properties\" is an object"),
        None => problems.add(Code::Required, path.key("properties"), "\"schema\" needs \"properties\""),
    }
    let declared = schema.get("properties").and_then(Value::as_object);
    let mut required = Vec::new();
    match schema.get("required") {
        None | Some(Value::Null) => {}
        Some(Value::Array(names)) => {
            for (index, name) in names.iter().enumerate() {
                let at = path.key("required").index(index);
                match name.as_str() {
                    Some(name) if declared.is_some_and(|entries| entries.contains_key(name)) => {
                        required.push(name.to_owned());
                    }
                    Some(name) => {
                        problems.add(Code::UnknownProperty, at, format!("there is no property \"{name}\""));
                    }
                    None => problems.add(Code::WrongType, at, "a property identifier is a string"),
                }
            }
        }
        Some(_) => problems.add(Code::WrongType, path.key("required"), "\"required\" is a list"),
    }
    (properties, required)
}

fn parse_relations(object: &Map<String, Value>, problems: &mut Problems) -> IndexMap<String, Relation> {
    let path = Pointer::root().key("relations");
    let mut relations = IndexMap::new();
    match object.get("relations") {
        None | Some(Value::Null) => {}
        Some(Value::Object(entries)) => {
            if entries.len() > MAX_RELATIONS {
                let message = format!("{} relations; at most {MAX_RELATIONS} are allowed", entries.len());
                problems.add(Code::TooManyItems, path.clone(), message);
            }
            for (key, definition) in entries {
                match Relation::parse(key, definition, &path.key(key)) {
                    Ok(relation) => drop(relations.insert(key.clone(), relation)),
                    Err(found) => problems.extend(found),
                }
            }
        }
        Some(_) => problems.add(Code::WrongType, path, "\"relations\" is an object"),
    }
    relations
}
