//! Bounds of one request, set by the operator for each tenant (api.md 1).

use std::time::Duration;

/// Page size of a list at the root, where none is named.
pub const ROOT_PAGE: usize = 50;
/// Page size of a list inside another, where none is named.
pub const NESTED_PAGE: usize = 10;
/// Largest page size.
pub const MAX_PAGE: usize = 500;
/// How deeply conditions may nest through relations.
pub const MAX_RELATION_DEPTH: usize = 3;
/// Most conditions and operands of one filter together.
pub const MAX_CONDITIONS: usize = 5_000;

/// What one request may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Deepest nesting of fields; introspection is exempt.
    pub depth: u64,
    /// Most rows a query may return, counted before it runs.
    pub cost: u64,
    /// Most aliases, counted where fragments are spread.
    pub aliases: u64,
    /// Most fields, counted where fragments are spread.
    pub selections: u64,
    /// Most single values: rows times the fields asked of each.
    pub values: u64,
    /// Longest query text, in bytes.
    pub query_bytes: usize,
    /// Longest run.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 12,
            cost: 20_000,
            aliases: 1_000,
            selections: 50_000,
            values: 2_000_000,
            query_bytes: 1 << 20,
            time: Duration::from_secs(10),
        }
    }
}
