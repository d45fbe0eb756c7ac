//! The generated policy allows exactly the calls that a run makes.

use std::collections::BTreeSet;
use std::sync::Arc;

use portolan_ingestor_aws::testing::Emulator;
use portolan_ingestor_contract::conformance::{Bench, Deed, Seen};
use serde_json::{Value, json};

use crate::answers;
use crate::cloud_control::{GROUPS, Registry, ZONES};
use crate::peer::{self, Moto, REGIONS, any_account};

/// What AWS calls the right to a request.
fn action(seen: &Seen) -> String {
    let (service, action) = (answers::service(seen), answers::action(seen));
    let part = |name: &str| seen.field(name).is_some();
    let action = match service.as_str() {
        "cloudcontrolapi" => return format!("cloudformation:{action}"),
        "s3" if part("location") => "GetBucketLocation",
        "s3" if part("tagging") => "GetBucketTagging",
        "s3" if part("versioning") => "GetBucketVersioning",
        "s3" if part("encryption") => "GetEncryptionConfiguration",
        "s3" if part("publicAccessBlock") => "GetBucketPublicAccessBlock",
        "s3" => "ListAllMyBuckets",
        _ => &action,
    };
    format!("{service}:{action}")
}

/// What a policy allows.
fn allowed(policy: &Value) -> BTreeSet<String> {
    assert_eq!(policy["Version"], "2012-10-17");
    let statements = policy["Statement"].as_array().unwrap();
    let [statement] = statements.as_slice() else { panic!("{policy}") };
    assert_eq!((&statement["Effect"], &statement["Resource"]), (&json!("Allow"), &json!("*")));
    statement["Action"].as_array().unwrap().iter().map(|action| action.as_str().unwrap().to_owned()).collect()
}

/// Reads kinds, and holds what was asked against their policy. The key's own calls, by which it signs in, are no part of it.
async fn check(mut moto: Moto, config: Value, kinds: &[&str]) {
    moto.config = config.clone();
    let bench = Bench::with(Arc::new(Registry(moto)), |_| Deed::Pass).await;
    bench.collect_kinds(kinds).await.well();
    let policy = bench.ingestor().policy(&config, kinds).unwrap();
    let mut asked: BTreeSet<String> = bench.proxy.seen().iter().map(action).collect();
    asked.retain(|action| !action.starts_with("sts:"));
    let mut allowed = allowed(&policy);
    // The list of buckets tells their regions, where the source is AWS as it is today.
    if !asked.contains("s3:GetBucketLocation") {
        allowed.remove("s3:GetBucketLocation");
    }
    assert_eq!(asked, allowed, "{kinds:?} with {config}");
}

#[tokio::test]
async fn a_policy_allows_what_a_kind_asks_and_nothing_else() {
    let moto = peer::shared().await;
    let described = moto.bench(json!({}), |_| Deed::Pass).await.kinds();
    let types = [GROUPS, ZONES];
    for kind in described.iter().copied().chain(types) {
        check((*moto).clone(), json!({ "regions": REGIONS }), &[kind]).await;
        check((*moto).clone(), json!({ "regions": ["*"] }), &[kind]).await;
    }
    let all: Vec<&str> = described.iter().copied().chain(types).collect();
    check((*moto).clone(), json!({ "regions": REGIONS }), &all).await;
}

#[tokio::test]
async fn a_policy_for_all_accounts_lets_them_be_listed() {
    let aws = Emulator::account(&any_account()).await;
    aws.create_organization(&["shop"]).await;
    aws.create_bucket(REGIONS[0], &format!("b{}", aws.account)).await;
    let role = format!("arn:aws:iam::{}:role/portolan", aws.account);
    let config = json!({ "regions": [REGIONS[0]], "roleArn": role, "accounts": ["*"] });
    check(Moto::new(&aws, config.clone()), config, &["account", "ec2-instance", "s3-bucket"]).await;
}
