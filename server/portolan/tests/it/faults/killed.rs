//! `kill -9` at any moment, during a stream, while others write and computed values are kept.
//!
//! Ten times for each engine; `PORTOLAN_TEST_KILLS` says how many times instead (`make bench`: 100).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use portolan_store::testing::{Engine, TestDatabase};
use reqwest::Client;
use serde_json::{Value, json};
use uuid::Uuid;

use super::feed::{PATIENCE, computed_within, lines_named, open_with_key, prepare, read};
use crate::program::Program;

/// Kills during one stream.
const KILLS: usize = 10;
/// Lines of one stream.
const LINES: usize = 3_000;

/// How many streams there are, one after the other.
fn streams() -> usize {
    let kills = std::env::var("PORTOLAN_TEST_KILLS").map_or(KILLS, |text| text.parse().unwrap());
    kills.div_ceil(KILLS)
}

/// Makes services one by one until told to stop; answers those that the server acknowledged.
async fn write(url: String, token: String, stop: Arc<AtomicBool>) -> BTreeSet<String> {
    let client = Client::new();
    let mut acknowledged = BTreeSet::new();
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        number += 1;
        let identifier = format!("g{number}");
        let query = format!(
            "mutation {{ createService(input: {{identifier: \"{identifier}\", system: \"t{}\"}})
               {{ service {{ id }} errors {{ code }} }} }}",
            number % super::feed::SYSTEMS
        );
        let sent = client.post(format!("{url}/graphql")).bearer_auth(&token).json(&json!({"query": query}));
        let answer = match sent.send().await {
            Ok(answer) => answer.json::<Value>().await.unwrap_or_default(),
            Err(_) => Value::Null,
        };
        if answer["data"]["createService"]["service"]["id"].is_string() {
            acknowledged.insert(identifier);
        }
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    acknowledged
}

/// Sends a stream of services, whose identifiers begin with `name`, to a server that is killed again and again.
async fn stream_through_kills(program: &mut Program, name: &str) {
    let lines = lines_named(name, LINES, "x");
    let mut acknowledged = 0;
    let mut kills = Vec::new();
    for _ in 0..KILLS {
        let response = open_with_key(program, name, &lines, Duration::from_millis(10)).await;
        let reading = tokio::spawn(read(response));
        let moment = Duration::from_millis(u64::try_from(Uuid::new_v4().as_u128() % 700).unwrap());
        tokio::time::sleep(moment).await;
        program.kill().await;
        let seen = reading.await.unwrap();
        if let Some(from) = seen.resumed_from {
            assert!(from >= acknowledged, "{from} after {acknowledged}: a durable line was lost");
        }
        acknowledged = seen.committed.max(acknowledged);
        kills.push((moment, seen.committed));
        program.restart(|_| true).await;
    }
    let seen = read(open_with_key(program, name, &lines, Duration::ZERO).await).await;
    assert!(seen.resumed_from.unwrap() >= acknowledged, "{kills:?}");
    let done = &seen.last;
    let count = |key: &str| done[key].as_i64().unwrap_or(-1);
    let counts = ["lines", "created", "updated", "unchanged", "deleted", "failed", "pendingCount"].map(count);
    let whole = i64::try_from(LINES).unwrap();
    assert_eq!(counts, [whole, whole, 0, 0, 0, 0, 0], "{name} {done} {kills:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_loses_nothing_and_does_nothing_twice() {
    for engine in Engine::BOTH {
        let database = TestDatabase::new(engine).await;
        let mut program = Program::start(&database).await;
        prepare(&program).await;
        let stop = Arc::new(AtomicBool::new(false));
        let writing = tokio::spawn(write(program.url.clone(), program.token().to_owned(), stop.clone()));
        for stream in 0..streams() {
            stream_through_kills(&mut program, &format!("s{stream}-")).await;
        }
        stop.store(true, Ordering::Relaxed);
        let made = writing.await.unwrap();
        assert!(!made.is_empty());

        let patience = PATIENCE * u32::try_from(streams()).unwrap();
        let services = computed_within(&program, patience).await;
        for identifier in &made {
            assert!(services.contains_key(identifier), "{identifier} was acknowledged and is lost");
        }
        for (identifier, service) in &services {
            assert_eq!(service.revision, 1, "{identifier} was written twice");
        }
        for stream in 0..streams() {
            for number in 0..LINES {
                let next = format!("s{stream}-{}", (number + 1) % LINES);
                assert_eq!(services[&format!("s{stream}-{number}")].next, Some(next));
            }
        }
        program.kill().await;
        database.remove().await;
    }
}
