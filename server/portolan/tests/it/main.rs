//! The program as its users have it: its command line, its server, real systems behind it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod arrows;
mod aws;
mod aws_accounts;
mod aws_kinds;
mod computed;
mod computed_law;
mod documentation;
#[allow(dead_code, reason = "the ingestor's own tests use all of it")]
#[path = "../../../../ingestors/github/tests/it/examples.rs"]
mod examples;
mod export;
mod faults;
mod files;
mod first_hour;
mod first_run;
mod github_kinds;
mod github_webhooks;
mod hostile;
mod identity;
mod journey;
mod kubernetes;
mod kubernetes_following;
mod metrics;
mod program;
mod relay;
mod remote_runs;
mod resync;
#[allow(dead_code, reason = "the ingestor's own tests use all of it")]
#[path = "../../../../ingestors/github/tests/it/stand_in/mod.rs"]
mod stand_in;
mod tour;
