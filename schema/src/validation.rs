//! Entity validation through the `jsonschema` crate: one compiled validator a blueprint, no remote references, patterns
//! matched in linear time.

use std::collections::HashMap;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::{Map, Value, json};

use crate::{Blueprint, Code, Pointer, Problem, Problems, Property};

/// Most problems that one entity is told of.
const MAX_PROBLEMS: usize = 100;
/// Deepest nesting of a value. A bound of ours: deeper values are hard on every consumer.
pub const MAX_DEPTH: usize = 64;
/// Longest message made of a schema's own words, in characters.
const MAX_MESSAGE: usize = 300;

/// Keywords that say nothing about values, or nothing that [`Property::parse`] has not checked: a property with only
/// these always compiles.
const PLAIN: &[&str] = &[
    "type",
    "title",
    "description",
    "icon",
    "format",
    "enum",
    "enumColors",
    "spec",
    "specAuthentication",
    "indexed",
    "items",
];
/// Keys of a property's definition that say nothing about its values.
pub const SILENT_KEYS: &[&str] = &[
    "title",
    "description",
    "icon",
    "enumColors",
    "spec",
    "specAuthentication",
    "indexed",
    "default",
    "readOnly",
    "dateFormat",
];
/// Formats that every text has.
const UNCHECKED: &[&str] = &["markdown", "yaml", "user", "team"];
const REFERENCES: &[&str] = &["$ref", "$dynamicRef", "$recursiveRef"];

/// A blueprint's compiled JSON Schema. About 28 kB of memory.
pub(crate) struct EntityValidator {
    /// None where the schema does not compile, which [`check_definition`] keeps out of every model.
    validator: Option<Validator>,
    known: HashMap<String, Kind>,
    required: Vec<String>,
}

/// What a property asks of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Boolean,
    /// More than its JSON type: left to the validator.
    Other,
}

impl Kind {
    fn of(definition: &Map<String, Value>) -> Self {
        let asks_more = |(key, value): (&String, &Value)| match key.as_str() {
            "type" => false,
            "format" => !value.as_str().is_some_and(|format| UNCHECKED.contains(&format)),
            key => !SILENT_KEYS.contains(&key),
        };
        if definition.iter().any(asks_more) {
            return Self::Other;
        }
        match definition.get("type").and_then(Value::as_str) {
            Some("string") => Self::Text,
            Some("number") => Self::Number,
            Some("boolean") => Self::Boolean,
            _ => Self::Other,
        }
    }

    /// Whether the value is as the property asks, and can be kept. A no may be wrong.
    fn accepts(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Text, Value::String(text)) => !text.contains('\0'),
            (Self::Number, Value::Number(_)) | (Self::Boolean, Value::Bool(_)) => true,
            _ => false,
        }
    }
}

impl EntityValidator {
    pub(crate) fn compile(blueprint: &Blueprint) -> Self {
        let properties: Map<String, Value> = blueprint
            .properties
            .iter()
            .map(|(identifier, property)| (identifier.clone(), Value::Object(property.definition.clone())))
            .collect();
        Self {
            validator: build(&json!({"type": "object", "properties": properties})).ok(),
            known: blueprint
                .properties
                .iter()
                .map(|(identifier, property)| (identifier.clone(), Kind::of(&property.definition)))
                .collect(),
            required: blueprint.required.clone(),
        }
    }

    pub(crate) fn check(&self, properties: &Map<String, Value>) -> Problems {
        let path = Pointer::root().key("properties");
        let mut problems = Problems::default();
        for name in &self.required {
            if properties.get(name).is_none_or(Value::is_null) {
                problems.add(Code::Required, path.key(name), format!("the property \"{name}\" is required"));
            }
        }
        // What the validator has to look at.
        let mut present = Map::new();
        for (name, value) in properties {
            match self.known.get(name) {
                Some(kind) if value.is_null() || kind.accepts(value) => {}
                Some(_) => match unstorable(value, &path.key(name), 1) {
                    Some(problem) => problems.0.push(problem),
                    None => drop(present.insert(name.clone(), value.clone())),
                },
                None => {
                    let message = format!("the blueprint has no property \"{name}\"");
                    problems.add(Code::UnknownProperty, path.key(name), message);
                }
            }
        }
        match &self.validator {
            Some(_) if present.is_empty() => {}
            Some(validator) => {
                let found = Value::Object(present);
                problems.extend(
                    validator.iter_errors(&found).take(MAX_PROBLEMS).map(|error| {
                        Problem::new(code(&error), path.join(&location(&error)), sentence(&error))
                    }),
                );
            }
            None => problems.add(Code::Internal, path, "the blueprint's schema does not compile"),
        }
        problems.0.truncate(MAX_PROBLEMS);
        problems
    }
}

/// Whether the definition's schemas compile: patterns, references, keyword types. Paths are below the blueprint.
pub(crate) fn check_definition(blueprint: &Blueprint) -> Problems {
    let base = Pointer::root().key("schema").key("properties");
    let mut problems = Problems::default();
    for (identifier, property) in &blueprint.properties {
        check_property(property, &base.key(identifier), &mut problems);
    }
    problems
}

