//! Webhooks: GitHub's own examples of all of them, and what each of the known ones says.

use std::collections::BTreeSet;

use aws_lc_rs::hmac;
use bytes::Bytes;
use chrono::DateTime;
use http::{HeaderMap, HeaderValue};
use portolan_ingestor_contract::conformance::Bench;
use portolan_ingestor_contract::{Delivery, Event, IngestError, KindRequest};
use portolan_schema::Code;
use serde_json::{Value, json};

use crate::examples::payloads;
use crate::peer::{Stand, WEBHOOK_SECRET};
use crate::stand_in::Known;
use crate::stand_in::data::{Data, filled};

fn signed(body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, WEBHOOK_SECRET.as_bytes());
    let digits: Vec<String> =
        hmac::sign(&key, body).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={}", digits.concat())
}

fn delivery(event: &str, body: impl Into<Bytes>) -> Delivery {
    let body = body.into();
    let mut headers = HeaderMap::new();
    headers.insert("x-github-event", HeaderValue::try_from(event).unwrap());
    headers.insert("x-hub-signature-256", HeaderValue::try_from(signed(&body)).unwrap());
    Delivery { received_at: DateTime::UNIX_EPOCH, headers, query: Vec::new(), body }
}

/// Every kind, without details that would be asked for.
fn all(bench: &Bench) -> Vec<KindRequest> {
    let mut requests: Vec<KindRequest> = bench.kinds().into_iter().map(KindRequest::new).collect();
    for request in &mut requests {
        let selector = match request.kind.as_str() {
            "user" => json!({ "details": false }),
            "team" => json!({ "members": false }),
            _ => continue,
        };
        request.selector = selector.as_object().unwrap().clone();
    }
    requests
}

async fn read(
    bench: &Bench,
    kinds: &[KindRequest],
    event: &str,
    body: &Value,
) -> Result<Vec<Event>, IngestError> {
    let delivery = delivery(event, body.to_string());
    bench.ingestor().authenticate(&bench.settings(), &delivery).unwrap();
    let told = bench.ingestor().events(&bench.settings(), kinds, &delivery, &bench.context()).await?;
    let again = bench.ingestor().events(&bench.settings(), kinds, &delivery, &bench.context()).await?;
    assert_eq!(told, again, "the same delivery twice makes the same events");
    Ok(told)
}

/// Of whatever it holds, for whatever organization.
async fn bench(data: Data) -> Bench {
    let mut stand = Stand::new(Known { data, ..Known::default() }).await;
    stand.config = json!({});
    stand.bench().await
}

fn example(event: &str, action: &str) -> Value {
    let found = payloads()
        .into_iter()
        .find(|it| it.event == event && (action.is_empty() || it.body["action"] == action));
    found.unwrap_or_else(|| panic!("GitHub has no example of {event} {action}")).body
}

/// Each event as `+kind name` or `-kind name`.
fn lines(events: &[Event]) -> Vec<String> {
    let line = |event: &Event| {
        let (sign, item) = match event {
            Event::Present { item, .. } => ('+', item),
            Event::Gone { item, .. } => ('-', item),
        };
        let keys = ["full_name", "login", "slug", "number", "tag_name", "run_number", "environment", "name"];
        let name = keys.iter().find_map(|key| item.get(*key)).unwrap();
        let name = name.as_str().map_or_else(|| name.to_string(), ToOwned::to_owned);
        format!("{sign}{} {name}", event.kind())
    };
    events.iter().map(line).collect()
}

#[track_caller]
fn item(event: &Event) -> &Value {
    match event {
        Event::Present { item, .. } | Event::Gone { item, .. } => item,
    }
}

#[tokio::test]
async fn every_example_is_read() {
    let bench = bench(filled()).await;
    let kinds = all(&bench);
    let mut told = BTreeSet::new();
    let payloads = payloads();
    assert!(payloads.len() >= 300, "{} examples", payloads.len());
    for payload in payloads {
        let events = read(&bench, &kinds, &payload.event, &payload.body).await;
        let events = events.unwrap_or_else(|error| panic!("{} {}: {error}", payload.event, payload.body));
        let action = payload.body["action"].as_str().unwrap_or("*");
        for event in &events {
            let sign = if matches!(event, Event::Present { .. }) { '+' } else { '-' };
            told.insert(format!("{} {action} {sign}{}", payload.event, event.kind()));
            let item = item(event);
            assert!(item["id"].is_u64(), "{item}");
            let of_repository = !["organization", "repository", "user", "team"].contains(&event.kind());
            assert_eq!(item.get("__repository").is_some_and(Value::is_string), of_repository, "{item}");
        }
        // Nobody asked, nothing said; and not a request is sent for it.
        let before = bench.http.sent();
        assert_eq!(read(&bench, &[], &payload.event, &payload.body).await.unwrap(), Vec::new());
        assert_eq!(bench.http.sent(), before, "{}", payload.event);
    }
    let told: Vec<&str> = told.iter().map(String::as_str).collect();
    assert_eq!(told, EXPECTED.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>());
}

