//! No secret leaves the settings but in a request to the source.

use std::sync::Arc;

use serde_json::Value;

use super::trace::Written;
use super::{Answer, Bench, Deed, Failure, Peer, Run, Seen};

const ADDRESS: &str = "http://127.0.0.1:1";

/// Errors, log lines, items and the server's own log, also where the source quotes what it was sent.
pub async fn nothing_tells_a_secret(peer: Arc<dyn Peer>) {
    let written = Written::default();
    let _guard = written.listen();
    // An address may be among the secret settings; each bench has one of its own, which is none.
    let mut secrets = texts(&peer.settings(ADDRESS).secrets.expose());
    secrets.retain(|secret| secret != ADDRESS);
    assert!(!secrets.is_empty() && secrets.iter().all(|secret| secret.len() >= 8), "too short to be found");
    let quote = format!("you sent {}", secrets.join(" and "));

    let clean = Bench::new(Arc::clone(&peer)).await;
    silent(&clean, &clean.collect().await, &secrets).await;
    for failure in [Failure::Refused, Failure::Expired, Failure::Denied, Failure::Busy] {
        for everything in [true, false] {
            let (source, quote) = (Arc::clone(&peer), quote.clone());
            let quoting = move |seen: &Seen| match everything || source.lists(seen).is_some() {
                true => Deed::Say(source.says(failure, seen, &quote).remove(0)),
                false => Deed::Pass,
            };
            let bench = Bench::with(Arc::clone(&peer), quoting).await;
            silent(&bench, &bench.collect().await, &secrets).await;
        }
    }
    for status in [200, 400, 404, 500] {
        let echo = move |seen: &Seen| {
            let body = format!("{:?} {}", seen.headers, String::from_utf8_lossy(&seen.body));
            Deed::Say(Answer::new(status, "text/plain", body))
        };
        let bench = Bench::with(Arc::clone(&peer), echo).await;
        silent(&bench, &bench.collect().await, &secrets).await;
    }
    let text = written.text();
    assert!(!text.is_empty(), "nothing was logged, so nothing was seen");
    quiet("the server's log", &text, &secrets);
}

async fn silent(bench: &Bench, run: &Run, secrets: &[String]) {
    quiet("the run", &format!("{run:?}"), secrets);
    if let Err(error) = &run.result {
        quiet("the error", &error.to_string(), secrets);
    }
    let (settings, context) = (bench.settings(), bench.context());
    quiet("the settings", &format!("{settings:?} {context:?}"), secrets);
    if let Err(problems) = bench.ingestor().check(&settings, &context).await {
        quiet("the check", &format!("{problems} {problems:?}"), secrets);
    }
}

#[track_caller]
fn quiet(what: &str, text: &str, secrets: &[String]) {
    for secret in secrets {
        assert!(!text.contains(secret.as_str()), "{what} holds {secret}: {text}");
    }
}

/// Every text in a document.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(entries) => entries.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}
