//! The language of Portolan: blueprints, the compiled model of a tenant, entities, rules, mappings and names.
//!
//! This crate is pure. It does no I/O, knows no SQL, HTTP, async runtime, clock, environment or randomness: times and
//! ids are passed in. Checking returns the accepted value or *all* problems found, each with its path.

pub mod blueprint;
pub mod code;
pub mod computed;
pub mod entity;
pub mod error;
pub mod filter;
pub mod identifier;
pub mod instant;
pub mod mapping;
pub mod model;
pub mod moment;
pub mod names;
pub mod problem;
pub mod property;
pub mod references;
pub mod relation;
pub mod rules;
pub mod system;
mod validation;
pub mod words;

pub use blueprint::Blueprint;
pub use code::Code;
pub use computed::{ComputedKind, ComputedProperty, Ownership};
pub use entity::{EntityState, Targets};
pub use error::{Error, Result};
pub use filter::{Field, Filter, Meta, Scalar};
pub use instant::Instant;
pub use model::{BlueprintModel, BlueprintNo, CatalogModel, PropertyNo, RelationNo, StoredBlueprint};
pub use moment::Moment;
pub use problem::{Excess, Pointer, Problem, Problems};
pub use property::{Property, ValueType};
pub use relation::Relation;
pub use validation::SILENT_KEYS;
