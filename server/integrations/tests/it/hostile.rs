//! Mappings that are wrong, or mean harm.

use std::time::{Duration, Instant};

use portolan_integrations::{KindStatus, RunStatus};
use serde_json::{Value, json};

use crate::support::{Fixture, SILENCE, on_each_engine, resource};

fn one(mappings: Value) -> Value {
    let mut resource = resource("services", "service", &[], &[]);
    for (key, value) in mappings.as_object().unwrap() {
        resource["port"]["entity"]["mappings"][key] = value.clone();
    }
    json!({"resources": [resource]})
}

pub async fn expressions_that_do_not_compile_cost_a_field() {
    on_each_engine(|fixture| async move {
        fixture
            .integrate(
                "main",
                one(json!({"title": ".title |", "properties": {"size": "nope(.)", "tier": ".tier"}})),
            )
            .await;
        fixture.source.set("services", vec![json!({"id": "a", "title": "A", "tier": "gold"})]);
        let runner = fixture.work();
        let done = fixture.run("main", false).await;
        done.check(RunStatus::Succeeded, &[("services", [1, 1, 0, 0, 0, 0])]);
        let entity = fixture.entity("service", "a").await.unwrap();
        assert_eq!((entity.state.title, entity.state.properties["tier"].clone()), (None, json!("gold")));
        assert!(done.logged("/resources/0/port/entity/mappings/title (.title |): INVALID_JQ"), "{done:#?}");
        assert!(done.logged("/properties/size (nope(.)): INVALID_JQ"), "{done:#?}");
        runner.stop().await;
    })
    .await;
}

pub async fn wrong_types_fail_their_items() {
    on_each_engine(|fixture| async move {
        fixture
            .integrate("main", one(json!({"blueprint": ".blueprint", "properties": {"size": ".size"}})))
            .await;
        let good = json!({"id": "good", "blueprint": "service", "size": 1});
        let change = |key: &str, value: Value| {
            let mut item = good.clone();
            item[key] = value;
            item
        };
        let items = vec![
            good.clone(),
            change("id", json!(["x"])),
            change("id", json!({"no": "query"})),
            change("id", json!(true)),
            change("id", json!("")),
            change("id", json!("a b")),
            change("id", json!("\u{0}")),
            change("id", json!("x".repeat(1_001))),
            change("title", json!(["x"])),
            change("title", json!("\u{0}")),
            change("size", json!("big")),
            change("size", json!({"deep": [[[]]]})),
            change("blueprint", json!("nothing")),
            change("blueprint", json!(7)),
            change("blueprint", json!("\u{0}")),
            json!(null),
            json!([]),
            json!("text"),
        ];
        let failed = items.len() as i64 - 1;
        fixture.source.set("services", items);
        let runner = fixture.work();
        let planned = fixture.run("main", true).await;
        let done = fixture.run("main", false).await;
        done.check(RunStatus::Partial, &[("services", [failed + 1, 1, 0, 0, 0, failed])]);
        assert_eq!(planned.counts("services"), done.counts("services"));
        assert_eq!(fixture.identifiers("service").await, ["good"]);
        runner.stop().await;
    })
    .await;
}

pub async fn an_item_may_make_many_entities_but_not_too_many() {
    on_each_engine(|fixture| async move {
        let patient = Duration::from_secs(20);
        let fixture = Fixture::server_with(fixture.store.clone(), fixture.source.clone(), patient, SILENCE);
        let mut mapping = one(json!({"identifier": ".item | tostring", "title": "\"t\""}));
        mapping["resources"][0]["port"]["itemsToParse"] = json!("[range(.from; .to)]");
        fixture.integrate("main", mapping).await;
        fixture
            .source
            .set("services", vec![json!({"from": 0, "to": 10_000}), json!({"from": 50_000, "to": 60_001})]);
        let runner = fixture.work();
        let done = fixture.run("main", false).await;
        done.check(RunStatus::Partial, &[("services", [2, 10_000, 0, 0, 0, 1])]);
        assert!(done.logged("the item makes 10001 entities"), "{:#?}", done.logs);
        assert_eq!(fixture.changes().await, 10_000);
        runner.stop().await;
    })
    .await;
}

pub async fn a_mapping_that_never_ends_is_given_up() {
    on_each_engine(|fixture| async move {
        let mut mapping = one(json!({"title": "def f: f; f"}));
        mapping["resources"].as_array_mut().unwrap().push(resource("systems", "system", &[], &[]));
        fixture.integrate("main", mapping).await;
        fixture.source.set("services", (0..500).map(|n| json!({"id": format!("s{n}")})).collect());
        fixture.source.set("systems", vec![json!({"id": "a"})]);
        let runner = fixture.work();
        let began = Instant::now();
        let done = fixture.run("main", false).await;
        done.check(RunStatus::Partial, &[("systems", [1, 1, 0, 0, 0, 0])]);
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
        assert_eq!((done.kinds[0].status, done.kinds[0].seen), (KindStatus::Failed, 500));
        assert_eq!(done.kinds[0].error.as_ref().unwrap().0, "JQ_LIMIT");
        runner.stop().await;
    })
    .await;
}
