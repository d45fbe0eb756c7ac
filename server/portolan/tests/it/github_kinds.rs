//! Every kind of GitHub, from GitHub's published examples through the shipped mapping to valid entities of the shipped
//! blueprints. How the examples come over the wire is tested where the ingestor is.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use portolan_foundation::jq::{JqConfig, JqPool};
use portolan_ingestor_contract::conformance::Refusing;
use portolan_ingestor_contract::{Context, Delivery, Event, Ingestor, KindRequest, Settings};
use portolan_schema::identifier::{self, Kind};
use portolan_schema::mapping::MappingConfig;
use portolan_schema::model::{CatalogModel, Numbers, Stamps};
use portolan_schema::{Blueprint, BlueprintNo, Instant, Pointer, StoredBlueprint};
use serde_json::{Value, json};

const DIRECTORY: &str = "PORTOLAN_TEST_GITHUB";

fn file(name: &str) -> Value {
    let directory = std::env::var(DIRECTORY).unwrap_or_else(|_| {
        panic!("{DIRECTORY} is not set; run `make test`, or under infra/test/with-peers")
    });
    serde_json::from_slice(&std::fs::read(PathBuf::from(directory).join(name)).unwrap()).unwrap()
}

/// What the ingestor makes of every example of a webhook, without asking anybody.
async fn told(ingestor: &dyn Ingestor) -> BTreeMap<String, Vec<Value>> {
    let context = Context::new(Arc::new(Refusing));
    let settings = Settings::new(json!({}), json!({ "token": "ghp_example", "webhookSecret": "s" }));
    let mut items = BTreeMap::<String, Vec<Value>>::new();
    for event in file("webhooks.json").as_array().unwrap() {
        let name = event["name"].as_str().unwrap();
        for kind in &ingestor.descriptor().kinds {
            let selector = match kind.name {
                "user" => json!({ "details": false }),
                "team" => json!({ "members": false }),
                "pull-request" | "issue" => json!({ "states": ["open", "closed"] }),
                _ => json!({}),
            };
            let request = KindRequest {
                selector: selector.as_object().unwrap().clone(),
                ..KindRequest::new(kind.name)
            };
            for body in event["examples"].as_array().unwrap() {
                let mut headers = axum::http::HeaderMap::new();
                headers.insert("x-github-event", name.parse().unwrap());
                let received_at = chrono::DateTime::UNIX_EPOCH;
                let body = body.to_string().into();
                let delivery = Delivery { received_at, headers, query: Vec::new(), body };
                // Those that need an answer of GitHub's are left out here.
                let events =
                    ingestor.events(&settings, std::slice::from_ref(&request), &delivery, &context).await;
                for event in events.unwrap_or_default() {
                    let (Event::Present { kind, item } | Event::Gone { kind, item }) = event;
                    items.entry(kind).or_default().push(item);
                }
            }
        }
    }
    items
}

/// And of GitHub's examples of its REST API, as lists have them.
fn listed() -> BTreeMap<String, Vec<Value>> {
    let rest = file("api.github.com.json");
    let example = |name: &str| rest["components"]["examples"][name]["value"].clone();
    let with = |mut item: Value, more: Value| {
        item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        item
    };
    let of = json!({ "__organization": "octo-org", "__repository": "octo-org/hello-world" });
    let roles = json!({ "__organizations": [{ "login": "octo-org", "role": "admin" }, { "login": "acme", "role": "member" }] });
    let members = json!([{ "login": "octocat", "type": "User" }, { "login": "hubot[bot]", "type": "Bot" }]);
    let team = json!({ "__organization": "octo-org", "__members": members, "parent": { "id": 7 } });
    let more =
        json!({ "__organization": "octo-org", "__languages": example("language"), "__readme": "# Hello" });
    let status = json!({ "__status": example("deployment-status-items")[0] });
    BTreeMap::from([
        ("organization".to_owned(), vec![example("organization-full")]),
        ("repository".to_owned(), vec![with(example("minimal-repository-items")[0].clone(), more)]),
        ("user".to_owned(), vec![with(example("public-user-default-response"), roles)]),
        ("team".to_owned(), vec![with(example("team-items")[0].clone(), team)]),
        ("pull-request".to_owned(), vec![with(example("pull-request-simple-items")[0].clone(), of.clone())]),
        ("issue".to_owned(), vec![with(example("issue-items")[0].clone(), of.clone())]),
        ("release".to_owned(), vec![with(example("release-items")[0].clone(), of.clone())]),
        (
            "workflow".to_owned(),
            vec![with(example("workflow-paginated")["workflows"][0].clone(), of.clone())],
        ),
        (
            "workflow-run".to_owned(),
            vec![with(example("workflow-run-paginated")["workflow_runs"][0].clone(), of.clone())],
        ),
        (
            "environment".to_owned(),
            vec![with(example("environments")["environments"][0].clone(), of.clone())],
        ),
        ("deployment".to_owned(), vec![with(with(example("deployment-items")[0].clone(), of), status)]),
    ])
}

