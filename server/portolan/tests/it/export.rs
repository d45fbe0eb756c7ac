//! A tenant goes out as files and comes in elsewhere as the same.

use portolan_store::testing::{Engine, TestDatabase};
use serde_json::{Value, json};

use crate::program::Program;

const MORE: &str = "
kind: Blueprint
identifier: _user
schema: {properties: {slack: {type: string}}}
relations: {desk: {target: 'a/b'}}
---
kind: Blueprint
identifier: 'a/b'
title: A
schema: {properties: {note: {type: string}, number: {type: number}, on: {type: string}}}
graphql: {type: Desk, fields: {note: remark}}
---
kind: Entity
blueprint: 'a/b'
identifier: 'x:1'
title: 'yes'
properties: {note: \"two\\nlines: - #\\n\", number: 1.5, on: '2026-01-01'}
---
kind: Entity
blueprint: _user
identifier: a@acme.example
title: Ann
properties: {slack: '@ann'}
relations: {desk: 'x:1'}
";

async fn get(url: &str, token: &str, path: &str) -> String {
    let answer = reqwest::Client::new().get(format!("{url}{path}")).bearer_auth(token).send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {answer:?}");
    answer.text().await.unwrap()
}

async fn exported(engine: Engine) {
    let database = TestDatabase::new(engine).await;
    let program = Program::start(&database).await;
    let more = program.directory().join("more.yaml");
    std::fs::write(&more, MORE).unwrap();
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/demo");
    let done = program.run(&["apply", demo, &more.display().to_string()]).await;
    assert!(done.status.success(), "{done:?}");

    let directory = program.directory().join("out").display().to_string();
    let done = program.run(&["export", &directory]).await;
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    // The demo, what is above, and the two system blueprints.
    assert!(done.status.success() && said.contains("9 blueprints, 171 entities"), "{said} {done:?}");
    let again = program.run(&["export", &directory]).await;
    assert!(
        !again.status.success() && String::from_utf8_lossy(&again.stderr).contains("is not empty"),
        "{again:?}"
    );
    let text = std::fs::read_to_string(format!("{directory}/blueprints.yaml")).unwrap();
    // What a system blueprint begins with is named, for GraphQL, and not defined again.
    assert!(text.contains("slack:\n") && !text.contains("port_role:\n"), "{text}");

    // Into the same tenant it changes nothing; into another one it makes the same.
    let done = program.run(&["apply", &directory]).await;
    assert!(
        String::from_utf8_lossy(&done.stdout).contains("0 created, 0 updated, 171 unchanged"),
        "{done:?}"
    );
    let made =
        program.host(&["tenant", "create", "other", "--admin-email", "b@other.example", "--json"]).await;
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    let keys = [("PORTOLAN_CLIENT_ID", "clientId"), ("PORTOLAN_CLIENT_SECRET", "clientSecret")];
    let keys: Vec<[&str; 2]> = keys.map(|(name, key)| [name, made[key].as_str().unwrap()]).into();
    let arguments = ["apply", &directory, "--client-id", keys[0][1], "--client-secret", keys[1][1]];
    let done = program.run(&arguments).await;
    assert!(String::from_utf8_lossy(&done.stdout).contains("171 created, 0 updated"), "{done:?}");
    let body = json!({"clientId": keys[0][1], "clientSecret": keys[1][1]});
    let other =
        program.post("/v1/auth/access_token", &body).await["accessToken"].as_str().unwrap().to_owned();
    let sdl = async |token: &str| get(&program.url, token, "/graphql/schema.graphql").await;
    assert_eq!(sdl(program.token()).await, sdl(&other).await);
    for blueprint in ["service", "deployment", "_team", "a%2Fb"] {
        let path = format!("/api/blueprints/{blueprint}/entities.ndjson");
        assert_eq!(get(&program.url, program.token(), &path).await, get(&program.url, &other, &path).await);
    }
    // Whoever was a member there is not one here.
    let path = "/v1/blueprints/_user/entities/a@acme.example";
    let ann: Value = serde_json::from_str(&get(&program.url, &other, path).await).unwrap();
    assert_eq!(ann["entity"]["properties"], json!({"status": "Staged", "slack": "@ann"}), "{ann}");
    program.stop().await;
    database.remove().await;
}

#[tokio::test]
async fn a_tenant_travels_on_sqlite() {
    exported(Engine::Sqlite).await;
}

#[tokio::test]
async fn a_tenant_travels_on_postgres() {
    exported(Engine::Postgres).await;
}
