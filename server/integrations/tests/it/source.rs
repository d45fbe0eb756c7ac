//! An ingestor whose source is a list in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use portolan_ingestor_contract::{
    Context, Delivery, Descriptor, Event, EventSink, IngestError, Ingestor, KindRequest, Live, Settings,
    Sink, SourceError, send,
};
use portolan_schema::{Code, Pointer, Problems};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

/// What the source has, kind by kind.
#[derive(Clone, Default)]
pub struct Source(Arc<State>);

#[derive(Default)]
struct State {
    items: Mutex<BTreeMap<String, Vec<Value>>>,
    /// Kinds whose list breaks off after its items.
    broken: Mutex<Vec<String>>,
    /// Away altogether.
    away: Mutex<bool>,
    /// Where somebody holds the source, every kind waits before its end.
    gate: Mutex<Option<Arc<Semaphore>>>,
    reads: Mutex<usize>,
    /// What happened, for those who follow.
    events: Mutex<Vec<Event>>,
    /// What happened before is known no more.
    forgotten: Mutex<usize>,
    /// Who follows now, and how many did at the same time at most.
    followers: Mutex<(usize, usize)>,
}

impl Source {
    pub fn set(&self, kind: &str, items: Vec<Value>) {
        self.0.items.lock().unwrap().insert(kind.to_owned(), items);
    }

    pub fn remove(&self, kind: &str, id: &str) {
        self.0.items.lock().unwrap().get_mut(kind).unwrap().retain(|item| item["id"] != id);
    }

    pub fn break_off(&self, kind: &str, broken: bool) {
        let mut all = self.0.broken.lock().unwrap();
        all.retain(|other| other != kind);
        if broken {
            all.push(kind.to_owned());
        }
    }

    pub fn go_away(&self, away: bool) {
        *self.0.away.lock().unwrap() = away;
    }

    /// From now on no kind comes to its end until the semaphore has permits.
    pub fn hold(&self) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        *self.0.gate.lock().unwrap() = Some(gate.clone());
        gate
    }

    pub fn let_go(&self) {
        *self.0.gate.lock().unwrap() = None;
    }

    /// Something happens, which those who follow hear of.
    pub fn happen(&self, event: Event) {
        self.0.events.lock().unwrap().push(event);
    }

    /// From now on nobody can follow from before.
    pub fn forget(&self) {
        *self.0.forgotten.lock().unwrap() = self.0.events.lock().unwrap().len();
    }

    /// How many follow now, and did at the same time at most.
    pub fn followers(&self) -> (usize, usize) {
        *self.0.followers.lock().unwrap()
    }

    /// How often the source was read.
    pub fn reads(&self) -> usize {
        *self.0.reads.lock().unwrap()
    }
}

/// One of those who follow.
struct Follower<'a>(&'a State);

impl<'a> Follower<'a> {
    fn new(state: &'a State) -> Self {
        let mut followers = state.followers.lock().unwrap();
        followers.0 += 1;
        followers.1 = followers.1.max(followers.0);
        drop(followers);
        Self(state)
    }
}

impl Drop for Follower<'_> {
    fn drop(&mut self) {
        self.0.followers.lock().unwrap().0 -= 1;
    }
}

pub struct TestIngestor {
    source: Source,
    descriptor: Descriptor,
}

impl TestIngestor {
    pub fn new(source: Source) -> Self {
        let blueprint = json!({"identifier": "thing", "title": "Thing", "schema": {"properties": {}}});
        let mapping = json!({"resources": [{"kind": "things", "selector": {"query": "true"}, "port": {"entity":
            {"mappings": {"identifier": ".id", "blueprint": "\"thing\""}}}}]});
        let descriptor = Descriptor {
            name: "test",
            title: "Test",
            kinds: Vec::new(),
            permissions: Vec::new(),
            config_schema: json!({}),
            secrets_schema: json!({}),
            default_mapping: mapping,
            default_blueprints: vec![blueprint],
            live: Live::default(),
        };
        Self { source, descriptor }
    }

