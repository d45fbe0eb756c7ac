//! `/metrics` of a server that has done some work: what it says, and that Prometheus can read it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use portolan_store::testing::{Engine, TestDatabase};
use serde_json::json;

use crate::program::Program;
use crate::resync::{ended, resync};

/// A page in the text format, read strictly.
#[derive(Debug, Default)]
struct Page {
    /// Kind and help of each family.
    families: BTreeMap<String, (String, String)>,
    /// Name with labels, as written, and value.
    samples: BTreeMap<String, f64>,
}

impl Page {
    fn read(text: &str) -> Self {
        let mut page = Self::default();
        let mut helps = BTreeMap::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').unwrap_or_else(|| panic!("{line}"));
                assert!(helps.insert(name.to_owned(), help.to_owned()).is_none(), "told twice: {line}");
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap_or_else(|| panic!("{line}"));
                let help = helps.get(name).unwrap_or_else(|| panic!("{name} has no help")).clone();
                let twice = page.families.insert(name.to_owned(), (kind.to_owned(), help));
                assert!(twice.is_none(), "told twice: {line}");
            } else {
                let (sample, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
                let value = value.parse().unwrap_or_else(|_| panic!("{line}"));
                assert!(page.samples.insert(sample.to_owned(), value).is_none(), "told twice: {line}");
                page.family(sample);
            }
        }
        page
    }

    /// The family of a sample, and its kind.
    fn family(&self, sample: &str) -> (&str, &str) {
        let name = sample.split('{').next().unwrap();
        let family = ["", "_bucket", "_sum", "_count"].iter().find_map(|suffix| {
            let (family, (kind, _)) = self.families.get_key_value(name.strip_suffix(suffix)?)?;
            (suffix.is_empty() || kind == "histogram").then_some((family.as_str(), kind.as_str()))
        });
        family.unwrap_or_else(|| panic!("{sample} has no type"))
    }

    fn sum(&self, name: &str, labels: &[&str]) -> f64 {
        let wanted = |sample: &str| {
            sample.split('{').next() == Some(name) && labels.iter().all(|label| sample.contains(label))
        };
        self.samples.iter().filter(|(sample, _)| wanted(sample)).map(|(_, value)| value).sum()
    }

    /// The naming rules of Prometheus, as `promtool check metrics` has them and a little more.
    fn check(&self) {
        for (name, (kind, help)) in &self.families {
            assert!(name.starts_with("portolan_") || name.starts_with("process_"), "{name}");
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'), "{name}");
            assert!(help.ends_with('.'), "{name}: {help}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name} is a {kind}");
            for unit in ["_ms", "_milliseconds", "_minutes", "_kib", "_percent"] {
                assert!(!name.contains(unit), "{name} is not in a base unit");
            }
            if kind == "histogram" {
                assert!(name.ends_with("_seconds"), "{name}");
                self.check_histogram(name);
            }
        }
        assert!(self.samples.values().all(|value| value.is_finite()), "{:?}", self.samples);
    }

    fn check_histogram(&self, name: &str) {
        let counts: Vec<_> =
            self.samples.iter().filter(|(sample, _)| sample.starts_with(&format!("{name}_count"))).collect();
        assert!(!counts.is_empty(), "{name}");
        for (sample, count) in counts {
            let labels = sample.trim_start_matches(&format!("{name}_count"));
            let labels = labels.trim_start_matches('{').trim_end_matches('}');
            let prefix = format!("{name}_bucket{{{labels}{}le=\"", if labels.is_empty() { "" } else { "," });
            let mut buckets: Vec<(f64, f64)> = self
                .samples
                .iter()
                .filter_map(|(sample, value)| {
                    let bound = sample.strip_prefix(&prefix)?.trim_end_matches("\"}");
                    Some((bound.parse().unwrap(), *value))
                })
                .collect();
            buckets.sort_by(|left, right| left.0.total_cmp(&right.0));
            assert!(buckets.len() > 5 && buckets.is_sorted_by(|left, right| left.1 <= right.1), "{sample}");
            assert_eq!(buckets.last(), Some(&(f64::INFINITY, *count)), "{sample}");
        }
    }
}

/// Prometheus' own checker, where it is installed.
fn check_by_promtool(text: &str) {
    let started = std::process::Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut started) = started else { return };
    started.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = started.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

