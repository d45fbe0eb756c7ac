//! What goes over the pipes: a length in four bytes, little-endian, then JSON.

use portolan_schema::mapping::{JqProblem, Mapped};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Largest frame, in bytes. A worker that answers more is stopped.
pub(crate) const MAX_FRAME: u32 = 64 << 20;

#[derive(Serialize, Deserialize)]
pub(crate) enum Request {
    /// Map items by one entry of a mapping's `resources`.
    Map { resource: Value, items: Vec<Value> },
    /// The first output of an expression.
    Evaluate { expression: String, input: Value },
    /// The first output of an expression for each input.
    Calculate { expression: String, inputs: Vec<Value> },
}

#[derive(Serialize, Deserialize)]
pub(crate) enum Answer {
    Mapped(Vec<Mapped>),
    Value(Value),
    Calculated(Vec<Result<Value, JqProblem>>),
    Problem { code: String, message: String },
}
