//! The law of computed values: after any sequence of writes and changes of blueprints, and whatever time passes, once the log
//! has been read, what is stored is what somebody who sees only the entities would compute. And what a dry run answers is
//! what the write then gives.

mod formulas;
mod world;

use std::collections::BTreeMap;

use portolan_catalog::query::{EntityQuery, NodeQuery, Page};
use portolan_catalog::{Change, Entity, EntityWrite, Outcome, WriteMode, WriteOptions};
use portolan_schema::{Filter, Instant, Result};
use portolan_store::testing::on_each_engine;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

use self::formulas::{Formulas, START};
use self::world::World;
use crate::computed::Fixture;

const CASES: usize = 4;
const STEPS: usize = 40;
/// Changes between two looks.
const EVERY: usize = 5;
/// Dry runs are compared after every step, so there are fewer.
const DRY_CASES: usize = 2;
const DRY_STEPS: usize = 24;

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 24 * 60 * MINUTE;

#[derive(Debug, Clone)]
enum Step {
    System { name: u8, rank: Option<i8>, team: Vec<u8>, title: Option<u8> },
    Service { name: u8, size: Option<i8>, system: Option<u8>, depends: Vec<u8> },
    Deployment { name: u8, prod: Option<bool>, load: Option<i8>, days: Option<u16>, service: Option<u8> },
    Delete { kind: u8, name: u8 },
    Rename { kind: u8, name: u8 },
    Formulas { factor: u8, prod: bool, inherited: bool },
    RenamePart { part: u8 },
    Pass { days: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    let some = |most: u8| proptest::option::weighted(0.8, 0..most);
    prop_oneof![
        2 => (0..3u8, proptest::option::of(-3..9i8), proptest::collection::vec(0..3u8, 0..3), some(3))
            .prop_map(|(name, rank, team, title)| Step::System { name, rank, team, title }),
        4 => (0..5u8, proptest::option::of(-3..9i8), some(3), proptest::collection::vec(0..5u8, 0..4))
            .prop_map(|(name, size, system, depends)| Step::Service { name, size, system, depends }),
        6 => (0..9u8, proptest::option::of(any::<bool>()), proptest::option::of(-9..99i8),
                proptest::option::of(0..400u16), some(5))
            .prop_map(|(name, prod, load, days, service)| Step::Deployment { name, prod, load, days, service }),
        2 => (0..3u8, 0..9u8).prop_map(|(kind, name)| Step::Delete { kind, name }),
        1 => (0..3u8, 0..9u8).prop_map(|(kind, name)| Step::Rename { kind, name }),
        1 => (1..4u8, any::<bool>(), any::<bool>())
            .prop_map(|(factor, prod, inherited)| Step::Formulas { factor, prod, inherited }),
        2 => (0..4u8).prop_map(|part| Step::RenamePart { part }),
        1 => (1..50u8).prop_map(|days| Step::Pass { days }),
    ]
}

/// A sequence of steps in one tenant.
struct Run {
    fixture: Fixture,
    formulas: Formulas,
    /// When it began: dates of entities are told from here.
    began: Instant,
    /// What the clock says by which values are computed.
    now: Instant,
}

fn named(kind: usize, name: u8) -> String {
    format!("{}{name}", ["sy", "se", "de"][kind])
}

impl Run {
    async fn begin(store: portolan_store::Store) -> Self {
        let now = chrono::Utc::now().into();
        Self { fixture: Fixture::new(store, &START.blueprints()).await, formulas: START, began: now, now }
    }

