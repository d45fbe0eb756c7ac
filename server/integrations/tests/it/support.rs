//! A server without its edges: a tenant, blueprints, an integration of the test ingestor, and a runner.

use std::time::{Duration, Instant};

use portolan_catalog::query::{EntityQuery, NodeQuery, Page};
use portolan_catalog::{
    Actor, Catalog, Change, Entity, EntityWrite, OpContext, Role, TenantId, WriteMode, WriteOptions,
};
use portolan_foundation::jq::{JqConfig, JqPool};
use portolan_foundation::outbound::{Outbound, OutboundPolicy};
use portolan_foundation::secrets::Sealer;
use portolan_ingestor_contract::CancellationToken;
use portolan_integrations::{Integrations, LogLine, NewIntegration, Run, RunKind, RunStatus, RunnerConfig};
use portolan_schema::Filter;
use portolan_store::identity::{Tenant, TenantStatus};
use portolan_store::testing::{Engine, TestDatabase};
use portolan_store::{Config, Store};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::source::{Source, TestIngestor};

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(60);
pub const LEASE: Duration = Duration::from_secs(4);
/// Longer than any test lets a client be silent.
pub const SILENCE: Duration = Duration::from_secs(600);
pub const JQ_DEADLINE: Duration = Duration::from_millis(700);

pub fn block_on<F: Future<Output = ()>>(test: F) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(test);
}

pub async fn on_each_engine<F, T>(test: F)
where
    F: Fn(Fixture) -> T,
    T: Future<Output = ()>,
{
    for engine in Engine::BOTH {
        let database = TestDatabase::new(engine).await;
        let mut fixture = Fixture::new(database.store.clone()).await;
        fixture.apart = (engine == Engine::Postgres).then(|| database.config.clone());
        test(fixture).await;
        database.remove().await;
    }
}

#[derive(Clone)]
pub struct Fixture {
    pub store: Store,
    pub catalog: Catalog,
    pub ctx: OpContext,
    pub source: Source,
    pub integrations: Integrations,
    /// Where a runner that is to be killed gets connections of its own, as a process would.
    pub apart: Option<Config>,
}

fn runner(silence: Duration) -> RunnerConfig {
    RunnerConfig { lease: LEASE, poll: Duration::from_millis(50), at_once: 2, silence }
}

/// A runner at work.
pub struct Runner {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Runner {
    /// As an operator stops a server.
    pub async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }

    /// As power fails: nothing is tidied up.
    pub async fn kill(self) {
        self.task.abort();
        drop(self.task.await);
    }
}

impl Fixture {
    /// Services and deployments that relate both ways, systems, and no runner yet.
    pub async fn new(store: Store) -> Self {
        let tenant = TenantId(1);
        let scope = store.write_global().await.unwrap();
        let row = Tenant {
            id: tenant,
            slug: "acme".into(),
            title: "Acme".into(),
            status: TenantStatus::Active,
            created_at: portolan_schema::Instant(0),
            limits: portolan_store::identity::TenantLimits::default(),
            model_revision: 0,
        };
        scope.create_tenant(&row).await.unwrap();
        scope.commit().await.unwrap();
        let fixture = Self::server(store, Source::default());
        fixture.catalog.apply_blueprints(&fixture.ctx, &blueprints(), false).await.unwrap();
        fixture
    }

    /// One more server on a database, with the same source.
    pub fn server(store: Store, source: Source) -> Self {
        Self::server_with(store, source, JQ_DEADLINE, SILENCE)
    }

    /// The same, with other times for a batch of jq and for the silence of a client.
    pub fn server_with(store: Store, source: Source, deadline: Duration, silence: Duration) -> Self {
        Self::server_of(store, source, deadline, runner(silence))
    }

