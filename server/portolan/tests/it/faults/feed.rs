//! A catalog with computed values, and a client that streams into it and comes back after whatever breaks.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use reqwest::{Body, Client, Response};
use serde_json::{Value, json};

use crate::program::Program;

/// Systems that there are before anything else.
pub const SYSTEMS: usize = 5;
/// Lines that are sent at a time.
const PIECE: usize = 50;
/// How long computed values may take after a stream of a few thousand lines.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub async fn prepare(program: &Program) {
    let blueprints = [
        json!({"identifier": "system", "title": "System", "schema": {"properties": {}}}),
        json!({"identifier": "service", "title": "Service", "schema": {"properties": {"note": {"type": "string"}}},
            "relations": {"system": {"target": "system"}, "next": {"target": "service"}},
            "mirrorProperties": {"systemTitle": {"path": "system.$title"}}}),
        json!({"identifier": "system", "title": "System", "schema": {"properties": {}}, "aggregationProperties": {
            "serviceCount": {"target": "service", "calculationSpec": {"calculationBy": "entities", "func": "count"}}}}),
    ];
    for (at, blueprint) in blueprints.iter().enumerate() {
        if at < 2 {
            let made = program.post("/v1/blueprints", blueprint).await;
            assert_eq!(made["ok"], true, "{made}");
        } else {
            let client = Client::new().put(format!("{}/v1/blueprints/system", program.url));
            let made = client.bearer_auth(program.token()).json(blueprint).send().await.unwrap();
            assert_eq!(made.status(), 200);
        }
    }
    for system in 0..SYSTEMS {
        let body = json!({"identifier": format!("t{system}"), "title": format!("T{system}")});
        let made = program.post("/v1/blueprints/system/entities", &body).await;
        assert_eq!(made["ok"], true, "{made}");
    }
}

/// One service a line, each pointing at the one of the next line.
pub fn lines(count: usize, note: &str) -> Vec<String> {
    lines_named("s", count, note)
}

/// The same; their identifiers begin with `name`.
pub fn lines_named(name: &str, count: usize, note: &str) -> Vec<String> {
    (0..count)
        .map(|number| {
            let next = (number + 1) % count;
            let relations =
                json!({"system": format!("t{}", number % SYSTEMS), "next": format!("{name}{next}")});
            let line = json!({"blueprint": "service", "identifier": format!("{name}{number}"),
                "properties": {"note": note}, "relations": relations});
            format!("{line}\n")
        })
        .collect()
}

/// What a client saw of one request.
#[derive(Debug, Default)]
pub struct Seen {
    pub resumed_from: Option<i64>,
    pub committed: i64,
    /// The last line: `done`, or why it ended early.
    pub last: Value,
}

/// Begins a request of the stream with the key `k`, as soon as the one before is over. It waits for `pause` before each
/// piece.
pub async fn open(program: &Program, lines: &[String], pause: Duration) -> Response {
    open_with_key(program, "k", lines, pause).await
}

/// The same for any key.
pub async fn open_with_key(program: &Program, key: &str, lines: &[String], pause: Duration) -> Response {
    let began = Instant::now();
    loop {
        let pieces: Vec<String> = lines.chunks(PIECE).map(<[String]>::concat).collect();
        let pieces = futures::StreamExt::then(futures::stream::iter(pieces), move |piece| async move {
            tokio::time::sleep(pause).await;
            Ok::<_, std::io::Error>(piece)
        });
        let request = Client::new()
            .post(format!("{}/api/entities/stream", program.url))
            .bearer_auth(program.token())
            .header("idempotency-key", key)
            .body(Body::wrap_stream(pieces));
        // A refusal may close the connection while the body is still being sent.
        if let Ok(response) = request.send().await {
            if response.status() == 200 {
                return response;
            }
            let (status, text) = (response.status(), response.text().await.unwrap_or_default());
            assert!(
                status == 409 && (text.is_empty() || text.contains("STREAM_IN_PROGRESS")),
                "{status} {text}"
            );
        }
        assert!(began.elapsed() < Duration::from_secs(60), "the stream was never let go");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Reads an answer until it ends or breaks.
pub async fn read(mut response: Response) -> Seen {
    let mut text = String::new();
    while let Ok(Some(piece)) = response.chunk().await {
        text.push_str(std::str::from_utf8(&piece).unwrap());
    }
    let mut seen = Seen::default();
    for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
        let line: Value = serde_json::from_str(line).unwrap();
        if let Some(from) = line["resumeFrom"].as_i64() {
            seen.resumed_from = Some(from);
        }
        seen.committed = line["committed"].as_i64().unwrap_or(seen.committed);
        assert!(line["line"].is_null() || line["aborted"] == true, "no line is wrong: {line}");
        seen.last = line;
    }
    seen
}

/// A service, as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    pub revision: i64,
    pub system: String,
    pub system_title: Option<String>,
    pub next: Option<String>,
}

pub async fn services(program: &Program) -> BTreeMap<String, Service> {
    let mut found = BTreeMap::new();
    let mut after = "null".to_owned();
    loop {
        let query = format!(
            "{{ services(first: 500, after: {after}) {{ pageInfo {{ hasNextPage endCursor }} nodes {{
               identifier revision systemTitle system {{ identifier }} next {{ identifier }} }} }} }}"
        );
        let page = program.catalog(&query).await["services"].clone();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        for node in page["nodes"].as_array().unwrap() {
            let service = Service {
                revision: node["revision"].as_i64().unwrap(),
                system: text(&node["system"]["identifier"]).unwrap(),
                system_title: text(&node["systemTitle"]),
                next: text(&node["next"]["identifier"]),
            };
            found.insert(text(&node["identifier"]).unwrap(), service);
        }
        if page["pageInfo"]["hasNextPage"] == false {
            return found;
        }
        after = page["pageInfo"]["endCursor"].to_string();
    }
}

/// Waits until every computed value is what would be computed from scratch.
pub async fn computed_from_scratch(program: &Program) -> BTreeMap<String, Service> {
    computed_within(program, PATIENCE).await
}

/// The same; who has sent more than one such stream waits longer.
pub async fn computed_within(program: &Program, patience: Duration) -> BTreeMap<String, Service> {
    let began = Instant::now();
    loop {
        let services = services(program).await;
        let mut counts: BTreeMap<String, usize> =
            (0..SYSTEMS).map(|number| (format!("t{number}"), 0)).collect();
        for service in services.values() {
            *counts.get_mut(&service.system).unwrap() += 1;
        }
        let systems = program.catalog("{ systems { nodes { identifier serviceCount } } }").await;
        let systems = systems["systems"]["nodes"].as_array().unwrap().clone();
        let counted = systems.iter().all(|system| {
            let count = counts[system["identifier"].as_str().unwrap()];
            system["serviceCount"].as_f64().is_some_and(|found| found as usize == count)
        });
        let mirrored =
            services.values().all(|service| service.system_title == Some(service.system.to_uppercase()));
        if counted && mirrored {
            return services;
        }
        let stale =
            services.values().filter(|one| one.system_title != Some(one.system.to_uppercase())).count();
        assert!(began.elapsed() < patience, "not computed in time: {stale} mirrors, {counts:?} {systems:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
