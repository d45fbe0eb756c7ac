//! An ingestor whose source is a list in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use portolan_ingestor_contract::{
    Context, Descriptor, IngestError, Ingestor, KindRequest, Live, Settings, Sink, SourceError, send,
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

    /// How often the source was read.
    pub fn reads(&self) -> usize {
        *self.0.reads.lock().unwrap()
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
        _: &Settings,
        kinds: &[KindRequest],
        _: &Context,
        sink: &dyn Sink,
    ) -> Result<(), IngestError> {
        let state = &self.source.0;
        *state.reads.lock().unwrap() += 1;
        if *state.away.lock().unwrap() {
            return Err(SourceError::unreachable("nobody is there").into());
        }
        for KindRequest { kind, .. } in kinds {
            sink.kind_started(kind).await?;
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
}