    fn server_of(store: Store, source: Source, deadline: Duration, runner: RunnerConfig) -> Self {
        let catalog = Catalog::new(store.clone(), None);
        let jq = JqPool::new(JqConfig {
            program: std::env::current_exe().unwrap(),
            arguments: vec!["jq-worker".into()],
            workers: 2,
            deadline,
        });
        let integrations = Integrations::with_runner(
            store.clone(),
            catalog.clone(),
            Sealer::from_key([1; 32]),
            jq,
            Outbound::new(OutboundPolicy::default()).unwrap(),
            vec![
                Box::new(TestIngestor::new(source.clone())),
                Box::new(TestIngestor::live(source.clone())),
                Box::new(portolan_ingestor_webhook::Webhook::new()),
            ],
            runner,
        );
        let ctx = OpContext::verified(
            TenantId(1),
            Actor::Account("ada@acme.example".into()),
            Role::Admin,
            "t",
            None,
        );
        Self { store, catalog, ctx, source, integrations, apart: None }
    }

    /// The same server, which does one thing of each kind at a time.
    pub fn narrow(&self) -> Self {
        let runner = RunnerConfig { at_once: 1, ..runner(SILENCE) };
        Self::server_of(self.store.clone(), self.source.clone(), JQ_DEADLINE, runner)
    }

    pub fn work(&self) -> Runner {
        let (integrations, stop) = (self.integrations.clone(), CancellationToken::new());
        let stopped = stop.clone();
        let task = tokio::spawn(async move { integrations.work(stopped).await });
        Runner { stop, task }
    }

    /// A runner that is to be killed.
    pub async fn work_apart(&self) -> Runner {
        match &self.apart {
            Some(config) => Self::server(Store::open(config).await.unwrap(), self.source.clone()).work(),
            None => self.work(),
        }
    }

    pub async fn integrate(&self, identifier: &str, mapping: Value) {
        let wanted = NewIntegration {
            identifier: identifier.into(),
            ingestor: "test".into(),
            mapping: Some(mapping),
            secrets: json!({"key": "right"}),
            ..NewIntegration::default()
        };
        self.integrations.create(&self.ctx, &wanted).await.unwrap();
    }

    /// Starts a run and waits for its end.
    pub async fn run(&self, identifier: &str, plan: bool) -> Done {
        let run = self.integrations.start(&self.ctx, identifier, plan).await.unwrap();
        self.ended(run.id).await
    }

    pub async fn ended(&self, run: i64) -> Done {
        self.until(run, |run, _| !run.status.is_open()).await
    }

