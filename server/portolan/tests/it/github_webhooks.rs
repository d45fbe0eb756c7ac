//! GitHub from end to end: a run reads what the stand-in holds, then signed webhooks of GitHub's own examples change the
//! catalog, whatever happens to the server in between.

use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use portolan_store::testing::{Engine, TestDatabase};
use serde_json::{Value, json};

use crate::examples::payloads;
use crate::program::Program;
use crate::resync::{ended, start_of};
use crate::stand_in::access::TOKEN;
use crate::stand_in::data::filled;
use crate::stand_in::{Known, StandIn};

const SECRET: &str = "It's a Secret to Everybody";
/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// GitHub's example of a webhook.
fn example(event: &str, action: &str) -> Value {
    let found = payloads().into_iter().find(|one| one.event == event && one.body["action"] == action);
    found.unwrap_or_else(|| panic!("GitHub has no example of {event} {action}")).body
}

/// GitHub, as far as an integration knows it.
struct Hook<'a> {
    program: &'a Program,
    path: String,
}

impl Hook<'_> {
    /// Sends a webhook as GitHub does; answers the status and the delivery.
    async fn send(&self, event: &str, number: &str, body: &Value, secret: &str) -> (u16, Value) {
        let body = body.to_string();
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, body.as_bytes());
        let digits: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let request = reqwest::Client::new()
            .post(format!("{}{}", self.program.url, self.path))
            .header("content-type", "application/json")
            .header("x-github-event", event)
            .header("x-github-delivery", number)
            .header("x-hub-signature-256", format!("sha256={digits}"))
            .body(body);
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json::<Value>().await.unwrap()["delivery"].clone())
    }

    async fn deliver(&self, event: &str, number: &str, body: &Value) -> Value {
        let (status, delivery) = self.send(event, number, body, SECRET).await;
        assert_eq!(status, 202, "{event} {number}");
        delivery
    }
}

/// Asks until the answer is as expected.
async fn until(program: &Program, query: &str, expected: &Value) {
    let began = Instant::now();
    loop {
        let answer = program.catalog(query).await;
        if answer == *expected {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{query}: {answer}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn webhooks_reach_the_catalog(engine: Engine) {
    let github = StandIn::start(Known { data: filled(), ..Known::default() }).await;
    github.known().limits.left = u32::MAX;
    let database = TestDatabase::new(engine).await;
    let mut program = Program::start(&database).await;
    let input = json!({"identifier": "github", "ingestor": "github", "config": {"baseUrl": github.address},
        "secrets": {"token": TOKEN, "webhookSecret": SECRET}});
    let query = "mutation($i: IntegrationInput!) { createIntegration(input: $i) { integration { hookKey } errors { code message path } } }";
    let made = program.platform(query, json!({"i": input})).await["createIntegration"].clone();
    assert_eq!(made["errors"], json!([]), "{made}");
    let path = format!("/api/hooks/{}", made["integration"]["hookKey"].as_str().unwrap());
    let run = ended(&program, &start_of(&program, "github", false).await).await;
    assert_eq!(run["status"], "SUCCEEDED", "{run}");

    // An issue comes and goes, exactly as GitHub tells it.
    let hook = Hook { program: &program, path: path.clone() };
    let opened = example("issues", "opened");
    let id = opened["issue"]["id"].to_string();
    let issue = format!(
        "{{ githubIssue(identifier: \"{id}\") {{ title number state repository {{ identifier }} }} }}"
    );
    assert_eq!(program.catalog(&issue).await, json!({"githubIssue": null}));
    let first = hook.deliver("issues", "d-1", &opened).await;
    let (title, number) = (&opened["issue"]["title"], &opened["issue"]["number"]);
    let repository = json!({"identifier": opened["repository"]["full_name"]});
    let shown = program.catalog("{ githubIssues(first: 1) { nodes { number state } } }").await;
    let state = shown["githubIssues"]["nodes"][0]["state"].clone();
    let expected = json!({"title": title, "number": number, "state": state, "repository": repository});
    until(&program, &issue, &json!({"githubIssue": expected})).await;
    // GitHub's page sends one again with the same number.
    assert_eq!(hook.deliver("issues", "d-1", &opened).await, first);
    let mut deleted = opened.clone();
    deleted["action"] = "deleted".into();
    hook.deliver("issues", "d-2", &deleted).await;
    until(&program, &issue, &json!({"githubIssue": null})).await;

    // What a run has read changes: the rest of it is asked for.
    let mut edited = example("repository", "edited");
    edited["repository"]["full_name"] = "octo-org/shop".into();
    edited["repository"]["name"] = "shop".into();
    edited["repository"]["owner"]["login"] = "octo-org".into();
    edited["repository"]["description"] = "Sells things".into();
    hook.deliver("repository", "d-3", &edited).await;
    let shop = "{ githubRepository(identifier: \"octo-org/shop\") { summary readme } }";
    let expected = json!({"githubRepository": {"summary": "Sells things", "readme": "Hello"}});
    until(&program, shop, &expected).await;

    // What GitHub did not sign is not kept, and what nobody asked for changes nothing.
    assert_eq!(hook.send("issues", "d-4", &opened, "another secret").await.0, 401);
    hook.deliver("ping", "d-5", &json!({"zen": "Design for failure.", "hook_id": 1})).await;

    // What was answered with 202 outlives the server.
    for n in 0..20 {
        let mut many = opened.clone();
        many["issue"]["id"] = (900_000 + n).into();
        many["issue"]["title"] = "Many".into();
        hook.deliver("issues", &format!("m-{n}"), &many).await;
    }
    program.kill().await;
    program.start_again().await;
    let many = "{ githubIssues(where: { title: { eq: \"Many\" } }, first: 1) { totalCount } }";
    until(&program, many, &json!({"githubIssues": {"totalCount": 20}})).await;
    let query = "{ deliveries(integration: \"github\", first: 100) { sourceKey status error { message } } }";
    let began = Instant::now();
    let kept = loop {
        let kept = program.platform(query, json!({})).await["deliveries"].as_array().unwrap().clone();
        if kept.iter().all(|one| one["status"] != "WAITING") {
            break kept;
        }
        assert!(began.elapsed() < PATIENCE, "{kept:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(kept.iter().all(|one| one["status"] == "DONE"), "{kept:?}");
    let keys: Vec<&str> = kept.iter().rev().map(|one| one["sourceKey"].as_str().unwrap()).collect();
    assert_eq!(keys[..4], ["d-1", "d-2", "d-3", "d-5"], "{keys:?}");
    assert_eq!(keys.len(), 24);
    program.stop().await;
    database.remove().await;
}

#[tokio::test]
async fn webhooks_reach_the_catalog_on_sqlite() {
    webhooks_reach_the_catalog(Engine::Sqlite).await;
}

#[tokio::test]
async fn webhooks_reach_the_catalog_on_postgres() {
    webhooks_reach_the_catalog(Engine::Postgres).await;
}
