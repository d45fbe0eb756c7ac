//! What mappings choose.

use portolan_ingestor_contract::KindRequest;
use portolan_ingestor_contract::conformance::{Bench, Recorder, Run};
use portolan_schema::Code;
use serde_json::{Value, json};

use crate::peer::{self, Stand};
use crate::stand_in::data::days_ago;

async fn collect(bench: &Bench, kind: &str, selector: Value) -> Run {
    let request = KindRequest { selector: selector.as_object().unwrap().clone(), ..KindRequest::new(kind) };
    let sink = Recorder::default();
    let result = bench.ingestor().collect(&bench.settings(), &[request], &bench.context(), &sink).await;
    Run { asked: vec![kind.to_owned()], result, record: sink.record(), took: std::time::Duration::ZERO }
}

async fn found(kind: &str, selector: Value) -> Vec<Value> {
    let bench = peer::shared().await.bench().await;
    collect(&bench, kind, selector).await.well().values(kind)
}

#[tokio::test]
async fn repositories_are_chosen() {
    for (filter, expected) in [
        (json!({}), 4),
        (json!({ "archived": false }), 3),
        (json!({ "archived": true }), 4),
        (json!({ "visibility": ["private"] }), 1),
        (json!({ "visibility": ["public", "internal"] }), 3),
        (json!({ "forks": false }), 4),
        (json!({ "names": ["SHOP", "acme/*"] }), 2),
        (json!({ "names": ["octo-org/*"], "visibility": ["public"], "archived": false }), 1),
        (json!({ "names": [] }), 0),
    ] {
        let items = found("repository", json!({ "repositories": filter })).await;
        assert_eq!(items.len(), expected, "{filter}");
    }
    // Of the archived one only where it is asked for.
    assert_eq!(found("release", json!({})).await.len(), 8);
    assert_eq!(found("release", json!({ "repositories": { "archived": true } })).await.len(), 9);
    assert_eq!(found("release", json!({ "repositories": { "names": ["shop"] } })).await.len(), 3);
}

#[tokio::test]
async fn states_are_chosen() {
    for kind in ["pull-request", "issue"] {
        assert_eq!(found(kind, json!({})).await.len(), 8, "open ones");
        assert_eq!(found(kind, json!({ "states": ["open", "closed"] })).await.len(), 10);
        let closed = found(kind, json!({ "states": ["closed"] })).await;
        assert!(closed.len() == 2 && closed.iter().all(|item| item["state"] == "closed"), "{closed:?}");
    }
    assert!(found("issue", json!({})).await.iter().all(|item| item.get("pull_request").is_none()));
}

#[tokio::test]
async fn closed_ones_are_bounded() {
    let stand = Stand::own().await;
    for kind in ["pulls", "issues"] {
        for days in 2..40 {
            let closed = json!({ "state": "closed", "number": days, "updated_at": days_ago(days * 3) });
            stand.github.known().data.thing("octo-org/shop", kind, closed);
        }
    }
    let bench = stand.bench().await;
    for kind in ["pull-request", "issue"] {
        for (selector, expected) in [
            (json!({}), 18 + 2),
            (json!({ "since": 13 }), 3 + 2),
            (json!({ "maxResults": 5 }), 5 + 1),
            (json!({ "since": 3650, "maxResults": 1000 }), 38 + 2),
        ] {
            let mut chosen = selector.clone();
            chosen["states"] = json!(["closed"]);
            let run = collect(&bench, kind, chosen).await;
            assert_eq!(run.well().items[kind].len(), expected, "{kind} {selector}");
        }
    }
}

#[tokio::test]
async fn runs_are_the_newest_of_each_workflow() {
    let stand = Stand::own().await;
    for workflow in [7, 8] {
        for days in 1..60 {
            let run = json!({
                "workflow_id": workflow, "created_at": days_ago(days), "run_number": 60 - days,
                "head_branch": if days % 2 == 0 { "main" } else { "topic" },
            });
            stand.github.known().data.thing("acme/empty", "actions/runs", run);
        }
    }
    let bench = stand.bench().await;
    for (selector, expected) in [
        (json!({}), 10),
        (json!({ "maxResults": 3 }), 3),
        (json!({ "maxResults": 1000, "since": 5 }), 5),
        (json!({ "branch": "main", "since": 9 }), 4),
    ] {
        let run = collect(&bench, "workflow-run", selector.clone()).await;
        let items = run.well().values("workflow-run");
        for workflow in [7, 8] {
            let of: Vec<_> = items.iter().filter(|item| item["workflow_id"] == workflow).collect();
            assert_eq!(of.len(), expected, "{selector}");
            assert!(of.iter().any(|item| item["run_number"].as_u64() >= Some(58)), "not the newest: {of:?}");
        }
    }
}

#[tokio::test]
async fn lists_that_grow_are_bounded() {
    let stand = Stand::own().await;
    for number in 0..40 {
        let known = &mut stand.github.known().data;
        known.thing("acme/empty", "releases", json!({ "tag_name": format!("v{number}") }));
        known.thing("acme/empty", "deployments", json!({ "sha": format!("{number:040}") }));
    }
    let bench = stand.bench().await;
    for (kind, selector, expected) in [
        ("release", json!({}), 30),
        ("release", json!({ "maxResults": 35 }), 35),
        ("deployment", json!({}), 10),
        ("deployment", json!({ "maxResults": 12, "status": false }), 12),
    ] {
        let run = collect(&bench, kind, selector.clone()).await;
        let items = run.well().values(kind);
        let of = items.iter().filter(|item| item["__repository"] == "acme/empty");
        assert_eq!(of.clone().count(), expected, "{kind} {selector}");
        let with_status = of.filter(|item| item.get("__status").is_some()).count();
        assert_eq!(with_status > 0, kind == "deployment" && selector.get("status").is_none());
    }
}

#[tokio::test]
async fn mistakes_are_told() {
    let bench = peer::shared().await.bench().await;
    for (kind, selector, message) in [
        (
            "pull-request",
            json!({ "state": "open" }),
            "selector/state: \"state\" is not known here; known are",
        ),
        ("pull-request", json!({ "states": ["merged"] }), "selector/states/0: is none of"),
        ("issue", json!({ "since": 0 }), "selector/since: breaks the rule"),
        ("organization", json!({ "all": true }), "selector/all: \"all\" is not known here"),
        ("repository", json!({ "repositories": { "name": "x" } }), "selector/repositories/name: \"name\""),
    ] {
        let run = collect(&bench, kind, selector).await;
        let error = &run.record.failed[kind];
        assert_eq!(error.code, Code::InvalidMapping);
        assert!(error.message.contains(message), "{error}");
    }
}
