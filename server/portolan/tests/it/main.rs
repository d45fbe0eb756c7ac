//! The program as its users have it: its command line, its server, real systems behind it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod arrows;
mod aws;
mod aws_kinds;
mod computed;
mod computed_law;
mod documentation;
mod export;
mod faults;
mod github_kinds;
mod identity;
mod journey;
mod kubernetes;
mod metrics;
mod program;
mod relay;
mod remote_runs;
mod resync;
mod tour;
