//! Where raw items go.

use async_trait::async_trait;
use portolan_schema::Error;
use serde_json::Value;

use crate::{IngestError, SourceError};

/// Most items in one call of [`Sink::items`].
pub const MAX_BATCH: usize = 100;

/// How much a line of a run's log matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Info,
    Warning,
    Error,
}

impl Level {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Takes what an ingestor reads. Calls for different kinds, and for one kind, may overlap.
///
/// Every call may wait (back-pressure): the ingestor reads no further ahead than the batches it is trying to hand over.
///
/// # Errors
/// A call fails where the run cannot go on; the ingestor then stops and returns that error.
#[async_trait]
pub trait Sink: Send + Sync {
    /// A kind is being read from now on.
    async fn kind_started(&self, kind: &str) -> Result<(), Error>;

    /// Raw items of a kind that was started, at most [`MAX_BATCH`].
    async fn items(&self, kind: &str, items: Vec<Value>) -> Result<(), Error>;

    /// Everything of the kind was handed over.
    async fn kind_done(&self, kind: &str) -> Result<(), Error>;

    /// The kind could not be read, or not to the end. Items handed over before are still good.
    async fn kind_failed(&self, kind: &str, error: &SourceError) -> Result<(), Error>;

    /// From where the kind can be read on if the run is interrupted now: after everything that was handed over, at the end
    /// of a page say. A sink may forget it; the kind is then read from the beginning.
    async fn checkpoint(&self, kind: &str, at: &Value) -> Result<(), Error> {
        let _ = (kind, at);
        Ok(())
    }

    /// From where the kind can be followed once it is done. Called before [`Sink::kind_done`].
    async fn follow_from(&self, kind: &str, at: &Value) -> Result<(), Error> {
        let _ = (kind, at);
        Ok(())
    }

    /// A line for the run's log; `item` names the thing it is about. Holds no secret.
    async fn log(
        &self,
        level: Level,
        kind: Option<&str>,
        message: &str,
        item: Option<&str>,
    ) -> Result<(), Error>;
}

/// Reads a kind from its beginning to its end: done where the reading comes to its end, failed where the source is to blame.
///
/// # Errors
/// What the run cannot go on after: a cancellation, or what the sink says.
pub async fn read_kind<E: Into<IngestError>>(
    sink: &dyn Sink,
    kind: &str,
    reading: impl Future<Output = Result<(), E>>,
) -> Result<(), IngestError> {
    sink.kind_started(kind).await?;
    match reading.await.map_err(Into::into) {
        Ok(()) => sink.kind_done(kind).await?,
        Err(IngestError::Source(error)) => {
            tracing::debug!(kind, code = %error.code, "a kind failed");
            sink.kind_failed(kind, &error).await?;
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Hands over any number of items in batches of the allowed size.
///
/// # Errors
/// What the sink says.
pub async fn send(sink: &dyn Sink, kind: &str, items: Vec<Value>) -> Result<(), Error> {
    let mut rest = items;
    while rest.len() > MAX_BATCH {
        let later = rest.split_off(MAX_BATCH);
        sink.items(kind, rest).await?;
        rest = later;
    }
    if rest.is_empty() { Ok(()) } else { sink.items(kind, rest).await }
}
