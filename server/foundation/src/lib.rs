//! What capabilities stand on: sealed secrets, jq in worker processes, guarded outgoing HTTP, guarded files.

pub mod files;
pub mod jq;
pub mod outbound;
pub mod secrets;
