//! What is read, and what is left out.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use portolan_ingestor_contract::conformance::Peer;
use portolan_ingestor_contract::{Context, Http, HttpError, KindRequest};
use portolan_ingestor_kubernetes::testing::objects;
use portolan_schema::Code;
use serde_json::{Value, json};

use crate::peer::{Shop, shared};

#[tokio::test]
async fn an_item_is_the_object_without_what_nobody_should_see() {
    let shop = shared().await;
    let run = shop.read(&["deployments", "cluster", "v1/configmaps", "secrets", "widgets"]).await;
    let text = format!("{:?}", run.record);
    assert!(
        !text.contains("hunter2") && !text.contains("aHVudGVy"),
        "a secret of the source is among the items"
    );
    let mut expected = objects::deployment("shop", "web", "shop:1");
    let found = &run.items("deployments")["shop/web"];
    let meta = expected["metadata"].as_object_mut().unwrap();
    meta.shift_remove("managedFields");
    meta["annotations"] = json!({ "team": "shop" });
    meta.insert("resourceVersion".into(), found["metadata"]["resourceVersion"].clone());
    expected["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] = Value::Null;
    for (key, value) in [("__Cluster", json!("prod")), ("__Owner", Value::Null), ("__Workload", Value::Null)]
    {
        expected[key] = value;
    }
    assert_eq!(*found, expected);
    assert_eq!(found.as_object().unwrap().keys().take(2).collect::<Vec<_>>(), ["apiVersion", "kind"]);

    let cluster = &run.record.values("cluster")[0];
    let expected = [json!("prod"), json!("v1.34.2"), json!("linux/amd64")];
    assert_eq!(
        [&cluster["name"], &cluster["version"]["gitVersion"], &cluster["version"]["platform"]],
        expected.each_ref()
    );
    for (kind, name, what) in
        [("v1/configmaps", "shop/settings", "ConfigMap"), ("secrets", "shop/database", "Secret")]
    {
        let item = &run.items(kind)[name];
        let keys: Vec<&String> = item.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["apiVersion", "kind", "metadata", "__Cluster", "__Owner", "__Workload"]);
        assert_eq!((&item["apiVersion"], &item["kind"]), (&json!("v1"), &json!(what)));
    }
    // A value that is called env and is no list of variables stays.
    assert_eq!(
        run.items("widgets")["shop/w1"]["spec"],
        json!({ "size": 3, "ratio": 0.5, "env": "production" })
    );
}

#[tokio::test]
async fn selectors_choose() {
    let shop = shared().await;
    for (selector, expected) in [
        (json!({ "labelSelector": "app in (web,cart)" }), &["shop/cart", "shop/web"][..]),
        (json!({ "fieldSelector": "metadata.name=pay" }), &["shop/pay"]),
        (json!({ "namespaces": ["shop"], "labelSelector": "app=mail" }), &["shop/mail"]),
        (json!({ "namespaces": ["team-a"] }), &[]),
    ] {
        assert_eq!(
            shop.select("deployments", selector.clone()).await.names("deployments"),
            expected,
            "{selector}"
        );
    }
    for (selector, sentence) in [
        (json!({ "labelSelector": "a b" }), "unable to parse requirement"),
        (json!({ "fieldSelector": "spec.replicas=3" }), "field label not supported: spec.replicas"),
    ] {
        let run = shop.select("deployments", selector).await;
        let (code, message) = run.error("deployments");
        assert!(code == Code::UpstreamFailed && message.contains(sentence), "{message}");
    }
    let run = shop.select("deployments", json!({ "labels": "app=web" })).await;
    assert_eq!(run.error("deployments").0, Code::InvalidMapping);
}

#[tokio::test]
async fn named_namespaces_are_read_and_no_others() {
    let shop = Shop::with(json!({ "namespaces": ["shop", "team-a"] })).await;
    // What rights in these namespaces give.
    let run = shop.read(&["pods", "namespaces", "jobs"]).await;
    assert_eq!(run.names("namespaces"), ["shop", "team-a"]);
    let places: BTreeSet<String> =
        run.items("pods").into_keys().map(|name| name.split_once('/').unwrap().0.to_owned()).collect();
    assert_eq!(places, BTreeSet::from(["shop".to_owned(), "team-a".to_owned()]));
    for request in &run.requests {
        let alone = ["/api?", "/apis?", "/api/v1/namespaces?"]
            .iter()
            .any(|start| format!("{request}?").starts_with(start));
        assert!(
            alone || request.contains("/namespaces/shop/") || request.contains("/namespaces/team-a/"),
            "{request}"
        );
    }
    let versions = run.record.follow_from["pods"]["versions"].as_object().unwrap();
    assert_eq!(versions.keys().collect::<Vec<_>>(), ["shop", "team-a"]);
}

