//! Runs. A run reads its source and stages what the mapping makes of it, plans on what is staged, asks the guard, and
//! commits in batches, deletions last. From the plan on it can go on after an interruption, on any server.

mod attempt;
mod collection;
mod commit;
mod control;
mod coverage;
mod deletion;
mod ending;
mod gone;
mod heartbeat;
mod intake;
mod log;
mod made;
mod owned;
mod pages;
mod plan;
mod remote;
mod required;
mod rollback;
mod runner;
mod samples;

pub(crate) use attempt::Halt;
pub(crate) use collection::requests;
pub(crate) use deletion::deletion;
pub(crate) use heartbeat::later;
pub use intake::{Intake, Receipt, Receipts};
pub(crate) use made::{Made, mode, too_many};
pub use remote::{Closing, KindEnd};
pub use runner::RunnerConfig;

/// The queue of open runs.
const QUEUE: &str = "runs";
