//! The law of plans: what a plan of a blueprint's change counts is what making the change then does.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use portolan_catalog::{Change, EntityWrite, PlanBounds, WriteMode, WriteOptions};
use portolan_schema::Filter;
use portolan_store::testing::on_each_engine;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::model::shown;
use crate::support::Fixture;

const CASES: usize = 6;
/// Changes of one case, one after the other.
const CHANGES: usize = 4;

/// What may be said of `service`, each with one of a few rules.
#[derive(Debug, Clone)]
struct Shape {
    tier: u8,
    issues: u8,
    extra: u8,
    fresh: u8,
    system: u8,
    needs: u8,
}

fn shape() -> impl Strategy<Value = Shape> {
    (0..5u8, 0..4u8, 0..3u8, 0..3u8, 0..3u8, 0..3u8).prop_map(
        |(tier, issues, extra, fresh, system, needs)| Shape { tier, issues, extra, fresh, system, needs },
    )
}

impl Shape {
    fn definition(&self) -> Value {
        let mut properties = serde_json::Map::new();
        let mut required = Vec::new();
        match self.tier {
            0 => {}
            1 => drop(properties.insert("tier".into(), json!({"type": "string", "enum": ["gold"]}))),
            2 => {
                drop(properties.insert("tier".into(), json!({"type": "string", "enum": ["gold", "silver"]})))
            }
            3 => drop(properties.insert("tier".into(), json!({"type": "string", "format": "date-time"}))),
            _ => {
                properties.insert("tier".into(), json!({"type": "string"}));
                required.push("tier");
            }
        }
        match self.issues {
            0 => {}
            1 => drop(properties.insert("openIssues".into(), json!({"type": "number", "minimum": 3}))),
            2 => drop(properties.insert("openIssues".into(), json!({"type": "number", "title": "Issues"}))),
            // Refused while there are entities.
            _ => drop(properties.insert("openIssues".into(), json!({"type": "string"}))),
        }
        if self.extra > 0 {
            let rule = json!({"type": "object", "required": ["x"]});
            properties.insert("extra".into(), if self.extra == 1 { rule } else { json!({"type": "object"}) });
        }
        if self.fresh > 0 {
            properties.insert("fresh".into(), json!({"type": "string"}));
            if self.fresh == 1 {
                required.push("fresh");
            }
        }
        let mut relations = serde_json::Map::new();
        for (name, choice, target, many) in
            [("system", self.system, "system", false), ("dependsOn", self.needs, "service", true)]
        {
            if choice > 0 {
                relations
                    .insert(name.into(), json!({"target": target, "many": many, "required": choice == 1}));
            }
        }
        json!({"identifier": "service", "title": "Service", "relations": relations,
            "schema": {"properties": properties, "required": required}})
    }
}

/// An entity as it is shown: how many values it has, and whether it fits.
type Shown = BTreeMap<String, (usize, bool)>;

impl Fixture {
    async fn shown(&self) -> Shown {
        let model = self.catalog.model(&self.ctx).await.unwrap();
        let service = model.get("service").unwrap();
        let page = self.list("service", Filter::always()).await;
        let shown: Shown = page
            .nodes
            .iter()
            .map(|node| {
                let state = &node.entity.state;
                let values = state.properties.values().filter(|value| !value.is_null()).count();
                let relations = state.relations.values().filter(|targets| !targets.is_empty()).count();
                let fits = service.check_entity(state).is_empty();
                (state.identifier.clone(), (values + relations, fits))
            })
            .collect();
        // Misfits are counted and listed as they are.
        let expected: BTreeSet<&str> =
            shown.iter().filter(|(_, (_, fits))| !fits).map(|(name, _)| name.as_str()).collect();
        let found = self.catalog.misfits(&self.ctx, "service", None, 500).await.unwrap();
        let names: BTreeSet<&str> =
            found.nodes.iter().map(|node| node.entity.state.identifier.as_str()).collect();
        assert_eq!(names, expected);
        assert!(found.nodes.iter().all(|node| !node.problems.is_empty()));
        let count = self.catalog.count_misfits(&self.ctx, service.no()).await.unwrap();
        assert_eq!((count, found.total), (expected.len() as u64, expected.len() as u64));
        shown
    }

    async fn plan_and_apply(&self, shape: &Shape) {
        let definition = shape.definition();
        let before = self.shown().await;
        // Pages are few entities long, so that there are several.
        let bounds = PlanBounds { page: 3, ..PlanBounds::default() };
        let plan = self.catalog.plan_blueprint_change_within(&self.ctx, &definition, bounds).await.unwrap();
        assert_eq!(self.shown().await, before, "a plan changes nothing");
        let done = self.catalog.update_blueprint(&self.ctx, "service", &definition, false, None).await;
        let refused = done.map_err(shown).err().unwrap_or_default();
        let planned: Vec<String> =
            plan.problems.0.iter().map(|problem| format!("{} {}", problem.code, problem.path)).collect();
        assert_eq!(planned, refused, "{shape:?}");
        let after = self.shown().await;
        if !refused.is_empty() {
            assert_eq!(after, before);
            return;
        }
        let lost = |name: &String| before[name].0 - after[name].0;
        let fails = |name: &String| before[name].1 && !after[name].1;
        let names: Vec<&String> = before.keys().collect();
        let count = |test: &dyn Fn(&String) -> bool| names.iter().filter(|name| test(name)).count() as u64;
        assert_eq!(plan.failing, count(&|name| fails(name)), "failing, {shape:?}");
        assert_eq!(
            plan.dropped,
            names.iter().map(|name| lost(name) as u64).sum::<u64>(),
            "dropped, {shape:?}"
        );
        assert_eq!(plan.affected, count(&|name| fails(name) || lost(name) > 0), "affected, {shape:?}");
        let listed: BTreeSet<&String> = plan.samples.iter().map(|one| &one.entity).collect();
        assert_eq!(listed.len() as u64, plan.failing);
        assert!(listed.iter().all(|name| fails(name)));
        assert!(plan.complete);
    }
}