    /// The entity that a step writes, and its kind.
    fn written(&self, step: &Step) -> Option<(usize, Value)> {
        let (rank, weight, system) = (self.formulas.rank(), self.formulas.load(), self.formulas.system());
        match step.clone() {
            Step::System { name, rank: value, team, title } => {
                let team: Vec<String> = team.into_iter().map(|team| format!("t{team}")).collect();
                let title = title.map(|title| format!("Title {title}"));
                Some((
                    0,
                    json!({"identifier": named(0, name), "title": title, "team": team, "properties": {rank: value}}),
                ))
            }
            Step::Service { name, size: value, system: target, depends } => {
                let target = target.map(|system| named(0, system));
                let depends: Vec<String> = depends.into_iter().map(|one| named(1, one)).collect();
                Some((
                    1,
                    json!({"identifier": named(1, name), "team": ["own"], "properties": {"size": value},
                    "relations": {system: target, "dependsOn": depends}}),
                ))
            }
            Step::Deployment { name, prod, load, days, service } => {
                let env = prod.map(|prod| if prod { "prod" } else { "test" });
                let load = load.map(|load| f64::from(load) / 2.0);
                let at = days.map(|days| Instant(self.began.0 - i64::from(days) * DAY).to_rfc3339());
                let service = service.map(|service| named(1, service));
                Some((
                    2,
                    json!({"identifier": named(2, name), "properties": {"env": env, weight: load, "at": at},
                    "relations": {"service": service}}),
                ))
            }
            _ => None,
        }
    }

    async fn write(&self, kind: usize, entity: &Value, dry_run: bool) -> Result<Outcome> {
        let write = EntityWrite::from_json(self.formulas.kinds()[kind], entity).unwrap();
        let change = Change::Write(WriteMode::Merge, Box::new(write));
        let options = WriteOptions { create_missing: true, dry_run, ..WriteOptions::default() };
        self.fixture.catalog.write_one(&self.fixture.ctx, change, &options).await
    }

    async fn take(&mut self, step: &Step) {
        if let Some((kind, entity)) = self.written(step) {
            self.write(kind, &entity, false).await.unwrap();
            return;
        }
        let (catalog, ctx) = (&self.fixture.catalog, &self.fixture.ctx);
        let kind_of = |kind: u8| self.formulas.kinds()[usize::from(kind)];
        match step.clone() {
            Step::Delete { kind, name } => {
                self.fixture.delete(kind_of(kind), &named(kind.into(), name)).await;
            }
            Step::Rename { kind, name } => {
                let identifier = named(kind.into(), name);
                let mut write =
                    EntityWrite::from_json(kind_of(kind), &json!({"identifier": identifier})).unwrap();
                write.rename = Some(format!("{identifier}x"));
                let change = Change::Write(WriteMode::Update, Box::new(write));
                // It may not exist, or the new name may be taken: then nothing happens.
                drop(catalog.write_one(ctx, change, &WriteOptions::default()).await);
            }
            Step::Formulas { factor, prod, inherited } => {
                self.formulas = Formulas { factor, prod, inherited, ..self.formulas };
                catalog.apply_blueprints(ctx, &self.formulas.blueprints(), false).await.unwrap();
            }
            Step::RenamePart { part } => {
                let before = self.formulas;
                let mut after = before;
                after.renamed[usize::from(part)] = !before.renamed[usize::from(part)];
                match part {
                    0 => catalog.rename_property(ctx, "system", before.rank(), after.rank()).await,
                    1 => catalog.rename_property(ctx, before.deployment(), before.load(), after.load()).await,
                    2 => catalog.rename_relation(ctx, "service", before.system(), after.system()).await,
                    _ => catalog.rename_blueprint(ctx, before.deployment(), after.deployment()).await,
                }
                .unwrap();
                self.formulas = after;
            }
            Step::Pass { days } => self.now.0 += i64::from(days) * DAY,
            Step::System { .. } | Step::Service { .. } | Step::Deployment { .. } => {}
        }
    }

