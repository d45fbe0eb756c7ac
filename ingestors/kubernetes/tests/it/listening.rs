//! A sink that keeps what is heard while a cluster is followed, and lets a test wait for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use portolan_ingestor_contract::{
    CancellationToken, Context, Event, EventSink, IngestError, Ingestor, KindRequest, Level,
};
use portolan_schema::Error;
use serde_json::Value;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::peer::{Shop, name};

/// Who waits longer waits for ever.
const LONGEST: Duration = Duration::from_secs(30);

/// What was heard.
#[derive(Debug, Default, Clone)]
pub struct Heard {
    pub events: Vec<Event>,
    /// The last of each kind.
    pub checkpoints: BTreeMap<String, Value>,
    pub missed: Vec<(String, String)>,
    pub log: Vec<(Level, Option<String>, String)>,
}

impl Heard {
    /// `+name` and `-name` of the events, in order.
    pub fn short(&self) -> Vec<String> {
        let short = |event: &Event| match event {
            Event::Present { item, .. } => format!("+{}", name(item)),
            Event::Gone { item, .. } => format!("-{}", name(item)),
        };
        self.events.iter().map(short).collect()
    }
}

#[derive(Default)]
struct Ear {
    heard: Mutex<Heard>,
    news: Notify,
}

impl Ear {
    fn note(&self, change: impl FnOnce(&mut Heard)) -> Result<(), Error> {
        change(&mut self.heard.lock().unwrap());
        self.news.notify_one();
        Ok(())
    }
}

#[async_trait]
impl EventSink for Ear {
    async fn events(&self, events: Vec<Event>) -> Result<(), Error> {
        assert!((1..=100).contains(&events.len()));
        self.note(|heard| heard.events.extend(events))
    }

    async fn checkpoint(&self, kind: &str, at: &Value) -> Result<(), Error> {
        self.note(|heard| drop(heard.checkpoints.insert(kind.to_owned(), at.clone())))
    }

    async fn missed(&self, kind: &str, reason: &str) -> Result<(), Error> {
        self.note(|heard| heard.missed.push((kind.to_owned(), reason.to_owned())))
    }

    async fn log(&self, level: Level, kind: Option<&str>, message: &str) -> Result<(), Error> {
        self.note(|heard| heard.log.push((level, kind.map(str::to_owned), message.to_owned())))
    }
}

/// A cluster that is being followed.
pub struct Listener {
    ear: Arc<Ear>,
    token: CancellationToken,
    following: JoinHandle<Result<(), IngestError>>,
}

impl Listener {
    /// Follows kinds from their checkpoints.
    pub fn start(shop: &Shop, kinds: &[(&str, Option<Value>)]) -> Self {
        let requests = kinds.iter().map(|(kind, checkpoint)| KindRequest {
            checkpoint: checkpoint.clone(),
            ..KindRequest::new(*kind)
        });
        Self::start_with(shop, requests.collect())
    }

    pub fn start_with(shop: &Shop, requests: Vec<KindRequest>) -> Self {
        let (ear, context): (_, Context) = (Arc::new(Ear::default()), shop.context());
        let (token, ingestor, settings) =
            (context.cancellation.clone(), shop.kubernetes(), shop.own_settings());
        let own = Arc::clone(&ear);
        let following =
            tokio::spawn(async move { ingestor.follow(&settings, &requests, &context, &*own).await });
        Self { ear, token, following }
    }

    pub fn heard(&self) -> Heard {
        self.ear.heard.lock().unwrap().clone()
    }

    /// Waits until what was heard is enough.
    #[track_caller]
    pub fn until(&self, what: &str, enough: impl Fn(&Heard) -> bool) -> impl Future<Output = Heard> {
        let what = what.to_owned();
        async move {
            let waiting = async {
                loop {
                    let heard = self.heard();
                    if enough(&heard) {
                        return heard;
                    }
                    assert!(!self.following.is_finished(), "it ended while waiting for {what}: {heard:?}");
                    self.ear.news.notified().await;
                }
            };
            let waited = tokio::time::timeout(LONGEST, waiting).await;
            waited.unwrap_or_else(|_| {
                panic!("never came: {what}: {:?} {:?}", self.heard().short(), self.heard().log)
            })
        }
    }

    /// Waits until the cluster has seen so many watches.
    pub async fn watching(&self, shop: &Shop, watches: usize) {
        let waiting = async {
            while shop.cluster.watches() < watches {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LONGEST, waiting).await.unwrap();
    }

    /// Cancels.
    pub async fn stop(self) -> Heard {
        self.token.cancel();
        let ended = self.following.await.unwrap();
        assert!(matches!(ended, Err(IngestError::Cancelled)), "{ended:?}");
        self.ear.heard.lock().unwrap().clone()
    }

    /// The error with which it ends by itself.
    pub async fn end(self) -> IngestError {
        let ended = tokio::time::timeout(LONGEST, self.following).await.unwrap().unwrap();
        ended.unwrap_err()
    }
}
