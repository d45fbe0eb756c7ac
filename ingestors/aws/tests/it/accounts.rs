//! Several accounts: those that are named, or an organisation's, each by a role of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use chrono::{DateTime, Utc};
use portolan_ingestor_aws::testing::Emulator;
use portolan_ingestor_contract::conformance::{Answer, Bench, Deed, Failure, Recorder, Run, Seen};
use portolan_ingestor_contract::{Clock, Context, IngestError};
use portolan_schema::Code;
use serde_json::{Value, json};

use crate::answers;
use crate::peer::{Moto, REGIONS, any_account};

const KINDS: [&str; 5] = ["account", "region", "s3-bucket", "ec2-instance", "iam-role"];

/// An organisation of three accounts, and one that is closed. Each has instances: one in the first, two in the next, ….
struct Company {
    moto: Moto,
    accounts: Vec<String>,
    closed: String,
}

async fn company() -> Company {
    let first = Emulator::account(&any_account()).await;
    let mut accounts = first.create_organization(&["shop", "billing", "closed"]).await;
    let closed = accounts.pop().unwrap();
    first.close_account(&closed).await;
    accounts.insert(0, first.account.clone());
    for (count, account) in (1..).zip(&accounts) {
        let aws = Emulator::account(account).await;
        aws.run_instances(REGIONS[0], count, "web").await;
        aws.create_bucket(REGIONS[0], &format!("b{account}")).await;
        aws.create_function(REGIONS[0], "greet", &json!({})).await;
    }
    let role = format!("arn:aws:iam::{}:role/ops/portolan", accounts[0]);
    let config = json!({ "regions": [REGIONS[0]], "roleArn": role, "accounts": ["*"] });
    Company { moto: Moto::new(&first, config), accounts, closed }
}

impl Company {
    /// A bench whose source answers so, and a context with this tenant's proof.
    async fn bench(&self, plan: impl Fn(&Seen) -> Deed + Send + Sync + 'static) -> Bench {
        self.moto.bench(self.moto.config.clone(), plan).await
    }

    fn role(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:role/ops/portolan")
    }
}

fn proof(bench: &Bench) -> Context {
    Context { external_id: Some("portolan-7".to_owned()), page_size: Some(1), ..bench.context() }
}

async fn read(bench: &Bench, kinds: &[&str]) -> Run {
    bench.collect_with(&bench.settings(), kinds, &proof(bench), &Recorder::default()).await
}

/// How many items of a kind each account has.
fn by_account(items: &[Value]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for item in items {
        *counts.entry(item["__AccountId"].as_str().unwrap()).or_default() += 1;
    }
    counts
}

/// The roles that were assumed, in the order of their requests.
fn assumed(bench: &Bench) -> Vec<String> {
    let seen = bench.proxy.seen();
    let assumptions = seen.iter().filter(|seen| answers::action(seen) == "AssumeRole");
    assumptions.map(|seen| seen.field("RoleArn").unwrap()).collect()
}

fn listings(bench: &Bench) -> usize {
    bench.proxy.seen().iter().filter(|seen| answers::action(seen) == "ListAccounts").count()
}

#[tokio::test]
async fn every_active_account_of_an_organisation_is_read() {
    let company = company().await;
    let bench = company.bench(|_| Deed::Pass).await;
    let record = read(&bench, &KINDS).await.well();
    let ids: Vec<&str> = company.accounts.iter().map(String::as_str).collect();
    for kind in ["account", "s3-bucket"] {
        let items = record.values(kind);
        assert_eq!(by_account(&items), ids.iter().map(|id| (*id, 1)).collect(), "{kind}");
    }
    let instances = record.values("ec2-instance");
    assert_eq!(by_account(&instances), ids.iter().copied().zip(1..).collect());
    let roles = record.values("iam-role");
    assert_eq!(by_account(&roles).keys().copied().collect::<BTreeSet<_>>(), ids.iter().copied().collect());
    let names: BTreeSet<String> = record
        .values("account")
        .iter()
        .map(|item| item["__Organization"]["Name"].as_str().unwrap().to_owned())
        .filter(|name| name != "master")
        .collect();
    assert_eq!(names, BTreeSet::from(["shop".to_owned(), "billing".to_owned()]));
    // What several accounts have is handed over once.
    let regions = record.values("region");
    let distinct: BTreeSet<_> = regions.iter().map(|item| item["RegionName"].as_str().unwrap()).collect();
    assert_eq!(distinct.len(), regions.len());

    // The organisation is listed page by page, with the first role; each role is assumed once, with the tenant's proof.
    assert_eq!(listings(&bench), 4);
    let mut roles = assumed(&bench);
    assert_eq!(roles[0], company.role(&company.accounts[0]));
    roles.sort();
    let mut expected: Vec<String> = ids.iter().map(|id| company.role(id)).collect();
    expected.sort();
    assert_eq!(roles, expected);
    assert!(!roles.contains(&company.role(&company.closed)));
    let seen = bench.proxy.seen();
    for seen in seen.iter().filter(|seen| answers::action(seen) == "AssumeRole") {
        assert_eq!(seen.field("ExternalId").as_deref(), Some("portolan-7"));
        assert_eq!(answers::key(seen), company.moto.secrets["accessKeyId"].as_str().unwrap());
    }
}

