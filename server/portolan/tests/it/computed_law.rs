//! The law of computed values: after any sequence of writes and changes of blueprints, once the log has been read, what is
//! stored is what somebody who sees only the entities would compute.

use std::collections::BTreeMap;

use portolan_catalog::query::{EntityQuery, NodeQuery, Page};
use portolan_catalog::{Change, EntityWrite, WriteMode, WriteOptions};
use portolan_schema::{EntityState, Filter};
use portolan_store::testing::on_each_engine;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::computed::{Fixture, blueprints};

const CASES: usize = 4;
const STEPS: usize = 40;
/// Changes between two looks.
const EVERY: usize = 5;

#[derive(Debug, Clone)]
enum Step {
    System { name: u8, rank: Option<i8>, team: Vec<u8>, title: Option<u8> },
    Service { name: u8, size: Option<i8>, system: Option<u8>, depends: Vec<u8> },
    Deployment { name: u8, prod: Option<bool>, load: Option<i8>, service: Option<u8> },
    Delete { kind: u8, name: u8 },
    Rename { kind: u8, name: u8 },
    Formulas { factor: u8, prod: bool, inherited: bool },
}

fn step() -> impl Strategy<Value = Step> {
    let some = |most: u8| proptest::option::weighted(0.8, 0..most);
    prop_oneof![
        2 => (0..3u8, proptest::option::of(-3..9i8), proptest::collection::vec(0..3u8, 0..3), some(3))
            .prop_map(|(name, rank, team, title)| Step::System { name, rank, team, title }),
        4 => (0..5u8, proptest::option::of(-3..9i8), some(3), proptest::collection::vec(0..5u8, 0..4))
            .prop_map(|(name, size, system, depends)| Step::Service { name, size, system, depends }),
        6 => (0..9u8, proptest::option::of(any::<bool>()), proptest::option::of(-9..99i8), some(5))
            .prop_map(|(name, prod, load, service)| Step::Deployment { name, prod, load, service }),
        2 => (0..3u8, 0..9u8).prop_map(|(kind, name)| Step::Delete { kind, name }),
        1 => (0..3u8, 0..9u8).prop_map(|(kind, name)| Step::Rename { kind, name }),
        1 => (1..4u8, any::<bool>(), any::<bool>())
            .prop_map(|(factor, prod, inherited)| Step::Formulas { factor, prod, inherited }),
    ]
}

/// What can be set for the blueprints.
#[derive(Clone, Copy)]
struct Formulas {
    factor: u8,
    prod: bool,
    inherited: bool,
}

impl Formulas {
    fn blueprints(self) -> Vec<Value> {
        let mut all = blueprints();
        let twice = format!("(.properties.size // 0) * {}", self.factor);
        all[1]["calculationProperties"]["twice"]["calculation"] = twice.into();
        let env = if self.prod { "prod" } else { "test" };
        all[1]["aggregationProperties"]["prod"]["query"]["rules"][0]["value"] = env.into();
        if !self.inherited {
            all[1]["ownership"] = json!({"type": "Direct"});
        }
        all
    }
}

const KINDS: [&str; 3] = ["system", "service", "deployment"];

fn named(kind: &str, name: u8) -> String {
    format!("{}{name}", &kind[..2])
}

