//! Buckets and the calls about each: their region, what may not be read, what cannot be read, what has gone.

use portolan_ingestor_contract::conformance::{Answer, Deed, Failure, Run, Seen};
use portolan_ingestor_contract::{Level, SourceError};
use portolan_schema::Code;
use serde_json::{Value, json};

use crate::answers;
use crate::peer::{self, Moto, item};

const KIND: &str = "s3-bucket";
const DETAILS: [(&str, &str, &str); 4] = [
    ("tagging", "s3:GetBucketTagging", "__Tags"),
    ("versioning", "s3:GetBucketVersioning", "__Versioning"),
    ("encryption", "s3:GetBucketEncryption", "__Encryption"),
    ("publicAccessBlock", "s3:GetPublicAccessBlock", "__PublicAccessBlock"),
];

/// Collects buckets from a source that deals so with a call about each.
async fn with(moto: &Moto, part: &'static str, deed: impl Fn(&Seen) -> Deed + Send + Sync + 'static) -> Run {
    let plan = move |seen: &Seen| if seen.field(part).is_some() { deed(seen) } else { Deed::Pass };
    moto.bench(moto.config.clone(), plan).await.collect_kinds(&[KIND]).await
}

#[tokio::test]
async fn a_bucket_carries_what_its_own_calls_tell() {
    let moto = peer::shared().await;
    let run = moto.bench(moto.config.clone(), |_| Deed::Pass).await.collect_kinds(&[KIND]).await;
    let name = format!("b{}-full", moto.account);
    let mut full = item(&run, KIND, "Name", &name);
    let created = full.as_object_mut().unwrap().remove("CreationDate").unwrap();
    assert!(
        created.as_str().unwrap().ends_with('Z') && created.as_str().unwrap().starts_with("20"),
        "{created}"
    );
    let block = json!({ "BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true });
    assert_eq!(
        full,
        json!({
            "Name": name, "__Region": "eu-west-1", "__Tags": { "team": "a & b" }, "__Versioning": "Enabled",
            "__Encryption": "aws:kms", "__PublicAccessBlock": block, "__PublicAccessBlocked": true,
            "__AccountId": moto.account, "__Partition": "aws", "__Arn": format!("arn:aws:s3:::{name}"),
            "__ConsoleUrl": null,
        })
    );
    let plain = item(&run, KIND, "Name", &format!("b{}-0", moto.account));
    let told = ["__Region", "__Tags", "__Versioning", "__Encryption", "__PublicAccessBlocked"]
        .map(|key| &plain[key]);
    assert_eq!(told, [&json!("us-east-1"), &json!({}), &json!("Disabled"), &Value::Null, &json!(false)]);
}

#[tokio::test]
async fn what_may_not_be_read_is_null_and_told() {
    let moto = peer::shared().await;
    for (part, call, key) in DETAILS {
        let denied = |seen: &Seen| Deed::Say(answers::failure(Failure::Denied, seen, "not you").remove(0));
        let run = with(&moto, part, denied).await;
        let record = run.well();
        assert_eq!(record.items[KIND].len(), 7);
        let empty = if key == "__Tags" { json!({}) } else { Value::Null };
        assert!(record.values(KIND).iter().all(|item| item[key] == empty), "{part}");
        // The first five by name, then how many in all.
        let named: Vec<_> = record.log.iter().filter_map(|line| line.item.as_deref()).collect();
        assert_eq!(named.len(), 5, "{:?}", record.log);
        assert!(named.iter().all(|name| name.starts_with(&format!("b{}", moto.account))), "{named:?}");
        assert_eq!(record.log.len(), 6);
        for line in &record.log {
            assert_eq!((line.level, line.kind.as_deref()), (Level::Warning, Some(KIND)));
            assert!(line.message.contains(call), "{line:?}");
        }
        assert!(record.log[5].message.ends_with("for 7 buckets in all"), "{:?}", record.log[5]);
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_null_and_told_with_the_bucket() {
    let moto = peer::shared().await;
    let odd = Answer::new(200, "application/xml", "<Nonsense/>");
    for (part, call, key) in DETAILS.into_iter().filter(|(part, ..)| *part != "publicAccessBlock") {
        let (odd, full) = (odd.clone(), format!("b{}-full", moto.account));
        let name = full.clone();
        let nonsense = move |seen: &Seen| match seen.target.contains(&name) {
            true => Deed::Say(odd.clone()),
            false => Deed::Pass,
        };
        let run = with(&moto, part, nonsense).await;
        let found = item(&run, KIND, "Name", &full);
        assert!(found[key].is_null() || found[key] == json!({}), "{found}");
        let record = run.well();
        assert_eq!(record.items[KIND].len(), 7);
        let [line] = record.log.as_slice() else { panic!("{:?}", record.log) };
        assert_eq!(line.item.as_deref(), Some(full.as_str()));
        assert!(line.message.contains(call) && line.message.contains("cannot be read"), "{line:?}");
    }
}

/// What moto says of a bucket's versioning is named after the operation; AWS's SDK rightly refuses it.
#[tokio::test]
async fn moto_s_own_answer_to_versioning_is_unreadable_and_told() {
    let moto = peer::shared().await;
    let odd = "<GetBucketVersioningResponse xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Status>Enabled</Status></GetBucketVersioningResponse>";
    let run = with(&moto, "versioning", move |_| Deed::Say(Answer::new(200, "application/xml", odd))).await;
    let record = run.well();
    assert!(record.values(KIND).iter().all(|item| item["__Versioning"].is_null()));
    assert!(record.log[0].message.contains("s3:GetBucketVersioning"), "{:?}", record.log);
}

#[tokio::test]
async fn a_bucket_that_has_gone_is_left_out() {
    let moto = peer::shared().await;
    for (part, ..) in DETAILS {
        let name = format!("b{}-3", moto.account);
        let gone = name.clone();
        let plan = move |seen: &Seen| match seen.target.contains(&gone) {
            true => Deed::Say(answers::error("s3", 404, "NoSuchBucket", "The bucket does not exist")),
            false => Deed::Pass,
        };
        let record = with(&moto, part, plan).await.well();
        assert_eq!(record.items[KIND].len(), 6);
        assert!(record.values(KIND).iter().all(|item| item["Name"] != name.as_str()));
        assert_eq!(record.log, Vec::new());
    }
}

/// A detail that fails otherwise may be there the next time: the kind is not done.
#[tokio::test]
async fn a_detail_that_fails_fails_the_kind() {
    let moto = peer::shared().await;
    let failing = |_: &Seen| Deed::Say(answers::error("s3", 400, "InvalidRequest", "Try something else."));
    let run = with(&moto, "tagging", failing).await;
    let SourceError { code, message } = &run.record.failed[KIND];
    assert_eq!(*code, Code::UpstreamFailed);
    assert!(message.starts_with("s3:GetBucketTagging of b"), "{message}");
    assert!(message.ends_with("failed (InvalidRequest): Try something else."), "{message}");
}

/// Each bucket's calls go to its own region: with the list's word for it, with the bucket's, or from a redirection.
#[tokio::test]
async fn the_region_of_a_bucket_is_found() {
    let moto = peer::shared().await;
    let full = format!("b{}-full", moto.account);
    let name = full.clone();
    let elsewhere = move |seen: &Seen| match seen.field("location").is_some() && seen.target.contains(&name) {
        true => Deed::Say(
            answers::error("s3", 400, "AuthorizationHeaderMalformed", "the region is wrong")
                .with("x-amz-bucket-region", "eu-west-1"),
        ),
        false => Deed::Pass,
    };
    let old = |seen: &Seen| match seen.field("location").is_some() {
        true => {
            let body = "<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">EU</LocationConstraint>";
            Deed::Say(Answer::new(200, "application/xml", body))
        }
        false => Deed::Pass,
    };
    let bench = moto.bench(moto.config.clone(), elsewhere).await;
    let run = bench.collect_kinds(&[KIND]).await;
    assert_eq!(item(&run, KIND, "Name", &full)["__Region"], "eu-west-1");
    for seen in bench.proxy.seen().iter().filter(|seen| seen.field("tagging").is_some()) {
        let expected = if seen.target.contains(&full) { "eu-west-1" } else { "us-east-1" };
        assert_eq!(answers::region(seen), expected, "{}", seen.target);
    }
    let run = moto.bench(moto.config.clone(), old).await.collect_kinds(&[KIND]).await;
    assert_eq!(item(&run, KIND, "Name", &full)["__Region"], "eu-west-1");

    // S3 tells the region in the list to those who page.
    let told = "<ListAllMyBucketsResult><Buckets><Bucket><Name>far</Name><BucketRegion>ap-south-1</BucketRegion></Bucket></Buckets></ListAllMyBucketsResult>";
    let listing = move |seen: &Seen| match (answers::service(seen).as_str(), seen.target.starts_with("/?")) {
        ("s3", true) => Deed::Say(Answer::new(200, "application/xml", told)),
        ("s3", false) => Deed::Say(answers::error("s3", 403, "AccessDenied", "no")),
        _ => Deed::Pass,
    };
    let bench = moto.bench(moto.config.clone(), listing).await;
    let run = bench.collect_kinds(&[KIND]).await;
    assert_eq!(item(&run, KIND, "Name", "far")["__Region"], "ap-south-1");
    let seen = bench.proxy.seen();
    assert!(!seen.iter().any(|seen| seen.field("location").is_some()), "it was asked once more");
    assert!(
        seen.iter().filter(|seen| seen.target.contains("far")).all(|s| answers::region(s) == "ap-south-1")
    );
}
