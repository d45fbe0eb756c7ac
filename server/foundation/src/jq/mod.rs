//! jq in worker processes. jaq bounds neither time nor memory, so a hostile expression may take its process with it, and
//! that is all it takes.

mod engine;
mod frame;
mod pool;
mod worker;

pub use pool::{JqConfig, JqPool};
pub use worker::worker_main;
