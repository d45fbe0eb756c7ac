//! What is written down about the program is what the program says of itself.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use portolan_store::testing::{Engine, TestDatabase};
use serde_json::{Value, json};

use crate::program::Program;

/// An option of a command, as its `--help` has it.
#[derive(Default)]
struct Setting {
    option: String,
    variable: String,
    default: String,
    help: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The lines of a page between two marks.
fn between(page: &str, name: &str) -> String {
    let text = std::fs::read_to_string(root().join(page)).unwrap();
    let begin = text.find(&format!("<!-- {name}:")).unwrap_or_else(|| panic!("{page} has no {name}"));
    let end = text.find(&format!("<!-- end of {name} -->")).unwrap();
    text[begin..end].split_once('\n').unwrap().1.to_owned()
}

fn settings(command: &str) -> Vec<Setting> {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_portolan"))
        .args([command, "--help"])
        .env_clear()
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let options = text.split_once("\nOptions:\n").unwrap().1;
    let mut settings: Vec<Setting> = Vec::new();
    for line in options.lines() {
        let depth = line.len() - line.trim_start().len();
        let line = line.trim();
        if depth < 10 && line.starts_with('-') {
            let option = line.split_once("--").unwrap().1;
            settings.push(Setting { option: format!("--{option}"), ..Setting::default() });
            continue;
        }
        let Some(setting) = settings.last_mut() else { continue };
        let bracketed = |name: &str| line.strip_prefix(&format!("[{name}: "))?.strip_suffix(']');
        if let Some(variable) = bracketed("env") {
            setting.variable = variable.trim_end_matches('=').to_owned();
        } else if let Some(default) = bracketed("default") {
            setting.default = format!("`{}`", default.trim_matches('"'));
        } else if let Some(value) = line.strip_prefix("- ") {
            let (value, help) = value.split_once(':').unwrap();
            let _ = write!(setting.help, " `{value}`: {}.", help.trim());
        } else if !line.is_empty() && line != "Possible values:" {
            let _ = write!(setting.help, "{}{line}", if setting.help.is_empty() { "" } else { " " });
        }
    }
    settings.retain(|setting| setting.option != "--help");
    settings
}

#[test]
fn the_settings_page_is_what_help_says() {
    let settings = settings("serve");
    assert!(settings.len() > 8);
    let mut table = "| variable | option | default | |\n|---|---|---|---|\n".to_owned();
    for setting in settings {
        let Setting { option, variable, default, help } = setting;
        assert!(variable.starts_with("PORTOLAN_"), "{option} has no variable");
        assert!(help.len() > 10, "{option} has no help");
        writeln!(table, "| `{variable}` | `{option}` | {default} | {} |", help.replace('|', "\\|")).unwrap();
    }
    let written = between("docs/running.md", "settings");
    assert!(written == table, "docs/running.md is stale; its settings should be:\n{table}");
}

/// Every page and every link between pages of the documentation leads somewhere.
#[test]
fn links_between_pages_lead_somewhere() {
    let mut pages = vec![root().join("README.md")];
    for folder in ["docs", "docs/decisions"] {
        let entries = std::fs::read_dir(root().join(folder)).unwrap();
        pages.extend(entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()));
    }
    let mut broken = Vec::new();
    let mut count = 0;
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        for (_, rest) in text.match_indices("](").map(|(at, _)| text.split_at(at + 2)) {
            let target = rest.split([')', ' ']).next().unwrap();
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            count += 1;
            let path = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let found = path.exists()
                && (anchor.is_empty()
                    || headings(&std::fs::read_to_string(&path).unwrap()).contains(&anchor.to_owned()));
            if !found {
                broken.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(count > 5 && broken.is_empty(), "{count} links; broken: {broken:#?}");
}

/// The anchors that a page's headings get where Markdown is shown.
fn headings(page: &str) -> Vec<String> {
    let anchor = |heading: &str| {
        let kept = heading.trim().to_lowercase();
        let kept: String =
            kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).collect();
        kept.replace(' ', "-")
    };
    page.lines().filter_map(|line| Some(anchor(line.strip_prefix('#')?.trim_start_matches('#')))).collect()
}

const OPERATOR: &str = "only-for-the-operator-of-this-test";
const OPTIONS: &[&str] =
    &["--log", "warn", "--sign-up", "--operator-token", OPERATOR, "--requests-per-minute", "1000000"];

/// The document is one of OpenAPI's, and what the server answers is what the document says, whatever it is asked.
#[tokio::test]
async fn a_tester_finds_no_fault_and_no_answer_that_is_not_documented() {
    let database = TestDatabase::new(Engine::Postgres).await;
    let program = Program::start_with(&database, OPTIONS).await;
    for blueprint in [
        json!({"identifier": "system", "title": "System", "schema": {"properties": {}}}),
        json!({"identifier": "service", "title": "Service", "relations": {"system": {"target": "system"}},
            "mirrorProperties": {"systemTitle": {"path": "system.$title"}},
            "schema": {"properties": {"tier": {"type": "string"}, "size": {"type": "number"}, "since": {"type": "string",
                "format": "date-time"}, "tags": {"type": "array"}, "extra": {"type": "object"}}}}),
    ] {
        assert_eq!(program.post("/v1/blueprints", &blueprint).await["ok"], true);
    }
    let far = json!({"installationId": "main", "installationAppType": "agent", "config": {"resources": []}});
    assert_eq!(program.post("/v1/integration", &far).await["ok"], true);
    let entities: Vec<Value> = ["checkout", "basket"]
        .iter()
        .map(|name| json!({"blueprint": "service", "identifier": name, "properties": {"tier": "gold"}}))
        .collect();
    assert_eq!(program.post("/api/apply", &json!({"entities": entities})).await["created"], 2);

    let tools =
        PathBuf::from(std::env::var("PORTOLAN_TEST_TOOLS").expect(
            "PORTOLAN_TEST_TOOLS is not set; run `make test`, or a command under infra/test/with-peers",
        ));
    let document = program.directory().join("openapi.json");
    let text = reqwest::get(format!("{}/api/openapi.json", program.url)).await.unwrap().text().await.unwrap();
    std::fs::write(&document, text).unwrap();
    let validator = tokio::process::Command::new(tools.join("openapi-spec-validator"))
        .args(["--schema", "3.1"])
        .arg(&document)
        .output()
        .await
        .unwrap();
    assert!(validator.status.success(), "{}", String::from_utf8_lossy(&validator.stdout));

    // Blueprints last: the rest needs them as they are.
    for (selection, token) in [
        (["--exclude-tag=Blueprints", "--exclude-tag=Operator"].as_slice(), program.token()),
        (&["--include-tag=Blueprints"], program.token()),
        (&["--include-tag=Operator"], OPERATOR),
    ] {
        let tester = tokio::process::Command::new(tools.join("schemathesis"))
            .arg("--config-file")
            .arg(root().join("infra/test/schemathesis.toml").canonicalize().unwrap())
            .arg("run")
            .arg(&document)
            .args([
                "--url",
                &program.url,
                "--no-color",
                "--exclude-path",
                STREAM.1,
                "--exclude-path",
                ITEMS.1,
                "--exclude-path",
                EXPORT.1,
            ])
            .args(selection)
            .args(["--header", &format!("Authorization: Bearer {token}")])
            .current_dir(program.directory())
            .output()
            .await
            .unwrap();
        let said = String::from_utf8_lossy(&tester.stdout);
        assert!(tester.status.success(), "{said}{}", String::from_utf8_lossy(&tester.stderr));
    }
    every_operation_was_carried_out(&program, &document).await;
    program.stop().await;
    database.remove().await;
}

/// Operations that a tester without a plan does not get done: a blueprint that is in use is not deleted, and it knows no
/// migration, session, password or one-time link.
const NOT_CARRIED_OUT: &[(&str, &str)] = &[
    ("DELETE", "/v1/blueprints/{blueprint}"),
    ("GET", "/v1/migrations/{migration}"),
    ("POST", "/api/session"),
    ("GET", "/api/session"),
    ("POST", "/api/session/password"),
    ("GET", "/api/invitations/{token}"),
    ("POST", "/api/invitations/accept"),
    ("GET", "/api/password-reset/{token}"),
    ("POST", "/api/password-reset"),
    STREAM,
    ITEMS,
    EXPORT,
    // It knows neither a run nor what a client has noted.
    ("GET", "/api/runs/{run}"),
    ("POST", "/api/runs/{run}/close"),
    ("PUT", "/v1/integration/{integration}/cursor"),
    ("GET", "/v1/integration/{integration}/cursor"),
    // The run that it opens is never closed.
    ("DELETE", "/v1/integration/{integration}"),
    // It knows no hook's key; server/portolan/tests/it/github_webhooks.rs.
    ("POST", "/api/hooks/{key}"),
    // It speaks no WebSockets.
    ("GET", "/graphql/ws"),
    ("GET", "/api/graphql/ws"),
];

/// Its body is no JSON, which the tester would send; its tests are server/api/tests/it/stream.rs.
const STREAM: (&str, &str) = ("POST", "/api/entities/stream");

/// The same; server/portolan/tests/it/remote_runs.rs.
const ITEMS: (&str, &str) = ("POST", "/api/runs/{run}/items");

/// Its answer is several YAML documents, over which the tester's reader of one falls; its tests are
/// server/api/tests/it/stream_export.rs.
const EXPORT: (&str, &str) = ("GET", "/api/export");

/// A tester that only meets refusals has tested little.
async fn every_operation_was_carried_out(program: &Program, document: &Path) {
    let metrics = reqwest::get(format!("{}/metrics", program.url)).await.unwrap().text().await.unwrap();
    let done = |method: &str, path: &str| {
        let start = format!("portolan_http_requests_total{{route=\"{path}\",method=\"{method}\",status=\"2");
        metrics.lines().any(|line| line.starts_with(&start))
    };
    let document: Value = serde_json::from_slice(&std::fs::read(document).unwrap()).unwrap();
    let mut missed = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let method = method.to_uppercase();
            if !done(&method, path) && !NOT_CARRIED_OUT.contains(&(method.as_str(), path.as_str())) {
                missed.push(format!("{method} {path}"));
            }
        }
    }
    assert!(missed.is_empty(), "never with success: {missed:#?}");
}

