//! Streams of entities: how far each has come, under which key, who goes on with it, and which edges of theirs wait.
//!
//! The mark of a stream moves in the transaction that writes the lines it stands for, and only from where it was and for
//! the request that holds it: so every line is applied once, whatever dies when.

mod record;
mod waiting;

use portolan_schema::Instant;
use serde::{Deserialize, Serialize};

pub use waiting::WaitingEdge;

/// What came of lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StreamCounts {
    pub created: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub deleted: i64,
    pub failed: i64,
}

/// How far a stream is durable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StreamMark {
    /// Lines 1 to this one are.
    pub lines: i64,
    /// A hash of all these lines.
    pub chain: [u8; 32],
    pub counts: StreamCounts,
}

/// Where a stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamState {
    /// Lines are still to come.
    Open,
    /// All lines are in; the edges that wait are being seen to.
    Closing,
    Done,
}

impl StreamState {
    const ALL: [Self; 3] = [Self::Open, Self::Closing, Self::Done];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Closing => "CLOSING",
            Self::Done => "DONE",
        }
    }
}

/// Who goes on with a stream: one request of one server process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Unique to the process.
    pub process: String,
    /// Unique in the process.
    pub request: u64,
}

impl Holder {
    fn text(&self) -> String {
        format!("{}:{}", self.process, self.request)
    }
}

/// An edge that waited to the end, as it is told to the client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingEdge {
    pub blueprint: String,
    pub identifier: String,
    pub relation: String,
    pub target: String,
}

/// The edges that waited to the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pending {
    /// The first of them.
    pub listed: Vec<PendingEdge>,
    pub count: i64,
}

/// A stream as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamRecord {
    pub id: i64,
    /// The client's `Idempotency-Key`, where it has one.
    pub key: Option<String>,
    /// How it was asked for: a stream goes on only in the same way.
    pub options: String,
    pub state: StreamState,
    pub mark: StreamMark,
    pub pending: Pending,
    /// When it was last worked on.
    pub touched_at: Instant,
}
