//! Pages: AWS's own sizes unless asked otherwise, tokens handed back as they came, and lists that never end.

use std::collections::BTreeMap;

use portolan_ingestor_contract::Context;
use portolan_ingestor_contract::conformance::{Answer, Bench, Deed, Recorder, Seen};
use portolan_schema::Code;
use serde_json::json;

use crate::answers;
use crate::peer;

const SIZES: [&str; 6] = ["MaxResults", "MaxRecords", "MaxItems", "Limit", "max-buckets", "maxResults"];

/// What each kind's requests ask for a page, without repetition.
fn sizes(bench: &Bench) -> BTreeMap<&'static str, Vec<String>> {
    let mut sizes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for seen in bench.proxy.seen() {
        let Some(kind) = bench.peer.lists(&seen).filter(|kind| bench.peer.pages(kind)) else { continue };
        let size = SIZES.iter().find_map(|name| answers::parameter(&seen, name)).unwrap_or_default();
        sizes.entry(kind).or_default().push(size);
    }
    sizes.values_mut().for_each(|sizes| sizes.dedup());
    sizes
}

#[tokio::test]
async fn page_sizes_are_aws_s_own_unless_asked_and_within_its_bounds() {
    let moto = peer::shared().await;
    for (asked, instance, function, database, bucket, table, queue, role, hundred) in [
        (None, "100", "", "", "10000", "", "100", "", ""),
        (Some(1), "5", "1", "20", "1", "1", "1", "1", "1"),
        (Some(40), "40", "40", "40", "40", "40", "40", "40", "40"),
        (Some(99), "99", "50", "99", "99", "99", "99", "99", "99"),
        (Some(u32::MAX), "1000", "50", "100", "10000", "100", "1000", "1000", "100"),
    ] {
        let bench = moto.bench(moto.config.clone(), |_| Deed::Pass).await;
        let context = Context { page_size: asked, ..bench.context() };
        let sink = Recorder::default();
        bench.collect_with(&bench.settings(), &bench.kinds(), &context, &sink).await.well();
        let expected = [
            ("ec2-instance", instance),
            ("lambda-function", function),
            ("rds-instance", database),
            ("s3-bucket", bucket),
            ("dynamodb-table", table),
            ("sqs-queue", queue),
            ("iam-role", role),
            ("ecs-cluster", hundred),
            ("ecs-service", hundred),
            ("ecs-task-definition", hundred),
            ("eks-cluster", hundred),
            ("eks-node-group", hundred),
        ];
        // In pages of a hundred, a list of clusters looks like what services and node groups go by.
        let told_apart = |kind: &str| hundred != "100" || !["ecs-cluster", "eks-cluster"].contains(&kind);
        let expected = expected.into_iter().filter(|(kind, _)| told_apart(kind));
        let expected: BTreeMap<_, _> = expected.map(|(kind, size)| (kind, vec![size.to_owned()])).collect();
        assert_eq!(sizes(&bench), expected, "{asked:?}");
    }
}

#[tokio::test]
async fn a_token_that_comes_again_ends_in_a_failure() {
    let moto = peer::shared().await;
    let reservations = "<DescribeInstancesResponse><reservationSet/><nextToken>again</nextToken></DescribeInstancesResponse>";
    let databases = "<DescribeDBInstancesResponse><DescribeDBInstancesResult><DBInstances/><Marker>again</Marker></DescribeDBInstancesResult></DescribeDBInstancesResponse>";
    let buckets = "<ListAllMyBucketsResult><Buckets/><ContinuationToken>again</ContinuationToken></ListAllMyBucketsResult>";
    let topics = "<ListTopicsResponse><ListTopicsResult><Topics/><NextToken>again</NextToken></ListTopicsResult></ListTopicsResponse>";
    let roles = "<ListRolesResponse><ListRolesResult><Roles/><IsTruncated>true</IsTruncated><Marker>again</Marker></ListRolesResult></ListRolesResponse>";
    let again = move |seen: &Seen| {
        let (content_type, body) = match answers::service(seen).as_str() {
            "ec2" => ("text/xml", reservations.to_owned()),
            "rds" => ("text/xml", databases.to_owned()),
            "s3" => ("application/xml", buckets.to_owned()),
            "dynamodb" => (
                "application/x-amz-json-1.0",
                json!({ "TableNames": [], "LastEvaluatedTableName": "again" }).to_string(),
            ),
            "sqs" => ("application/x-amz-json-1.0", json!({ "NextToken": "again" }).to_string()),
            "sns" => ("text/xml", topics.to_owned()),
            "iam" => ("text/xml", roles.to_owned()),
            // What other lists go by.
            "ecs" | "eks" if answers::parameter(seen, "maxResults").is_some_and(|size| size == "100") => {
                return Deed::Pass;
            }
            "ecs" => (
                "application/x-amz-json-1.1",
                json!({ "clusterArns": [], "serviceArns": [], "families": [], "nextToken": "again" })
                    .to_string(),
            ),
            "eks" => (
                "application/json",
                json!({ "clusters": [], "nodegroups": [], "nextToken": "again" }).to_string(),
            ),
            "lambda" => ("application/json", json!({ "Functions": [], "NextMarker": "again" }).to_string()),
            _ => return Deed::Pass,
        };
        Deed::Say(Answer::new(200, content_type, body))
    };
    let bench = moto.bench(json!({ "regions": ["us-east-1"] }), again).await;
    let kinds = bench.kinds();
    for kind in kinds.into_iter().filter(|kind| bench.peer.pages(kind) || *kind == "sns-topic") {
        let run = bench.collect_kinds(&[kind]).await;
        let error = &run.record.failed[kind];
        assert_eq!(error.code, Code::UpstreamFailed);
        assert!(error.message.contains("end of the list"), "{error}");
        assert_eq!(bench.lists(kind), 2, "{kind}");
    }
}

#[tokio::test]
async fn a_token_that_is_no_longer_valid_fails_the_kind() {
    let moto = peer::shared().await;
    let stale = |seen: &Seen| match seen.field("NextToken") {
        Some(_) => Deed::Say(answers::error("ec2", 400, "InvalidNextToken", "The token has expired.")),
        None => Deed::Pass,
    };
    let bench = moto.bench(moto.config.clone(), stale).await;
    let context = Context { page_size: Some(5), ..bench.context() };
    let sink = Recorder::default();
    let run = bench.collect_with(&bench.settings(), &["ec2-instance"], &context, &sink).await;
    let error = &run.record.failed["ec2-instance"];
    assert_eq!(error.code, Code::UpstreamFailed);
    let sentence = "ec2:DescribeInstances in us-east-1 failed (InvalidNextToken): The token has expired.";
    assert_eq!(error.message, sentence);
    assert!(!run.record.items["ec2-instance"].is_empty(), "the first page is good");
}
