//! GraphQL names of blueprints, fields and backward relations (api.md 2, "Names"); `docs/graphql-names.md` has the
//! cases.

mod assign;
mod sets;
#[cfg(test)]
mod tests;
mod words;

pub use assign::assign;
pub use sets::{
    RESERVED_FIELDS, RESERVED_ROOTS, RESERVED_TYPES, RootFields, enum_type, is_reserved_type, type_names,
};
pub use words::{enum_value_name, field_name, is_name, lower_first, type_name, upper_first};

use std::collections::HashSet;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

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

    /// The blueprint's root fields.
    pub fn roots(&self) -> RootFields {
        RootFields::new(&self.type_name, &self.plural)
    }
}

/// A blueprint with the names stored for it, if it has any.
pub struct NamedBlueprint<'a> {
    pub blueprint: &'a crate::Blueprint,
    pub stored: Option<&'a GraphqlNames>,
}

/// GraphQL names of an enum's values, with the originals; None where they cannot be mapped one to one.
pub fn enum_values(values: &[Value]) -> Option<Vec<(String, String)>> {
    let mut taken = HashSet::new();
    values
        .iter()
        .map(|value| {
            let original = value.as_str()?;
            let name = enum_value_name(original)?;
            taken.insert(name.clone()).then(|| (name, original.to_owned()))
        })
        .collect()
}