#[tokio::test]
async fn plans_count_what_is_done() {
    on_each_engine(|store| async move {
        let mut runner = TestRunner::new(Config::default());
        for case in 0..CASES {
            let fixture = Fixture::tenant(store.clone(), case as i64 + 1).await;
            fixture
                .catalog
                .apply_blueprints(&fixture.ctx, &crate::support::blueprints(), false)
                .await
                .unwrap();
            fixture.upsert(json!({"blueprint": "system", "identifier": "m"})).await;
            let changes = (0..14_usize)
                .map(|number| {
                    let pick = |values: &[Value]| values[number % values.len()].clone();
                    let body = json!({"identifier": format!("s{number}"),
                        "properties": {"tier": pick(&[json!("gold"), json!("silver"), json!("bronze"), json!(null)]),
                            "openIssues": pick(&[json!(1), json!(5), json!(null)]),
                            "extra": pick(&[json!({"x": 1}), json!({}), json!(null), json!({"y": 2}), json!({"x": 2})])},
                        "relations": {"system": pick(&[json!("m"), json!(null)]),
                            "dependsOn": pick(&[json!([]), json!(["s0"]), json!(["bare"])])}});
                    Change::Write(WriteMode::Merge, Box::new(EntityWrite::from_json("service", &body).unwrap()))
                })
                .collect();
            let options = WriteOptions { create_missing: true, ..WriteOptions::default() };
            let results = fixture.catalog.write(&fixture.ctx, changes, &options).await.unwrap();
            assert!(results.iter().all(Result::is_ok));
            for _ in 0..CHANGES {
                let shape = shape().new_tree(&mut runner).unwrap().current();
                fixture.plan_and_apply(&shape).await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_plan_names_what_would_be_broken() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let (catalog, ctx) = (&fixture.catalog, &fixture.ctx);
        let count = json!({"calculationBy": "property", "func": "sum", "property": "openIssues"});
        let mut blueprints = crate::support::blueprints();
        blueprints[0]["aggregationProperties"] = json!({"issues": {"target": "service", "calculationSpec": count}});
        blueprints[2]["mirrorProperties"] = json!({"tier": {"path": "service.tier"}, "part": {"path": "service.system.$title"}});
        catalog.apply_blueprints(ctx, &blueprints, false).await.unwrap();
        let gone = json!({"identifier": "service", "title": "Service", "schema": {"properties": {}},
            "relations": {"dependsOn": {"target": "service", "many": true}}});
        let plan = catalog.plan_blueprint_change(ctx, &gone).await.unwrap();
        let broken: Vec<String> = plan
            .broken
            .iter()
            .map(|one| format!("{} {} {}", one.kind.as_str(), one.name(), one.full_path()))
            .collect();
        assert_eq!(
            broken,
            [
                "MIRROR deployment.part /deployment/mirrorProperties/part/path",
                "MIRROR deployment.tier /deployment/mirrorProperties/tier/path",
                "AGGREGATION system.issues /system/aggregationProperties/issues/calculationSpec/property",
            ]
        );
        assert!(!plan.problems.is_empty() && plan.after.is_some(), "the rest is planned all the same");
        // A new blueprint breaks nothing.
        let fresh = json!({"identifier": "fresh", "title": "Fresh", "schema": {"properties": {"a": {"type": "string"}}, "required": ["a"]}});
        let plan = catalog.plan_blueprint_change(ctx, &fresh).await.unwrap();
        assert!(plan.problems.is_empty() && plan.broken.is_empty());
        assert_eq!((plan.affected, plan.failing, plan.looked_at), (0, 0, 0));
        assert!(catalog.model(ctx).await.unwrap().get("fresh").is_none());
        let wrong = catalog.plan_blueprint_change(ctx, &json!({"identifier": "x"})).await.unwrap();
        assert_eq!(wrong.problems.0.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_plan_that_takes_too_long_says_how_far_it_got() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        for number in 0..7 {
            fixture.upsert(json!({"blueprint": "service", "identifier": format!("s{number}")})).await;
        }
        let definition = json!({"identifier": "service", "title": "Service",
            "schema": {"properties": {"fresh": {"type": "string"}}, "required": ["fresh"]}});
        let plan = async |page: usize, patience: Duration| {
            let bounds = PlanBounds { page, patience };
            let plan = fixture
                .catalog
                .plan_blueprint_change_within(&fixture.ctx, &definition, bounds)
                .await
                .unwrap();
            (plan.looked_at, plan.failing, plan.samples.len(), plan.complete)
        };
        assert_eq!(plan(3, Duration::ZERO).await, (3, 3, 3, false));
        assert_eq!(plan(3, PlanBounds::default().patience).await, (7, 7, 7, true));
        assert_eq!(plan(7, PlanBounds::default().patience).await, (7, 7, 7, true));
        // What is looked at whole in one page is whole however long it took.
        assert_eq!(plan(8, Duration::ZERO).await, (7, 7, 7, true));
    })
    .await;
}
