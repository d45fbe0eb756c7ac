//! What capabilities stand on: sealed secrets, jq in worker processes, guarded outgoing HTTP.

pub mod jq;
pub mod outbound;
pub mod secrets;
