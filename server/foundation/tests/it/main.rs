//! jq in worker processes: this test program is its own worker.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use portolan_foundation::jq::{JqConfig, JqPool, worker_main};
use portolan_schema::Code;
use serde_json::{Value, json};

/// `harness = false`: the arguments say whether this is the worker or the tests.
fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("jq-worker") {
        return worker_main();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        honest_expressions_are_answered().await;
        hostile_expressions_are_stopped_and_the_pool_goes_on().await;
        a_hostile_item_costs_only_itself().await;
    });
    ExitCode::SUCCESS
}

fn pool() -> JqPool {
    JqPool::new(JqConfig {
        program: std::env::current_exe().unwrap(),
        arguments: vec!["jq-worker".into()],
        workers: 2,
        deadline: Duration::from_secs(2),
    })
}

async fn honest_expressions_are_answered() {
    let pool = pool();
    let input = json!({"a": [1, 2, 3], "t": "x-y", "big": 12345678901234567890_u64, "date": "2026-01-31T12:00:00.000+0000"});
    for (expression, expected) in [
        (".a | add", json!(6)),
        (".a[]", json!(1)),
        ("empty", Value::Null),
        (".t | split(\"-\") | join(\"_\")", json!("x_y")),
        (".missing // \"none\"", json!("none")),
        (".date[:23] + \"Z\"", json!("2026-01-31T12:00:00.000Z")),
        ("{k: .a[1], n: null}", json!({"k": 2, "n": null})),
        ("[.a[] | select(. > 1)] | length", json!(2)),
        (".t | test(\"^(a+)+$\")", json!(false)),
    ] {
        assert_eq!(pool.evaluate(expression, &input).await.unwrap(), expected, "{expression}");
    }
    for (expression, code) in [
        (".a | keys | .x.y", Code::JqFailed),
        ("error(\"no\")", Code::JqFailed),
        (".a |", Code::InvalidJq),
        ("nope", Code::InvalidJq),
    ] {
        assert_eq!(pool.evaluate(expression, &input).await.unwrap_err().code(), code, "{expression}");
    }
}

async fn hostile_expressions_are_stopped_and_the_pool_goes_on() {
    let pool = pool();
    let long = format!(".{}", "a".repeat(200_000));
    let limited = [Code::JqLimit].as_slice();
    let either = [Code::JqLimit, Code::JqFailed].as_slice();
    let invalid = [Code::InvalidJq].as_slice();
    for (expression, codes) in [
        ("def f: f; f", limited),
        ("[range(1e12)]", limited),
        ("last(range(1e12))", limited),
        ("\"a\" * 1000000000", either),
        ("def f: 1+f; f", limited),
        ("reduce range(40) as $i (\"aa\"; .+.)", limited),
        ("reduce range(100000000) as $i (0; [.])", limited),
        ("(\"[\" * 5000000) | fromjson", either),
        ("env", invalid),
        ("$ENV", invalid),
        ("input", invalid),
        ("halt", invalid),
        (long.as_str(), invalid),
    ] {
        let began = Instant::now();
        let error = pool.evaluate(expression, &Value::Null).await.unwrap_err();
        assert!(codes.contains(&error.code()), "{expression:.40}: {error:?}");
        assert!(began.elapsed() < Duration::from_secs(10), "{expression:.40}");
        assert_eq!(pool.evaluate(".", &json!(1)).await.unwrap(), json!(1));
    }
}

async fn a_hostile_item_costs_only_itself() {
    let pool = pool();
    let resource = json!({"kind": "k", "selector": {"query": "true"}, "port": {"entity": {"mappings": {
        "identifier": ".id", "blueprint": "\"b\"", "properties": {"n": "if .bad then last(range(1e12)) else .n * 2 end"}}}}});
    let items =
        (0..4).map(|number| json!({"id": format!("i{number}"), "n": number, "bad": number == 2})).collect();
    let mapped = pool.map(&resource, items).await.unwrap();
    let shown: Vec<_> = mapped
        .iter()
        .map(|mapped| match mapped.entities.first() {
            Some(entity) => entity.body["properties"]["n"].clone(),
            None => json!(mapped.problems[0].code),
        })
        .collect();
    assert_eq!(shown, [json!(0), json!(2), json!("JQ_LIMIT"), json!(6)]);
}
