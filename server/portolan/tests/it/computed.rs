//! Computed values: what they are after each change, and the law that they are what would be computed from scratch.

use portolan_catalog::{
    Actor, Catalog, Change, Deletion, EntityWrite, OpContext, Role, TenantId, WriteMode, WriteOptions,
};
use portolan_foundation::jq::{JqConfig, JqPool};
use portolan_schema::{Instant, Result};
use portolan_store::Store;
use portolan_store::testing::on_each_engine;
use serde_json::{Map, Value, json};

/// A catalog whose calculations this package's program evaluates.
pub struct Fixture {
    pub catalog: Catalog,
    pub ctx: OpContext,
}

impl Fixture {
    pub async fn new(store: Store, blueprints: &[Value]) -> Self {
        let tenant = TenantId(1);
        let scope = store.write(tenant).await.unwrap();
        scope.create_head().await.unwrap();
        scope.commit().await.unwrap();
        let actor = Actor::Credential("tester".into());
        let ctx = OpContext::verified(tenant, actor, Role::Admin, "test", None);
        let jq = JqPool::new(JqConfig {
            program: env!("CARGO_BIN_EXE_portolan").into(),
            arguments: vec!["jq-worker".into()],
            workers: 1,
            deadline: std::time::Duration::from_secs(5),
        });
        let catalog = Catalog::new(store, Some(jq)).patient(std::time::Duration::from_secs(30));
        let fixture = Self { catalog, ctx };
        fixture.catalog.apply_blueprints(&fixture.ctx, blueprints, false).await.unwrap();
        fixture
    }

    pub async fn put(&self, blueprint: &str, entity: Value) {
        self.try_put(blueprint, entity).await.unwrap();
    }

    pub async fn try_put(&self, blueprint: &str, entity: Value) -> Result<()> {
        let write = EntityWrite::from_json(blueprint, &entity)?;
        let change = Change::Write(WriteMode::Merge, Box::new(write));
        self.catalog.write_one(&self.ctx, change, &WriteOptions::default()).await.map(drop)
    }

    pub async fn delete(&self, blueprint: &str, identifier: &str) {
        let deletion = Deletion {
            blueprint: blueprint.into(),
            identifier: identifier.into(),
            dependents: true,
            if_revision: None,
        };
        let done =
            self.catalog.write_one(&self.ctx, Change::Delete(deletion), &WriteOptions::default()).await;
        drop(done);
    }

    pub async fn settle(&self) {
        self.catalog.settle_computed(&self.ctx).await.unwrap();
    }

    /// Computed values by identifier, with the teams under `$team`.
    pub async fn values(&self, blueprint: &str, identifier: &str) -> Map<String, Value> {
        let model = self.catalog.model(&self.ctx).await.unwrap();
        let found = model.get(blueprint).unwrap();
        let entity = self.catalog.entity(&self.ctx, found.no(), identifier).await.unwrap().unwrap();
        let mut values = entity.computed.named(found);
        values.insert("$team".into(), entity.team(found).into());
        values
    }
}

fn count(extra: Value) -> Value {
    let mut aggregation =
        json!({"target": "deployment", "calculationSpec": {"calculationBy": "entities", "func": "count"}});
    aggregation.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    aggregation
}

fn by(func: &str) -> Value {
    let mut spec = json!({"calculationBy": "property", "func": func, "property": "load"});
    if func == "average" {
        spec["averageOf"] = "total".into();
    }
    json!({"target": "deployment", "calculationSpec": spec})
}

