//! The kinds of items, one file each, and the names by which mappings know them.

pub(crate) mod account;
pub(crate) mod any;
pub(crate) mod bucket;
pub(crate) mod database;
pub(crate) mod ecs;
pub(crate) mod eks;
pub(crate) mod function;
pub(crate) mod instance;
pub(crate) mod queue;
pub(crate) mod region;
pub(crate) mod regional;
pub(crate) mod role;
pub(crate) mod table;
pub(crate) mod topic;
pub(crate) mod unread;

use portolan_ingestor_contract::{KindDescription, KindRequest, SourceError};

use self::regional::Regional;

/// In the order in which they are read.
pub(crate) const ALL: [KindDescription; 15] = [
    account::KIND,
    region::KIND,
    bucket::KIND,
    instance::KIND,
    function::KIND,
    database::KIND,
    table::KIND,
    queue::KIND,
    topic::KIND,
    ecs::cluster::KIND,
    ecs::service::KIND,
    ecs::task_definition::KIND,
    eks::cluster::KIND,
    eks::node_group::KIND,
    role::KIND,
];

/// The list that each region keeps of a kind; none where an account has one list, or there is no such kind.
///
/// # Errors
/// Where the selector makes no sense.
pub(crate) fn regional(request: &KindRequest) -> Result<Option<Box<dyn Regional>>, SourceError> {
    let kind = request.kind.as_str();
    Ok(Some(match kind {
        _ if kind == instance::KIND.name => Box::new(instance::Instances),
        _ if kind == function::KIND.name => Box::new(function::Functions::default()),
        _ if kind == database::KIND.name => Box::new(database::Databases),
        _ if kind == table::KIND.name => Box::new(table::Tables::default()),
        _ if kind == queue::KIND.name => Box::new(queue::Queues::default()),
        _ if kind == topic::KIND.name => Box::new(topic::Topics::default()),
        _ if kind == ecs::cluster::KIND.name => Box::new(ecs::cluster::Clusters),
        _ if kind == ecs::service::KIND.name => Box::new(ecs::service::Services),
        _ if kind == ecs::task_definition::KIND.name => Box::new(ecs::task_definition::Families),
        _ if kind == eks::cluster::KIND.name => Box::new(eks::cluster::Clusters),
        _ if kind == eks::node_group::KIND.name => Box::new(eks::node_group::NodeGroups),
        _ if any::is_type(kind) && !any::is_global(kind) => Box::new(any::Resources::new(request)?),
        _ => return Ok(None),
    }))
}

/// Whether a kind is read in each region.
pub(crate) fn is_regional(kind: &str) -> bool {
    !matches!(regional(&KindRequest::new(kind)), Ok(None))
}

/// The one list that an account keeps of a kind that belongs to no region; none for other kinds.
///
/// # Errors
/// Where the selector makes no sense.
pub(crate) fn global(request: &KindRequest) -> Result<Option<Box<dyn Regional>>, SourceError> {
    let kind = request.kind.as_str();
    Ok(Some(match kind {
        _ if kind == role::KIND.name => Box::new(role::Roles::default()),
        _ if any::is_type(kind) && any::is_global(kind) => Box::new(any::Resources::new(request)?),
        _ => return Ok(None),
    }))
}