fn check_property(property: &Property, path: &Pointer, problems: &mut Problems) {
    if is_plain(&property.definition) {
        return;
    }
    let definition = Value::Object(property.definition.clone());
    if let Some(problem) = unstorable(&definition, path, 1) {
        problems.0.push(problem);
        return;
    }
    let before = problems.0.len();
    remote_references(&definition, path, problems);
    if problems.0.len() > before {
        return;
    }
    match build(&definition) {
        Err(error) => {
            let at = path.join(&location(&error));
            let code = match at.as_str().rsplit('/').next() {
                Some("pattern") => Code::InvalidPattern,
                _ if at.as_str().contains("/patternProperties") => Code::InvalidPattern,
                _ => Code::InvalidValue,
            };
            problems.add(code, at, sentence(&error));
        }
        Ok(validator) => {
            let Some(default) = &property.default else { return };
            let at = path.key("default");
            problems.extend(validator.iter_errors(default).take(MAX_PROBLEMS).map(|error| {
                Problem::new(
                    code(&error),
                    at.join(&location(&error)),
                    format!("the default: {}", sentence(&error)),
                )
            }));
        }
    }
}

fn is_plain(definition: &Map<String, Value>) -> bool {
    definition.iter().all(|(key, value)| {
        PLAIN.contains(&key.as_str()) && (key != "items" || value.as_object().is_none_or(is_plain))
    })
}

/// References to other documents are refused where they stand, before the validator would look for them.
fn remote_references(schema: &Value, path: &Pointer, problems: &mut Problems) {
    match schema {
        Value::Object(entries) => {
            for (key, value) in entries {
                let at = path.key(key);
                match value.as_str() {
                    Some(target) if REFERENCES.contains(&key.as_str()) && !target.starts_with('#') => {
                        let message =
                            format!("\"{target}\" is outside of this blueprint; only #… is followed");
                        problems.add(Code::RemoteReference, at, message);
                    }
                    _ => remote_references(value, &at, problems),
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                remote_references(item, &path.index(index), problems);
            }
        }
        _ => {}
    }
}

fn build(schema: &Value) -> Result<Validator, ValidationError<'static>> {
    jsonschema::options()
        .with_pattern_options(PatternOptions::regex())
        .should_validate_formats(true)
        .should_ignore_unknown_formats(true)
        .with_format("url", is_url)
        .with_format("timer", is_date_time)
        .with_format("date-time", is_date_time)
        .build(schema)
}

/// An absolute URI or, as real clients send, anything with a scheme and a host.
fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let mut letters = scheme.bytes();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && !rest.is_empty()
        && !rest.chars().any(|char| char.is_whitespace() || char.is_control())
}

fn is_date_time(text: &str) -> bool {
    crate::Instant::parse(text).is_some()
}

fn location(error: &ValidationError<'_>) -> Pointer {
    Pointer::from_text(error.instance_path().to_string())
}

fn code(error: &ValidationError<'_>) -> Code {
    match error.kind() {
        ValidationErrorKind::Type { .. } => Code::WrongType,
        ValidationErrorKind::Required { .. } => Code::Required,
        ValidationErrorKind::AdditionalProperties { .. } => Code::UnknownProperty,
        _ => Code::InvalidValue,
    }
}

