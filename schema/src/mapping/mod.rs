//! The mapping language (port-app-config): from raw items of a source to entities.
//!
//! Every leaf is a jq expression on the raw item. Plain paths and literals, most of a mapping, are recognised when a
//! mapping is compiled and need no jq; the rest goes to whatever implements [`Jq`].

mod apply;
mod config;
mod expression;
mod files;
#[cfg(test)]
mod tests;

pub use apply::{CompiledResource, Mapped, MappedEntity, MappingProblem};
pub use config::{EntityMapping, MappingConfig, ResourceMapping};
pub(crate) use expression::plain_path;
pub use expression::{Expression, Jq, JqProblem};
pub use files::share as share_files;
