//! What came to an integration's hook.

use async_graphql::{Enum, ID, SimpleObject};
use portolan_integrations::{DeliveryStatus as Status, StoredDelivery};
use portolan_schema::{Error, Result};

use crate::platform_graphql::problem::ProblemObject;
use crate::platform_graphql::run::RunError;

/// How a delivery stands.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryStatus {
    Waiting,
    Done,
    /// It could not be read, or some of what it makes was left out.
    Failed,
}

/// Something that a source sent.
#[derive(SimpleObject)]
pub struct Delivery {
    id: ID,
    received_at: String,
    /// The source's own number of it, by which the same one is known when it comes again.
    source_key: Option<String>,
    status: DeliveryStatus,
    /// How often it was worked on.
    attempts: i32,
    /// The first thing that went wrong: why it failed, or why it still waits.
    error: Option<RunError>,
}

impl From<StoredDelivery> for Delivery {
    fn from(stored: StoredDelivery) -> Self {
        Self {
            id: stored.id.into(),
            received_at: stored.received_at.to_rfc3339(),
            source_key: stored.source_key,
            status: match stored.status {
                Status::Waiting => DeliveryStatus::Waiting,
                Status::Done => DeliveryStatus::Done,
                Status::Failed => DeliveryStatus::Failed,
            },
            attempts: stored.attempts,
            error: RunError::new(stored.error),
        }
    }
}

impl From<DeliveryStatus> for Status {
    fn from(status: DeliveryStatus) -> Self {
        match status {
            DeliveryStatus::Waiting => Self::Waiting,
            DeliveryStatus::Done => Self::Done,
            DeliveryStatus::Failed => Self::Failed,
        }
    }
}

#[derive(SimpleObject)]
pub struct ReplayPayload {
    pub delivery: Option<Delivery>,
    pub errors: Vec<ProblemObject>,
}

#[derive(SimpleObject)]
pub struct ReplayFailedPayload {
    /// How many deliveries are worked on once more.
    pub replayed: i32,
    pub errors: Vec<ProblemObject>,
}

pub(super) fn number(id: &str) -> Result<i64> {
    id.parse().map_err(|_| Error::not_found(format!("the delivery {id}")))
}