pub fn blueprints() -> Vec<Value> {
    vec![
        json!({"identifier": "system", "title": "System", "schema": {"properties": {"rank": {"type": "number"}}},
            "ownership": {"type": "Direct"},
            "aggregationProperties": {
                "allDeployments": {"target": "deployment", "calculationSpec": {"calculationBy": "entities", "func": "count"}},
                "heat": {"target": "service", "calculationSpec": {"calculationBy": "property", "func": "sum", "property": "twice"}}}}),
        json!({"identifier": "service", "title": "Service",
            "schema": {"properties": {"size": {"type": "number"}, "tier": {"type": "string"}}},
            "relations": {"system": {"target": "system"}, "dependsOn": {"target": "service", "many": true}},
            "ownership": {"type": "Inherited", "path": "system"},
            "mirrorProperties": {
                "systemTitle": {"path": "system.$title"}, "systemRank": {"path": "system.rank"},
                "sizes": {"path": "dependsOn.size"}, "deepRanks": {"path": "dependsOn.system.rank"}},
            "calculationProperties": {
                "twice": {"calculation": "(.properties.size // 0) * 2", "type": "number"},
                "label": {"calculation": ".identifier + \":\" + (.properties.systemTitle // \"-\")", "type": "string"},
                "busy": {"calculation": "(.properties.deployments // 0) > 1", "type": "boolean"}},
            "aggregationProperties": {
                "deployments": count(json!({})),
                "prod": count(json!({"query": {"combinator": "and", "rules": [{"property": "env", "operator": "=", "value": "prod"}]}})),
                "load": by("sum"), "least": by("min"), "most": by("max"), "middle": by("median"), "mean": by("average")}}),
        json!({"identifier": "deployment", "title": "Deployment",
            "schema": {"properties": {"env": {"type": "string"}, "load": {"type": "number"}}},
            "relations": {"service": {"target": "service"}},
            "ownership": {"type": "Inherited", "path": "service"},
            "mirrorProperties": {"label": {"path": "service.label"}, "rank": {"path": "service.systemRank"}}}),
    ]
}

#[tokio::test]
async fn computed_values_follow_their_sources() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store, &blueprints()).await;
        fixture.put("system", json!({"identifier": "s", "title": "Shop", "team": ["a"], "properties": {"rank": 1}})).await;
        fixture.put("service", json!({"identifier": "x", "properties": {"size": 3}, "relations": {"system": "s"}})).await;
        fixture.put("service", json!({"identifier": "y", "properties": {"size": 4}, "relations": {"dependsOn": ["x"]}})).await;
        for (name, env, load) in [("d1", "prod", 1.5), ("d2", "test", 2.0), ("d3", "prod", 4.0)] {
            fixture.put("deployment", json!({"identifier": name, "properties": {"env": env, "load": load}, "relations": {"service": "x"}})).await;
        }
        fixture.settle().await;
        let x = fixture.values("service", "x").await;
        assert_eq!(Value::Object(x), json!({"systemTitle": "Shop", "systemRank": 1, "sizes": [], "deepRanks": [], "twice": 6,
            "label": "x:Shop", "busy": true, "deployments": 3, "prod": 2, "load": 7.5, "least": 1.5, "most": 4, "middle": 2,
            "mean": 2.5, "$team": ["a"]}));
        let y = fixture.values("service", "y").await;
        assert_eq!((&y["sizes"], &y["deepRanks"], &y["deployments"], &y["load"]), (&json!([3]), &json!([1]), &json!(0), &json!(0)));
        assert!(!y.contains_key("least"));
        assert_eq!(Value::Object(fixture.values("system", "s").await), json!({"allDeployments": 3, "heat": 6, "$team": ["a"]}));
        assert_eq!(Value::Object(fixture.values("deployment", "d1").await), json!({"label": "x:Shop", "rank": 1, "$team": ["a"]}));

        // Changes at the far end, on the way, and of the way.
        fixture.put("system", json!({"identifier": "s", "title": "Store", "team": ["b", "c"], "properties": {"rank": 9}})).await;
        fixture.put("deployment", json!({"identifier": "d3", "relations": {"service": "y"}})).await;
        fixture.settle().await;
        assert_eq!(Value::Object(fixture.values("deployment", "d1").await), json!({"label": "x:Store", "rank": 9, "$team": ["b", "c"]}));
        assert_eq!(Value::Object(fixture.values("deployment", "d3").await), json!({"label": "y:-", "$team": []}));
        assert_eq!(fixture.values("service", "x").await["deployments"], 2);
        assert_eq!(fixture.values("service", "y").await["load"], 4);
        assert_eq!(fixture.values("system", "s").await["allDeployments"], 2);
        fixture.put("service", json!({"identifier": "x", "properties": {"size": 10}, "relations": {"system": null}})).await;
        fixture.delete("deployment", "d2").await;
        fixture.settle().await;
        assert_eq!(Value::Object(fixture.values("system", "s").await), json!({"allDeployments": 0, "heat": 0, "$team": ["b", "c"]}));
        assert_eq!(fixture.values("service", "x").await["deployments"], 1);
        assert_eq!(fixture.values("service", "y").await["sizes"], json!([10]));
        assert_eq!(fixture.values("deployment", "d1").await["$team"], json!([]));

        // Another formula, another owner.
        let mut changed = blueprints();
        changed[1]["calculationProperties"]["twice"]["calculation"] = ".properties.size * 3".into();
        changed[1].as_object_mut().unwrap().remove("ownership");
        changed[1]["mirrorProperties"].as_object_mut().unwrap().remove("sizes");
        fixture.catalog.apply_blueprints(&fixture.ctx, &changed, false).await.unwrap();
        fixture.put("service", json!({"identifier": "x", "team": ["own"]})).await;
        fixture.settle().await;
        let x = fixture.values("service", "x").await;
        assert_eq!((&x["twice"], &x["$team"], x.get("sizes")), (&json!(30), &json!(["own"]), None));
        assert_eq!(fixture.values("deployment", "d1").await["$team"], json!(["own"]));
    })
    .await;
}

