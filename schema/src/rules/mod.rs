//! The rule language of `/v1` and of the platform API (port-api.md 2.5): read into an AST, then bound to a blueprint as a
//! [`Filter`](crate::Filter).
//!
//! Text comparison: `=` respects case; `contains`, `beginsWith`, `endsWith` and their negations do not (api.md 2). Logic
//! is two-valued: an absent value equals nothing, so a negation holds for it.

mod caller;
mod condition;
mod matches;
mod operator;
mod path;
mod read;
mod resolve;
mod shape;
mod subject;
#[cfg(test)]
mod tests;
mod values;

pub use caller::{Caller, ContextRule};
pub use matches::{Record, Target, World, is, matches, text_matches};
pub use path::MAX_HOPS;
pub use read::parse;

use serde_json::Value;

use self::operator::Operator;
use self::subject::{Context, Subject};
use crate::{BlueprintModel, CatalogModel, Pointer};

/// Deepest nesting of groups. A bound of ours.
pub const MAX_DEPTH: usize = 32;
/// Most rules and values of one query. A bound of ours; clients send large `or` trees (port-api.md 10).
pub const MAX_RULES: usize = 10_000;

/// What to do with a property that the blueprint does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// `UNKNOWN_PROPERTY` at its path.
    Refuse,
    /// As if no entity had a value there: what a search over many blueprints needs.
    TreatAsAbsent,
}

/// A combinator with its rules; not yet bound to a blueprint.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// `and`; else `or`.
    all: bool,
    rules: Vec<Node>,
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Group(Group),
    Rule(Box<Rule>),
}

#[derive(Debug, Clone, PartialEq)]
struct Rule {
    path: Pointer,
    subject: Subject,
    operator: Operator,
    /// The operator's negation is meant.
    negated: bool,
    value: Value,
    /// Where the operand is a value of the caller; then `value` is not looked at.
    context: Option<Context>,
}

/// What rules are bound to.
#[derive(Clone, Copy)]
struct Binding<'a> {
    model: &'a CatalogModel,
    blueprint: &'a BlueprintModel,
    unknown: Unknown,
    /// The rules are kept with a blueprint: nobody asks, and what follows from them has to be known.
    kept: bool,
}
