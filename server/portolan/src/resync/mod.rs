//! `portolan resync`: a run of an integration, followed to its end.

mod show;

use std::time::Duration;

use portolan_schema::{Code, Error, Result};
use serde_json::{Value, json};

use self::show::{Progress, text};
use crate::cli::{ResyncOptions, say};
use crate::client::Client;

const PAUSE: Duration = Duration::from_millis(300);
const RUN: &str = "id status planOnly error { code message } blocked { reason deletions share threshold } \
    kinds { kind status seen mapped created updated unchanged deleted failed error { code message } }";
const DETAILS: &str =
    "samples { change entity before after } logs(first: 500) { nodes { level kind item message } }";

pub async fn run(options: ResyncOptions) -> Result<()> {
    let client = Client::connect(&options.server).await?;
    let query = "mutation($i: ID!, $p: Boolean!) { startResync(integration: $i, plan: $p) \
        { run { id status planOnly } errors { message } } }";
    let variables = json!({"i": options.integration, "p": options.plan});
    let answer = client.ask(query, &variables).await?;
    if let Some(message) = answer["startResync"]["errors"][0]["message"].as_str() {
        return Err(Error::problem(Code::BadRequest, message));
    }
    let started = &answer["startResync"]["run"];
    if options.plan && started["planOnly"] == false {
        let message = format!(
            "the run {} is in progress and is no plan; try again when it has ended",
            text(&started["id"])
        );
        return Err(Error::problem(Code::RunInProgress, message));
    }
    if !options.follow && !options.plan {
        return match options.json {
            true => say(&started.to_string()),
            false => say(&format!("run {} is {}", text(&started["id"]), text(&started["status"]))),
        };
    }
    let run = follow(&client, &started["id"], !options.json).await?;
    if options.json {
        say(&run.to_string())?;
    } else {
        show::details(&run)?;
    }
    match text(&run["status"]) {
        "SUCCEEDED" | "PARTIAL" => Ok(()),
        status => Err(Error::problem(Code::UpstreamFailed, format!("the run is {status}"))),
    }
}

/// Waits for the end of a run; answers all of it.
async fn follow(client: &Client, id: &Value, shown: bool) -> Result<Value> {
    let progress = format!("query($r: ID!) {{ resyncRun(id: $r) {{ {RUN} }} }}");
    let mut screen = Progress::default();
    loop {
        let run = client.ask(&progress, &json!({"r": id})).await?["resyncRun"].take();
        let is_open = matches!(text(&run["status"]), "QUEUED" | "RUNNING");
        if shown {
            screen.show(&run, is_open)?;
        }
        if !is_open {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    let query = format!("query($r: ID!) {{ resyncRun(id: $r) {{ {RUN} {DETAILS} }} }}");
    Ok(client.ask(&query, &json!({"r": id})).await?["resyncRun"].take())
}