fn model(ingestor: &dyn Ingestor) -> CatalogModel {
    let stamps = || Stamps {
        created_at: Instant(0),
        created_by: String::new(),
        updated_at: Instant(0),
        updated_by: String::new(),
    };
    let blueprints = &ingestor.descriptor().default_blueprints;
    let stored = blueprints.iter().zip(1..).map(|(definition, no)| StoredBlueprint {
        no: BlueprintNo(no),
        blueprint: Blueprint::parse(definition).unwrap(),
        numbers: Numbers::default(),
        names: Default::default(),
        revision: 1,
        stamps: stamps(),
    });
    CatalogModel::compile(1, stored.collect()).unwrap()
}

#[tokio::test]
async fn the_shipped_mapping_makes_valid_entities_of_github_s_examples() {
    let ingestor = portolan_ingestor_github::Github::new();
    let (model, told, listed) = (model(&ingestor), told(&ingestor).await, listed());
    let jq = JqPool::new(JqConfig {
        program: env!("CARGO_BIN_EXE_portolan").into(),
        arguments: vec!["jq-worker".into()],
        workers: 1,
        deadline: Duration::from_secs(10),
    });
    let mapping = &ingestor.descriptor().default_mapping;
    let config = MappingConfig::parse(mapping, &Pointer::root()).unwrap();
    let mut first = BTreeMap::new();
    for (resource, parsed) in mapping["resources"].as_array().unwrap().iter().zip(&config.resources) {
        let kind = &parsed.kind;
        let items: Vec<Value> =
            [&listed, &told].iter().flat_map(|from| from.get(kind)).flatten().cloned().collect();
        for (number, item) in items.into_iter().enumerate() {
            let mapped = jq.map(resource, vec![item]).await.unwrap().remove(0);
            assert_eq!(mapped.problems, Vec::new(), "{kind}");
            assert_eq!(mapped.entities.len(), 1, "{kind}");
            let entity = &mapped.entities[0];
            let blueprint = model.get(&entity.blueprint).unwrap();
            let problems = blueprint.check_properties(entity.body["properties"].as_object().unwrap());
            assert!(problems.is_empty(), "{kind}: {problems} in {}", entity.body);
            let relations = entity.body["relations"].as_object().into_iter().flatten();
            let targets = relations.flat_map(|(_, target)| match target {
                Value::Array(many) => many.clone(),
                one => vec![one.clone()],
            });
            for named in targets.chain([entity.body["identifier"].clone()]).filter(|named| !named.is_null()) {
                identifier::check(Kind::Entity, named.as_str().unwrap(), &Pointer::root()).unwrap();
            }
            if number == 0 {
                first.insert(kind.clone(), entity.body.clone());
            }
        }
    }
    let least = ["repository", "pull-request", "issue", "release", "workflow-run", "deployment"];
    assert!(least.iter().all(|kind| told[*kind].len() > 2), "{:?}", told.keys());

    let (user, team, run) = (&first["user"], &first["team"], &first["workflow-run"]);
    assert_eq!(user["properties"]["roles"], json!({ "octo-org": "admin", "acme": "member" }));
    assert_eq!(user["relations"]["organizations"], json!(["octo-org", "acme"]));
    assert_eq!(
        team["relations"],
        json!({ "organization": "octo-org", "parent": "7", "members": ["octocat"] })
    );
    assert_eq!(run["relations"], json!({ "workflow": "159038", "repository": "octo-org/hello-world" }));
    assert_eq!(first["pull-request"]["properties"]["status"], "merged");
    assert_eq!(first["repository"]["identifier"], "octocat/Hello-World");
    assert_eq!(first["repository"]["properties"]["readme"], "# Hello");
    assert_eq!(first["deployment"]["properties"]["state"], "success");
}
