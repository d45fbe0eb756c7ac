//! `portolan resync`: a run of an integration, followed to its end.

use std::time::Duration;

use portolan_schema::{Code, Error, Result};
use serde_json::{Value, json};

use crate::cli::{ResyncOptions, say};
use crate::client::Client;

const PAUSE: Duration = Duration::from_millis(300);
const RUN: &str = "id status error { code message } blocked \
    kinds { kind status seen created updated unchanged deleted failed error { code message } }";

pub async fn run(options: ResyncOptions) -> Result<()> {
    let client = Client::connect(&options.server).await?;
    let query = format!(
        "mutation($i: ID!, $p: Boolean!) {{ startResync(integration: $i, plan: $p) {{ run {{ {RUN} }} errors {{ message }} }} }}"
    );
    let variables = json!({"i": options.integration, "p": options.plan});
    let answer = ask(&client, &query, &variables).await?;
    if let Some(message) = answer["startResync"]["errors"][0]["message"].as_str() {
        return Err(Error::problem(Code::BadRequest, message));
    }
    let mut run = answer["startResync"]["run"].clone();
    if !options.follow {
        return say(&format!("run {} is {}", text(&run["id"]), text(&run["status"])));
    }
    let query = format!("query($r: ID!) {{ resyncRun(id: $r) {{ {RUN} }} }}");
    while matches!(run["status"].as_str(), Some("QUEUED" | "RUNNING")) {
        tokio::time::sleep(PAUSE).await;
        run = ask(&client, &query, &json!({"r": run["id"]})).await?["resyncRun"].clone();
    }
    show(&run)
}

async fn ask(client: &Client, query: &str, variables: &Value) -> Result<Value> {
    let body = json!({"query": query, "variables": variables});
    let (_, answer) = client.send(reqwest::Method::POST, "/api/graphql", &body).await?;
    match answer["errors"][0]["message"].as_str() {
        Some(message) => Err(Error::problem(Code::BadRequest, message)),
        None => Ok(answer["data"].clone()),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn show(run: &Value) -> Result<()> {
    say(&format!(
        "{:<18} {:<10} {:>7} {:>7} {:>7} {:>9} {:>7} {:>6}",
        "kind", "status", "seen", "created", "updated", "unchanged", "deleted", "failed"
    ))?;
    for kind in run["kinds"].as_array().into_iter().flatten() {
        let count = |key: &str| kind[key].as_i64().unwrap_or(0);
        say(&format!(
            "{:<18} {:<10} {:>7} {:>7} {:>7} {:>9} {:>7} {:>6}",
            text(&kind["kind"]),
            text(&kind["status"]),
            count("seen"),
            count("created"),
            count("updated"),
            count("unchanged"),
            count("deleted"),
            count("failed")
        ))?;
        if let Some(message) = kind["error"]["message"].as_str() {
            say(&format!("  {}: {message}", text(&kind["error"]["code"])))?;
        }
    }
    say(&format!("run {} is {}", text(&run["id"]), text(&run["status"])))?;
    if let Some(reason) = run["blocked"]["reason"].as_str() {
        say(&format!("  {reason}; approveResync(run: {}) lets it", text(&run["id"])))?;
    }
    if let Some(message) = run["error"]["message"].as_str() {
        say(&format!("  {}: {message}", text(&run["error"]["code"])))?;
    }
    match text(&run["status"]) {
        "SUCCEEDED" | "PARTIAL" => Ok(()),
        status => Err(Error::problem(Code::UpstreamFailed, format!("the run is {status}"))),
    }
}
