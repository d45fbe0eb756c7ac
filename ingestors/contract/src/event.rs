//! What happens at a source between runs: told by it in webhooks, or heard by following it.

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::HeaderMap;
use portolan_schema::Error;
use serde_json::Value;

use crate::Level;

/// A request that the source sent to an integration's hook, as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    pub received_at: DateTime<Utc>,
    pub headers: HeaderMap,
    /// Names and values of the query, decoded, in their order.
    pub query: Vec<(String, String)>,
    pub body: Bytes,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The item as it is now: what a run would hand over.
    Present { kind: String, item: Value },
    /// The item is gone. What is known of it suffices for the mapping to name its entities.
    Gone { kind: String, item: Value },
}

impl Event {
    pub fn kind(&self) -> &str {
        match self {
            Self::Present { kind, .. } | Self::Gone { kind, .. } => kind,
        }
    }
}

/// Takes what is heard while a source is followed. Every call may wait.
///
/// # Errors
/// A call fails where following cannot go on; the ingestor then stops and returns that error.
#[async_trait]
pub trait EventSink: Send + Sync {
    /// Things that happened, in order, at most [`crate::MAX_BATCH`]. They are kept when this returns.
    async fn events(&self, events: Vec<Event>) -> Result<(), Error>;

    /// From where the kind is followed the next time: after everything that was handed over.
    async fn checkpoint(&self, kind: &str, at: &Value) -> Result<(), Error>;

    /// Something may have been missed, or the kind was never read: it has to be read as a whole. The reason is for people.
    async fn missed(&self, kind: &str, reason: &str) -> Result<(), Error>;

    /// A line for the log. Holds no secret.
    async fn log(&self, level: Level, kind: Option<&str>, message: &str) -> Result<(), Error>;
}
