//! The law of rollbacks: whatever a run did, and whatever others did before and after, what nobody touched since is as it
//! was before the run, and what others have written since stays as they wrote it.

use std::collections::{BTreeMap, BTreeSet};

use portolan_integrations::RunStatus;
use portolan_schema::{EntityState, Targets};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::support::{Fixture, mapping, on_each_engine};

const CASES: usize = 12;
const BLUEPRINTS: [&str; 3] = ["system", "service", "deployment"];

/// What the source has of an entity; numbers are names.
#[derive(Debug, Clone)]
struct Item {
    title: u8,
    gold: bool,
    system: Option<u8>,
    deployments: Vec<u8>,
    service: u8,
}

/// What a person does to one entity.
#[derive(Debug, Clone)]
enum Edit {
    Title(u8),
    Size(u8),
    System(Option<u8>),
    Deployments(Vec<u8>),
    Delete,
}

#[derive(Debug, Clone)]
struct Case {
    /// Of the runs: by kind (0 services, 1 deployments) and name.
    contents: Vec<BTreeMap<(u8, u8), Item>>,
    before: BTreeMap<(u8, u8), Edit>,
    after: BTreeMap<(u8, u8), Edit>,
}

fn item() -> impl Strategy<Value = Item> {
    let deployments = proptest::collection::vec(0..6u8, 0..3);
    (0..3u8, any::<bool>(), proptest::option::of(0..3u8), deployments, 0..5u8).prop_map(
        |(title, gold, system, deployments, service)| Item { title, gold, system, deployments, service },
    )
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        2 => (0..3u8).prop_map(Edit::Title),
        2 => (0..9u8).prop_map(Edit::Size),
        2 => proptest::option::of(0..4u8).prop_map(Edit::System),
        1 => proptest::collection::vec(0..7u8, 0..3).prop_map(Edit::Deployments),
        2 => Just(Edit::Delete),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    let content = || proptest::collection::btree_map((0..2u8, 0..6u8), item(), 0..9);
    let edits = || proptest::collection::btree_map((0..2u8, 0..8u8), edit(), 0..6);
    (proptest::collection::vec(content(), 2..=3), edits(), edits())
        .prop_map(|(contents, before, after)| Case { contents, before, after })
}

