//! Parameters of paths and queries.

use serde_json::{Value, json};

/// Parameters of paths: name, meaning, example.
const IN_PATH: &[(&str, &str, &str)] = &[
    ("blueprint", "A blueprint's identifier.", "service"),
    ("entity", "An entity's identifier.", "checkout"),
    ("property", "A property's identifier.", "tier"),
    ("relation", "A relation's identifier.", "system"),
    ("migration", "A migration's id.", "1"),
    ("integration", "An integration's identifier.", "main"),
    ("kind", "A kind of items.", "service"),
    ("run", "A run's id.", "1"),
    ("event", "A client's name for a resync.", "1"),
    ("token", "The token of a one-time link.", "token-of-the-link"),
    ("slug", "A tenant's slug.", "another"),
    ("mirror", "A mirror property's identifier.", "systemTitle"),
];

/// A parameter of a query.
#[derive(Clone)]
pub(super) struct Parameter {
    name: &'static str,
    meaning: &'static str,
    schema: Value,
}

impl Parameter {
    /// Off unless it is given; `false`, `0` and nothing are off too.
    pub(super) fn flag(name: &'static str, meaning: &'static str) -> Self {
        Self { name, meaning, schema: json!({"type": "boolean", "default": false}) }
    }

    pub(super) fn number(name: &'static str, meaning: &'static str) -> Self {
        Self { name, meaning, schema: json!({"type": "integer", "minimum": 0}) }
    }

    pub(super) fn text(name: &'static str, meaning: &'static str) -> Self {
        Self { name, meaning, schema: json!({"type": "string"}) }
    }

    /// Several values: repeated, or with commas between them.
    pub(super) fn list(name: &'static str, meaning: &'static str) -> Self {
        Self { name, meaning, schema: json!({"type": "array", "items": {"type": "string"}}) }
    }

    pub(super) fn json(&self) -> Value {
        json!({"name": self.name, "in": "query", "required": false, "description": self.meaning, "schema": self.schema})
    }
}

/// The parameters that a path's template names.
pub(super) fn in_path(path: &str) -> Vec<Value> {
    let names = path.split('{').skip(1).filter_map(|part| part.split('}').next());
    names
        .map(|name| {
            let known = IN_PATH.iter().find(|(known, ..)| *known == name);
            let (meaning, example) = known.map_or(("", name), |(_, meaning, example)| (*meaning, *example));
            json!({
                "name": name, "in": "path", "required": true, "description": meaning, "example": example,
                "schema": {"type": "string", "minLength": 1},
            })
        })
        .collect()
}