/// Event, action, and the kinds that come or go by it.
const EXPECTED: &str = "
    deployment created +deployment
    deployment_status created +deployment
    installation_repositories removed -repository
    issues assigned +issue
    issues deleted -issue
    issues edited +issue
    issues labeled +issue
    issues locked +issue
    issues opened +issue
    issues pinned -issue
    issues reopened +issue
    issues transferred -issue
    issues unassigned +issue
    issues unlabeled +issue
    issues unlocked +issue
    issues unpinned -issue
    membership added +team
    membership removed +team
    organization member_added +user
    public * +repository
    pull_request assigned +pull-request
    pull_request closed -pull-request
    pull_request converted_to_draft +pull-request
    pull_request labeled +pull-request
    pull_request locked +pull-request
    pull_request opened +pull-request
    pull_request ready_for_review +pull-request
    pull_request reopened +pull-request
    pull_request review_request_removed +pull-request
    pull_request review_requested +pull-request
    pull_request synchronize +pull-request
    pull_request unassigned +pull-request
    pull_request unlabeled +pull-request
    pull_request unlocked +pull-request
    push * +repository
    release created +release
    release deleted -release
    release edited +release
    release prereleased +release
    release published +release
    release released +release
    repository created +repository
    repository edited +repository
    repository privatized +repository
    repository publicized +repository
    repository renamed +repository
    repository renamed -repository
    team created +team
    team deleted -team
    team edited +team
    workflow_run completed +workflow
    workflow_run completed +workflow-run
    workflow_run requested +workflow
    workflow_run requested +workflow-run
";

#[tokio::test]
async fn repositories_come_move_and_go() {
    let bench = bench(filled()).await;
    let kinds = [KindRequest::new("repository")];
    for (action, expected) in [
        ("created", vec!["+repository"]),
        ("deleted", vec!["-repository"]),
        ("archived", vec!["+repository"]),
        ("privatized", vec!["+repository"]),
    ] {
        let mut body = example("repository", "created");
        body["action"] = action.into();
        let found = lines(&read(&bench, &kinds, "repository", &body).await.unwrap());
        let found: Vec<&str> = found.iter().map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(found, expected, "{action}");
    }
    let mut body = example("repository", "renamed");
    (body["repository"]["full_name"], body["repository"]["name"]) = ("octo-org/new".into(), "new".into());
    body["changes"]["repository"]["name"]["from"] = "old".into();
    let events = read(&bench, &kinds, "repository", &body).await.unwrap();
    assert_eq!(lines(&events), ["-repository octo-org/old", "+repository octo-org/new"]);
    assert_eq!(
        (&item(&events[0])["name"], &item(&events[0])["__organization"]),
        (&json!("old"), &json!("octo-org"))
    );

    let mut body = example("repository", "transferred");
    (body["repository"]["full_name"], body["repository"]["name"]) = ("acme/shop".into(), "shop".into());
    for (from, expected) in [
        (
            json!({ "organization": { "login": "octo-org" } }),
            vec!["-repository octo-org/shop", "+repository acme/shop"],
        ),
        (json!({ "user": { "login": "mona" } }), vec!["+repository acme/shop"]),
    ] {
        body["changes"] = json!({ "owner": { "from": from } });
        let events = read(&bench, &kinds, "repository", &body).await.unwrap();
        assert_eq!(lines(&events), expected);
    }
    body["repository"]["full_name"] = "stranger/shop".into();
    body["changes"] = json!({ "owner": { "from": { "organization": { "login": "acme" } } } });
    let events = read(&bench, &kinds, "repository", &body).await.unwrap();
    assert_eq!(lines(&events), ["-repository acme/shop"], "nothing is read where it went");
}

