//! Which crate may use which (docs/architecture.md), read from what cargo resolved; and which crates nobody may use.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Our crates and those of ours that each may use. A crate that is added needs a line.
const ARROWS: &[(&str, &[&str])] = &[
    ("portolan-schema", &[]),
    ("portolan-migrations", &["schema"]),
    ("portolan-ingestor-contract", &["schema"]),
    ("portolan-aws-signature", &[]),
    ("portolan-ingestor-*", &["schema", "ingestor-contract", "aws-signature"]),
    ("portolan-store", &["schema", "migrations"]),
    ("portolan-foundation", &["schema"]),
    ("portolan-identity", &["schema", "store", "foundation", "catalog"]),
    ("portolan-catalog", &["schema", "store", "foundation"]),
    ("portolan-integrations", &["schema", "store", "foundation", "catalog", "ingestor-contract"]),
    ("portolan-portal", &["schema", "store", "catalog"]),
    ("portolan-api", &["schema", "foundation", "catalog", "integrations", "identity", "portal"]),
    (
        "portolan",
        &[
            "schema",
            "store",
            "foundation",
            "catalog",
            "integrations",
            "identity",
            "portal",
            "api",
            "ingestor-*",
        ],
    ),
];

/// Only measures and tests: nothing uses it, and it may use everything.
const TEST_CODE: &[&str] = &["portolan-bench"];

/// Crates of others, and those of ours that may use them in what is shipped.
const RESERVED: &[(&str, &[&str])] = &[
    ("sea-orm", &["portolan-store", "portolan-migrations"]),
    ("sea-orm-migration", &["portolan-store", "portolan-migrations"]),
    ("sqlx", &["portolan-store", "portolan-migrations"]),
    ("axum", &["portolan-api", "portolan"]),
    ("async-graphql", &["portolan-api"]),
];

/// What the language of the product may not stand on, however far below.
const IMPURE: &[&str] = &["tokio", "axum", "sea-orm", "sqlx", "reqwest", "hyper", "rand"];

/// Second providers of what one crate is chosen for, and what has no maintainer. `<1` is any version 0.
const BANNED: &[&str] =
    &["ring", "openssl", "openssl-sys", "native-tls", "hyper<1", "rustls<0.23", "rsa", "serde_yaml"];

fn cargo(arguments: &[&str]) -> String {
    let program = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(program)
        .args(arguments)
        .args(["--offline", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// This machine's target: packages for others may not have been downloaded.
fn host() -> String {
    let program = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let output = Command::new(program).arg("-vV").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

/// For each crate of the workspace: what it uses itself, without development dependencies.
fn used() -> BTreeMap<String, BTreeSet<String>> {
    let text = cargo(&["metadata", "--format-version", "1", "--filter-platform", &host()]);
    let metadata: Value = serde_json::from_str(&text).unwrap();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let names: BTreeMap<String, String> = list(&metadata["packages"])
        .iter()
        .map(|package| (package["id"].as_str().unwrap().into(), package["name"].as_str().unwrap().into()))
        .collect();
    let members = list(&metadata["workspace_members"]);
    let mut used = BTreeMap::new();
    for node in list(&metadata["resolve"]["nodes"]) {
        if !members.contains(&node["id"]) {
            continue;
        }
        let shipped = list(&node["deps"])
            .into_iter()
            .filter(|one| list(&one["dep_kinds"]).iter().any(|kind| kind["kind"] != "dev"))
            .map(|one| names[one["pkg"].as_str().unwrap()].clone())
            .collect();
        used.insert(names[node["id"].as_str().unwrap()].clone(), shipped);
    }
    used
}

/// Names and versions of everything that is compiled for the given packages, by cargo's own feature resolution.
fn compiled(selection: &[&str]) -> BTreeSet<(String, String)> {
    let mut arguments = vec!["tree", "--prefix", "none", "--format", "{p}"];
    arguments.extend(selection);
    let text = cargo(&arguments);
    let package = |line: &str| {
        let mut words = line.split(' ');
        Some((words.next()?.to_owned(), words.next()?.trim_start_matches('v').to_owned()))
    };
    text.lines().filter_map(package).collect()
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => pattern == name,
    }
}

#[test]
fn crates_use_only_what_is_below_them() {
    let used = used();
    assert!(used.len() > ARROWS.len(), "{used:?}");
    let mut wrong = Vec::new();
    for (name, uses) in used.iter().filter(|(name, _)| !TEST_CODE.contains(&name.as_str())) {
        let rule = ARROWS.iter().find(|(pattern, _)| matches(pattern, name));
        let Some((_, allowed)) = rule else {
            wrong.push(format!("{name} has no line in ARROWS"));
            continue;
        };
        for other in uses.iter().filter(|other| used.contains_key(*other)) {
            let short = other.trim_start_matches("portolan-");
            if !allowed.iter().any(|pattern| matches(pattern, short)) {
                wrong.push(format!("{name} uses {other}"));
            }
        }
        for (reserved, users) in RESERVED {
            if uses.contains(*reserved) && !users.contains(&name.as_str()) {
                wrong.push(format!("{name} uses {reserved}, which is for {}", users.join(", ")));
            }
        }
    }
    assert!(wrong.is_empty(), "see docs/architecture.md: {wrong:#?}");
}

#[test]
fn the_schema_does_no_input_or_output() {
    let all = compiled(&["-p", "portolan-schema", "-e", "normal"]);
    assert!(all.iter().any(|(name, _)| name == "jsonschema"), "{all:?}");
    let found: Vec<_> = all.iter().filter(|(name, _)| IMPURE.contains(&name.as_str())).collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn no_banned_crate_is_compiled() {
    let all = compiled(&["--workspace", "-e", "normal,build,dev"]);
    assert!(all.len() > 300, "{}", all.len());
    let is_banned = |name: &str, version: &str| {
        BANNED.iter().any(|ban| match ban.split_once('<') {
            Some((banned, least)) => banned == name && older(version, least),
            None => *ban == name,
        })
    };
    let found: Vec<_> = all.iter().filter(|(name, version)| is_banned(name, version)).collect();
    assert!(found.is_empty(), "`cargo tree -i NAME` says who brings {found:?}");
}

fn older(version: &str, than: &str) -> bool {
    let parts = |text: &str| -> Vec<u64> { text.split('.').map_while(|part| part.parse().ok()).collect() };
    parts(version) < parts(than)
}
