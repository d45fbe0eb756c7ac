//! PostgreSQL restarted in the middle of a stream: clear errors while it is away, recovery when it is back.

use std::process::Stdio;
use std::time::{Duration, Instant};

use portolan_store::Config;
use reqwest::Client;
use serde_json::{Value, json};

use super::feed::{computed_from_scratch, lines, open, prepare, read};
use super::postgres::Postgres;
use crate::program::Program;

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_postgresql_needs_none_of_ours() {
    let mut postgres = Postgres::new();
    let config = Config::Postgres { url: postgres.url(), max_connections: 4 };
    let mut program = Program::on(&config, &[], Stdio::inherit()).await;
    prepare(&program).await;
    let lines = lines(3_000, "x");
    let mut response = open(&program, &lines, Duration::from_millis(20)).await;
    // Something is committed, and more is on its way.
    let first = response.chunk().await.unwrap().unwrap();
    assert!(first.starts_with(b"{\"committed\":"), "{first:?}");
    postgres.stop();
    let seen = read(response).await;
    assert_eq!(
        (&seen.last["aborted"], &seen.last["errors"][0]["code"]),
        (&json!(true), &json!("UNAVAILABLE"))
    );

    let ask = || async {
        let query = json!({"query": "{ systems { totalCount } }"});
        let url = format!("{}/graphql", program.url);
        let answer = Client::new().post(url).bearer_auth(program.token()).json(&query).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let (status, answer) = ask().await;
    assert_eq!((status, &answer["details"]["code"]), (503, &json!("UNAVAILABLE")), "{answer}");
    postgres.start();
    let began = Instant::now();
    loop {
        let (status, answer) = ask().await;
        if status == 200 && answer["errors"].is_null() {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{answer}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let seen = read(open(&program, &lines, Duration::ZERO).await).await;
    assert!(seen.resumed_from.unwrap() > 0);
    assert_eq!((&seen.last["created"], &seen.last["failed"]), (&json!(3_000), &json!(0)), "{}", seen.last);
    let services = computed_from_scratch(&program).await;
    assert!(services.values().all(|service| service.revision == 1));
    program.kill().await;
}