#[tokio::test]
async fn named_accounts_are_read_and_no_others() {
    let company = company().await;
    let mut config = company.moto.config.clone();
    config["accounts"] = json!(company.accounts[1..]);
    let bench = company.moto.bench(config, |_| Deed::Pass).await;
    let record = read(&bench, &KINDS).await.well();
    let instances = record.values("ec2-instance");
    let expected = BTreeMap::from([(company.accounts[1].as_str(), 2), (company.accounts[2].as_str(), 3)]);
    assert_eq!(by_account(&instances), expected);
    assert!(record.values("account").iter().all(|item| item["__Organization"].is_null()));
    assert_eq!((listings(&bench), assumed(&bench).len()), (0, 2));
}

#[tokio::test]
async fn an_account_that_refuses_fails_what_it_has_and_stops_no_other() {
    let company = company().await;
    let refusing = company.accounts[1].clone();
    let denied = refusing.clone();
    let plan = move |seen: &Seen| match seen.field("RoleArn") {
        Some(role) if role.contains(&denied) => {
            Deed::Say(answers::failure(Failure::Denied, seen, "not your role").remove(0))
        }
        _ => Deed::Pass,
    };
    let bench = company.bench(plan).await;
    let run = read(&bench, &KINDS).await;
    assert!(run.result.is_ok() && run.record.done.is_empty(), "{run:?}");
    for kind in KINDS {
        let error = &run.record.failed[kind];
        assert_eq!(error.code, Code::UpstreamForbidden, "{error}");
        let sentence = format!("account {refusing}: the credentials may not call sts:AssumeRole on ");
        assert!(error.message.starts_with(&sentence), "{error}");
    }
    let instances = run.record.values("ec2-instance");
    let expected = BTreeMap::from([(company.accounts[0].as_str(), 1), (company.accounts[2].as_str(), 3)]);
    assert_eq!(by_account(&instances), expected, "the others are read");
}

#[tokio::test]
async fn a_list_that_an_account_refuses_fails_that_kind_alone() {
    let company = company().await;
    // Which key belongs to which account only shows in a run.
    let clean = company.bench(|_| Deed::Pass).await;
    read(&clean, &["ec2-instance"]).await.well();
    for (failure, code) in
        [(Failure::Denied, Code::UpstreamForbidden), (Failure::Expired, Code::UpstreamUnauthorized)]
    {
        let count = AtomicUsize::new(0);
        let second = move |seen: &Seen| match answers::action(seen) == "DescribeInstances" {
            true if count.fetch_add(1, Ordering::SeqCst) == 1 => {
                Deed::Say(answers::failure(failure, seen, "no").remove(0))
            }
            _ => Deed::Pass,
        };
        let bench = company.bench(second).await;
        let run = read(&bench, &["ec2-instance", "s3-bucket"]).await;
        let error = &run.record.failed["ec2-instance"];
        assert_eq!(error.code, code, "{error}");
        let names = |account: &String| error.message.starts_with(&format!("account {account}: "));
        assert!(company.accounts.iter().any(names), "{error}");
        assert!(!run.record.items["ec2-instance"].is_empty(), "the others are read");
        assert!(run.record.done.contains("s3-bucket"));
    }
}