#[tokio::test]
async fn only_what_is_read_is_told() {
    let mut stand = Stand::own().await;
    stand.config = json!({ "organizations": ["Octo-Org"] });
    let bench = stand.bench().await;
    let kinds = [KindRequest::new("repository"), KindRequest::new("issue")];
    let mut body = example("repository", "transferred");
    (body["repository"]["full_name"], body["repository"]["name"]) = ("stranger/shop".into(), "shop".into());
    body["changes"] = json!({ "owner": { "from": { "organization": { "login": "octo-org" } } } });
    let events = read(&bench, &kinds, "repository", &body).await.unwrap();
    assert_eq!(lines(&events), ["-repository octo-org/shop"], "it left for where nothing is read");
    let issue = example("issues", "opened");
    assert_eq!(read(&bench, &kinds, "issues", &issue).await.unwrap(), Vec::new());

    let filter = json!({ "repositories": { "archived": false, "visibility": ["public"] } });
    let chosen =
        [KindRequest { selector: filter.as_object().unwrap().clone(), ..KindRequest::new("repository") }];
    let mut body = example("repository", "created");
    body["repository"]["full_name"] = "octo-org/shop".into();
    (body["repository"]["archived"], body["repository"]["private"]) = (false.into(), false.into());
    body["repository"]["visibility"] = "public".into();
    assert_eq!(
        lines(&read(&bench, &chosen, "repository", &body).await.unwrap()),
        ["+repository octo-org/shop"]
    );
    for (key, value) in [("archived", json!(true)), ("visibility", json!("private"))] {
        let mut body = body.clone();
        body["repository"][key] = value;
        assert_eq!(
            lines(&read(&bench, &chosen, "repository", &body).await.unwrap()),
            ["-repository octo-org/shop"]
        );
    }
}

#[tokio::test]
async fn a_push_to_the_default_branch_changes_a_repository() {
    let bench = bench(filled()).await;
    let mut body = example("push", "");
    body["repository"]["full_name"] = "octo-org/shop".into();
    body["repository"]["default_branch"] = "main".into();
    body["repository"]["pushed_at"] = 1_600_000_000.into();
    body["commits"] = json!([{ "added": [], "modified": ["src/main.rs"], "removed": [] }]);
    let selector = json!({ "readme": true, "includedFiles": ["docs/owners.txt"] });
    let repository =
        KindRequest { selector: selector.as_object().unwrap().clone(), ..KindRequest::new("repository") };
    let kinds = [repository, KindRequest::new("workflow")];
    body["ref"] = "refs/heads/topic".into();
    assert_eq!(read(&bench, &kinds, "push", &body).await.unwrap(), Vec::new());
    body["ref"] = "refs/heads/main".into();
    let events = read(&bench, &kinds, "push", &body).await.unwrap();
    assert_eq!(lines(&events), ["+repository octo-org/shop"]);
    let pushed = item(&events[0]);
    assert_eq!(pushed["pushed_at"], "2020-09-13T12:26:40Z", "as runs have it");
    assert_eq!(
        (&pushed["__readme"], &pushed["__includedFiles"]["docs/owners.txt"]),
        (&json!("Hello"), &json!("mona"))
    );

    body["commits"] = json!([{ "added": [".github/workflows/1.yaml"], "modified": [], "removed": [] }]);
    let events = read(&bench, &kinds[1..], "push", &body).await.unwrap();
    assert_eq!(lines(&events), ["+workflow CI", "+workflow CI", "+workflow CI"]);
}

#[tokio::test]
async fn pull_requests_and_issues_go_with_their_state() {
    let bench = bench(filled()).await;
    let with = |states: Value| {
        let selector = json!({ "states": states });
        ["pull-request", "issue"].map(|kind| KindRequest {
            selector: selector.as_object().unwrap().clone(),
            ..KindRequest::new(kind)
        })
    };
    for (event, key) in [("pull_request", "pull_request"), ("issues", "issue")] {
        for (action, state, states, sign) in [
            ("edited", "open", json!(["open"]), '+'),
            ("closed", "closed", json!(["open"]), '-'),
            ("closed", "closed", json!(["open", "closed"]), '+'),
            ("reopened", "open", json!(["closed"]), '-'),
        ] {
            let mut body = example(event, if key == "issue" { "opened" } else { "labeled" });
            (body["action"], body[key]["state"]) = (action.into(), state.into());
            let events = lines(&read(&bench, &with(states), event, &body).await.unwrap());
            assert!(events.len() == 1 && events[0].starts_with(sign), "{event} {action}: {events:?}");
        }
    }
    for action in ["deleted", "transferred"] {
        let body = example("issues", action);
        let events = lines(&read(&bench, &with(json!(["open", "closed"])), "issues", &body).await.unwrap());
        assert!(events.len() == 1 && events[0].starts_with("-issue"), "{action}: {events:?}");
    }
}

