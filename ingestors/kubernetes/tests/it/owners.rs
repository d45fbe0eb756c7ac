//! Who is behind a pod.

use portolan_ingestor_contract::Level;
use portolan_ingestor_kubernetes::testing::objects;
use serde_json::{Value, json};

use crate::peer::{Shop, shared};

/// `Kind name` of an owner.
fn short(owner: &Value) -> String {
    if owner.is_null() {
        "nobody".to_owned()
    } else {
        format!("{} {}", owner["kind"], owner["name"]).replace('"', "")
    }
}

#[tokio::test]
async fn chains_lead_past_replica_sets_and_jobs() {
    for config in [json!({}), json!({ "namespaces": ["shop", "kube-system", "team-a", "default"] })] {
        let shop = Shop::with(config).await;
        // Of somebody's own controller, and of a replica set that nobody controls.
        let mut set = objects::replica_set("shop", "lone", "0");
        set["metadata"].as_object_mut().unwrap().shift_remove("ownerReferences");
        let rollout = objects::owned(
            objects::replica_set("shop", "roll", "0"),
            "argoproj.io/v1alpha1",
            "Rollout",
            "roll",
        );
        shop.cluster.fill([set, rollout]);
        for name in ["lone", "roll"] {
            let pod = objects::pod("shop", &format!("{name}-0-x"), "n1");
            shop.cluster.put(objects::owned(pod, "apps/v1", "ReplicaSet", &format!("{name}-0")));
        }
        let run = shop.read(&["pods", "jobs"]).await;
        let pods = run.items("pods");
        for (name, owner, workload) in [
            ("shop/web-5d9c7b-aaaaa", "ReplicaSet web-5d9c7b", "Deployment web"),
            ("shop/db-0", "StatefulSet db", "StatefulSet db"),
            ("kube-system/logs-x1y2z", "DaemonSet logs", "DaemonSet logs"),
            ("team-a/report-29000000-k8s7x", "Job report-29000000", "CronJob report"),
            ("shop/migrate-q1w2e", "Job migrate", "Job migrate"),
            ("shop/lone-0-x", "ReplicaSet lone-0", "ReplicaSet lone-0"),
            ("shop/roll-0-x", "ReplicaSet roll-0", "Rollout roll"),
            ("kube-system/kube-apiserver-n1", "Node n1", "nobody"),
            ("default/debug", "nobody", "nobody"),
        ] {
            let found = (short(&pods[name]["__Owner"]), short(&pods[name]["__Workload"]));
            assert_eq!(found, (owner.to_owned(), workload.to_owned()), "{name}");
        }
        let uid = objects::uid("Deployment", "shop", "web");
        let expected = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": uid });
        assert_eq!(pods["shop/web-5d9c7b-aaaaa"]["__Workload"], expected);
        assert_eq!(short(&run.items("jobs")["team-a/report-29000000"]["__Workload"]), "CronJob report");
        assert!(!run.requests.iter().any(|it| it.contains("/replicasets/")), "{:?}", run.requests);
    }
}

#[tokio::test]
async fn owners_are_read_only_where_somebody_has_them() {
    let shop = shared().await;
    let run = shop.read(&["deployments", "services", "statefulsets"]).await;
    assert_eq!(run.requests.len(), 2 + 3, "{:?}", run.requests);
}

#[tokio::test]
async fn one_that_is_not_listed_is_asked_for() {
    let shop = shared().await;
    let pod = objects::pod("shop", "gone-0-x", "n1");
    shop.cluster.put(objects::owned(pod, "apps/v1", "ReplicaSet", "gone-0"));
    let run = shop.read(&["pods"]).await;
    let asked =
        run.requests.iter().filter(|it| it.starts_with("/apis/apps/v1/namespaces/shop/replicasets/gone%2D0"));
    assert_eq!(asked.count(), 1, "{:?}", run.requests);
    // It has gone: nothing more is known.
    assert_eq!(short(&run.items("pods")["shop/gone-0-x"]["__Workload"]), "ReplicaSet gone-0");
    assert_eq!(run.record.log, []);
}

#[tokio::test]
async fn what_may_not_be_read_is_null_and_told() {
    let shop = shared().await;
    shop.cluster.allow(&["list pods", "list jobs.batch"]);
    let run = shop.read(&["pods"]).await;
    let pods = run.items("pods");
    assert_eq!(short(&pods["shop/web-5d9c7b-aaaaa"]["__Owner"]), "ReplicaSet web-5d9c7b");
    assert_eq!(short(&pods["shop/web-5d9c7b-aaaaa"]["__Workload"]), "nobody");
    assert_eq!(short(&pods["team-a/report-29000000-k8s7x"]["__Workload"]), "CronJob report");
    let told: Vec<_> = run.record.log.iter().map(|line| (line.level, line.item.as_deref())).collect();
    assert_eq!(told, [(Level::Warning, Some("shop/cart-5d9c7b-aaaaa")), (Level::Warning, None)]);
    let first = &run.record.log[0].message;
    assert!(
        first.starts_with("__Workload stays empty: the credentials may not \"list replicasets.apps\""),
        "{first}"
    );
    assert_eq!(run.record.log[1].message, "__Workload stays empty in 10 objects");
    let lists = run.requests.iter().filter(|it| it.contains("replicasets")).count();
    assert_eq!(lists, 1, "a refusal is not asked for again");
}
