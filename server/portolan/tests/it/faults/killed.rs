//! `kill -9` at any moment, during a stream, while others write and computed values are kept.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use portolan_store::testing::{Engine, TestDatabase};
use reqwest::Client;
use serde_json::{Value, json};
use uuid::Uuid;

use super::feed::{computed_from_scratch, lines, open, prepare, read};
use crate::program::Program;

const KILLS: usize = 10;
const LINES: usize = 3_000;

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

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_loses_nothing_and_does_nothing_twice() {
    for engine in Engine::BOTH {
        let database = TestDatabase::new(engine).await;
        let mut program = Program::start(&database).await;
        prepare(&program).await;
        let stop = Arc::new(AtomicBool::new(false));
        let writing = tokio::spawn(write(program.url.clone(), program.token().to_owned(), stop.clone()));
        let lines = lines(LINES, "x");
        let mut acknowledged = 0;
        let mut kills = Vec::new();
        for _ in 0..KILLS {
            let response = open(&program, &lines, Duration::from_millis(10)).await;
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
        let seen = read(open(&program, &lines, Duration::ZERO).await).await;
        assert!(seen.resumed_from.unwrap() >= acknowledged, "{kills:?}");
        let done = &seen.last;
        let count = |key: &str| done[key].as_i64().unwrap_or(-1);
        let counts =
            ["lines", "created", "updated", "unchanged", "deleted", "failed", "pendingCount"].map(count);
        let whole = i64::try_from(LINES).unwrap();
        assert_eq!(counts, [whole, whole, 0, 0, 0, 0, 0], "{engine:?} {done} {kills:?}");
        stop.store(true, Ordering::Relaxed);
        let made = writing.await.unwrap();
        assert!(!made.is_empty());

        let services = computed_from_scratch(&program).await;
        for identifier in &made {
            assert!(services.contains_key(identifier), "{identifier} was acknowledged and is lost");
        }
        for (identifier, service) in &services {
            assert_eq!(service.revision, 1, "{identifier} was written twice");
        }
        for number in 0..LINES {
            let next = format!("s{}", (number + 1) % LINES);
            assert_eq!(services[&format!("s{number}")].next, Some(next));
        }
        program.kill().await;
        database.remove().await;
    }
}
