//! The ingestor of files: each format from a bucket of the emulator moto and from an address, through the suite's proxy;
//! and what is in files, from a directory in memory.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod answers;
mod backstage;
mod bucket;
mod directory;
mod peer;
mod rows;
mod settings;
mod shelf;
mod terraform;
mod web;

mod terraform_in_a_bucket {
    portolan_ingestor_contract::conformance_tests!(crate::bucket::terraform);
}
mod backstage_in_a_bucket {
    portolan_ingestor_contract::conformance_tests!(crate::bucket::backstage);
}
mod csv_in_a_bucket {
    portolan_ingestor_contract::conformance_tests!(crate::bucket::csv);
}
mod json_in_a_bucket {
    portolan_ingestor_contract::conformance_tests!(crate::bucket::json);
}
mod backstage_at_an_address {
    portolan_ingestor_contract::conformance_tests!(crate::web::backstage);
}
