//! Running integrations over the platform API.

use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::Aws;
use crate::program::Program;

/// Starts a run and waits for its end.
pub async fn resync(program: &Program, plan: bool) -> Value {
    let id = start(program, plan).await;
    ended(program, &id).await
}

pub async fn start(program: &Program, plan: bool) -> Value {
    start_of(program, "aws-main", plan).await
}

/// Starts a run of an integration.
pub async fn start_of(program: &Program, integration: &str, plan: bool) -> Value {
    let query = "mutation($i: ID!, $p: Boolean!) { startResync(integration: $i, plan: $p) { run { id } errors { code message } } }";
    let started = program.platform(query, json!({"i": integration, "p": plan})).await;
    let id = started["startResync"]["run"]["id"].clone();
    assert!(id.is_string(), "{started}");
    id
}

pub async fn run(program: &Program, id: &Value) -> Value {
    let query = "query($r: ID!) { resyncRun(id: $r) { id status error { code message }
        blocked { reason deletions share threshold } logs(first: 100) { nodes { at level kind message item } }
        kinds { kind status seen mapped created updated unchanged deleted failed error { code message } } } }";
    program.platform(query, json!({"r": id})).await["resyncRun"].clone()
}

/// Waits for the end of a run.
pub async fn ended(program: &Program, id: &Value) -> Value {
    loop {
        let run = run(program, id).await;
        if !["QUEUED", "RUNNING"].contains(&run["status"].as_str().unwrap()) {
            return run;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// seen, created, updated, unchanged, deleted, failed
pub fn counts(run: &Value, kind: &str) -> [i64; 6] {
    let found = run["kinds"].as_array().unwrap().iter().find(|one| one["kind"] == kind);
    let found = found.unwrap_or_else(|| panic!("{kind} in {run}"));
    ["seen", "created", "updated", "unchanged", "deleted", "failed"].map(|key| found[key].as_i64().unwrap())
}

pub async fn create_integration(program: &Program, aws: &Aws, url: &str) {
    let input = json!({"identifier": "aws-main", "ingestor": "aws",
        "config": {"regions": ["us-east-1"], "endpointUrl": url},
        "secrets": {"accessKeyId": aws.key, "secretAccessKey": aws.secret, "sessionToken": aws.session}});
    let query = "mutation($i: IntegrationInput!) { createIntegration(input: $i) { integration { identifier config } errors { code message path } } }";
    let made = program.platform(query, json!({"i": input})).await;
    assert_eq!(made["createIntegration"]["errors"], json!([]), "{made}");
    assert!(!made.to_string().contains(&aws.secret), "a secret was shown");
}

pub async fn bucket_count(program: &Program) -> i64 {
    let answer = program.catalog("{ s3Buckets { totalCount } }").await;
    answer["s3Buckets"]["totalCount"].as_i64().unwrap()
}
