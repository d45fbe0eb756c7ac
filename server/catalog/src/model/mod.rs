//! A tenant's model: its blueprints, changed one or several at a time, always checked as a whole.
//!
//! [`change`] edits blueprints in memory, [`difference`] says what that means for what is stored, [`commit`] makes it so.
//! Rows are kept under numbers (docs/decisions/006), so that most changes touch none.

mod blueprints;
mod cache;
mod change;
mod commit;
mod difference;
mod fit;
mod follower;
mod misfits;
mod plan;
mod prepare;
mod rename;
mod revisions;
mod system;
mod work;

pub(crate) use cache::Models;
pub(crate) use follower::Followers;
pub use follower::{ModelFollower, Rename};
pub(crate) use misfits::keep as keep_misfits;
pub use misfits::{Misfit, Misfits};
pub use plan::{BlueprintPlan, Failing, PlanBounds};
pub(crate) use prepare::NAME as PREPARING;
pub use revisions::ModelRevisions;
