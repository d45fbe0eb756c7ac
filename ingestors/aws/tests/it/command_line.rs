//! Items are the JSON that AWS's own command line prints: held against botocore, on which it is built.

use std::process::Stdio;

use portolan_ingestor_contract::conformance::{Answer, Deed, Seen};
use serde_json::{Map, Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::peer::{self, REGIONS};

const PYTHON: &str = "PORTOLAN_TEST_PYTHON";
const SCRIPT: &str = include_str!("command_line.py");

/// Runs the script, which reads and writes JSON.
async fn botocore(input: Value) -> Value {
    let python = std::env::var(PYTHON)
        .unwrap_or_else(|_| panic!("{PYTHON} is not set; run `make test`, or under infra/test/with-peers"));
    let mut command = Command::new(python);
    command.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).await.unwrap();
    let output = child.wait_with_output().await.unwrap();
    assert!(output.status.success(), "{}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The item as AWS gave it: without what the ingestor adds.
fn bare(item: Value) -> Map<String, Value> {
    let Value::Object(mut item) = item else { panic!("{item}") };
    item.retain(|key, _| !key.starts_with("__"));
    item
}

/// In an order that does not depend on who wrote them.
fn sorted(items: Vec<Map<String, Value>>) -> Vec<String> {
    fn plain(value: &Value) -> Value {
        match value {
            Value::Object(entries) => {
                let mut entries: Vec<_> =
                    entries.iter().map(|(key, value)| (key.clone(), plain(value))).collect();
                entries.sort_by(|a, b| a.0.cmp(&b.0));
                Value::Object(entries.into_iter().collect())
            }
            Value::Array(items) => items.iter().map(plain).collect(),
            other => other.clone(),
        }
    }
    let mut items: Vec<String> =
        items.into_iter().map(|item| plain(&Value::Object(item)).to_string()).collect();
    items.sort();
    items
}

#[tokio::test]
async fn items_are_what_the_command_line_prints() {
    let moto = peer::shared().await;
    let bench = moto.bench(moto.config.clone(), |_| Deed::Pass).await;
    let settings = bench.settings();
    let lists = json!({ "do": "list", "endpoint": settings.config["endpointUrl"], "secrets": moto.secrets, "regions": REGIONS });
    let printed = botocore(lists).await;
    let record = bench.collect().await.well();
    for (kind, path) in [
        ("region", "Regions"),
        ("ec2-instance", "Instances"),
        ("lambda-function", "Functions"),
        ("rds-instance", "DBInstances"),
        ("dynamodb-table", "Tables"),
        ("sqs-queue", "Queues"),
        ("sns-topic", "Topics"),
        ("iam-role", "Roles"),
        ("ecs-cluster", "EcsClusters"),
        ("ecs-service", "Services"),
        ("ecs-task-definition", "TaskDefinitions"),
        ("eks-cluster", "EksClusters"),
        ("eks-node-group", "NodeGroups"),
    ] {
        let mut expected: Vec<_> = printed[path].as_array().unwrap().iter().cloned().map(bare).collect();
        for item in &mut expected {
            let variables = item.get_mut("Environment").and_then(|it| it["Variables"].as_object_mut());
            variables.into_iter().flatten().for_each(|(_, value)| *value = Value::Null);
            let containers = item.get_mut("containerDefinitions").and_then(Value::as_array_mut);
            for variable in
                containers.into_iter().flatten().flat_map(|it| it["environment"].as_array_mut()).flatten()
            {
                variable["value"] = Value::Null;
            }
        }
        assert!(!expected.is_empty());
        let found = record.values(kind).into_iter().map(bare).collect();
        assert_eq!(sorted(found), sorted(expected), "{kind}");
    }
    let account = bare(record.values("account").remove(0));
    assert_eq!(Value::Object(account), printed["Identity"]);
    let buckets = record.values("s3-bucket").into_iter().map(|item| item["Name"].clone());
    let expected = printed["Buckets"].as_array().unwrap().iter().map(|bucket| bucket["Name"].clone());
    assert_eq!(buckets.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

/// Every field that AWS's own description of its API knows, in answers made up of it: full ones, and with everything empty.
#[tokio::test]
async fn every_field_that_aws_describes_is_read_alike() {
    let moto = peer::shared().await;
    for fill in ["full", "empty"] {
        let made = botocore(json!({ "do": "make", "fill": fill })).await;
        let bodies = made.clone();
        let say = move |seen: &Seen| {
            let made = seen.field("Action").map(|action| bodies[action]["xml"].clone());
            match made.as_ref().and_then(Value::as_str) {
                Some(body) => Deed::Say(Answer::new(200, "text/xml", body.to_owned())),
                None => Deed::Pass,
            }
        };
        let bench = moto.bench(json!({ "regions": ["us-east-1"] }), say).await;
        let record = bench.collect_kinds(&["region", "ec2-instance", "rds-instance"]).await.well();
        for (kind, action, path) in [
            ("region", "DescribeRegions", "/Regions/0"),
            ("ec2-instance", "DescribeInstances", "/Reservations/0/Instances/0"),
            ("rds-instance", "DescribeDBInstances", "/DBInstances/0"),
        ] {
            let Value::Object(expected) = made[action]["json"].pointer(path).unwrap().clone() else {
                panic!()
            };
            let found = bare(record.values(kind).remove(0));
            let (found, expected) = (sorted(vec![found]), sorted(vec![expected]));
            assert_eq!(found, expected, "{fill} {kind}");
        }
    }
}
