//! Credentials: temporary keys, roles, and renewing them in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};
use portolan_ingestor_aws::testing::Emulator;
use portolan_ingestor_contract::conformance::{Deed, Failure, Recorder, Seen};
use portolan_ingestor_contract::{Clock, Context, IngestError};
use portolan_schema::Code;
use serde_json::json;

use crate::answers;
use crate::peer::{self, any_account};

#[tokio::test]
async fn a_session_token_goes_with_every_request() {
    let moto = peer::shared().await;
    let bench = moto.bench(moto.config.clone(), |_| Deed::Pass).await;
    bench.collect().await.well();
    for seen in bench.proxy.seen() {
        assert_eq!(seen.header("x-amz-security-token"), moto.secrets["sessionToken"].as_str().unwrap());
        assert!(seen.header("authorization").contains("x-amz-security-token"), "it is signed");
    }
}

#[tokio::test]
async fn a_role_is_assumed_with_this_tenant_s_external_id() {
    let moto = peer::shared().await;
    let other = Emulator::account(&any_account()).await;
    other.run_instances("us-east-1", 3, "theirs").await;
    let role = format!("arn:aws:iam::{}:role/portolan", other.account);
    let config = json!({ "regions": ["us-east-1"], "roleArn": role });
    let bench = moto.bench(config.clone(), |_| Deed::Pass).await;
    let context = Context { external_id: Some("tenant-7".to_owned()), ..bench.context() };
    let sink = Recorder::default();
    let kinds = ["account", "ec2-instance", "s3-bucket"];
    let record = bench.collect_with(&bench.settings(), &kinds, &context, &sink).await.well();
    assert_eq!(record.values("account")[0]["Account"], other.account.as_str());
    assert_eq!(record.items["ec2-instance"].len(), 3);
    let seen = bench.proxy.seen();
    assert_eq!(seen[0].field("Action").as_deref(), Some("AssumeRole"));
    assert_eq!(seen[0].field("ExternalId").as_deref(), Some("tenant-7"));
    assert_eq!(seen[0].field("RoleArn"), Some(role));
    let key = moto.secrets["accessKeyId"].as_str().unwrap();
    assert_eq!(answers::key(&seen[0]), key);
    assert!(seen[1..].iter().all(|seen| answers::key(seen) != key), "the role's key is used from then on");

    let denied = |seen: &Seen| match seen.field("Action").as_deref() {
        Some("AssumeRole") => Deed::Say(answers::failure(Failure::Denied, seen, "not your role").remove(0)),
        _ => Deed::Pass,
    };
    let bench = moto.bench(config, denied).await;
    let result = bench.collect().await.result;
    let Err(IngestError::Source(error)) = &result else { panic!("{result:?}") };
    assert_eq!(error.code, Code::UpstreamForbidden);
    assert!(error.message.contains("sts:AssumeRole on arn:aws:iam::"), "{error}");
    assert_eq!(bench.http.sent(), 1);
}

/// Stands an hour later once it is told to.
#[derive(Default)]
struct Jump(AtomicBool);

impl Clock for Jump {
    fn now(&self) -> DateTime<Utc> {
        let late = self.0.load(Ordering::SeqCst);
        Utc::now() + chrono::TimeDelta::minutes(if late { 58 } else { 0 })
    }
}

#[tokio::test]
async fn a_role_is_assumed_again_before_it_expires() {
    let moto = peer::shared().await;
    let role = format!("arn:aws:iam::{}:role/portolan", moto.account);
    let clock = Arc::new(Jump::default());
    let jump = Arc::clone(&clock);
    let plan = move |seen: &Seen| {
        if seen.field("Action").as_deref() == Some("ListAccountAliases") {
            jump.0.store(true, Ordering::SeqCst);
        }
        Deed::Pass
    };
    let bench = moto.bench(json!({ "regions": ["us-east-1"], "roleArn": role }), plan).await;
    let context = Context { clock, ..bench.context() };
    let sink = Recorder::default();
    let run =
        bench.collect_with(&bench.settings(), &["account", "s3-bucket", "region"], &context, &sink).await;
    run.well();
    let seen = bench.proxy.seen();
    let assumed: Vec<usize> = (0..seen.len())
        .filter(|number| seen[*number].field("Action").as_deref() == Some("AssumeRole"))
        .collect();
    // At the start, and before the first request after the jump; moto's role lasts an hour from then on.
    let alias = seen.iter().position(|seen| seen.field("Action").as_deref() == Some("ListAccountAliases"));
    assert_eq!(assumed[..2], [0, alias.unwrap() + 1]);
    assert!(answers::key(&seen[assumed[1] + 1]) != answers::key(&seen[1]));
}
