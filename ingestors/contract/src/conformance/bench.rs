//! One ingestor, its source, the proxy between them, and a client that counts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::proxy::Plan;
use super::{Client, Deed, Peer, Proxy, Record, Recorder, Seen};
use crate::{Context, IngestError, Ingestor, KindRequest, RetryPolicy, Settings};

/// Longest run of a test. Who needs longer hangs.
const LONGEST: Duration = Duration::from_secs(60);
/// How soon "at once" is, on a machine that has other work as well.
pub(super) const PROMPT: Duration = Duration::from_secs(2);

/// Everything a law needs.
pub struct Bench {
    pub peer: Arc<dyn Peer>,
    pub proxy: Proxy,
    pub http: Arc<Client>,
}

/// A collection that came to its end.
#[derive(Debug)]
pub struct Run {
    pub asked: Vec<String>,
    pub result: Result<(), IngestError>,
    pub record: Record,
    pub took: Duration,
}

impl Bench {
    /// With a proxy that changes nothing.
    pub async fn new(peer: Arc<dyn Peer>) -> Self {
        Self::with(peer, |_| Deed::Pass).await
    }

    /// With a proxy that does what `plan` says.
    pub async fn with(peer: Arc<dyn Peer>, plan: impl Fn(&Seen) -> Deed + Send + Sync + 'static) -> Self {
        Self::patient(peer, LONGEST, plan).await
    }

    /// The same, with a limit for a whole answer.
    pub async fn patient(
        peer: Arc<dyn Peer>,
        time: Duration,
        plan: impl Fn(&Seen) -> Deed + Send + Sync + 'static,
    ) -> Self {
        let plan: Plan = Arc::new(plan);
        let proxy = Proxy::start(Arc::clone(&peer), plan).await;
        Self { peer, proxy, http: Arc::new(Client::new(time)) }
    }

    pub fn ingestor(&self) -> Arc<dyn Ingestor> {
        self.peer.ingestor()
    }

    /// Working settings that lead to the proxy.
    pub fn settings(&self) -> Settings {
        self.peer.settings(&self.proxy.address)
    }

    /// The bench's client, short pauses.
    pub fn context(&self) -> Context {
        let retry = RetryPolicy {
            attempts: 6,
            first_pause: Duration::from_millis(1),
            longest_pause: Duration::from_millis(20),
        };
        Context { retry, ..Context::new(Arc::clone(&self.http) as Arc<dyn crate::Http>) }
    }

    /// Every kind of the peer.
    pub fn kinds(&self) -> Vec<&'static str> {
        self.peer.kinds()
    }

    /// Collects every kind with the bench's settings and context.
    pub async fn collect(&self) -> Run {
        self.collect_with(&self.settings(), &self.kinds(), &self.context(), &Recorder::default()).await
    }

    /// Collects kinds.
    pub async fn collect_kinds(&self, kinds: &[&str]) -> Run {
        self.collect_with(&self.settings(), kinds, &self.context(), &Recorder::default()).await
    }

    /// Collects, and holds the sink's rules against what came.
    pub async fn collect_with(
        &self,
        settings: &Settings,
        kinds: &[&str],
        context: &Context,
        sink: &Recorder,
    ) -> Run {
        let requests: Vec<KindRequest> = kinds.iter().map(|kind| KindRequest::new(*kind)).collect();
        let (ingestor, began) = (self.ingestor(), Instant::now());
        let work = ingestor.collect(settings, &requests, context, sink);
        let result = tokio::time::timeout(LONGEST, work).await.expect("a run comes to its end");
        let (record, took) = (sink.record(), began.elapsed());
        assert!(record.breaches().is_empty(), "{:?}", record.breaches());
        if result.is_ok() {
            assert_eq!(record.open(), Vec::<&String>::new(), "a run that ends well ends each kind it begins");
            for kind in kinds {
                let ended = record.done.contains(*kind) || record.failed.contains_key(*kind);
                assert!(ended, "{kind} was asked for and is neither done nor failed");
            }
        }
        Run { asked: kinds.iter().map(|kind| (*kind).to_owned()).collect(), result, record, took }
    }

    /// How many requests so far read each kind's list.
    pub fn lists(&self, kind: &str) -> usize {
        self.proxy.seen().iter().filter(|request| self.peer.lists(request) == Some(kind)).count()
    }
}

impl Run {
    /// The record of a run that must have gone well.
    #[track_caller]
    pub fn well(self) -> Record {
        assert!(self.result.is_ok(), "{:?}", self.result);
        assert!(self.record.failed.is_empty(), "{:?}", self.record.failed);
        self.record
    }
}