/// An entity: its id, and its parts by name.
type Shown = (i64, BTreeMap<String, Value>);
type States = BTreeMap<(&'static str, String), Shown>;

impl Fixture {
    fn fill_with(&self, content: &BTreeMap<(u8, u8), Item>) {
        let names = |prefix: &str, names: &[u8]| -> Vec<String> {
            let mut names: Vec<String> = names.iter().map(|name| format!("{prefix}{name}")).collect();
            names.dedup();
            names
        };
        let of = |kind: u8| content.iter().filter(move |((of, _), _)| *of == kind);
        let service = |((_, name), item): (&(u8, u8), &Item)| {
            json!({"id": format!("s{name}"), "title": format!("T{}", item.title),
                "tier": if item.gold { "gold" } else { "silver" },
                "system": item.system.map(|system| format!("y{system}")), "deployments": names("d", &item.deployments)})
        };
        let deployment = |((_, name), item): (&(u8, u8), &Item)| json!({"id": format!("d{name}"), "title": format!("T{}", item.title), "service": format!("s{}", item.service)});
        self.source.set("services", of(0).map(service).collect());
        self.source.set("deployments", of(1).map(deployment).collect());
    }

    /// A person's edits. What refuses them is the catalog's business.
    async fn edit(&self, edits: &BTreeMap<(u8, u8), Edit>) {
        for ((kind, name), edit) in edits {
            let (blueprint, identifier) = match kind {
                0 => ("service", format!("s{name}")),
                _ => ("deployment", format!("d{name}")),
            };
            let present = self.entity(blueprint, &identifier).await;
            let mut body = json!({"identifier": identifier});
            match edit {
                Edit::Delete if present.is_some() => {
                    self.delete(blueprint, &identifier).await;
                    continue;
                }
                Edit::Title(title) => body["title"] = json!(format!("E{title}")),
                Edit::Size(size) if *kind == 0 => body["properties"] = json!({"size": size}),
                Edit::System(system) if *kind == 0 => {
                    let there = match system {
                        Some(system) => self
                            .entity("system", &format!("y{system}"))
                            .await
                            .map(|found| found.state.identifier),
                        None => None,
                    };
                    body["relations"] = json!({"system": there});
                }
                Edit::Deployments(names) if *kind == 0 => {
                    let mut there = BTreeSet::new();
                    for name in names {
                        there.extend(
                            self.entity("deployment", &format!("d{name}"))
                                .await
                                .map(|found| found.state.identifier),
                        );
                    }
                    body["relations"] = json!({"deployments": there});
                }
                _ => continue,
            }
            let has_service = present
                .as_ref()
                .is_some_and(|one| one.state.relations.get("service").is_some_and(|it| !it.is_empty()));
            if *kind == 1 && !has_service {
                let Some(service) = self.identifiers("service").await.pop() else { continue };
                body["relations"] = json!({"service": service});
            }
            self.upsert(blueprint, body).await;
        }
    }

    async fn shown(&self) -> States {
        let mut states = States::new();
        for blueprint in BLUEPRINTS {
            for entity in self.entities(blueprint).await {
                states
                    .insert((blueprint, entity.state.identifier.clone()), (entity.id, parts(&entity.state)));
            }
        }
        states
    }
}

fn parts(state: &EntityState) -> BTreeMap<String, Value> {
    let mut parts = BTreeMap::from([("title".to_owned(), json!(state.title))]);
    parts.extend(state.properties.iter().map(|(name, value)| (format!("p.{name}"), value.clone())));
    for (name, targets) in &state.relations {
        let one = matches!(targets, Targets::One(_));
        let targets: Vec<&str> = targets.identifiers().collect();
        parts.insert(format!("{}.{name}", if one { "r1" } else { "rn" }), json!(targets));
    }
    parts
}

/// Without targets that are not there.
fn reachable(parts: &BTreeMap<String, Value>, states: &States) -> BTreeMap<String, Value> {
    let blueprint = |name: &str| match name {
        "rn.deployments" => Some("deployment"),
        "r1.service" => Some("service"),
        "r1.system" => Some("system"),
        _ => None,
    };
    parts
        .iter()
        .map(|(name, value)| match blueprint(name) {
            None => (name.clone(), value.clone()),
            Some(blueprint) => {
                let targets = value.as_array().unwrap().iter();
                let there = targets
                    .filter(|target| states.contains_key(&(blueprint, target.as_str().unwrap().to_owned())));
                (name.clone(), there.cloned().collect())
            }
        })
        .collect()
}

fn is_pointed_at(key: &(&str, String), states: &States) -> bool {
    let names: &[&str] = match key.0 {
        "deployment" => &["rn.deployments"],
        "service" => &["r1.service"],
        _ => &["r1.system"],
    };
    states.iter().any(|(other, (_, parts))| {
        *other != *key
            && names.iter().any(|name| {
                parts.get(*name).is_some_and(|targets| targets.as_array().unwrap().contains(&json!(key.1)))
            })
    })
}

/// `before` and `after` the run, when the rollback began, and now.
fn check(case: &Case, before: &States, after: &States, edited: &States, now: &States) {
    let keys: BTreeSet<_> = [before, after, edited, now].into_iter().flat_map(BTreeMap::keys).collect();
    for key in keys {
        let [s0, s1, s2, s3] = [before, after, edited, now].map(|states| states.get(key));
        let told = || {
            format!("{key:?}\n{s0:?}\n{s1:?}\n{s2:?}\n{s3:?}\n{case:#?}\n{before:#?}\n{edited:#?}\n{now:#?}")
        };
        let id = |state: Option<&Shown>| state.map(|(id, _)| *id);
        let expected = match (s0, s1, s2) {
            // Somebody's, or nobody's.
            _ if id(s1) != id(s2) => s2.map(|(_, parts)| parts.clone()),
            // The run made it.
            (None, Some((_, made)), Some((_, parts))) => {
                if made != parts || is_pointed_at(key, now) {
                    Some(parts.clone())
                } else {
                    None
                }
            }
            // The run deleted it.
            (Some((_, parts)), None, None) => Some(reachable(parts, now)),
            (Some((_, old)), Some((_, made)), Some((_, parts))) => {
                let names: BTreeSet<&String> = old.keys().chain(made.keys()).chain(parts.keys()).collect();
                let back = reachable(old, now);
                let part = |name: &String| match (
                    made.get(name) == parts.get(name),
                    made.get(name) == old.get(name),
                ) {
                    (true, false) => back.get(name),
                    _ => parts.get(name),
                };
                Some(names.into_iter().filter_map(|name| Some((name.clone(), part(name)?.clone()))).collect())
            }
            _ => None,
        };
        // It cannot be without its service; where that is gone, it stays as it is.
        let lacks =
            key.0 == "deployment" && expected.as_ref().is_some_and(|parts| parts["r1.service"] == json!([]));
        let expected = if lacks { s2.map(|(_, parts)| parts.clone()) } else { expected };
        assert_eq!(s3.map(|(_, parts)| parts.clone()), expected, "{}", told());
        if let (Some(id0), Some(id3)) = (id(s0), id(s3)) {
            assert!(id0 == id3 || id(s2) == Some(id3), "{}", told());
        }
    }
}

pub async fn whatever_was_done_the_share_of_the_run_is_taken_back() {
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    for _ in 0..CASES {
        let case = &case().new_tree(&mut runner).unwrap().current();
        on_each_engine(|fixture| async move {
            fixture.integrate("main", mapping()).await;
            let runner = fixture.work();
            let mut last = None;
            let mut before = fixture.shown().await;
            for (at, content) in case.contents.iter().enumerate() {
                if at + 1 == case.contents.len() {
                    fixture.edit(&case.before).await;
                }
                before = fixture.shown().await;
                fixture.fill_with(content);
                last = Some(fixture.run("main", false).await.run);
            }
            let (run, after) = (last.unwrap(), fixture.shown().await);
            fixture.edit(&case.after).await;
            let edited = fixture.shown().await;
            if before == after {
                assert!(
                    fixture.integrations.roll_back(&fixture.ctx, run.id, false).await.is_err(),
                    "{case:#?}"
                );
            } else {
                let planned = fixture.roll_back(run.id, true).await;
                assert_eq!(fixture.shown().await, edited, "a plan changes nothing: {case:#?}");
                let done = fixture.roll_back(run.id, false).await;
                check(case, &before, &after, &edited, &fixture.shown().await);
                for kind in &done.kinds {
                    assert_eq!(planned.counts(&kind.kind), done.counts(&kind.kind), "{case:#?} {done:#?}");
                    let [seen, created, updated, unchanged, deleted, failed] = done.counts(&kind.kind);
                    assert_eq!(seen, created + updated + unchanged + deleted + failed, "{done:#?}");
                }
                let fails = done.kinds.iter().any(|kind| kind.counts.failed > 0);
                let expected = if fails { RunStatus::Partial } else { RunStatus::Succeeded };
                assert_eq!(done.run.status, expected);
            }
            runner.stop().await;
        })
        .await;
    }
}