    /// Waits until a run is as wanted.
    pub async fn until(&self, id: i64, wanted: impl Fn(&Run, &[RunKind]) -> bool) -> Done {
        let began = Instant::now();
        loop {
            let (run, kinds) = self.integrations.run(&self.ctx, id).await.unwrap();
            if wanted(&run, &kinds) {
                let (logs, _) = self.integrations.run_logs(&self.ctx, id, 0, 500).await.unwrap();
                return Done { run, kinds, logs };
            }
            assert!(began.elapsed() < PATIENCE, "{run:?} {kinds:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub async fn upsert(&self, blueprint: &str, entity: Value) {
        let write = EntityWrite::from_json(blueprint, &entity).unwrap();
        let change = Change::Write(WriteMode::Merge, Box::new(write));
        self.catalog.write_one(&self.ctx, change, &WriteOptions::default()).await.unwrap();
    }

    pub async fn entity(&self, blueprint: &str, identifier: &str) -> Option<Entity> {
        let model = self.catalog.model(&self.ctx).await.unwrap();
        self.catalog.entity(&self.ctx, model.get(blueprint).unwrap().no(), identifier).await.unwrap()
    }

    /// All of a blueprint, by identifier.
    pub async fn entities(&self, blueprint: &str) -> Vec<Entity> {
        let model = self.catalog.model(&self.ctx).await.unwrap();
        let mut all: Vec<Entity> = Vec::new();
        loop {
            let query = EntityQuery {
                blueprint: model.get(blueprint).unwrap().no(),
                filter: Filter::always(),
                order: Vec::new(),
                page: Page { limit: 500, offset: all.len(), ..Page::default() },
                count: false,
                nodes: NodeQuery::whole(),
            };
            let page = self.catalog.list(&self.ctx, &model, &query).await.unwrap();
            let count = page.nodes.len();
            all.extend(page.nodes.into_iter().map(|node| node.entity));
            if count < 500 {
                all.sort_by(|a, b| a.state.identifier.cmp(&b.state.identifier));
                return all;
            }
        }
    }

    pub async fn identifiers(&self, blueprint: &str) -> Vec<String> {
        self.entities(blueprint).await.into_iter().map(|entity| entity.state.identifier).collect()
    }

    /// Sequence number of the tenant's last version: how many changes there were.
    pub async fn changes(&self) -> i64 {
        self.store.read(self.ctx.tenant()).await.unwrap().head().await.unwrap().seq
    }

    /// Waits until nothing is left of a run that has ended but its books.
    pub async fn tidied(&self, run: i64) {
        let began = Instant::now();
        while self.staged(run).await > 0 {
            assert!(began.elapsed() < PATIENCE);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// What is left of staged items, by kind and blueprint.
    pub async fn staged(&self, run: i64) -> usize {
        let scope = self.store.read(self.ctx.tenant()).await.unwrap();
        scope.staged_blueprints(run).await.unwrap().len() + scope.planned_deletions(run).await.unwrap().len()
    }
}

/// A run that has come to where it was waited for.
#[derive(Debug)]
pub struct Done {
    pub run: Run,
    pub kinds: Vec<RunKind>,
    pub logs: Vec<LogLine>,
}

impl Done {
    /// seen, created, updated, unchanged, deleted, failed
    pub fn counts(&self, kind: &str) -> [i64; 6] {
        let found = self.kinds.iter().find(|found| found.kind == kind).unwrap();
        let counts = &found.counts;
        [found.seen, counts.created, counts.updated, counts.unchanged, counts.deleted, counts.failed]
    }

    #[track_caller]
    pub fn check(&self, status: RunStatus, expected: &[(&str, [i64; 6])]) {
        assert_eq!(self.run.status, status, "{self:#?}");
        for (kind, counts) in expected {
            assert_eq!(self.counts(kind), *counts, "{kind}: {self:#?}");
        }
    }

    pub fn logged(&self, message: &str) -> bool {
        self.logs.iter().any(|line| line.message.contains(message))
    }
}

/// One entry of a mapping: identifier and title, the properties and relations that are named.
pub fn resource(kind: &str, blueprint: &str, properties: &[&str], relations: &[&str]) -> Value {
    let fields = |names: &[&str]| -> Value {
        names
            .iter()
            .map(|name| ((*name).to_owned(), json!(format!(".{name}"))))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    json!({"kind": kind, "selector": {"query": "true"}, "port": {"entity": {"mappings": {
        "identifier": ".id", "title": ".title", "blueprint": format!("\"{blueprint}\""),
        "properties": fields(properties), "relations": fields(relations)}}}})
}

/// Services and deployments.
pub fn mapping() -> Value {
    json!({"resources": [
        resource("services", "service", &["tier"], &["system", "deployments"]),
        resource("deployments", "deployment", &[], &["service"]),
    ]})
}

/// `count` services, each with a deployment that requires it, both ways.
pub fn fill(source: &Source, count: usize) {
    let service = |n: usize| json!({"id": format!("s{n:05}"), "title": format!("Service {n}"), "tier": "gold", "deployments": [format!("d{n:05}")]});
    let deployment =
        |n: usize| json!({"id": format!("d{n:05}"), "title": "D", "service": format!("s{n:05}")});
    source.set("services", (0..count).map(service).collect());
    source.set("deployments", (0..count).map(deployment).collect());
}

pub fn blueprints() -> Vec<Value> {
    vec![
        json!({"identifier": "system", "title": "System", "schema": {"properties": {}}}),
        json!({"identifier": "service", "title": "Service",
            "schema": {"properties": {"tier": {"type": "string", "enum": ["gold", "silver"]}, "size": {"type": "number"}}},
            "relations": {"system": {"target": "system"}, "deployments": {"target": "deployment", "many": true}}}),
        json!({"identifier": "deployment", "title": "Deployment", "schema": {"properties": {}},
            "relations": {"service": {"target": "service", "required": true}}}),
    ]
}
