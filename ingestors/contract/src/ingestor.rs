//! The trait every ingestor implements.

use async_trait::async_trait;
use portolan_schema::{Code, Pointer, Problem, Problems};
use serde_json::{Map, Value};

use crate::{Context, Delivery, Descriptor, Event, EventSink, IngestError, Settings, Sink, SourceError};

/// One kind that a run wants read.
#[derive(Debug, Clone, PartialEq)]
pub struct KindRequest {
    /// One of the names in [`Descriptor::kinds`], or another that the source has. A kind is requested once a run, however
    /// many mappings use it.
    pub kind: String,
    /// The mapping's `selector` without `query`: keys that this ingestor gives a meaning, if any.
    pub selector: Map<String, Value>,
    /// The last [`Sink::checkpoint`] of the kind in the run that is taken up, or [`Sink::follow_from`] of the last run
    /// that read it to the end where it is followed.
    pub checkpoint: Option<Value>,
}

impl KindRequest {
    /// A request without a selector, from the beginning.
    pub fn new(kind: impl Into<String>) -> Self {
        Self { kind: kind.into(), selector: Map::new(), checkpoint: None }
    }
}

/// What an integration begins with where the user names nothing else.
#[derive(Debug, Clone, PartialEq)]
pub struct Defaults {
    pub mapping: Value,
    /// Those that the mapping fills; they compile together, without any other.
    pub blueprints: Vec<Value>,
}

/// Reads one kind of source. Holds no state between calls: one value serves every tenant at once.
#[async_trait]
pub trait Ingestor: Send + Sync {
    /// What this ingestor is and what it ships.
    fn descriptor(&self) -> &Descriptor;

    /// Whether there is a source to read. Without one, everything comes in deliveries, and runs are refused.
    fn has_source(&self) -> bool {
        true
    }

    /// Whether it shows the source [`Context::external_id`], so that people need to know it before they let it in.
    fn uses_external_id(&self) -> bool {
        false
    }

    /// The document by which the source is told to allow what these kinds need and nothing else, with a configuration
    /// (null: the defaults). None where sources of this kind take no such documents.
    fn policy(&self, config: &Value, kinds: &[&str]) -> Option<Value> {
        let _ = (config, kinds);
        None
    }

    /// The mapping and the blueprints for a configuration: the descriptor's, or of these what fits. The configuration
    /// need not be valid.
    fn defaults(&self, config: &Value) -> Defaults {
        let _ = config;
        let descriptor = self.descriptor();
        Defaults {
            mapping: descriptor.default_mapping.clone(),
            blueprints: descriptor.default_blueprints.clone(),
        }
    }

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

    /// Whether a delivery is the source's own, by its signature, before anything is kept of it. Asks nobody.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` where the signature is missing or wrong; `INVALID_VALUE` where what came cannot be a delivery
    /// at all. Says nothing about what the signature should have been.
    fn authenticate(&self, settings: &Settings, delivery: &Delivery) -> Result<(), Problems> {
        let _ = (settings, delivery);
        Err(self.no_events())
    }

    /// The source's own number of a delivery, where it has one: a delivery that comes again has the same.
    fn delivery_key(&self, settings: &Settings, delivery: &Delivery) -> Option<String> {
        let _ = (settings, delivery);
        None
    }

    /// What a delivery says, in order; nothing where it is about kinds that are not asked for. May ask the source for
    /// what the delivery leaves out. Called once the delivery is kept, perhaps more than once.
    ///
    /// # Errors
    /// Where it cannot be read, or the source does not answer.
    async fn events(
        &self,
        settings: &Settings,
        kinds: &[KindRequest],
        delivery: &Delivery,
        context: &Context,
    ) -> Result<Vec<Event>, IngestError> {
        let _ = (settings, kinds, delivery, context);
        Err(self.no_events().into())
    }

    /// Whether these settings ask for the source to be followed between runs.
    fn wants_following(&self, settings: &Settings) -> bool {
        let _ = settings;
        false
    }

    /// Follows the source from each kind's checkpoint until it is cancelled, and hands over what happens. A kind
    /// without a checkpoint has not been read yet: [`EventSink::missed`] asks for that.
    ///
    /// # Errors
    /// As [`Ingestor::collect`]. A connection that ends is no error: it is made again, patiently.
    async fn follow(
        &self,
        settings: &Settings,
        kinds: &[KindRequest],
        context: &Context,
        sink: &dyn EventSink,
    ) -> Result<(), IngestError> {
        let _ = (settings, kinds, context, sink);
        Err(SourceError::new(Code::NotSupported, self.no_events().to_string()).into())
    }

    /// What an ingestor says that learns of changes by its runs only.
    #[doc(hidden)]
    fn no_events(&self) -> Problems {
        let message = format!("{} does not tell of changes between runs", self.descriptor().title);
        Problem::new(Code::NotSupported, Pointer::root(), message).into()
    }
}
