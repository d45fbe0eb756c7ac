//! The kinds of items, one file each, and the names by which mappings know them.

pub(crate) mod account;
pub(crate) mod bucket;
pub(crate) mod database;
pub(crate) mod function;
pub(crate) mod instance;
pub(crate) mod queue;
pub(crate) mod region;
pub(crate) mod regional;
pub(crate) mod role;
pub(crate) mod table;
pub(crate) mod topic;
pub(crate) mod unread;

use portolan_ingestor_contract::KindDescription;

use self::regional::Regional;

/// In the order in which they are read.
pub(crate) const ALL: [KindDescription; 10] = [
    account::KIND,
    region::KIND,
    bucket::KIND,
    instance::KIND,
    function::KIND,
    database::KIND,
    table::KIND,
    queue::KIND,
    topic::KIND,
    role::KIND,
];

/// The list that each region keeps of a kind; none where the whole account has one list.
pub(crate) fn regional(kind: &str) -> Option<Box<dyn Regional>> {
    Some(match kind {
        _ if kind == instance::KIND.name => Box::new(instance::Instances),
        _ if kind == function::KIND.name => Box::new(function::Functions),
        _ if kind == database::KIND.name => Box::new(database::Databases),
        _ if kind == table::KIND.name => Box::new(table::Tables::default()),
        _ if kind == queue::KIND.name => Box::new(queue::Queues::default()),
        _ if kind == topic::KIND.name => Box::new(topic::Topics::default()),
        _ => return None,
    })
}
