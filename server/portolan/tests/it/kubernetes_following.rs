//! A cluster that is followed: what happens in it is in the catalog within a moment, and what happened while nobody listened
//! is caught up with.

use std::time::{Duration, Instant};

use portolan_ingestor_kubernetes::testing::{Cluster, objects};
use portolan_store::testing::{Engine, TestDatabase};
use serde_json::{Value, json};

use crate::program::Program;
use crate::resync::{ended, start_of};

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until something is so; `what` is for people.
async fn until<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn has_service(program: &Program, name: &str) -> bool {
    let query = format!("{{ k8sService(identifier: \"test/shop/{name}\") {{ title }} }}");
    !program.catalog(&query).await["k8sService"].is_null()
}

async fn standing(program: &Program) -> Value {
    let query =
        "{ integrations { following { status since lastEventAt error { message } } lastRun { id status } } }";
    program.platform(query, json!({})).await["integrations"][0].clone()
}

async fn until_followed(program: &Program) {
    until("it is followed", || async { standing(program).await["following"]["status"] == "FOLLOWING" }).await;
}

async fn comes(program: &Program, cluster: &Cluster, name: &str) {
    cluster.put(objects::service("shop", name));
    until(name, || has_service(program, name)).await;
}

async fn goes(program: &Program, cluster: &Cluster, name: &str) {
    cluster.delete("services", "shop", name);
    until(name, || async { !has_service(program, name).await }).await;
}

async fn gauge(program: &Program) -> String {
    let text = reqwest::get(format!("{}/metrics", program.url)).await.unwrap().text().await.unwrap();
    let line = text.lines().find(|line| line.starts_with("portolan_followings "));
    line.unwrap_or_else(|| panic!("{text}")).rsplit(' ').next().unwrap().to_owned()
}

async fn configure(program: &Program, follow: bool) {
    let query = format!(
        "mutation {{ updateIntegration(identifier: \"prod\", input: {{config: {{follow: {follow}}}}}) {{ errors {{ message }} }} }}"
    );
    let changed = program.platform(&query, json!({})).await;
    assert_eq!(changed["updateIntegration"]["errors"], json!([]), "{changed}");
}

async fn a_cluster_is_followed(engine: Engine) {
    let database = TestDatabase::new(engine).await;
    let cluster = Cluster::start().await;
    cluster.fill(objects::shop());
    let mut program = Program::start(&database).await;
    let input = json!({"identifier": "prod", "ingestor": "kubernetes", "config": {"follow": true},
        "secrets": {"kubeconfig": cluster.kubeconfig()}});
    let query =
        "mutation($i: IntegrationInput!) { createIntegration(input: $i) { errors { code message path } } }";
    let made = program.platform(query, json!({"i": input})).await;
    assert_eq!(made["createIntegration"]["errors"], json!([]), "{made}");
    // The first run is a person's, or the schedule's.
    let expected = json!({"status": "RESYNCING", "since": null, "lastEventAt": null, "error": null});
    assert_eq!(standing(&program).await, json!({"following": expected, "lastRun": null}));
    let run = ended(&program, &start_of(&program, "prod", false).await).await;
    assert_eq!(run["status"], "SUCCEEDED", "{run}");

    until_followed(&program).await;
    comes(&program, &cluster, "new").await;
    assert_eq!(gauge(&program).await, "1");
    let now = standing(&program).await;
    assert!(now["following"]["since"].is_string() && now["following"]["lastEventAt"].is_string(), "{now}");
    assert_eq!(now["following"]["error"], Value::Null);
    goes(&program, &cluster, "new").await;

    // What happened while the server was away is heard of, without a run.
    comes(&program, &cluster, "leaving").await;
    program.kill().await;
    cluster.put(objects::service("shop", "meanwhile"));
    cluster.delete("services", "shop", "leaving");
    program.start_again().await;
    until("what came", || has_service(&program, "meanwhile")).await;
    until("what went", || async { !has_service(&program, "leaving").await }).await;
    assert_eq!(standing(&program).await["lastRun"]["id"], run["id"]);

    // What the cluster no longer knows of is read by a run, which the server starts by itself.
    program.kill().await;
    cluster.put(objects::service("shop", "forgotten"));
    cluster.delete("services", "shop", "meanwhile");
    cluster.compact();
    program.start_again().await;
    until("what came", || has_service(&program, "forgotten")).await;
    until("what went", || async { !has_service(&program, "meanwhile").await }).await;
    until_followed(&program).await;
    assert_ne!(standing(&program).await["lastRun"]["id"], run["id"]);
    comes(&program, &cluster, "after").await;

    // A run in between: it is followed from where that began to read.
    let run = ended(&program, &start_of(&program, "prod", false).await).await;
    assert_eq!(run["status"], "SUCCEEDED", "{run}");
    goes(&program, &cluster, "after").await;

    // Until nobody asks for it.
    configure(&program, false).await;
    assert_eq!(standing(&program).await["following"], Value::Null);
    until("nobody follows it", || async { gauge(&program).await == "0" }).await;
    // What it missed meanwhile is read first.
    cluster.put(objects::service("shop", "unheard"));
    configure(&program, true).await;
    until("what came", || has_service(&program, "unheard")).await;
    until_followed(&program).await;
    comes(&program, &cluster, "heard").await;
    // A suspended tenant's is let alone.
    let suspended = program.host(&["tenant", "suspend", "acme"]).await;
    assert!(suspended.status.success(), "{suspended:?}");
    until("nobody follows it", || async { gauge(&program).await == "0" }).await;
    program.stop().await;
    database.remove().await;
}

#[tokio::test]
async fn a_cluster_is_followed_on_sqlite() {
    a_cluster_is_followed(Engine::Sqlite).await;
}

#[tokio::test]
async fn a_cluster_is_followed_on_postgres() {
    a_cluster_is_followed(Engine::Postgres).await;
}
