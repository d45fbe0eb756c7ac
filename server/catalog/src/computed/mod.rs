//! Computed values: kept up to date by reading the log of versions (docs/decisions/005).
//!
//! A change is followed along the relations to the computed properties that it may concern; these are computed again in
//! the order in which they depend on each other. The law: once the log has been read to its end, what is stored is what
//! would be computed from scratch.

mod check;
mod dirty;
mod evaluate;
mod fill;
mod foresee;
mod pass;
mod worker;

pub(crate) use evaluate::number;
pub(crate) use pass::Progress;
pub use worker::Computing;

/// The consumer's name, and its queue's.
pub(crate) const NAME: &str = "computed";
