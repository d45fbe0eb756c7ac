//! The GitHub ingestor against a stand-in for GitHub, which is not to be had where tests run.
//!
//! What the stand-in answers has the shapes of GitHub's own published examples (its OpenAPI description and its webhook
//! payloads, which `make test` installs); how it pages, limits, tags, signs in and refuses follows GitHub's documentation.
//! It cannot show where GitHub does something else than it says.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod apps;
mod checkpoints;
mod conditional;
mod deliveries;
mod details;
mod examples;
mod limits;
mod paging;
mod peer;
mod repositories;
mod selectors;
mod settings;
mod stand_in;

mod conformance {
    portolan_ingestor_contract::conformance_tests!(crate::peer::shared);
}