async fn get(url: &str) -> (u16, String) {
    let answer = reqwest::get(url).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// Blueprints, writes of every kind, reads, questions, mistakes, and a run that fails.
async fn work(program: &Program) {
    let blueprint = json!({"identifier": "secret_name", "title": "S", "schema": {"properties": {"size": {"type": "number"}}},
        "calculationProperties": {"twice": {"calculation": ".properties.size * 2", "type": "number"}}});
    assert_eq!(program.post("/v1/blueprints", &blueprint).await["ok"], true);
    let path = "/v1/blueprints/secret_name/entities?upsert=true&merge=true";
    for size in [1, 2, 2] {
        let entity = json!({"identifier": "hidden", "properties": {"size": size}});
        assert_eq!(program.post(path, &entity).await["ok"], true);
    }
    let none = json!({"entities": ["hidden"]});
    assert_eq!(program.post("/v1/blueprints/secret_name/bulk/entities/delete", &none).await["ok"], true);
    let bad = json!({"entities": [{"identifier": "a", "properties": {"size": "x"}}]});
    program.post("/v1/blueprints/secret_name/entities/bulk", &bad).await;
    program.catalog("{ modelRevision }").await;
    program.post("/graphql", &json!({"query": "{ nothing }"})).await;
    program.platform("{ model { revision } }", json!({})).await;
    assert_eq!(get(&format!("{}/v1/hidden/place", program.url)).await.0, 404);
    let strange = reqwest::Method::from_bytes(b"BREW").unwrap();
    let strange = reqwest::Client::new().request(strange, format!("{}/v1/blueprints", program.url));
    assert_eq!(strange.send().await.unwrap().status().as_u16(), 405);
}

#[tokio::test]
async fn measures_say_what_was_done() {
    let database = TestDatabase::new(Engine::Sqlite).await;
    let program = Program::start(&database).await;
    work(&program).await;
    let url = format!("{}/metrics", program.url);
    // Computed values follow in the background.
    let mut text = get(&url).await.1;
    for _ in 0..100 {
        if Page::read(&text).sum("portolan_computed_lag_seconds_count", &[]) > 0.0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        text = get(&url).await.1;
    }
    let page = Page::read(&text);
    page.check();
    check_by_promtool(&text);

    let entities = "route=\"/v1/blueprints/{blueprint}/entities\"";
    for (name, labels, value) in [
        ("portolan_http_requests_total", vec![entities, "method=\"POST\"", "status=\"201\""], 1.0),
        ("portolan_http_requests_total", vec![entities, "status=\"200\""], 2.0),
        ("portolan_http_requests_total", vec!["route=\"none\"", "status=\"404\""], 1.0),
        ("portolan_http_requests_total", vec!["method=\"OTHER\"", "status=\"405\""], 1.0),
        ("portolan_http_request_duration_seconds_count", vec![entities], 3.0),
        ("portolan_http_requests_in_flight", vec![], 0.0),
        ("portolan_graphql_operations_total", vec!["api=\"catalog\"", "outcome=\"answered\""], 1.0),
        ("portolan_graphql_operations_total", vec!["api=\"catalog\"", "outcome=\"refused\""], 1.0),
        ("portolan_graphql_operations_total", vec!["api=\"platform\""], 1.0),
        ("portolan_entity_changes_total", vec!["result=\"created\""], 1.0),
        ("portolan_entity_changes_total", vec!["result=\"updated\""], 1.0),
        ("portolan_entity_changes_total", vec!["result=\"unchanged\""], 1.0),
        ("portolan_entity_changes_total", vec!["result=\"deleted\""], 1.0),
        ("portolan_entity_changes_total", vec!["result=\"refused\""], 1.0),
        ("portolan_write_batches_total", vec!["outcome=\"committed\""], 5.0),
        ("portolan_write_batch_duration_seconds_count", vec![], 5.0),
        ("portolan_jq_workers_stopped_total", vec![], 0.0),
        ("portolan_build_info", vec![env!("CARGO_PKG_VERSION")], 1.0),
    ] {
        assert_eq!(page.sum(name, &labels), value, "{name} {labels:?} in\n{text}");
    }
    for name in [
        "portolan_computed_passes_total",
        "portolan_database_transactions_total",
        "portolan_database_wait_seconds_count",
        "process_resident_memory_bytes",
        "process_cpu_seconds_total",
    ] {
        assert!(page.sum(name, &[]) > 0.0, "{name} in\n{text}");
    }
    // Nothing that a caller or a tenant wrote.
    for word in ["hidden", "secret_name", "acme", "BREW", &program.client_id] {
        assert!(!text.contains(word), "{word} in\n{text}");
    }
    check_labels(&page);
    program.stop().await;
    database.remove().await;
}

/// A run of nothing, whose client ends it so.
async fn remote_run(program: &Program, status: &str) {
    let integration = json!({"installationId": "far", "installationAppType": "named-by-a-client", "config": {"resources": []}});
    assert_eq!(program.post("/v1/integration", &integration).await["ok"], true);
    let opened = program.post("/api/runs", &json!({"integration": "far"})).await;
    let id = opened["run"]["id"].clone();
    if status == "CANCELLED" {
        let cancel = "mutation($r: ID!) { cancelResync(run: $r) { errors { message } } }";
        program.platform(cancel, json!({"r": id})).await;
    } else {
        let closed =
            program.post(&format!("/api/runs/{}/close", id.as_str().unwrap()), &json!({"kinds": {}})).await;
        assert_eq!(closed["ok"], true, "{closed}");
    }
    assert_eq!(ended(program, &id).await["status"], status);
}

/// A run whose source is where the operator lets nobody go.
async fn refused_run(program: &Program) {
    let input = json!({"identifier": "aws-main", "ingestor": "aws",
        "config": {"regions": ["us-east-1"], "endpointUrl": "http://10.0.0.1"},
        "secrets": {"accessKeyId": "a", "secretAccessKey": "b"}});
    let create = "mutation($i: IntegrationInput!) { createIntegration(input: $i) { errors { message } } }";
    let made = program.platform(create, json!({"i": input})).await;
    assert_eq!(made["createIntegration"]["errors"], json!([]), "{made}");
    assert_eq!(resync(program, false).await["status"], "FAILED");
}

#[tokio::test]
async fn each_run_is_counted_when_it_ends() {
    let database = TestDatabase::new(Engine::Sqlite).await;
    let program = Program::start(&database).await;
    refused_run(&program).await;
    for status in ["SUCCEEDED", "CANCELLED"] {
        remote_run(&program, status).await;
    }
    let text = get(&format!("{}/metrics", program.url)).await.1;
    let page = Page::read(&text);
    page.check();
    check_labels(&page);
    for (labels, value) in [
        (vec!["ingestor=\"aws\"", "status=\"failed\""], 1.0),
        (vec!["ingestor=\"remote\"", "status=\"succeeded\""], 1.0),
        (vec!["ingestor=\"remote\"", "status=\"cancelled\""], 1.0),
        (vec![], 3.0),
    ] {
        assert_eq!(page.sum("portolan_runs_total", &labels), value, "{labels:?} in\n{text}");
    }
    program.stop().await;
    database.remove().await;
}

/// The values of a label are few, and known beforehand.
fn check_labels(page: &Page) {
    let mut values: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for sample in page.samples.keys().filter(|sample| sample.contains('{')) {
        let (family, _) = page.family(sample);
        let labels = sample.split_once('{').unwrap().1.trim_end_matches('}');
        for label in labels.split("\",") {
            let (label, value) = label.split_once("=\"").unwrap();
            values.entry((family, label)).or_default().insert(value);
        }
    }
    for ((family, label), values) in values {
        let known =
            ["route", "method", "status", "api", "outcome", "result", "access", "le", "version", "ingestor"];
        assert!(known.contains(&label), "{family} has the label {label}");
        assert!(values.len() <= 40, "{family} {label}: {values:?}");
    }
}

#[tokio::test]
async fn metrics_can_be_elsewhere_or_nowhere() {
    let database = TestDatabase::new(Engine::Sqlite).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let own = Program::start_with(&database, &["--metrics", &free.to_string()]).await;
    assert_eq!(get(&format!("{}/metrics", own.url)).await.0, 404);
    let (status, text) = get(&format!("http://{free}/metrics")).await;
    assert_eq!(status, 200);
    Page::read(&text).check();
    assert_eq!(get(&format!("http://{free}/v1/blueprints")).await.0, 404);
    own.stop().await;
    database.remove().await;
    let database = TestDatabase::new(Engine::Sqlite).await;
    let off = Program::start_with(&database, &["--metrics", "off"]).await;
    assert_eq!(get(&format!("{}/metrics", off.url)).await.0, 404);
    off.stop().await;
    database.remove().await;
}

#[tokio::test]
async fn each_request_is_a_line_of_the_log() {
    let database = TestDatabase::new(Engine::Sqlite).await;
    let program =
        Program::start_logged(&database, &["--log-format", "json", "--log", "portolan=debug"]).await;
    let client = reqwest::Client::new();
    let asked =
        |path: &str, id: &str| client.get(format!("{}{path}", program.url)).header("x-request-id", id).send();
    asked("/v1/blueprints/very-private", "the-request").await.unwrap();
    asked("/healthz", "the-probe").await.unwrap();
    let log = program.stop_and_read().await;
    let lines: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect();
    let line = |id: &str| {
        lines.iter().find(|line| line["request.id"] == id).unwrap_or_else(|| panic!("{id} in {log}"))
    };
    let request = line("the-request");
    assert_eq!(request["message"], "GET /v1/blueprints/{blueprint} was answered 401");
    assert_eq!(
        (&request["level"], &request["method"], &request["route"], &request["status"]),
        (&json!("INFO"), &json!("GET"), &json!("/v1/blueprints/{blueprint}"), &json!(401))
    );
    assert!(request["duration.ms"].as_f64().is_some_and(|time| time > 0.0), "{request}");
    assert_eq!(line("the-probe")["level"], "DEBUG");
    assert!(!log.contains("very-private"), "{log}");
    database.remove().await;
}

#[tokio::test]
async fn a_bad_setting_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path().display().to_string();
    for (name, value) in
        [("PORTOLAN_LOG", "a=b=c"), ("PORTOLAN_METRICS", "maybe"), ("PORTOLAN_LOG_FORMAT", "xml")]
    {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_portolan"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir", &directory])
            .env_clear()
            .env(name, value)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let flag = name.trim_start_matches("PORTOLAN_").to_ascii_lowercase().replace('_', "-");
        assert!(!output.status.success(), "{name}={value}");
        assert!(said.contains(name) || said.contains(&format!("--{flag}")), "{name}={value}: {said}");
        assert!(said.contains(value), "{name}={value}: {said}");
    }
}