impl Fixture {
    async fn take(&self, step: &Step, formulas: &mut Formulas) {
        match step.clone() {
            Step::System { name, rank, team, title } => {
                let team: Vec<String> = team.into_iter().map(|team| format!("t{team}")).collect();
                let title = title.map(|title| format!("Title {title}"));
                let entity = json!({"identifier": named("system", name), "title": title, "team": team, "properties": {"rank": rank}});
                self.put("system", entity).await;
            }
            Step::Service { name, size, system, depends } => {
                let system = system.map(|system| named("system", system));
                let depends: Vec<String> = depends.into_iter().map(|one| named("service", one)).collect();
                let entity = json!({"identifier": named("service", name), "team": ["own"], "properties": {"size": size},
                    "relations": {"system": system, "dependsOn": depends}});
                self.put_with_missing("service", entity).await;
            }
            Step::Deployment { name, prod, load, service } => {
                let env = prod.map(|prod| if prod { "prod" } else { "test" });
                let load = load.map(|load| f64::from(load) / 2.0);
                let service = service.map(|service| named("service", service));
                let entity = json!({"identifier": named("deployment", name), "properties": {"env": env, "load": load},
                    "relations": {"service": service}});
                self.put_with_missing("deployment", entity).await;
            }
            Step::Delete { kind, name } => {
                let kind = KINDS[usize::from(kind)];
                self.delete(kind, &named(kind, name)).await;
            }
            Step::Rename { kind, name } => {
                let kind = KINDS[usize::from(kind)];
                let mut write =
                    EntityWrite::from_json(kind, &json!({"identifier": named(kind, name)})).unwrap();
                write.rename = Some(format!("{}x", named(kind, name)));
                let change = Change::Write(WriteMode::Update, Box::new(write));
                // It may not exist, or the new name may be taken: then nothing happens.
                drop(self.catalog.write_one(&self.ctx, change, &WriteOptions::default()).await);
            }
            Step::Formulas { factor, prod, inherited } => {
                *formulas = Formulas { factor, prod, inherited };
                self.catalog.apply_blueprints(&self.ctx, &formulas.blueprints(), false).await.unwrap();
            }
        }
    }

    async fn put_with_missing(&self, blueprint: &str, entity: Value) {
        let write = EntityWrite::from_json(blueprint, &entity).unwrap();
        let change = Change::Write(WriteMode::Merge, Box::new(write));
        let options = WriteOptions { create_missing: true, ..WriteOptions::default() };
        self.catalog.write_one(&self.ctx, change, &options).await.unwrap();
    }

    async fn all(&self, blueprint: &str) -> BTreeMap<String, EntityState> {
        let model = self.catalog.model(&self.ctx).await.unwrap();
        let query = EntityQuery {
            blueprint: model.get(blueprint).unwrap().no(),
            filter: Filter::always(),
            order: Vec::new(),
            page: Page { limit: 500, ..Page::default() },
            count: false,
            nodes: NodeQuery::whole(),
        };
        let page = self.catalog.list(&self.ctx, &model, &query).await.unwrap();
        page.nodes.into_iter().map(|node| (node.entity.state.identifier.clone(), node.entity.state)).collect()
    }

    /// Looks at everything.
    async fn check(&self, formulas: Formulas, history: &[Step]) {
        self.settle().await;
        let world = World {
            systems: self.all("system").await,
            services: self.all("service").await,
            deployments: self.all("deployment").await,
            formulas,
        };
        for (kind, names) in [
            ("system", world.systems.keys()),
            ("service", world.services.keys()),
            ("deployment", world.deployments.keys()),
        ] {
            for name in names {
                let stored = Value::Object(self.values(kind, name).await);
                assert_eq!(stored, world.expected(kind, name), "{kind} {name} after {history:?}");
            }
        }
    }
}

struct World {
    systems: BTreeMap<String, EntityState>,
    services: BTreeMap<String, EntityState>,
    deployments: BTreeMap<String, EntityState>,
    formulas: Formulas,
}

fn targets(state: &EntityState, relation: &str) -> Vec<String> {
    state
        .relations
        .get(relation)
        .into_iter()
        .flat_map(|targets| targets.identifiers().map(str::to_owned))
        .collect()
}

fn number(state: &EntityState, property: &str) -> Option<f64> {
    state.properties.get(property).and_then(Value::as_f64)
}

/// As JSON, whole numbers without a fraction.
fn plain(number: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "the numbers here are small")]
    if number.fract() == 0.0 { json!(number as i64) } else { json!(number) }
}

impl World {
    fn system_of(&self, service: &EntityState) -> Option<&EntityState> {
        self.systems.get(targets(service, "system").first()?)
    }

    fn deployments_of(&self, service: &str) -> Vec<&EntityState> {
        let of = |state: &&EntityState| targets(state, "service").iter().any(|target| target == service);
        self.deployments.values().filter(of).collect()
    }

    fn service_team(&self, service: &EntityState) -> Vec<String> {
        if !self.formulas.inherited {
            return service.team.clone();
        }
        self.system_of(service).map(|system| system.team.clone()).unwrap_or_default()
    }

    fn label(&self, service: &EntityState) -> String {
        let title = self.system_of(service).and_then(|system| system.title.clone());
        format!("{}:{}", service.identifier, title.unwrap_or_else(|| "-".into()))
    }

