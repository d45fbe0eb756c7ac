//! Kinds whose items take calls of their own: what these add, what may not be read, what has gone.

use portolan_ingestor_aws::testing::Emulator;
use portolan_ingestor_contract::Level;
use portolan_ingestor_contract::conformance::{Answer, Deed, Failure, Run, Seen};
use portolan_schema::Code;
use serde_json::{Value, json};

use crate::answers;
use crate::peer::{self, REGIONS, any_account, item};

/// A kind whose items take calls of their own.
struct Calls {
    kind: &'static str,
    /// The call that its items can do without, and the one that they cannot; empty where there is none.
    optional: &'static str,
    required: &'static str,
    /// How the service says that something has gone.
    gone: (u16, &'static str, &'static str),
    /// What goes, and how many items are left.
    goes: (&'static str, usize),
}

const GONE: &str = "It is not there.";

const CALLS: [Calls; 9] = [
    Calls {
        kind: "dynamodb-table",
        optional: "dynamodb:ListTagsOfResource",
        required: "dynamodb:DescribeTable",
        gone: (400, "ResourceNotFoundException", GONE),
        goes: ("orders-3", 6),
    },
    Calls {
        kind: "sqs-queue",
        optional: "sqs:ListQueueTags",
        required: "sqs:GetQueueAttributes",
        gone: (400, "QueueDoesNotExist", GONE),
        goes: ("orders-3", 6),
    },
    Calls {
        kind: "sns-topic",
        optional: "sns:ListTagsForResource",
        required: "sns:GetTopicAttributes",
        gone: (400, "NotFound", GONE),
        goes: ("orders-3", 6),
    },
    Calls {
        kind: "iam-role",
        optional: "iam:GetRole",
        required: "",
        gone: (404, "NoSuchEntity", GONE),
        goes: ("greet-3", 6),
    },
    Calls {
        kind: "lambda-function",
        optional: "lambda:ListTags",
        required: "",
        gone: (404, "ResourceNotFoundException", GONE),
        goes: ("greet-3", 6),
    },
    Calls {
        kind: "ecs-service",
        optional: "",
        required: "ecs:ListServices",
        gone: (400, "ClusterNotFoundException", "Cluster not found."),
        goes: ("shop-5", 1),
    },
    Calls {
        kind: "ecs-task-definition",
        optional: "",
        required: "ecs:DescribeTaskDefinition",
        gone: (400, "ClientException", "Unable to describe task definition."),
        goes: ("orders-3", 6),
    },
    Calls {
        kind: "eks-cluster",
        optional: "",
        required: "eks:DescribeCluster",
        gone: (404, "ResourceNotFoundException", GONE),
        goes: ("shop-3", 6),
    },
    Calls {
        kind: "eks-node-group",
        optional: "",
        required: "eks:DescribeNodegroup",
        gone: (404, "ResourceNotFoundException", GONE),
        goes: ("workers-3", 6),
    },
];

/// Collects a kind from a source that deals so with one of its calls.
async fn with(kind: &str, call: &'static str, deed: impl Fn(&Seen) -> Deed + Send + Sync + 'static) -> Run {
    let moto = peer::shared().await;
    let plan = move |seen: &Seen| {
        let this = format!("{}:{}", answers::service(seen), answers::action(seen));
        if this == call { deed(seen) } else { Deed::Pass }
    };
    moto.bench(moto.config.clone(), plan).await.collect_kinds(&[kind]).await
}

#[tokio::test]
async fn items_carry_what_their_own_calls_tell() {
    let moto = peer::shared().await;
    let bench = moto.bench(moto.config.clone(), |_| Deed::Pass).await;
    let run = bench.collect_kinds(&CALLS.map(|calls| calls.kind)).await;
    let (region, account) = (REGIONS[0], &moto.account);
    let own = |item: &Value| {
        ["__Arn", "__Region", "__Tags", "__AccountId", "__ConsoleUrl"].map(|key| item[key].clone())
    };
    let added =
        |arn: String, region: Value, tags: Value| [json!(arn), region, tags, json!(account), Value::Null];
    let tags = || json!({ "team": "orders" });

    let table = item(&run, "dynamodb-table", "TableName", "orders-3");
    let arn = format!("arn:aws:dynamodb:{region}:{account}:table/orders-3");
    assert_eq!(own(&table), added(arn.clone(), json!(region), tags()));
    assert_eq!((&table["TableArn"], &table["TableStatus"]), (&json!(arn), &json!("ACTIVE")));

    let url = format!("https://sqs.{region}.amazonaws.com/{account}/orders-3");
    let queue = item(&run, "sqs-queue", "QueueUrl", &url);
    assert_eq!(own(&queue), added(format!("arn:aws:sqs:{region}:{account}:orders-3"), json!(region), tags()));
    assert_eq!(queue["Attributes"]["VisibilityTimeout"], "45");

    let arn = format!("arn:aws:sns:{region}:{account}:orders-3");
    let topic = item(&run, "sns-topic", "TopicArn", &arn);
    assert_eq!(own(&topic), added(arn, json!(region), tags()));
    assert_eq!(topic["Attributes"]["DisplayName"], "Orders & more");

    let role = item(&run, "iam-role", "RoleName", "greet-3");
    assert_eq!(own(&role), added(format!("arn:aws:iam::{account}:role/greet-3"), Value::Null, json!({})));
    let statement = &role["AssumeRolePolicyDocument"]["Statement"][0];
    assert_eq!(statement["Principal"]["Service"], "lambda.amazonaws.com");

    let function = item(&run, "lambda-function", "FunctionName", "greet-3");
    let arn = format!("arn:aws:lambda:{region}:{account}:function:greet-3");
    assert_eq!(own(&function), added(arn, json!(region), json!({ "team": "greeters" })));
}

#[tokio::test]
async fn containers_and_clusters_carry_what_they_run_on() {
    let moto = peer::shared().await;
    let bench = moto.bench(moto.config.clone(), |_| Deed::Pass).await;
    let kinds = ["ecs-cluster", "ecs-service", "ecs-task-definition", "eks-cluster", "eks-node-group"];
    let run = bench.collect_kinds(&kinds).await;
    let (region, account) = (REGIONS[0], &moto.account);
    let arn = |service: &str, rest: &str| json!(format!("arn:aws:{service}:{region}:{account}:{rest}"));
    let own = |item: &Value| ["__Arn", "__Region", "__Tags"].map(|key| item[key].clone());
    let (orders, platform) = (json!({ "team": "orders" }), json!({ "team": "platform" }));

    let cluster = item(&run, "ecs-cluster", "clusterName", "shop-5");
    assert_eq!(own(&cluster), [arn("ecs", "cluster/shop-5"), json!(region), orders.clone()]);
    assert_eq!(cluster["settings"], json!([{ "name": "containerInsights", "value": "enabled" }]));

    let service = item(&run, "ecs-service", "serviceName", "orders-3");
    assert_eq!(own(&service), [arn("ecs", "service/shop-5/orders-3"), json!(region), orders.clone()]);
    assert_eq!(service["clusterArn"], cluster["clusterArn"]);
    assert_eq!(service["taskDefinition"], arn("ecs", "task-definition/orders-3:1"));

    let definition = item(&run, "ecs-task-definition", "family", "orders-3");
    assert_eq!(own(&definition), [arn("ecs", "task-definition/orders-3:1"), json!(region), orders]);
    assert_eq!(definition["__FamilyArn"], arn("ecs", "task-definition/orders-3"));
    let variables = &definition["containerDefinitions"][0]["environment"];
    assert_eq!(*variables, json!([{ "name": "DATABASE_PASSWORD", "value": null }]));

    let cluster = item(&run, "eks-cluster", "name", "shop-5");
    assert_eq!(own(&cluster), [arn("eks", "cluster/shop-5"), json!(region), platform.clone()]);

    let group = item(&run, "eks-node-group", "nodegroupName", "workers-3");
    assert_eq!(own(&group)[1..], [json!(region), platform]);
    assert_eq!(group["__ClusterArn"], cluster["arn"]);
    assert_eq!(group["scalingConfig"]["desiredSize"], 3);
}

/// A family has one item, whatever its history.
#[tokio::test]
async fn a_task_definition_is_what_its_latest_revision_says() {
    let aws = Emulator::account(&any_account()).await;
    for _ in 0..3 {
        aws.register_task_definition(REGIONS[0], "orders", &json!([])).await;
    }
    let moto = peer::Moto::new(&aws, json!({ "regions": [REGIONS[0]] }));
    let bench = moto.bench(moto.config.clone(), |_| Deed::Pass).await;
    let record = bench.collect_kinds(&["ecs-task-definition"]).await.well();
    let found = record.values("ecs-task-definition");
    assert_eq!(found.iter().map(|item| item["revision"].clone()).collect::<Vec<_>>(), [3]);
}

/// Other reasons than that it has gone are no reason to leave something out.
#[tokio::test]
async fn what_is_not_described_fails_the_kind() {
    let described = json!({ "clusters": [], "failures": [{ "arn": "a", "reason": "ACCESS_LIMITED" }] });
    let say = Answer::new(200, "application/x-amz-json-1.1", described.to_string());
    let run = with("ecs-cluster", "ecs:DescribeClusters", move |_| Deed::Say(say.clone())).await;
    let error = &run.record.failed["ecs-cluster"];
    assert!(error.message.ends_with("everything that is listed: ACCESS_LIMITED"), "{error}");
    let refuse =
        |seen: &Seen| Deed::Say(answers::error("ecs", 400, "ClientException", &answers::action(seen)));
    let run = with("ecs-task-definition", "ecs:DescribeTaskDefinition", refuse).await;
    assert!(run.record.failed.contains_key("ecs-task-definition"), "{run:?}");
}

#[tokio::test]
async fn what_may_not_be_read_stays_empty_and_is_told() {
    for Calls { kind, optional, .. } in CALLS.into_iter().filter(|calls| !calls.optional.is_empty()) {
        let denied = |seen: &Seen| Deed::Say(answers::failure(Failure::Denied, seen, "not you").remove(0));
        let record = with(kind, optional, denied).await.well();
        assert_eq!(record.items[kind].len(), 7, "{kind}");
        assert!(record.values(kind).iter().all(|item| item["__Tags"] == json!({})), "{kind}");
        // The first five by name, then how many in all.
        let named = record.log.iter().filter(|line| line.item.is_some()).count();
        assert_eq!((named, record.log.len()), (5, 6), "{:?}", record.log);
        for line in &record.log {
            assert_eq!((line.level, line.kind.as_deref()), (Level::Warning, Some(kind)));
            assert!(line.message.contains(optional), "{line:?}");
        }
        assert!(record.log[5].message.contains("for 7 "), "{:?}", record.log[5]);
    }
}

#[tokio::test]
async fn what_an_item_cannot_do_without_fails_the_kind() {
    for Calls { kind, required, .. } in CALLS.into_iter().filter(|calls| !calls.required.is_empty()) {
        for failure in [Failure::Denied, Failure::Busy] {
            let refuse = move |seen: &Seen| Deed::Say(answers::failure(failure, seen, "not now").remove(0));
            let run = with(kind, required, refuse).await;
            let error = &run.record.failed[kind];
            let code = match failure {
                Failure::Denied => Code::UpstreamForbidden,
                _ => Code::UpstreamThrottled,
            };
            assert_eq!(error.code, code, "{error}");
            assert!(error.message.contains(required), "{error}");
            assert!(!run.record.items.contains_key(kind), "half an item of {kind} was written");
        }
    }
}

#[tokio::test]
async fn what_has_gone_since_it_was_listed_is_left_out() {
    for Calls { kind, optional, required, gone: (status, code, message), goes: (goes, left) } in CALLS {
        let moto = peer::shared().await;
        let plan = move |seen: &Seen| {
            let this = format!("{}:{}", answers::service(seen), answers::action(seen));
            let about = format!("{} {}", seen.target, String::from_utf8_lossy(&seen.body));
            if [optional, required].contains(&this.as_str()) && about.contains(goes) {
                return Deed::Say(answers::error(&answers::service(seen), status, code, message));
            }
            Deed::Pass
        };
        let run = moto.bench(moto.config.clone(), plan).await.collect_kinds(&[kind]).await;
        let record = run.well();
        assert_eq!(record.items[kind].len(), left, "{kind}");
        assert_eq!(record.log.len(), 0, "{:?}", record.log);
    }
}
