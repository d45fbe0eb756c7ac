//! Computed values: their rows, the formulas they were made by, and the reads they are made of.

mod dirty;
mod evaluate;
mod formula;
mod values;

pub use evaluate::Aggregate;
pub use formula::FormulaRow;
pub use values::{ComputedChange, ComputedValues};
