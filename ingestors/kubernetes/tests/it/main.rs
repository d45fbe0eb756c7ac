//! The Kubernetes ingestor against a stand-in for an API server, which kubectl and the Python client check.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod certificates;
mod clients;
mod discovering;
mod documentation;
mod following;
mod listening;
mod owners;
mod peer;
mod reading;
mod resuming;

mod conformance {
    portolan_ingestor_contract::conformance_tests!(crate::peer::shared);
}