    /// One of the same source that tells of what happens, `live` by name.
    pub fn live(source: Source) -> Self {
        let mut ingestor = Self::new(source);
        ingestor.descriptor.name = "live";
        ingestor.descriptor.live = Live { deliveries: true, follows: true };
        ingestor
    }
}

#[async_trait]
impl Ingestor for TestIngestor {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn validate(&self, settings: &Settings, _: &Context) -> Result<(), Problems> {
        let mut problems = Problems::default();
        if settings.config["bad"].is_string() {
            let message = "\"bad\" is not known";
            problems.add(Code::UnknownField, Pointer::root().key("config").key("bad"), message);
        }
        problems.into_result(())
    }

    async fn check(&self, settings: &Settings, context: &Context) -> Result<(), Problems> {
        self.validate(settings, context)?;
        match settings.secrets.expose()["key"].as_str() {
            Some("right") => Ok(()),
            _ => Err(SourceError::unauthorized("the key is wrong").into()),
        }
    }

    async fn collect(
        &self,
        settings: &Settings,
        kinds: &[KindRequest],
        _: &Context,
        sink: &dyn Sink,
    ) -> Result<(), IngestError> {
        let state = &self.source.0;
        let heard = state.events.lock().unwrap().len();
        *state.reads.lock().unwrap() += 1;
        if *state.away.lock().unwrap() {
            return Err(SourceError::unreachable("nobody is there").into());
        }
        for KindRequest { kind, .. } in kinds {
            sink.kind_started(kind).await?;
            if self.wants_following(settings) {
                sink.follow_from(kind, &json!(heard)).await?;
            }
            let items = state.items.lock().unwrap().get(kind).cloned().unwrap_or_default();
            send(sink, kind, items).await?;
            let gate = state.gate.lock().unwrap().clone();
            if let Some(gate) = gate {
                drop(gate.acquire().await.unwrap());
            }
            if state.broken.lock().unwrap().contains(kind) {
                sink.kind_failed(kind, &SourceError::failed("the list breaks off")).await?;
            } else {
                sink.kind_done(kind).await?;
            }
        }
        Ok(())
    }

    fn authenticate(&self, _: &Settings, _: &Delivery) -> Result<(), Problems> {
        Ok(())
    }

    async fn events(
        &self,
        _: &Settings,
        _: &[KindRequest],
        delivery: &Delivery,
        _: &Context,
    ) -> Result<Vec<Event>, IngestError> {
        let item =
            serde_json::from_slice(&delivery.body).map_err(|error| SourceError::failed(error.to_string()))?;
        Ok(vec![Event::Present { kind: "services".to_owned(), item }])
    }

    fn wants_following(&self, settings: &Settings) -> bool {
        settings.config["follow"] == true
    }

    async fn follow(
        &self,
        _: &Settings,
        kinds: &[KindRequest],
        _: &Context,
        sink: &dyn EventSink,
    ) -> Result<(), IngestError> {
        let state = &self.source.0;
        let _follower = Follower::new(state);
        let place = |request: &KindRequest| request.checkpoint.as_ref().and_then(Value::as_u64).unwrap_or(0);
        let mut at = usize::try_from(kinds.iter().map(place).min().unwrap_or(0)).unwrap();
        loop {
            if *state.away.lock().unwrap() {
                return Err(SourceError::unreachable("nobody is there").into());
            }
            if at < *state.forgotten.lock().unwrap() {
                for request in kinds {
                    sink.missed(&request.kind, "it was forgotten").await?;
                }
                std::future::pending::<()>().await;
            }
            let events: Vec<Event> = state.events.lock().unwrap()[at..].to_vec();
            if !events.is_empty() {
                at += events.len();
                sink.events(events).await?;
                for request in kinds {
                    sink.checkpoint(&request.kind, &json!(at)).await?;
                }
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
}
