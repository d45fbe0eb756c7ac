//! A cluster, from the stand-in's answers through the shipped mapping to entities that are connected.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use portolan_ingestor_contract::conformance::{Client, Recorder};
use portolan_ingestor_contract::{Context, Ingestor, KindRequest, Settings};
use portolan_ingestor_kubernetes::Kubernetes;
use portolan_ingestor_kubernetes::testing::{Cluster, objects};
use portolan_store::testing::{Engine, TestDatabase};
use serde_json::{Value, json};

use crate::aws_kinds::{mapped, model};
use crate::program::Program;
use crate::resync::{counts, ended, start_of};

async fn shop() -> Cluster {
    let cluster = Cluster::start().await;
    cluster.fill(objects::shop());
    cluster
}

#[tokio::test]
async fn the_shipped_mapping_makes_valid_entities_of_every_object() {
    let cluster = shop().await;
    let ingestor = Kubernetes::new();
    let context = Context::new(Arc::new(Client::new(Duration::from_secs(60))));
    let settings = Settings::new(json!({ "cluster": "prod" }), cluster.secrets());
    let kinds: Vec<_> = ingestor.descriptor().kinds.iter().map(|kind| KindRequest::new(kind.name)).collect();
    let sink = Recorder::default();
    ingestor.collect(&settings, &kinds, &context, &sink).await.unwrap();
    let record = sink.record();
    let items: BTreeMap<String, Vec<Value>> =
        kinds.into_iter().map(|kind| (kind.kind.clone(), record.values(&kind.kind))).collect();
    let descriptor = ingestor.descriptor();
    let entities = mapped(descriptor, &items).await;
    let counted: Vec<(&str, usize)> = entities.iter().map(|(name, all)| (name.as_str(), all.len())).collect();
    assert_eq!(
        counted,
        [
            ("k8sCluster", 1),
            ("k8sIngress", 4),
            ("k8sNamespace", 4),
            ("k8sNode", 4),
            ("k8sPod", 25),
            ("k8sService", 5),
            ("k8sWorkload", 18)
        ]
    );
    let known: BTreeMap<&str, BTreeSet<&str>> = entities
        .iter()
        .map(|(blueprint, all)| {
            (blueprint.as_str(), all.iter().map(|one| one.body["identifier"].as_str().unwrap()).collect())
        })
        .collect();
    let (model, mut filled, mut related) = (model(descriptor), BTreeSet::new(), BTreeSet::new());
    for (name, all) in &entities {
        let blueprint = model.get(name).unwrap();
        for entity in all {
            let properties = entity.body["properties"].as_object().unwrap();
            let problems = blueprint.check_properties(properties);
            assert!(problems.is_empty(), "{name}: {problems}");
            filled.extend(
                properties
                    .iter()
                    .filter(|(_, value)| !value.is_null())
                    .map(|(key, _)| format!("{name}.{key}")),
            );
            for (relation, target) in entity.body["relations"].as_object().into_iter().flatten() {
                let blueprint = &blueprint.blueprint().relations[relation].target;
                let targets = target.as_array().cloned().unwrap_or_else(|| vec![target.clone()]);
                for target in targets.iter().filter_map(Value::as_str) {
                    assert!(known[blueprint.as_str()].contains(target), "{name}.{relation}: {target}");
                    related.insert(format!("{name}.{relation}"));
                }
            }
        }
    }
    // Every property and relation of the shipped blueprints has a value somewhere.
    let (mut properties, mut relations) = (BTreeSet::new(), BTreeSet::new());
    for blueprint in model.blueprints() {
        let (name, definition) = (blueprint.identifier(), blueprint.blueprint());
        properties.extend(definition.properties.keys().map(|key| format!("{name}.{key}")));
        relations.extend(definition.relations.keys().map(|key| format!("{name}.{key}")));
    }
    let empty: Vec<&String> = properties.difference(&filled).collect();
    assert_eq!(empty, ["k8sPod.reason", "k8sService.externalName"], "nothing in the shop has these");
    assert_eq!(related, relations);
}

async fn run(program: &Program) -> Value {
    let id = start_of(program, "prod", false).await;
    let run = ended(program, &id).await;
    assert_eq!((&run["status"], &run["error"]), (&json!("SUCCEEDED"), &Value::Null), "{run}");
    run
}

