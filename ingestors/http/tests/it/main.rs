//! The HTTP ingestor against a small API of our own, in each style of paging, through the suite's proxy.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod lists;
mod peer;
mod recipes;
mod settings;

mod link {
    portolan_ingestor_contract::conformance_tests!(crate::peer::link);
}
mod cursor {
    portolan_ingestor_contract::conformance_tests!(crate::peer::cursor);
}
mod page {
    portolan_ingestor_contract::conformance_tests!(crate::peer::page);
}
mod offset {
    portolan_ingestor_contract::conformance_tests!(crate::peer::offset);
}