    async fn all(&self, kind: usize) -> BTreeMap<String, Entity> {
        let model = self.fixture.catalog.model(&self.fixture.ctx).await.unwrap();
        let query = EntityQuery {
            blueprint: model.get(self.formulas.kinds()[kind]).unwrap().no(),
            filter: Filter::always(),
            order: Vec::new(),
            page: Page { limit: 500, ..Page::default() },
            count: false,
            nodes: NodeQuery::whole(),
        };
        let page = self.fixture.catalog.list(&self.fixture.ctx, &model, &query).await.unwrap();
        page.nodes.into_iter().map(|node| (node.entity.state.identifier.clone(), node.entity)).collect()
    }

    async fn world(&self) -> World {
        World {
            systems: self.all(0).await,
            services: self.all(1).await,
            deployments: self.all(2).await,
            formulas: self.formulas,
            now: self.now,
        }
    }

    /// Looks at everything.
    async fn check(&mut self, history: &[Step]) {
        // What follows the clock is looked at once a minute.
        self.now.0 += 2 * MINUTE;
        let asked = self.fixture.ctx.clone().with_asked_at(Some(self.now));
        self.fixture.catalog.settle_computed(&asked).await.unwrap();
        let world = self.world().await;
        for (kind, entities) in [&world.systems, &world.services, &world.deployments].into_iter().enumerate()
        {
            for name in entities.keys() {
                let stored = self.fixture.values(self.formulas.kinds()[kind], name).await;
                assert_eq!(Value::Object(stored), world.expected(kind, name), "{name} after {history:?}");
            }
        }
    }

    /// The computed values of what was written, with its teams.
    async fn shown(&self, outcome: &Outcome) -> Map<String, Value> {
        let model = self.fixture.catalog.model(&self.fixture.ctx).await.unwrap();
        let blueprint = model.by_no(outcome.entity.blueprint).unwrap();
        let mut problems =
            blueprint.computed.iter().filter_map(|one| outcome.entity.computed.problem(one.no()));
        assert_eq!(problems.next(), None);
        let mut values = outcome.entity.computed.named(blueprint);
        values.insert("$team".into(), outcome.entity.team(blueprint).into());
        values
    }

    /// Asks what a step would give, then takes it.
    async fn compare(&mut self, step: &Step, history: &[Step]) {
        let Some((kind, entity)) = self.written(step) else {
            self.take(step).await;
            return;
        };
        let (catalog, ctx) = (&self.fixture.catalog, &self.fixture.ctx);
        let (end, before) = (catalog.log_end(ctx).await.unwrap(), self.all(kind).await);
        let dry = self.write(kind, &entity, true).await.unwrap();
        let foreseen = self.shown(&dry).await;
        assert_eq!(
            (catalog.log_end(ctx).await.unwrap(), self.all(kind).await),
            (end, before),
            "nothing is stored"
        );
        self.write(kind, &entity, false).await.unwrap();
        self.fixture.settle().await;
        let name = entity["identifier"].as_str().unwrap();
        let stored = self.fixture.values(self.formulas.kinds()[kind], name).await;
        assert_eq!(Value::Object(foreseen), Value::Object(stored), "{name} after {history:?}");
    }
}

#[tokio::test]
async fn stored_values_are_those_computed_from_scratch() {
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let cases = proptest::collection::vec(step(), STEPS);
    for _ in 0..CASES {
        let steps = &cases.new_tree(&mut runner).unwrap().current();
        on_each_engine(|store| async move {
            let mut run = Run::begin(store).await;
            for (at, step) in steps.iter().enumerate() {
                run.take(step).await;
                if (at + 1) % EVERY == 0 {
                    run.check(&steps[..=at]).await;
                }
            }
        })
        .await;
    }
}

#[tokio::test]
async fn a_dry_run_answers_what_the_write_gives() {
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let cases = proptest::collection::vec(step(), DRY_STEPS);
    for _ in 0..DRY_CASES {
        let steps = &cases.new_tree(&mut runner).unwrap().current();
        on_each_engine(|store| async move {
            let mut run = Run::begin(store).await;
            for (at, step) in steps.iter().enumerate() {
                run.compare(step, &steps[..=at]).await;
            }
        })
        .await;
    }
}
