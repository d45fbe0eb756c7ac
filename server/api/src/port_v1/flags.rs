//! Flags in query strings, read leniently: unknown ones are ignored, junk booleans count as true (port-api.md 0.5).

use std::collections::HashMap;

/// The query parameters of a request.
pub(crate) type Query = axum::extract::Query<HashMap<String, String>>;

/// Whether a flag is on. Absent, empty, `false` and `0` are off.
pub(crate) fn is_on(query: &Query, name: &str) -> bool {
    query.get(name).is_some_and(|value| !matches!(value.to_ascii_lowercase().as_str(), "" | "false" | "0"))
}
