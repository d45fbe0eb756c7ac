//! A database without room left: writes are refused clearly, reads go on, and room is all it takes.

use std::time::Duration;

use portolan_store::testing::{Engine, TestDatabase};
use reqwest::Client;
use serde_json::{Value, json};

use super::feed::{computed_from_scratch, lines, open, prepare, read, services};
use crate::program::Program;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_database_refuses_writes_and_goes_on_reading() {
    let database = TestDatabase::new(Engine::Sqlite).await;
    let mut program = Program::start_with(&database, &["--max-database-mib=3"]).await;
    prepare(&program).await;
    let lines = lines(4_000, &"x".repeat(1_000));
    let seen = read(open(&program, &lines, Duration::ZERO).await).await;
    assert_eq!(
        (&seen.last["aborted"], &seen.last["errors"][0]["code"]),
        (&json!(true), &json!("STORAGE_FULL"))
    );
    for round in 0..5 {
        // Small and large ones: a transaction is lost in different ways.
        let note = "y".repeat(10_usize.pow(round) * 10);
        let body = json!({"identifier": format!("extra{round}"), "properties": {"note": note}, "relations": {"system": "t0"}});
        let url = format!("{}/v1/blueprints/service/entities", program.url);
        let refused = Client::new().post(url).bearer_auth(program.token()).json(&body).send().await.unwrap();
        let status = refused.status().as_u16();
        let answer: Value = refused.json().await.unwrap();
        // What is small may find a last free page.
        assert!(
            status == 201 || (status, &answer["details"]["code"]) == (507, &json!("STORAGE_FULL")),
            "{answer}"
        );
        let found = services(&program).await;
        let streamed = found.keys().filter(|identifier| identifier.starts_with('s')).count();
        assert_eq!(i64::try_from(streamed).unwrap(), seen.committed);
    }
    program.kill().await;
    program.restart(|option| !option.starts_with("--max-database-mib")).await;
    let seen = read(open(&program, &lines, Duration::ZERO).await).await;
    assert_eq!((&seen.last["created"], &seen.last["failed"]), (&json!(4_000), &json!(0)), "{}", seen.last);
    computed_from_scratch(&program).await;
    program.kill().await;
    database.remove().await;
}
