//! A tenant's model: its blueprints, changed one or several at a time, always checked as a whole.
//!
//! [`change`] edits blueprints in memory, [`difference`] says what that means for what is stored, [`commit`] makes it so.
//! Rows are kept under numbers (docs/decisions/006), so that most changes touch none.

mod blueprints;
mod cache;
mod change;
mod commit;
mod difference;
mod follower;
mod rename;

pub(crate) use cache::Models;
pub(crate) use follower::Followers;
pub use follower::{ModelFollower, Rename};
