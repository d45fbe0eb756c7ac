//! What the program brings along for tenants to begin with.

use serde_json::Value;

/// What can be taken from. Nothing of it is in a tenant before somebody asks for it.
#[derive(Debug, Clone, Default)]
pub struct Supplies {
    /// Sources whose blueprints make a model to begin with.
    pub sources: Vec<Source>,
    pub sample: Sample,
}

/// An ingestor, and the blueprints that it fills.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name, as in an integration's `ingestor`.
    pub ingestor: String,
    /// Name for people.
    pub title: String,
    /// In Port's JSON.
    pub blueprints: Vec<Value>,
}

/// A catalog to look at.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// Without system blueprints.
    pub blueprints: Vec<Value>,
    /// Each with its `blueprint`.
    pub entities: Vec<Value>,
    /// `{widgets, filters}` about these blueprints.
    pub dashboard: Value,
}
