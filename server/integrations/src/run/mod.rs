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
mod owned;
mod pages;
mod plan;
mod remote;
mod required;
mod runner;
mod samples;

pub(crate) use attempt::Halt;
pub use intake::{Intake, Receipt, Receipts};
pub use remote::{Closing, KindEnd};
pub use runner::RunnerConfig;

/// The queue of open runs.
const QUEUE: &str = "runs";
