//! The kinds of items, one file each, and the names by which mappings know them.

pub(crate) mod account;
pub(crate) mod bucket;
pub(crate) mod database;
pub(crate) mod function;
pub(crate) mod instance;
pub(crate) mod region;
pub(crate) mod regional;

use portolan_ingestor_contract::KindDescription;

/// In the order in which they are read.
pub(crate) const ALL: [KindDescription; 6] =
    [account::KIND, region::KIND, bucket::KIND, instance::KIND, function::KIND, database::KIND];