    fn twice(&self, service: &EntityState) -> f64 {
        number(service, "size").unwrap_or(0.0) * f64::from(self.formulas.factor)
    }

    fn expected(&self, kind: &str, name: &str) -> Value {
        let mut expected = match kind {
            "system" => self.system(name),
            "service" => self.service(&self.services[name]),
            _ => self.deployment(&self.deployments[name]),
        };
        // What is null is absent.
        if let Some(map) = expected.as_object_mut() {
            map.retain(|_, value| !value.is_null());
        }
        expected
    }

    fn system(&self, name: &str) -> Value {
        let members = self
            .services
            .values()
            .filter(|state| targets(state, "system").iter().any(|target| target == name));
        let members: Vec<&EntityState> = members.collect();
        let deployments: usize =
            members.iter().map(|state| self.deployments_of(&state.identifier).len()).sum();
        let heat: f64 = members.iter().map(|state| self.twice(state)).sum();
        json!({"allDeployments": deployments, "heat": plain(heat), "$team": self.systems[name].team})
    }

    fn service(&self, state: &EntityState) -> Value {
        let system = self.system_of(state);
        let depends: Vec<&EntityState> =
            targets(state, "dependsOn").iter().filter_map(|name| self.services.get(name)).collect();
        let sizes: Vec<Value> = depends.iter().filter_map(|other| number(other, "size")).map(plain).collect();
        let mut seen = Vec::new();
        let mut ranks = Vec::new();
        for other in &depends {
            if let Some(system) = self.system_of(other).filter(|system| !seen.contains(&system.identifier)) {
                seen.push(system.identifier.clone());
                ranks.extend(number(system, "rank").map(plain));
            }
        }
        let deployments = self.deployments_of(&state.identifier);
        let env = if self.formulas.prod { "prod" } else { "test" };
        let prod =
            deployments.iter().filter(|state| state.properties.get("env") == Some(&json!(env))).count();
        let mut loads: Vec<f64> = deployments.iter().filter_map(|state| number(state, "load")).collect();
        loads.sort_by(f64::total_cmp);
        #[expect(clippy::cast_precision_loss, reason = "a few deployments")]
        let mean = loads.iter().sum::<f64>() / loads.len() as f64;
        let half = loads.len() / 2;
        let middle = match loads.len() {
            0 => Value::Null,
            even if even % 2 == 0 => plain(f64::midpoint(loads[half - 1], loads[half])),
            _ => plain(loads[half]),
        };
        json!({
            "systemTitle": system.and_then(|system| system.title.clone()),
            "systemRank": system.and_then(|system| number(system, "rank")).map(plain),
            "sizes": sizes, "deepRanks": ranks,
            "twice": plain(self.twice(state)), "label": self.label(state),
            "busy": deployments.len() > 1, "deployments": deployments.len(), "prod": prod,
            "load": plain(loads.iter().sum()),
            "least": loads.first().copied().map(plain), "most": loads.last().copied().map(plain), "middle": middle,
            "mean": (!loads.is_empty()).then(|| plain(mean)),
            "$team": self.service_team(state),
        })
    }

    fn deployment(&self, state: &EntityState) -> Value {
        let service = targets(state, "service").first().and_then(|name| self.services.get(name));
        json!({
            "label": service.map(|service| self.label(service)),
            "rank": service.and_then(|service| self.system_of(service)).and_then(|system| number(system, "rank")).map(plain),
            "$team": service.map(|service| self.service_team(service)).unwrap_or_default(),
        })
    }
}

#[tokio::test]
async fn stored_values_are_those_computed_from_scratch() {
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let cases = proptest::collection::vec(step(), STEPS);
    for _ in 0..CASES {
        let steps = cases.new_tree(&mut runner).unwrap().current();
        let steps = &steps;
        on_each_engine(|store| async move {
            let mut formulas = Formulas { factor: 2, prod: true, inherited: true };
            let fixture = Fixture::new(store, &formulas.blueprints()).await;
            for (at, step) in steps.iter().enumerate() {
                fixture.take(step, &mut formulas).await;
                if (at + 1) % EVERY == 0 {
                    fixture.check(formulas, &steps[..=at]).await;
                }
            }
        })
        .await;
    }
}