/// An aggregation whose rules look at the clock follows it, without a change of any entity.
#[tokio::test]
async fn aggregations_follow_the_clock() {
    on_each_engine(|store| async move {
        let expired = json!({"combinator": "and", "rules": [{"property": "until", "operator": "isExpired"}]});
        let soon = json!({"combinator": "and", "rules": [
            {"property": "until", "operator": "between", "value": {"preset": "nextDay"}},
            {"property": {"path": ["host"]}, "operator": "matchAny", "value": ["h", "x"]}]});
        let count = |query: &Value| {
            json!({"target": "certificate", "calculationSpec": {"calculationBy": "entities", "func": "count"},
                "query": query})
        };
        let blueprints = [
            json!({"identifier": "host", "title": "Host", "schema": {"properties": {}},
                "aggregationProperties": {"expired": count(&expired), "soon": count(&soon)}}),
            json!({"identifier": "certificate", "title": "Certificate",
                "schema": {"properties": {"until": {"type": "string", "format": "timer"}}},
                "relations": {"host": {"target": "host"}}}),
        ];
        let mut fixture = Fixture::new(store, &blueprints).await;
        let hour = 3_600_000_000;
        // Long after what writes compute by the clock of this machine.
        let begin = Instant::parse("2126-11-01T00:00:00Z").unwrap();
        fixture.put("host", json!({"identifier": "h"})).await;
        for (name, hours) in [("a", -5), ("b", 10), ("c", 40)] {
            let until = Instant(begin.0 + hours * hour).to_rfc3339();
            let entity =
                json!({"identifier": name, "properties": {"until": until}, "relations": {"host": "h"}});
            fixture.put("certificate", entity).await;
        }
        for (hours, expired, soon) in [(0, 1, 1), (9, 1, 1), (11, 2, 0), (30, 2, 1), (50, 3, 0)] {
            let at = Instant(begin.0 + hours * hour);
            fixture.ctx = fixture.ctx.clone().with_asked_at(Some(at));
            fixture.settle().await;
            let values = fixture.values("host", "h").await;
            assert_eq!(
                (&values["expired"], &values["soon"]),
                (&json!(expired), &json!(soon)),
                "after {hours} h"
            );
        }
    })
    .await;
}