#[tokio::test]
async fn people_join_and_leave() {
    let bench = bench(filled()).await;
    let kinds = ["user", "team"].map(KindRequest::new);
    let mut body = example("organization", "member_added");
    body["organization"]["login"] = "octo-org".into();
    for (login, action, expected, of) in [
        ("mona", "member_added", "+user mona", json!([["octo-org", "member"]])),
        ("lee", "member_added", "+user lee", json!([["octo-org", "member"], ["acme", "admin"]])),
        ("lee", "member_removed", "+user lee", json!([["acme", "admin"]])),
        ("mona", "member_removed", "-user mona", json!([])),
    ] {
        body["action"] = action.into();
        (body["membership"]["user"]["login"], body["membership"]["role"]) = (login.into(), "member".into());
        let events = read(&bench, &kinds, "organization", &body).await.unwrap();
        assert_eq!(lines(&events), [expected]);
        let organizations = item(&events[0])["__organizations"].as_array().unwrap();
        let found: Vec<Value> = organizations.iter().map(|it| json!([it["login"], it["role"]])).collect();
        assert_eq!(json!(found), of, "{login} {action}");
        assert_eq!(
            item(&events[0]).get("name").is_some(),
            expected.starts_with('+'),
            "details are asked for"
        );
    }
    let mut body = example("membership", "removed");
    (body["organization"]["login"], body["team"]["slug"]) = ("octo-org".into(), "core".into());
    let events = read(&bench, &kinds, "membership", &body).await.unwrap();
    assert_eq!(lines(&events), ["+team core"]);
    assert_eq!(item(&events[0])["__members"].as_array().unwrap().len(), 3, "the members as they are now");
    body["team"]["deleted"] = true.into();
    assert_eq!(read(&bench, &kinds, "membership", &body).await.unwrap(), Vec::new());
    let mut body = example("team", "deleted");
    body["organization"]["login"] = "octo-org".into();
    let events = lines(&read(&bench, &kinds, "team", &body).await.unwrap());
    assert!(events.len() == 1 && events[0].starts_with("-team"), "{events:?}");
}

#[tokio::test]
async fn deployments_have_their_status_and_make_environments() {
    let mut data = filled();
    let environment = data.lists["/repos/octo-org/shop/environments"][0].clone();
    data.objects.insert("/repos/octo-org/shop/environments/stage%201".to_owned(), environment);
    let bench = bench(data).await;
    let kinds = ["deployment", "environment"].map(KindRequest::new);
    let mut body = example("deployment", "created");
    body["repository"]["full_name"] = "octo-org/shop".into();
    body["deployment"]["environment"] = "stage 1".into();
    let events = read(&bench, &kinds, "deployment", &body).await.unwrap();
    assert_eq!(lines(&events), ["+deployment stage 1", "+environment stage 1"]);
    assert_eq!(item(&events[0])["__status"], Value::Null);
    let body = example("deployment_status", "created");
    let events = read(&bench, &kinds, "deployment_status", &body).await.unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(item(&events[0])["__status"]["state"], body["deployment_status"]["state"]);
}

#[tokio::test]
async fn what_an_app_may_see_comes_and_goes() {
    let bench = bench(filled()).await;
    let kinds = [KindRequest::new("repository")];
    let mut body = example("installation_repositories", "added");
    let named = |name: &str| json!({ "id": 1, "node_id": "R", "name": name, "full_name": format!("octo-org/{name}"), "private": true });
    body["repositories_added"] = json!([named("shop"), named("vanished")]);
    body["repositories_removed"] = json!([named("attic")]);
    let events = read(&bench, &kinds, "installation_repositories", &body).await.unwrap();
    assert_eq!(lines(&events), ["-repository octo-org/attic", "+repository octo-org/shop"]);
    assert!(item(&events[1])["topics"].is_array(), "the delivery has the name only");
}

#[tokio::test]
async fn what_is_no_delivery_is_refused() {
    let bench = bench(filled()).await;
    let kinds = all(&bench);
    let ingestor = bench.ingestor();
    let mut forged = delivery("issues", example("issues", "opened").to_string());
    forged.body = example("issues", "deleted").to_string().into();
    let problems = ingestor.authenticate(&bench.settings(), &forged).unwrap_err();
    assert_eq!(problems.0[0].code, Code::Unauthenticated);
    for body in ["", "[]", "null", "{\"action\": ", "payload=%7B", "\u{0}"] {
        let delivery = delivery("issues", body.to_owned());
        let result = ingestor.events(&bench.settings(), &kinds, &delivery, &bench.context()).await;
        assert!(
            matches!(&result, Err(IngestError::Source(error)) if error.code == Code::UpstreamFailed),
            "{body}"
        );
    }
    for event in ["issues", "repository", "push", "organization", "team", "pull_request", "deployment"] {
        let result =
            ingestor.events(&bench.settings(), &kinds, &delivery(event, "{}"), &bench.context()).await;
        assert!(result.is_err() || result.is_ok_and(|events| events.is_empty()), "{event}");
    }
    // GitHub can be told to send forms.
    let issue = example("issues", "opened");
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &issue.to_string())
        .finish();
    let delivery = delivery("issues", form);
    ingestor.authenticate(&bench.settings(), &delivery).unwrap();
    let events = ingestor.events(&bench.settings(), &kinds, &delivery, &bench.context()).await.unwrap();
    assert_eq!(events, read(&bench, &kinds, "issues", &issue).await.unwrap());
}