fn sentence(error: &ValidationError<'_>) -> String {
    let text = error.masked_with("the value").to_string();
    match text.char_indices().nth(MAX_MESSAGE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The first thing in a value that cannot be kept: a NUL character, or nesting beyond [`MAX_DEPTH`].
fn unstorable(value: &Value, path: &Pointer, depth: usize) -> Option<Problem> {
    if depth > MAX_DEPTH {
        let message = format!("nested deeper than {MAX_DEPTH}");
        return Some(Problem::new(Code::TooDeep, path.clone(), message));
    }
    let nul = |text: &str, at: &Pointer| {
        let message = "a text may not hold a NUL character";
        text.contains('\0').then(|| Problem::new(Code::NulCharacter, at.clone(), message))
    };
    match value {
        Value::String(text) => nul(text, path),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .filter(|(_, item)| !matches!(item, Value::Null | Value::Bool(_) | Value::Number(_)))
            .find_map(|(index, item)| unstorable(item, &path.index(index), depth + 1)),
        Value::Object(entries) => entries
            .iter()
            .find_map(|(key, item)| nul(key, path).or_else(|| unstorable(item, &path.key(key), depth + 1))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blueprint(properties: Value, required: Value) -> Result<Blueprint, Problems> {
        Blueprint::parse(
            &json!({"identifier": "b", "title": "B", "schema": {"properties": properties, "required": required}}),
        )
    }

    fn shown(problems: &Problems) -> Vec<String> {
        problems.0.iter().map(|problem| format!("{} {}", problem.code, problem.path)).collect()
    }

    #[test]
    fn entities_are_checked_against_their_blueprint() {
        let blueprint = blueprint(
            json!({
                "text": {"type": "string", "minLength": 2, "pattern": "^[a-z]+$"},
                "slow": {"type": "string", "pattern": "^(a+)+$"},
                "tier": {"type": "string", "enum": ["gold", "silver"], "enumColors": {"gold": "yellow"}},
                "url": {"type": "string", "format": "url"},
                "when": {"type": "string", "format": "date-time"},
                "mail": {"type": "string", "format": "email"},
                "ip": {"type": "string", "format": "ipv4"},
                "owner": {"type": "string", "format": "user"},
                "number": {"type": "number", "minimum": 0},
                "list": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
                "object": {"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"]},
                "must": {"type": "string"}
            }),
            json!(["must"]),
        )
        .unwrap();
        assert!(check_definition(&blueprint).is_empty());
        let validator = EntityValidator::compile(&blueprint);
        let mut deep = json!(1);
        for _ in 0..70 {
            deep = json!([deep]);
        }
        let long = format!("{}!", "a".repeat(200_000));
        let cases = [
            (
                json!({"must": "x", "text": "ab", "number": 1, "list": ["a"], "object": {"a": 1}, "when": "2026-01-02T03:04:05Z"}),
                vec![],
            ),
            (json!({"must": "x", "text": null, "tier": null}), vec![]),
            (
                json!({"must": "x", "url": "https://a.example/b?c", "mail": "a@b.example", "ip": "1.2.3.4", "owner": "anything"}),
                vec![],
            ),
            (json!({}), vec!["REQUIRED /properties/must"]),
            (json!({"must": null}), vec!["REQUIRED /properties/must"]),
            (json!({"must": "x", "nope": 1}), vec!["UNKNOWN_PROPERTY /properties/nope"]),
            (
                json!({"must": "x", "text": "A"}),
                vec!["INVALID_VALUE /properties/text", "INVALID_VALUE /properties/text"],
            ),
            (json!({"must": "x", "slow": long}), vec!["INVALID_VALUE /properties/slow"]),
            (json!({"must": "x", "tier": "lead"}), vec!["INVALID_VALUE /properties/tier"]),
            (json!({"must": "x", "url": "nothing"}), vec!["INVALID_VALUE /properties/url"]),
            (json!({"must": "x", "when": "yesterday"}), vec!["INVALID_VALUE /properties/when"]),
            (json!({"must": "x", "mail": "nobody"}), vec!["INVALID_VALUE /properties/mail"]),
            (json!({"must": "x", "number": "1"}), vec!["WRONG_TYPE /properties/number"]),
            (json!({"must": "x", "number": -1}), vec!["INVALID_VALUE /properties/number"]),
            (json!({"must": "x", "list": ["a", 1]}), vec!["WRONG_TYPE /properties/list/1"]),
            (json!({"must": "x", "list": ["a", "b", "c"]}), vec!["INVALID_VALUE /properties/list"]),
            (json!({"must": "x", "object": {}}), vec!["REQUIRED /properties/object"]),
            (json!({"must": "x", "text": "a\u{0}b"}), vec!["NUL_CHARACTER /properties/text"]),
            (json!({"must": "x", "object": {"a": 1, "b": deep}}), vec!["TOO_DEEP"]),
        ];
        for (properties, expected) in cases {
            let problems = validator.check(properties.as_object().unwrap());
            let found = shown(&problems);
            assert_eq!(found.len(), expected.len(), "{found:?} for {expected:?}");
            for (found, expected) in found.iter().zip(expected) {
                assert!(found.starts_with(expected), "{found} for {expected}");
            }
            assert!(problems.0.iter().all(|problem| problem.message.chars().count() <= MAX_MESSAGE + 1));
        }
    }

    #[test]
    fn definitions_are_checked() {
        let path = |rest: &str| format!("/schema/properties/p{rest}");
        let cases = [
            (json!({"type": "string", "pattern": "("}), format!("INVALID_PATTERN {}", path("/pattern"))),
            (json!({"type": "string", "pattern": "(?=a)b"}), format!("INVALID_PATTERN {}", path("/pattern"))),
            (json!({"type": "string", "minLength": "two"}), format!("INVALID_VALUE {}", path("/minLength"))),
            (
                json!({"type": "object", "properties": {"a": {"$ref": "https://a.example/s.json"}}}),
                format!("REMOTE_REFERENCE {}", path("/properties/a/$ref")),
            ),
            (
                json!({"type": "object", "$ref": "file:///etc/passwd"}),
                format!("REMOTE_REFERENCE {}", path("/$ref")),
            ),
            (json!({"type": "number", "default": "x"}), format!("WRONG_TYPE {}", path("/default"))),
            (
                json!({"type": "string", "enum": ["a"], "default": "b"}),
                format!("INVALID_VALUE {}", path("/default")),
            ),
        ];
        for (definition, expected) in cases {
            let blueprint = blueprint(json!({"p": definition}), json!([])).unwrap();
            assert_eq!(shown(&check_definition(&blueprint)), [expected], "{definition}");
        }
    }
}
