//! What a stream says while it runs.

use async_trait::async_trait;
use portolan_schema::Problems;
use portolan_store::stream::{Pending, StreamCounts};

/// One thing to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The stream was begun before: lines up to this one are durable and are not applied again.
    ResumeFrom(i64),
    /// Lines up to this one are durable.
    Committed(i64),
    /// This line was not applied. The others are.
    Failed { line: i64, problems: Problems },
    /// The stream ended early: lines up to the last committed one are durable, later ones are not. `line` is the one
    /// that was reached.
    Aborted { line: i64, problems: Problems },
    /// The end.
    Done(Summary),
}

/// The whole stream, however many requests it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    pub lines: i64,
    pub counts: StreamCounts,
    /// Edges that waited to the end and were left out.
    pub pending: Pending,
}

/// Where verdicts go. It does not wait for whoever reads them.
#[async_trait]
pub trait VerdictSink: Send {
    async fn say(&mut self, verdicts: Vec<Verdict>);
}
