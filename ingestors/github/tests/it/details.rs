//! What items carry beside what lists tell, and what happens where it may not be read.

use std::collections::BTreeSet;

use portolan_ingestor_contract::KindRequest;
use portolan_ingestor_contract::conformance::{Bench, Record, Recorder, Run};
use serde_json::{Value, json};

use crate::peer::{self, Stand, item};

async fn collect(bench: &Bench, kind: &str, selector: Value) -> Run {
    let request = KindRequest { selector: selector.as_object().unwrap().clone(), ..KindRequest::new(kind) };
    let sink = Recorder::default();
    let result = bench.ingestor().collect(&bench.settings(), &[request], &bench.context(), &sink).await;
    Run { asked: vec![kind.to_owned()], result, record: sink.record(), took: std::time::Duration::ZERO }
}

fn warned(record: &Record, kind: &str) -> Vec<String> {
    let lines = record.warnings(kind);
    lines.iter().map(|line| format!("{}: {}", line.item.as_deref().unwrap_or("-"), line.message)).collect()
}

#[tokio::test]
async fn repositories_have_languages_a_readme_and_files() {
    let stand = Stand::own().await;
    stand.github.known().data.file("acme/empty", "logo.png", "/w==");
    let bench = stand.bench().await;
    let files = ["docs/owners.txt", "logo.png", "none/such"];
    let selector = json!({ "languages": true, "readme": true, "includedFiles": files });
    let run = collect(&bench, "repository", selector).await;
    assert!(run.result.is_ok() && run.record.failed.is_empty(), "{run:?}");
    let full = item(&run, "repository", "full_name", "octo-org/hello-world");
    assert_eq!(full["__organization"], "octo-org");
    assert_eq!(full["__readme"], "Hello");
    assert!(full["__languages"].as_object().unwrap().values().all(Value::is_u64), "{full}");
    assert_eq!(
        full["__includedFiles"],
        json!({ "docs/owners.txt": "mona", "logo.png": null, "none/such": null })
    );
    assert_eq!(full["topics"], json!(["greetings"]));
    let empty = item(&run, "repository", "full_name", "acme/empty");
    assert_eq!((&empty["__readme"], &empty["__languages"]), (&Value::Null, &Value::Null));
    assert_eq!(
        warned(&run.record, "repository"),
        ["acme/empty: logo.png stays empty: it is no text in UTF-8"]
    );
    assert!(
        !format!("{run:?}").contains("temp_clone_token"),
        "a key to a private repository is among the items"
    );

    let plain =
        item(&collect(&bench, "repository", json!({})).await, "repository", "full_name", "acme/empty");
    let added: BTreeSet<&String> =
        plain.as_object().unwrap().keys().filter(|key| key.starts_with("__")).collect();
    assert_eq!(added.into_iter().collect::<Vec<_>>(), ["__organization"]);
}

#[tokio::test]
async fn teams_have_members_and_users_have_roles() {
    let bench = peer::shared().await.bench().await;
    let run = bench.collect_kinds(&["team", "user"]).await;
    let team = item(&run, "team", "slug", "core");
    assert_eq!(team["__organization"], "octo-org");
    let members: Vec<&Value> = team["__members"].as_array().unwrap().iter().map(|it| &it["login"]).collect();
    assert_eq!(members, ["mona", "hubot", "lee"]);
    assert_eq!(item(&run, "team", "slug", "ops")["__members"], json!([]));
    let lee = item(&run, "user", "login", "lee");
    assert_eq!(lee["name"], "Dr. lee");
    let both = [("octo-org", "member"), ("acme", "admin")];
    let both = both.map(|(login, role)| json!({ "login": login, "role": role }));
    assert_eq!(lee["__organizations"], json!(both), "one item for both organizations");
    let kim = item(&run, "user", "login", "kim");
    assert_eq!(kim["__organizations"], json!([{ "login": "acme", "role": "member" }]));
}

#[tokio::test]
async fn details_can_be_left_out() {
    let stand = Stand::own().await;
    let bench = stand.bench().await;
    let user = item(&collect(&bench, "user", json!({ "details": false })).await, "user", "login", "kim");
    assert!(user.get("name").is_none() && user["__organizations"].is_array());
    let team = item(&collect(&bench, "team", json!({ "members": false })).await, "team", "slug", "core");
    assert!(team.get("__members").is_none());
    let asked = stand.github.asked();
    assert!(asked.iter().all(|it| !it.path.starts_with("/users/") && !it.path.ends_with("core/members")));
}

#[tokio::test]
async fn details_that_are_forbidden_are_empty_and_said() {
    let stand = Stand::own().await;
    {
        let mut known = stand.github.known();
        let message = "Resource not accessible by personal access token";
        for part in ["/readme", "/contents/", "/teams/core/members", "/users/", "/statuses"] {
            known.denied.push((part.to_owned(), message));
        }
    }
    let bench = stand.bench().await;
    let selector = json!({ "languages": true, "readme": true, "includedFiles": ["a"] });
    let run = collect(&bench, "repository", selector).await;
    assert_eq!(run.record.items["repository"].len(), 4, "{:?}", run.record.failed);
    assert_eq!(item(&run, "repository", "name", "shop")["__readme"], Value::Null);
    assert!(item(&run, "repository", "name", "shop")["__languages"].is_object());
    let lines = warned(&run.record, "repository");
    assert_eq!(lines.len(), 6, "five are named, then how many more: {lines:?}");
    assert!(lines[0].contains("stays empty: GET /repos/"), "{lines:?}");
    assert_eq!(lines[5], "-: 3 more details stay empty for the same kind of reason");

    let run = bench.collect_kinds(&["team", "user", "deployment"]).await;
    assert!(run.record.failed.is_empty(), "{:?}", run.record.failed);
    assert_eq!(item(&run, "team", "slug", "core")["__members"], Value::Null);
    assert!(item(&run, "team", "slug", "docs")["__members"].is_array());
    assert_eq!(run.record.items["user"].len(), 6);
    assert!(item(&run, "user", "login", "kim").get("name").is_none());
    assert!(run.record.values("deployment").iter().all(|item| item["__status"].is_null()));
    for kind in ["team", "user", "deployment"] {
        assert!(!run.record.warnings(kind).is_empty(), "{kind}");
    }
}