#[tokio::test]
async fn kinds_that_the_settings_leave_out_are_read_as_none() {
    let shop = Shop::with(json!({ "kinds": ["services"] })).await;
    let run = shop.read(&["services", "pods"]).await;
    assert_eq!(run.names("services").len(), 5);
    assert!(run.record.done.contains("pods") && !run.record.items.contains_key("pods"));
    assert_eq!(
        run.record.log[0].message,
        "the settings leave this kind out: it is read as if there were none"
    );
    assert!(
        !run.requests.iter().any(|request| request.contains("pods"))
            && !run.record.follow_from.contains_key("pods")
    );
}

/// A client whose lists of pods may have a size as the server's answers may.
struct Narrow(Arc<dyn Http>, usize);

#[async_trait]
impl Http for Narrow {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
        let pods = request.uri().path().ends_with("/pods");
        let answer = self.0.send(request).await?;
        match pods && answer.body().len() > self.1 {
            true => Err(HttpError::TooLarge { limit: self.1 as u64 }),
            false => Ok(answer),
        }
    }
}

#[tokio::test]
async fn a_page_that_is_too_large_is_asked_for_in_parts() {
    let shop = shared().await;
    let context = shop.context();
    let narrow = Context { http: Arc::new(Narrow(Arc::clone(&context.http), 20_000)), ..context };
    let run = shop.read_with(&narrow, &[KindRequest::new("pods")]).await;
    assert_eq!(run.names("pods"), shop.read(&["pods"]).await.names("pods"));
    let sizes: Vec<_> = run.requests.iter().filter(|it| it.starts_with("/api/v1/pods")).collect();
    assert!(sizes[0].contains("limit=500") && sizes.last().unwrap().contains("limit=7&"), "{sizes:?}");
    let tiny = Context { http: Arc::new(Narrow(Arc::clone(&shop.context().http), 1_000)), ..shop.context() };
    let run = shop.read_with(&tiny, &[KindRequest::new("pods")]).await;
    assert_eq!(
        run.error("pods"),
        (Code::UpstreamFailed, "the answer of the API server of prod is larger than 1000 bytes")
    );
}

#[tokio::test]
async fn what_may_not_be_listed_is_told_with_its_name() {
    let shop = shared().await;
    shop.cluster.allow(&["list pods", "list services"]);
    let run = shop.read(&["pods", "services", "nodes", "deployments"]).await;
    assert_eq!(run.names("services").len(), 5);
    let (code, message) = run.error("deployments");
    assert_eq!(code, Code::UpstreamForbidden);
    assert!(
        message.starts_with("the credentials may not \"list deployments.apps\": deployments is forbidden"),
        "{message}"
    );
    assert_eq!(run.error("nodes").0, Code::UpstreamForbidden);
    // Pods are there, without what is behind them.
    assert_eq!(run.items("pods").len(), 25);
}

#[tokio::test]
async fn the_check_tries_what_would_be_read() {
    for (config, allowed, expected) in [
        (json!({}), vec!["list pods"], Vec::new()),
        (json!({}), vec!["list services"], vec!["UPSTREAM_FORBIDDEN "]),
        (json!({ "kinds": ["cluster"] }), vec![], Vec::new()),
        (json!({ "kinds": ["cluster", "services"] }), vec!["list services"], Vec::new()),
        (
            json!({ "kinds": ["widgets.example.com"], "namespaces": ["shop"] }),
            vec!["list widgets.example.com"],
            Vec::new(),
        ),
        (
            json!({ "kinds": ["pods", "things", "deploy"] }),
            vec!["list pods"],
            vec!["INVALID_VALUE /config/kinds/1", "INVALID_VALUE /config/kinds/2"],
        ),
    ] {
        let shop = Shop::with(config.clone()).await;
        shop.cluster.allow(&allowed);
        let found = shop.ingestor().check(&shop.own_settings(), &shop.context()).await;
        let problems = found.err().unwrap_or_default();
        let found: Vec<String> = problems.0.iter().map(|p| format!("{} {}", p.code, p.path)).collect();
        assert_eq!(found, expected, "{config}");
        assert!(shop.cluster.requests().len() <= 3, "{:?}", shop.cluster.requests());
    }
}
