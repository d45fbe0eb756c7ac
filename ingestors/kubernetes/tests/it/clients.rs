//! The stand-in is what clients that others wrote take for an API server: kubectl, and Kubernetes' Python client, whose
//! types are made from the API's own description.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Output, Stdio};

use portolan_ingestor_kubernetes::testing::{Cluster, Command as Tell, TOKEN, objects};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

use crate::peer::{by_name, name, shared};

const PYTHON: &str = "PORTOLAN_TEST_KUBERNETES_PYTHON";
const SCRIPT: &str = include_str!("clients.py");

/// A directory with a kubeconfig, which clients may fill.
struct Home(TempDir);

impl Home {
    fn new(cluster: &Cluster) -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("config"), cluster.kubeconfig()).unwrap();
        Self(home)
    }

    fn config(&self) -> PathBuf {
        self.0.path().join("config")
    }

    fn kubectl(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("kubectl");
        command.args(arguments).env("HOME", self.0.path()).env("KUBECONFIG", self.config());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    async fn run(&self, arguments: &[&str]) -> Output {
        let output = self.kubectl(arguments).output().await;
        output.unwrap_or_else(|error| {
            panic!("kubectl: {error}; run `make test`, or under infra/test/with-peers")
        })
    }

    /// What kubectl prints.
    async fn prints(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What kubectl complains of.
    async fn complains(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        assert!(!output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stderr).unwrap()
    }

    /// What the Python client finds.
    async fn python(&self, mut asked: Value) -> Value {
        asked["kubeconfig"] = self.config().to_str().unwrap().into();
        let python = std::env::var(PYTHON).unwrap_or_else(|_| {
            panic!("{PYTHON} is not set; run `make test`, or under infra/test/with-peers")
        });
        let mut command = Command::new(python);
        command.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(asked.to_string().as_bytes()).await.unwrap();
        let output = child.wait_with_output().await.unwrap();
        assert!(output.status.success(), "{asked}: {}", output.status);
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// An object without what clients leave out: nulls, and what they do not print.
fn bare(value: &Value) -> Value {
    match value {
        Value::Object(entries) => {
            let mut kept: Vec<_> = entries.iter().filter(|(_, value)| !value.is_null()).collect();
            kept.sort_by_key(|(key, _)| *key);
            Value::Object(kept.into_iter().map(|(key, value)| (key.clone(), bare(value))).collect())
        }
        Value::Array(items) => items.iter().map(bare).collect(),
        other => other.clone(),
    }
}

/// kubectl's object as the ingestor hands it over.
fn cleaned(mut object: Value) -> Value {
    let meta = object["metadata"].as_object_mut().unwrap();
    meta.shift_remove("managedFields");
    if let Some(annotations) = meta.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.shift_remove("kubectl.kubernetes.io/last-applied-configuration");
        if annotations.is_empty() {
            meta.shift_remove("annotations");
        }
    }
    fn hide(value: &mut Value) {
        match value {
            Value::Object(entries) => {
                for (key, value) in entries {
                    match value {
                        Value::Array(variables) if key == "env" => {
                            for variable in variables {
                                variable.as_object_mut().unwrap().shift_remove("value");
                            }
                        }
                        value => hide(value),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(hide),
            _ => {}
        }
    }
    hide(&mut object);
    bare(&object)
}

#[tokio::test]
async fn items_are_what_kubectl_prints() {
    let shop = shared().await;
    shop.cluster.be_open();
    let home = Home::new(&shop.cluster);
    let kinds = [
        "nodes",
        "namespaces",
        "deployments",
        "statefulsets",
        "daemonsets",
        "cronjobs",
        "jobs",
        "pods",
        "services",
        "ingresses",
        "widgets.example.com",
        "replicasets.apps",
    ];
    let run = shop.read(&kinds).await;
    for kind in kinds {
        let printed = home.prints(&["get", kind, "-A", "-o", "json", "--chunk-size=3"]).await;
        let printed: Value = serde_json::from_str(&printed).unwrap();
        let printed = by_name(printed["items"].as_array().unwrap().clone());
        let printed: BTreeMap<_, _> = printed.into_iter().map(|(name, item)| (name, cleaned(item))).collect();
        let found = run.items(kind).into_iter().map(|(name, mut item)| {
            item.as_object_mut().unwrap().retain(|key, _| !key.starts_with("__"));
            (name, bare(&item))
        });
        assert_eq!(found.collect::<BTreeMap<_, _>>(), printed, "{kind}");
        assert!(printed.len() >= 2);
    }
}

#[tokio::test]
async fn kubectl_finds_its_way() {
    for plain in [false, true] {
        let cluster = Cluster::start().await;
        cluster.fill(objects::shop());
        cluster.be_open();
        if plain {
            cluster.be_plain();
        }
        let home = Home::new(&cluster);
        let resources = home.prints(&["api-resources", "-o", "name"]).await;
        let resources: Vec<&str> = resources.lines().collect();
        for name in [
            "pods",
            "deployments.apps",
            "ingresses.networking.k8s.io",
            "widgets.example.com",
            "gadgets.example.com",
        ] {
            assert!(resources.contains(&name), "{resources:?}");
        }
        assert!(home.prints(&["version"]).await.contains("v1.34.2"));
        for (arguments, expected) in [
            (
                &[
                    "get",
                    "po",
                    "-n",
                    "shop",
                    "-l",
                    "app in (web)",
                    "--field-selector",
                    "spec.nodeName=n2",
                    "-o",
                    "name",
                ][..],
                "pod/cache-0\npod/db-0\npod/index-0\npod/queue-0\n",
            ),
            (&["get", "wd", "-A", "-o", "name"], "widget.example.com/w1\nwidget.example.com/w2\n"),
            (&["get", "deploy/web", "-n", "shop", "-o", "jsonpath={.spec.replicas}"], "2"),
        ] {
            assert_eq!(home.prints(arguments).await, expected, "{arguments:?}");
        }
        assert!(home.complains(&["get", "pod", "none", "-n", "shop"]).await.contains("(NotFound)"));
        cluster.allow(&["list pods"]);
        assert!(home.complains(&["get", "nodes"]).await.contains("(Forbidden)"));
        // Both wait as long as they are asked to, and try again.
        cluster.be_busy(1);
        assert!(home.prints(&["get", "pods", "-A", "-o", "name"]).await.contains("pod/db-0"));
        cluster.refuse();
        let refused = home.complains(&["get", "pods"]).await;
        assert!(refused.contains("Unauthorized") || refused.contains("must be logged in"), "{refused}");
    }
}

#[tokio::test]
async fn kubectl_watches() {
    let cluster = Cluster::start().await;
    cluster.put(objects::service("shop", "web"));
    cluster.be_open();
    let home = Home::new(&cluster);
    let mut child = home.kubectl(&["get", "services", "-n", "shop", "-w", "-o", "name"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("service/web"));
    while cluster.watches() == 0 {
        tokio::task::yield_now().await;
    }
    cluster.tell(Tell::Bookmark);
    cluster.put(objects::service("elsewhere", "other"));
    cluster.put(objects::service("shop", "cart"));
    assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("service/cart"));
    cluster.delete("services", "shop", "web");
    assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("service/web"));
    child.kill().await.unwrap();
}

#[tokio::test]
async fn the_python_client_reads_every_object_into_its_types() {
    let cluster = Cluster::start().await;
    cluster.fill(objects::shop());
    let home = Home::new(&cluster);
    let found = home.python(json!({ "do": "everything" })).await;
    assert_eq!(found["version"], "v1.34.2");
    let mut expected: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    for object in objects::shop() {
        expected
            .entry(object["kind"].as_str().unwrap().to_owned())
            .or_default()
            .insert(name(&object), object);
    }
    let mut compared = 0;
    for (list, kind) in [
        ("namespaces", "Namespace"),
        ("nodes", "Node"),
        ("pods", "Pod"),
        ("services", "Service"),
        ("configmaps", "ConfigMap"),
        ("secrets", "Secret"),
        ("deployments", "Deployment"),
        ("replicasets", "ReplicaSet"),
        ("statefulsets", "StatefulSet"),
        ("daemonsets", "DaemonSet"),
        ("cronjobs", "CronJob"),
        ("jobs", "Job"),
        ("ingresses", "Ingress"),
        ("widgets", "Widget"),
    ] {
        let typed = by_name(found[list].as_array().unwrap().clone());
        assert_eq!(typed.keys().collect::<Vec<_>>(), expected[kind].keys().collect::<Vec<_>>());
        for (name, mut object) in typed {
            let mut raw = expected[kind][&name].clone();
            for one in [&mut object, &mut raw] {
                let entries = one.as_object_mut().unwrap();
                entries.shift_remove("kind");
                entries.shift_remove("apiVersion");
                entries["metadata"].as_object_mut().unwrap().shift_remove("resourceVersion");
            }
            // What a type does not know it forgets, so that nothing is in the objects that is not in the API.
            assert_eq!(bare(&object), bare(&raw), "{kind} {name}");
            compared += 1;
        }
    }
    assert_eq!(compared, objects::shop().len());
    assert_eq!(
        home.python(json!({ "do": "namespaced" })).await,
        json!(["cache-0", "db-0", "index-0", "queue-0", "n2"])
    );
}

#[tokio::test]
async fn the_python_client_understands_what_is_refused() {
    let cluster = Cluster::start().await;
    cluster.fill(objects::shop());
    let home = Home::new(&cluster);
    let first = home.python(json!({ "do": "first" })).await;
    assert_eq!(home.python(json!({ "do": "rest", "continue": first["continue"] })).await, 3);
    cluster.compact();
    let expired = home.python(json!({ "do": "rest", "continue": first["continue"] })).await;
    assert_eq!(
        (&expired["status"], &expired["reason"], &expired["kind"]),
        (&json!(410), &json!("Expired"), &json!("Status"))
    );
    let lost = home.python(json!({ "do": "events", "from": "1", "count": 1 })).await;
    assert_eq!(lost, json!({ "events": [], "status": 410 }));
    cluster.allow(&["list pods"]);
    let denied = home.python(json!({ "do": "nodes" })).await;
    assert_eq!((&denied["status"], &denied["reason"]), (&json!(403), &json!("Forbidden")));
    cluster.refuse();
    let refused = home.python(json!({ "do": "nodes" })).await;
    assert_eq!((&refused["status"], &refused["reason"]), (&json!(401), &json!("Unauthorized")));
    assert!(!TOKEN.is_empty() && !refused.to_string().contains(TOKEN));
}

#[tokio::test]
async fn the_python_client_watches() {
    let cluster = Cluster::start().await;
    cluster.fill(objects::shop());
    let home = Home::new(&cluster);
    let first = home.python(json!({ "do": "first" })).await;
    let asked =
        json!({ "do": "events", "from": first["resourceVersion"], "count": 4, "labels": "app!=hidden" });
    let events = home.python(asked);
    let changes = async {
        while cluster.watches() == 0 {
            tokio::task::yield_now().await;
        }
        cluster.put(objects::service("shop", "new"));
        let mut hidden = objects::service("shop", "web");
        hidden["metadata"]["labels"]["app"] = "hidden".into();
        cluster.put(hidden);
        cluster.put(objects::service("shop", "cart"));
        cluster.tell(Tell::Bookmark);
    };
    let (found, ()) = tokio::join!(events, changes);
    let expected = json!([["ADDED", "new"], ["DELETED", "web"], ["MODIFIED", "cart"], ["BOOKMARK", null]]);
    assert_eq!(found["events"], expected);
    assert!(found["version"].is_string());
}