#[tokio::test]
async fn accounts_that_cannot_all_be_listed_end_the_run() {
    let company = company().await;
    let text = |status, body: &str| Answer::new(status, "application/x-amz-json-1.1", body.to_owned());
    let cases = [
        (
            Deed::Say(answers::error("organizations", 400, "AccessDeniedException", "no")),
            Code::UpstreamForbidden,
        ),
        (
            Deed::Say(answers::error("organizations", 400, "ExpiredTokenException", "no")),
            Code::UpstreamUnauthorized,
        ),
        (
            Deed::Say(answers::error("organizations", 400, "TooManyRequestsException", "no")),
            Code::UpstreamThrottled,
        ),
        (Deed::Say(text(500, "")), Code::UpstreamFailed),
        (Deed::Say(text(200, "{}")), Code::UpstreamFailed),
        (Deed::Say(text(200, r#"{"Accounts":[],"NextToken":"again"}"#)), Code::UpstreamFailed),
        (Deed::Cut, Code::UpstreamUnreachable),
        (Deed::Truncate, Code::UpstreamUnreachable),
    ];
    for (deed, code) in cases {
        let (told, count) = (deed.clone(), AtomicUsize::new(0));
        let late = move |seen: &Seen| match answers::action(seen) == "ListAccounts" {
            true if count.fetch_add(1, Ordering::SeqCst) > 0 => deed.clone(),
            _ => Deed::Pass,
        };
        let run = read(&company.bench(late).await, &KINDS).await;
        let Err(IngestError::Source(error)) = &run.result else { panic!("{told:?}: {run:?}") };
        assert_eq!(error.code, code, "{told:?}: {error}");
        assert!(run.record.items.is_empty() && run.record.done.is_empty(), "{told:?}: {run:?}");
    }
}

#[tokio::test]
async fn faults_that_pass_change_nothing() {
    let company = company().await;
    let clean = read(&company.bench(|_| Deed::Pass).await, &KINDS).await.well();
    let busy = answers::error("organizations", 400, "ThrottlingException", "slow down");
    for fault in [Deed::Say(busy), Deed::Cut, Deed::Reset, Deed::Truncate, Deed::TruncateChunks] {
        let count = AtomicUsize::new(0);
        let deed = fault.clone();
        // Every other request about an account fails at first.
        let first = move |seen: &Seen| {
            let about = ["AssumeRole", "ListAccounts"].contains(&answers::action(seen).as_str());
            if about && count.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
                deed.clone()
            } else {
                Deed::Pass
            }
        };
        let record = read(&company.bench(first).await, &KINDS).await.well();
        record.assert_same(&clean, format!("{fault:?}"));
    }
}

#[tokio::test]
async fn the_check_asks_one_account() {
    let company = company().await;
    let bench = company.bench(|_| Deed::Pass).await;
    bench.ingestor().check(&bench.settings(), &proof(&bench)).await.unwrap();
    assert_eq!((bench.http.sent(), listings(&bench)), (4, 1));
    let denied = |seen: &Seen| match answers::action(seen).as_str() {
        "ListAccounts" => Deed::Say(answers::error("organizations", 400, "AccessDeniedException", "not you")),
        _ => Deed::Pass,
    };
    let bench = company.bench(denied).await;
    let problems = bench.ingestor().check(&bench.settings(), &proof(&bench)).await.unwrap_err();
    assert_eq!(problems.0[0].code, Code::UpstreamForbidden, "{problems}");
    assert!(problems.0[0].message.contains("organizations:ListAccounts"), "{problems}");
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
async fn every_account_s_session_is_renewed_before_it_expires() {
    let company = company().await;
    let clock = Arc::new(Jump::default());
    let jump = Arc::clone(&clock);
    let plan = move |seen: &Seen| {
        if answers::action(seen) == "DescribeInstances" {
            jump.0.store(true, Ordering::SeqCst);
        }
        Deed::Pass
    };
    let bench = company.bench(plan).await;
    let context = Context { clock, ..proof(&bench) };
    let kinds = ["ec2-instance", "iam-role"];
    bench.collect_with(&bench.settings(), &kinds, &context, &Recorder::default()).await.well();
    let roles = assumed(&bench);
    for account in &company.accounts {
        let role = company.role(account);
        let times = roles.iter().filter(|assumed| **assumed == role).count();
        assert!(times >= 2, "{role} was assumed {times} times");
    }
}
