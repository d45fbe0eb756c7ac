//! Bounds of one request, set by the operator for each tenant (api.md 1).

use std::time::Duration;

use portolan_catalog::OpContext;

/// Page size of a list at the root, where none is named.
pub const ROOT_PAGE: usize = 50;
/// Page size of a list inside another, where none is named.
pub const NESTED_PAGE: usize = 10;
/// Most entities around one, where no number is named.
pub const GRAPH_PAGE: usize = 100;
/// Most relations between an entity and those around it.
pub const MAX_GRAPH_DEPTH: usize = 10;
/// How deeply graphs may nest in each other.
pub const MAX_GRAPH_NESTING: u64 = 2;
/// What the origins of an entity's values cost, in rows: they are read off its changes.
pub const ORIGIN_ROWS: u64 = 50;
/// Largest page size.
pub const MAX_PAGE: usize = 500;
/// Most groups of one aggregate, and how many there are where none is named.
pub const MAX_GROUPS: usize = 1_000;
/// Most keys that one aggregate groups by.
pub const MAX_GROUP_KEYS: usize = 8;
/// Most different number properties that the functions of one aggregate look at.
pub const MAX_GROUP_NUMBERS: usize = 40;
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
    /// Most single values of an introspection, by a generous estimate: the usual query of tools counts half of it.
    pub introspection: u64,
    /// Deepest nesting of braces, brackets and parentheses in the text; what the parser can take.
    pub nesting: u64,
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
            introspection: 10_000_000,
            nesting: 64,
            query_bytes: 1 << 20,
            time: Duration::from_secs(10),
        }
    }
}

impl Limits {
    /// With what the operator set for the tenant of who asks.
    pub fn of(&self, ctx: &OpContext) -> Self {
        Self { cost: ctx.limits().query_cost.map_or(self.cost, u64::from), ..self.clone() }
    }
}