/// The questions of docs/graphql.md, to a tenant with the demo's catalog.
async fn every_example_is_answered(program: &Program) {
    let page = std::fs::read_to_string(root().join("docs/graphql.md")).unwrap();
    let examples: Vec<&str> =
        page.split("```graphql\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(examples.len() > 5);
    for example in examples {
        let data = program.catalog(example).await;
        let found = data.as_object().unwrap().values().all(|value| !value.is_null());
        let empty = data.to_string().contains("\"nodes\":[]");
        assert!(found && !empty, "{example}\n{data}");
    }
}

/// What docs/graphql.md shows: its questions, and its recipe for a client, carried out by its own packages.
#[tokio::test]
async fn the_graphql_guide_works_as_it_says() {
    let database = TestDatabase::new(Engine::Sqlite).await;
    let program = Program::start(&database).await;
    let demo = root().join("server/portolan/demo").display().to_string();
    let applied = program.run(&["apply", &demo]).await;
    assert!(applied.status.success(), "{applied:?}");
    every_example_is_answered(&program).await;
    let output = tokio::process::Command::new(root().join("e2e/typescript-client/run"))
        .env("PORTOLAN_URL", &program.url)
        .env("PORTOLAN_CLIENT_ID", &program.client_id)
        .env("PORTOLAN_CLIENT_SECRET", &program.client_secret)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.last(), Some(&"16 gold services"), "{said}");
    let first: Value = serde_json::from_str(lines[0]).unwrap();
    assert_eq!((&first["tier"], &first["service"]), (&json!("GOLD"), &json!("basket")), "{said}");
    assert_eq!(lines.len(), 6, "{said}");
    program.stop().await;
    database.remove().await;
}
