//! Which regions are read, and what one that refuses does to the others.

use std::collections::BTreeSet;
use std::sync::Arc;

use portolan_ingestor_contract::conformance::{Bench, Deed, Failure, Seen};
use portolan_schema::Code;
use serde_json::{Value, json};

use crate::answers;
use crate::peer::{self, REGIONS};

const REGIONAL: [&str; 11] = [
    "ec2-instance",
    "lambda-function",
    "rds-instance",
    "dynamodb-table",
    "sqs-queue",
    "sns-topic",
    "ecs-cluster",
    "ecs-service",
    "ecs-task-definition",
    "eks-cluster",
    "eks-node-group",
];

/// Regions in which a kind's list was asked for.
fn asked(bench: &Bench, kind: &str) -> BTreeSet<String> {
    let lists = |seen: &Seen| bench.peer.lists(seen) == Some(kind);
    bench.proxy.seen().iter().filter(|seen| lists(seen)).map(answers::region).collect()
}

fn regions_of(items: &[Value]) -> BTreeSet<&str> {
    items.iter().filter_map(|item| item["__Region"].as_str()).collect()
}

#[tokio::test]
async fn named_regions_are_read_and_no_others() {
    let moto = peer::shared().await;
    for regions in [&REGIONS[..1], &REGIONS[1..], &REGIONS[..]] {
        let bench = moto.bench(json!({ "regions": regions }), |_| Deed::Pass).await;
        let run = bench.collect().await;
        let record = run.well();
        for kind in REGIONAL {
            let wanted: BTreeSet<_> = regions.iter().map(|region| (*region).to_owned()).collect();
            assert_eq!(asked(&bench, kind), wanted, "{kind}");
            let found = record.values(kind);
            assert_eq!(regions_of(&found), regions.iter().copied().collect(), "{kind}");
        }
        // Buckets are the account's, wherever they are.
        assert_eq!(regions_of(&record.values("s3-bucket")), BTreeSet::from(["us-east-1", "eu-west-1"]));
    }
}

#[tokio::test]
async fn a_star_means_every_enabled_region() {
    let moto = peer::shared().await;
    let named = Bench::new(Arc::clone(&moto) as _).await.collect().await.well();
    for config in [json!({ "regions": ["*"] }), json!({})] {
        let bench = moto.bench(config, |_| Deed::Pass).await;
        let record = bench.collect().await.well();
        let enabled: BTreeSet<String> = record
            .values("region")
            .iter()
            .map(|item| item["RegionName"].as_str().unwrap().to_owned())
            .collect();
        assert!(enabled.len() > REGIONS.len());
        for kind in REGIONAL {
            // Where there are no clusters, there are no lists of what is in them.
            let expected = match kind {
                "ecs-service" | "eks-node-group" => REGIONS.map(str::to_owned).into(),
                _ => enabled.clone(),
            };
            assert_eq!(asked(&bench, kind), expected, "{kind}");
        }
        record.assert_same(&named, "with a star");
    }
}

#[tokio::test]
async fn a_star_without_the_list_of_regions_fails_what_is_regional() {
    let moto = peer::shared().await;
    let denied = |seen: &Seen| match seen.field("Action").as_deref() {
        Some("DescribeRegions") => Deed::Say(answers::failure(Failure::Denied, seen, "no").remove(0)),
        _ => Deed::Pass,
    };
    let bench = moto.bench(json!({ "regions": ["*"] }), denied).await;
    let run = bench.collect().await;
    assert!(run.result.is_ok(), "{run:?}");
    let failed: Vec<(&str, Code)> =
        run.record.failed.iter().map(|(kind, e)| (kind.as_str(), e.code)).collect();
    let forbidden = |kind| (kind, Code::UpstreamForbidden);
    let mut needing = [&REGIONAL[..], &["region"]].concat();
    needing.sort_unstable();
    assert_eq!(failed, needing.into_iter().map(forbidden).collect::<Vec<_>>());
    assert_eq!(run.record.done.iter().collect::<Vec<_>>(), ["account", "iam-role", "s3-bucket"]);
}

#[tokio::test]
async fn a_region_that_refuses_does_not_stop_the_others() {
    let moto = peer::shared().await;
    let config = moto.config.clone();
    for (failure, code) in [
        (Failure::Denied, Code::UpstreamForbidden),
        // What AWS says to a region that the account has not enabled.
        (Failure::Refused, Code::UpstreamUnauthorized),
    ] {
        let refusing = move |seen: &Seen| {
            let refuses = answers::region(seen) == REGIONS[0] && answers::service(seen) == "ec2";
            match refuses && seen.field("Action").as_deref() == Some("DescribeInstances") {
                true => Deed::Say(answers::failure(failure, seen, "no").remove(0)),
                false => Deed::Pass,
            }
        };
        let bench = moto.bench(config.clone(), refusing).await;
        let run = bench.collect_kinds(&["ec2-instance", "rds-instance"]).await;
        let error = &run.record.failed["ec2-instance"];
        assert_eq!(error.code, code, "{error}");
        assert!(error.message.contains("us-east-1"), "{error}");
        assert_eq!(regions_of(&run.record.values("ec2-instance")), BTreeSet::from(["eu-west-1"]));
        assert!(run.record.done.contains("rds-instance"));
    }
}

#[tokio::test]
async fn the_check_knows_which_regions_there_are() {
    let moto = peer::shared().await;
    let check = async |regions: Value| {
        let bench = moto.bench(json!({ "regions": regions }), |_| Deed::Pass).await;
        let found = bench.ingestor().check(&bench.settings(), &bench.context()).await;
        let problems = found.err().unwrap_or_default();
        problems.0.iter().map(|p| format!("{} {}", p.code, p.path)).collect::<Vec<_>>()
    };
    assert_eq!(check(json!(["eu-west-1", "us-east-1"])).await, Vec::<String>::new());
    assert_eq!(check(json!(["*"])).await, Vec::<String>::new());
    assert_eq!(
        check(json!(["us-east-1", "us-nowhere-1", "eu-west-1", "xx-north-9"])).await,
        ["INVALID_VALUE /config/regions/1", "INVALID_VALUE /config/regions/3"]
    );
}
