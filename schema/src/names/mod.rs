//! GraphQL names of blueprints, fields and backward relations (api.md 2, "Names").

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// The names chosen for one blueprint; stored with it, never changed by themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphqlNames {
    /// Object type, PascalCase: `Service`.
    #[serde(rename = "type")]
    pub type_name: String,
    /// List field, camelCase: `services`.
    pub plural: String,
    /// Field of every property and relation, by its identifier.
    #[serde(default)]
    pub fields: IndexMap<String, String>,
    /// Field of every backward relation, by [`GraphqlNames::inverse_key`].
    #[serde(default)]
    pub inverses: IndexMap<String, String>,
}

impl GraphqlNames {
    /// The key of a backward relation: `<source blueprint>.<relation>`.
    pub fn inverse_key(source: &str, relation: &str) -> String {
        format!("{source}.{relation}")
    }
}
