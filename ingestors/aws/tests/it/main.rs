//! The AWS ingestor against the emulator moto, through a proxy that speaks and fails as AWS does.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod accounts;
mod addresses;
mod answers;
mod buckets;
mod cloud_control;
mod command_line;
mod details;
mod paging;
mod peer;
mod policy;
mod regions;
mod roles;

mod conformance {
    portolan_ingestor_contract::conformance_tests!(crate::peer::shared);
}
