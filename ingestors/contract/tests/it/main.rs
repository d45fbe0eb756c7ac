//! The ingestor that `docs/adding-an-ingestor.md` walks through: compiled, held against the suite, and the same as on the page.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod inventory;
mod page;
mod peer;

mod conformance {
    portolan_ingestor_contract::conformance_tests!(crate::peer::shared);
}
