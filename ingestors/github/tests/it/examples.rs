//! GitHub's published examples: of its REST API, and of its webhooks' payloads.

use std::path::PathBuf;
use std::sync::LazyLock;

use serde_json::Value;

const DIRECTORY: &str = "PORTOLAN_TEST_GITHUB";

fn read(file: &str) -> Value {
    let directory = std::env::var(DIRECTORY).unwrap_or_else(|_| {
        panic!("{DIRECTORY} is not set; run `make test`, or under infra/test/with-peers")
    });
    let path = PathBuf::from(directory).join(file);
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap()
}

static REST: LazyLock<Value> = LazyLock::new(|| read("api.github.com.json"));

/// An example of the REST API by its name in the description's `components`.
pub fn rest(name: &str) -> Value {
    let example = &REST["components"]["examples"][name]["value"];
    assert!(!example.is_null(), "GitHub publishes no example {name}");
    example.clone()
}

/// The first of a list of examples.
pub fn first(name: &str) -> Value {
    rest(name)[0].clone()
}

/// One example of a webhook.
pub struct Payload {
    pub event: String,
    pub body: Value,
}

/// Every example of every webhook.
pub fn payloads() -> Vec<Payload> {
    let mut payloads = Vec::new();
    for event in read("webhooks.json").as_array().unwrap() {
        for body in event["examples"].as_array().unwrap() {
            payloads.push(Payload { event: event["name"].as_str().unwrap().to_owned(), body: body.clone() });
        }
    }
    payloads
}