async fn a_cluster_reaches_the_catalog(engine: Engine) {
    let database = TestDatabase::new(engine).await;
    let cluster = shop().await;
    let program = Program::start(&database).await;
    let input = json!({ "identifier": "prod", "ingestor": "kubernetes", "secrets": { "kubeconfig": cluster.kubeconfig() } });
    let query =
        "mutation($i: IntegrationInput!) { createIntegration(input: $i) { errors { code message path } } }";
    let made = program.platform(query, json!({ "i": input })).await;
    assert_eq!(made["createIntegration"]["errors"], json!([]), "{made}");
    let first = run(&program).await;
    assert_eq!(counts(&first, "pods"), [25, 25, 0, 0, 0, 0], "{first}");
    // Jobs of cron jobs make no entity.
    assert_eq!(counts(&first, "jobs"), [5, 1, 0, 0, 0, 0], "{first}");
    let query = "{ k8sPods(where: { identifier: { startsWith: \"test/shop/web-\" } }, first: 1) { nodes {
            phase ready restarts images node { ready roles instanceType cluster { version } }
            workload { identifier kind replicas available images namespace { title phase } } } }
        k8sWorkloads(where: { schedule: { isNull: false } }) { totalCount }
        k8sIngresses(where: { identifier: { eq: \"test/shop/shop\" } }) { nodes { hosts tls services { nodes { title ports addresses } } } } }";
    let expected = json!({
        "k8sPods": { "nodes": [{ "phase": "RUNNING", "ready": true, "restarts": 2, "images": ["shop:1"],
            "node": { "ready": true, "roles": ["worker"], "instanceType": "m7g.large", "cluster": { "version": "v1.34.2" } },
            "workload": { "identifier": "test/shop/deployment/web", "kind": "DEPLOYMENT", "replicas": 2, "available": true,
                "images": ["shop:1"], "namespace": { "title": "shop", "phase": "ACTIVE" } } }] },
        "k8sWorkloads": { "totalCount": 4 },
        "k8sIngresses": { "nodes": [{ "hosts": ["shop.example.com"], "tls": true,
            "services": { "nodes": [{ "title": "web", "ports": ["80/TCP"], "addresses": ["web.elb.example.com"] }] } }] },
    });
    assert_eq!(program.catalog(query).await, expected);
    let second = run(&program).await;
    for (kind, seen) in [("pods", 25), ("deployments", 5), ("nodes", 4), ("cluster", 1)] {
        assert_eq!(counts(&second, kind), [seen, 0, 0, seen, 0, 0], "{kind}: {second}");
    }
    cluster.delete("services", "shop", "mail");
    cluster.put(objects::deployment("shop", "web", "shop:2"));
    let third = run(&program).await;
    assert_eq!(counts(&third, "services"), [4, 0, 0, 4, 1, 0], "{third}");
    assert_eq!(counts(&third, "deployments"), [5, 0, 1, 4, 0, 0], "{third}");
    program.stop().await;
    database.remove().await;
}

#[tokio::test]
async fn a_cluster_reaches_the_catalog_on_sqlite() {
    a_cluster_reaches_the_catalog(Engine::Sqlite).await;
}

#[tokio::test]
async fn a_cluster_reaches_the_catalog_on_postgres() {
    a_cluster_reaches_the_catalog(Engine::Postgres).await;
}

/// A kubeconfig that would run a program is refused before anything is stored, at its place.
#[tokio::test]
async fn a_kubeconfig_with_an_exec_plugin_is_refused() {
    let database = TestDatabase::new(Engine::Sqlite).await;
    let program = Program::start(&database).await;
    let kubeconfig = json!({ "current-context": "a", "contexts": [{ "name": "a", "context": { "cluster": "k", "user": "u" } }],
        "clusters": [{ "name": "k", "cluster": { "server": "https://127.0.0.1:6443" } }],
        "users": [{ "name": "u", "user": { "exec": { "command": "aws", "apiVersion": "client.authentication.k8s.io/v1" } } }] });
    let input = json!({ "identifier": "prod", "ingestor": "kubernetes", "secrets": { "kubeconfig": kubeconfig.to_string() } });
    let query = "mutation($i: IntegrationInput!) { createIntegration(input: $i) { errors { code path } } }";
    let made = program.platform(query, json!({ "i": input })).await;
    let path = "/secrets/kubeconfig/users/0/user/exec";
    assert_eq!(made["createIntegration"]["errors"], json!([{ "code": "NOT_SUPPORTED", "path": path }]));
    let stored = program.platform("{ integrations { identifier } }", json!({})).await;
    assert_eq!(stored, json!({ "integrations": [] }));
    program.stop().await;
    database.remove().await;
}
