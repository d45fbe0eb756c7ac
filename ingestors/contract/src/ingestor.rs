//! The trait every ingestor implements.

use async_trait::async_trait;
use portolan_schema::Problems;
use serde_json::{Map, Value};

use crate::{Context, Descriptor, IngestError, Settings, Sink};

/// One kind that a run wants read.
#[derive(Debug, Clone, PartialEq)]
pub struct KindRequest {
    /// One of the names in [`Descriptor::kinds`]. A kind is requested once a run, however many mappings use it.
    pub kind: String,
    /// The mapping's `selector` without `query`: keys that this ingestor gives a meaning, if any.
    pub selector: Map<String, Value>,
}

impl KindRequest {
    /// A request without a selector.
    pub fn new(kind: impl Into<String>) -> Self {
        Self { kind: kind.into(), selector: Map::new() }
    }
}

/// Reads one kind of source. Holds no state between calls: one value serves every tenant at once.
#[async_trait]
pub trait Ingestor: Send + Sync {
    /// What this ingestor is and what it ships.
    fn descriptor(&self) -> &Descriptor;

    /// Checks settings without any network traffic.
    ///
    /// # Errors
    /// All problems, with paths below `/config` and `/secrets`.
    fn validate(&self, settings: &Settings, context: &Context) -> Result<(), Problems>;

    /// Checks settings and then, by asking the source as little as possible, whether its address and credentials work.
    ///
    /// # Errors
    /// All problems; what the source said is one problem with an `UPSTREAM_…` code or `ADDRESS_REFUSED`.
    async fn check(&self, settings: &Settings, context: &Context) -> Result<(), Problems>;

    /// Reads the requested kinds and hands their raw items to the sink, in batches of at most [`crate::MAX_BATCH`].
    ///
    /// For each kind: [`Sink::kind_started`], then items, then [`Sink::kind_done`] if and only if *everything* of the
    /// kind was handed over, else [`Sink::kind_failed`]. A kind that fails does not stop the others. A list that breaks
    /// off in the middle is a failed kind: what was not seen must not look deleted. A kind that is not known fails.
    ///
    /// It stops promptly, with [`IngestError::Cancelled`], once the context's token is cancelled.
    ///
    /// # Errors
    /// Only where no kind could be read at all: bad settings, refused credentials, an address out of reach; or where
    /// the run was cancelled or the sink failed. Kinds that were neither done nor failed by then count as failed.
    async fn collect(
        &self,
        settings: &Settings,
        kinds: &[KindRequest],
        context: &Context,
        sink: &dyn Sink,
    ) -> Result<(), IngestError>;
}
