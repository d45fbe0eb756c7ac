//! Kinds whose items take calls of their own: what these add, what may not be read, what has gone.

use portolan_ingestor_contract::Level;
use portolan_ingestor_contract::conformance::{Deed, Failure, Run, Seen};
use portolan_schema::Code;
use serde_json::{Value, json};

use crate::answers;
use crate::peer::{self, REGIONS, item};

/// Kind, the call that its items can do without, the call that they cannot, and how the service says "gone".
const CALLS: [(&str, &str, &str, &str); 4] = [
    ("dynamodb-table", "dynamodb:ListTagsOfResource", "dynamodb:DescribeTable", "ResourceNotFoundException"),
    ("sqs-queue", "sqs:ListQueueTags", "sqs:GetQueueAttributes", "QueueDoesNotExist"),
    ("sns-topic", "sns:ListTagsForResource", "sns:GetTopicAttributes", "NotFound"),
    ("iam-role", "iam:GetRole", "", "NoSuchEntity"),
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
    let run = bench.collect_kinds(&CALLS.map(|(kind, ..)| kind)).await;
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
}

#[tokio::test]
async fn what_may_not_be_read_stays_empty_and_is_told() {
    for (kind, optional, ..) in CALLS {
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
    for (kind, _, required, _) in CALLS.into_iter().filter(|(.., required, _)| !required.is_empty()) {
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
    for (kind, optional, required, gone) in CALLS {
        let call = if required.is_empty() { optional } else { required };
        let moto = peer::shared().await;
        let last = if kind == "iam-role" { "greet-3" } else { "orders-3" };
        let plan = move |seen: &Seen| {
            let this = format!("{}:{}", answers::service(seen), answers::action(seen));
            let about = [optional, required].contains(&this.as_str());
            if about && String::from_utf8_lossy(&seen.body).contains(last) {
                let status = if answers::service(seen) == "iam" { 404 } else { 400 };
                return Deed::Say(answers::error(&answers::service(seen), status, gone, "It is not there."));
            }
            Deed::Pass
        };
        let run = moto.bench(moto.config.clone(), plan).await.collect_kinds(&[kind]).await;
        let record = run.well();
        assert_eq!(record.items[kind].len(), 6, "{kind} {call}");
        assert_eq!(record.log.len(), 0, "{:?}", record.log);
    }
}
