//! The first hour: the files that are shipped for it connect GitHub, Kubernetes and AWS, and the page's question gets the
//! page's answer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use portolan_ingestor_aws::testing::Emulator;
use portolan_ingestor_contract::{Descriptor, Ingestor};
use portolan_ingestor_kubernetes::testing::{Cluster, objects};
use portolan_store::testing::{Engine, TestDatabase};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::program::Program;
use crate::resync::{ended, start_of};
use crate::stand_in::access::TOKEN;
use crate::stand_in::data::Data;
use crate::stand_in::{Known, StandIn};

const PAGE: &str = include_str!("../../../../docs/first-hour.md");
const REGION: &str = "us-east-1";
const ACCOUNT: &str = "888888888888";

fn files() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/first-hour")
}

/// The page's first block in a language.
fn block(language: &str) -> String {
    let (_, rest) = PAGE.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

/// A checkout whose code, workloads and resources say where they belong, among things that belong elsewhere.
struct World {
    github: StandIn,
    cluster: Cluster,
    aws: Emulator,
}

async fn world() -> World {
    let mut data = Data::new();
    data.organization("octo-org");
    let topics = |topics: &[&str]| json!({ "topics": topics, "language": "Rust", "private": false, "visibility": "public" });
    data.repository("octo-org", "checkout", topics(&["payments", "service-checkout"]));
    data.repository("octo-org", "search", topics(&["service-search"]));
    data.repository("octo-org", "notes", topics(&["docs"]));
    let github = StandIn::start(Known { data, ..Known::default() }).await;

    let cluster = Cluster::start().await;
    let of = |mut object: Value, service: &str| {
        object["metadata"]["labels"]["app.kubernetes.io/part-of"] = service.into();
        object
    };
    cluster.put(objects::namespace("shop"));
    cluster.put(of(objects::deployment("shop", "checkout-api", "registry.example/checkout:7"), "checkout"));
    cluster
        .put(of(objects::deployment("shop", "checkout-worker", "registry.example/checkout:7"), "checkout"));
    cluster.put(of(objects::stateful_set("shop", "checkout-db"), "checkout"));
    cluster.put(of(objects::deployment("shop", "search-api", "registry.example/search:2"), "search"));
    cluster.put(objects::deployment("shop", "proxy", "registry.example/proxy:1"));

    let aws = Emulator::account(ACCOUNT).await;
    aws.create_table(REGION, "orders").await;
    let arn = format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders");
    let tags = json!({ "ResourceArn": arn, "Tags": [{ "Key": "service", "Value": "checkout" }] });
    aws.json("dynamodb", REGION, "DynamoDB_20120810.TagResource", &tags).await;
    aws.create_queue(REGION, "payments", None).await;
    let url = format!("{}/{ACCOUNT}/payments", aws.url);
    let tags = json!({ "QueueUrl": url, "Tags": { "service": "checkout" } });
    aws.json("sqs", REGION, "AmazonSQS.TagQueue", &tags).await;
    aws.create_queue(REGION, "index", None).await;
    aws.create_bucket(REGION, "octo-receipts").await;
    let tags = "<Tagging><TagSet><Tag><Key>service</Key><Value>checkout</Value></Tag></TagSet></Tagging>";
    aws.put(REGION, "octo-receipts?tagging", tags.to_owned()).await;
    aws.create_function(REGION, "mail-receipt", &json!({})).await;
    aws.tag_function(REGION, "mail-receipt", &json!({ "service": "checkout" })).await;
    World { github, cluster, aws }
}

/// Applies the files, leads the integrations to the peers, and runs them.
async fn connect(program: &Program, world: &World) {
    let kubeconfig = world.cluster.kubeconfig();
    let environment = [
        ("GITHUB_TOKEN", TOKEN),
        ("KUBECONFIG_TEXT", &kubeconfig),
        ("AWS_ACCESS_KEY_ID", &world.aws.key),
        ("AWS_SECRET_ACCESS_KEY", &world.aws.secret),
    ];
    let done = program.run_with(&["apply", files().to_str().unwrap()], &environment).await;
    assert!(done.status.success(), "{done:?}");
    let again = program.run_with(&["apply", files().to_str().unwrap()], &environment).await;
    assert!(again.status.success(), "what was applied can be applied again: {again:?}");

    let update = "mutation($i: ID!, $c: JSON) { updateIntegration(identifier: $i, input: {config: $c}) { errors { code message path } } }";
    for (integration, config) in [
        ("github", json!({ "baseUrl": world.github.address })),
        ("aws", json!({ "endpointUrl": world.aws.url, "regions": [REGION] })),
    ] {
        let done = program.platform(update, json!({ "i": integration, "c": config })).await;
        assert_eq!(done["updateIntegration"]["errors"], json!([]), "{done}");
    }
    for integration in ["github", "production", "aws"] {
        let id = start_of(program, integration, false).await;
        let run = ended(program, &id).await;
        assert_eq!((&run["status"], &run["error"]), (&json!("SUCCEEDED"), &Value::Null), "{run}");
    }
}

#[tokio::test]
async fn one_question_reaches_from_the_code_to_the_cloud() {
    let world = world().await;
    let question = block("graphql");
    let expected: Value = serde_json::from_str(&block("json")).unwrap();
    for engine in Engine::BOTH {
        let database = TestDatabase::new(engine).await;
        let program = Program::start(&database).await;
        connect(&program, &world).await;
        assert_eq!(program.catalog(&question).await, expected["data"], "{engine:?}");
        // What nobody had written down was found.
        let services = program
            .catalog("{ services(orderBy: [{ field: IDENTIFIER }]) { nodes { identifier title } } }")
            .await;
        let found = [("checkout", Some("Checkout")), ("search", None)];
        let found = found.map(|(identifier, title)| json!({ "identifier": identifier, "title": title }));
        assert_eq!(services["services"]["nodes"], json!(found));
        program.stop().await;
        database.remove().await;
    }
}

/// What the files say beside the ingestors' own blueprints and mappings is how things are connected.
#[test]
fn the_files_are_the_defaults_and_what_connects_them() {
    let github = portolan_ingestor_github::Github::new();
    let kubernetes = portolan_ingestor_kubernetes::Kubernetes::new();
    let aws = portolan_ingestor_aws::Aws::new();
    for (file, descriptor) in [
        ("github.yaml", github.descriptor()),
        ("kubernetes.yaml", kubernetes.descriptor()),
        ("aws.yaml", aws.descriptor()),
    ] {
        let text = std::fs::read_to_string(files().join(file)).unwrap();
        let documents: Vec<Value> = serde_norway::Deserializer::from_str(&text)
            .map(|document| Value::deserialize(document).unwrap())
            .collect();
        let mut connected = 0;
        for document in documents {
            connected += match document["kind"].as_str() {
                Some("Blueprint") => check_blueprint(document, descriptor),
                Some("Integration") => check_mapping(&document["mapping"], descriptor),
                other => panic!("{file}: {other:?}"),
            };
        }
        assert!(connected >= 2, "{file} connects nothing");
    }
}

/// Takes away what connects to services; how often there was something.
fn take(definition: &mut Value, pointer: &str) -> usize {
    let Some(Value::Object(relations)) = definition.pointer_mut(pointer) else { return 0 };
    ["service", "services"].into_iter().filter_map(|name| relations.shift_remove(name)).count()
}

#[track_caller]
fn check_blueprint(mut document: Value, descriptor: &Descriptor) -> usize {
    document.as_object_mut().unwrap().shift_remove("kind");
    let connected = take(&mut document, "/relations");
    let name = &document["identifier"];
    let shipped = descriptor.default_blueprints.iter().find(|shipped| shipped["identifier"] == *name);
    assert_eq!(Some(&document), shipped, "{name}");
    connected
}

#[track_caller]
fn check_mapping(mapping: &Value, descriptor: &Descriptor) -> usize {
    let by_kind = |mapping: &Value| -> BTreeMap<String, Value> {
        let resources = mapping["resources"].as_array().unwrap();
        resources.iter().map(|one| (one["kind"].as_str().unwrap().to_owned(), one.clone())).collect()
    };
    let shipped = by_kind(&descriptor.default_mapping);
    let mut connected = 0;
    for (kind, mut resource) in by_kind(mapping) {
        connected += take(&mut resource, "/port/entity/mappings/relations");
        assert_eq!(Some(&resource), shipped.get(&kind), "{kind}");
    }
    connected
}
