//! GitHub Apps: signing in by a signed token of their own, and tokens of an installation that are renewed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use portolan_ingestor_contract::conformance::{Answer, Bench, Deed, Recorder, Refusing};
use portolan_ingestor_contract::{Clock, Context, IngestError, Ingestor, Settings};
use portolan_ingestor_github::Github;
use portolan_schema::Code;
use serde_json::json;

use crate::peer::Stand;
use crate::stand_in::Known;
use crate::stand_in::access::{Access, App};
use crate::stand_in::data::filled;

const INSTALLATION: u64 = 4_711;

struct Key {
    /// As GitHub hands keys out: PKCS#1.
    pem: String,
    public: Vec<u8>,
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn made() -> Key {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().unwrap();
    // PKCS#8 is PKCS#1 behind 26 bytes that say so.
    Key { pem: pem("RSA PRIVATE KEY", &der.as_ref()[26..]), public: pair.public_key().as_ref().to_vec() }
}

static KEY: LazyLock<Key> = LazyLock::new(made);

async fn installed(life: TimeDelta) -> Stand {
    let app = App { id: "12345".to_owned(), installation: INSTALLATION, key: KEY.public.clone(), life };
    let access = Access { app: Some(app), ..Access::default() };
    let mut stand = Stand::new(Known { data: filled(), access, ..Known::default() }).await;
    stand.config = json!({});
    stand.secrets =
        json!({ "appId": "12345", "installationId": INSTALLATION.to_string(), "privateKey": KEY.pem });
    stand
}

#[tokio::test]
async fn an_app_reads_what_it_was_installed_for() {
    let stand = installed(TimeDelta::hours(1)).await;
    let bench = stand.bench().await;
    bench.ingestor().check(&bench.settings(), &bench.context()).await.unwrap();
    let record = bench.collect().await.well();
    assert_eq!(record.items["organization"].len(), 1);
    assert_eq!(record.items["repository"].len(), 4, "what /installation/repositories lists");
    assert_eq!(record.items["user"].len(), 4);
    assert!(record.items["pull-request"].len() >= 8);
    let asked = stand.github.asked();
    let exchanges = asked.iter().filter(|asked| asked.path.ends_with("/access_tokens")).count();
    assert_eq!(exchanges, 2, "one for the check, one for the run");
    assert!(asked.iter().all(|asked| asked.path != "/user" && asked.path != "/user/orgs"));
}

#[tokio::test]
async fn the_key_may_be_written_in_one_line() {
    let mut stand = installed(TimeDelta::hours(1)).await;
    stand.secrets["privateKey"] = KEY.pem.trim_end().replace('\n', "\\n").into();
    let bench = stand.bench().await;
    bench.ingestor().check(&bench.settings(), &bench.context()).await.unwrap();
}

#[tokio::test]
async fn refused_apps_are_told() {
    let stand = installed(TimeDelta::hours(1)).await;
    let other = made();
    for (secret, value, code, message) in [
        ("privateKey", other.pem.as_str(), Code::UpstreamUnauthorized, "could not be decoded"),
        ("appId", "54321", Code::UpstreamUnauthorized, "could not be decoded"),
        ("installationId", "1", Code::UpstreamUnauthorized, "no installation 1"),
    ] {
        let mut stand = stand.clone();
        stand.secrets[secret] = value.into();
        let bench = stand.bench().await;
        let problems = bench.ingestor().check(&bench.settings(), &bench.context()).await.unwrap_err();
        assert_eq!(problems.0[0].code, code, "{secret}: {problems}");
        assert!(problems.0[0].message.contains(message), "{secret}: {problems}");
        let run = bench.collect_kinds(&["repository"]).await;
        assert!(
            matches!(&run.result, Err(IngestError::Source(error)) if error.code == code),
            "{:?}",
            run.result
        );
    }
    let mut stand = stand.clone();
    stand.config = json!({ "organizations": ["acme"] });
    let bench = stand.bench().await;
    let problems = bench.ingestor().check(&bench.settings(), &bench.context()).await.unwrap_err();
    assert!(problems.to_string().contains("is on octo-org, which is not among"), "{problems}");
}

/// Stands an hour later once it is told to.
#[derive(Default)]
struct Jump(AtomicBool);

impl Clock for Jump {
    fn now(&self) -> DateTime<Utc> {
        let late = self.0.load(Ordering::SeqCst);
        Utc::now() + TimeDelta::minutes(if late { 56 } else { 0 })
    }
}

#[tokio::test]
async fn a_token_is_renewed_before_it_expires() {
    let stand = installed(TimeDelta::hours(1)).await;
    let bench = stand.bench().await;
    let clock = Arc::new(Jump::default());
    let context = Context { clock: clock.clone(), ..bench.context() };
    let (github, jump) = (stand.github.clone(), clock);
    let meanwhile = async {
        while !github.known().asked.iter().any(|asked| asked.path.ends_with("/teams")) {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        github.known().access.later = TimeDelta::minutes(56);
        jump.0.store(true, Ordering::SeqCst);
    };
    let (settings, kinds, sink) = (bench.settings(), bench.kinds(), Recorder::default());
    let (run, ()) = tokio::join!(bench.collect_with(&settings, &kinds, &context, &sink), meanwhile);
    run.well();
    assert_eq!(
        stand.github.known().access.issued.len(),
        2,
        "a second token, four minutes before the first expires"
    );
}

#[tokio::test]
async fn an_installation_s_token_is_not_told() {
    let stand = installed(TimeDelta::hours(1)).await;
    let bench = Bench::with(Arc::new(stand), |seen| {
        let quoted = seen.header("authorization").trim_start_matches("Bearer ").to_owned();
        let body = json!({ "message": format!("no: {quoted}") }).to_string();
        match seen.target.contains("/repos/") {
            true => Deed::Say(Answer::new(422, "application/json", body)),
            false => Deed::Pass,
        }
    })
    .await;
    let run = bench.collect_kinds(&["issue"]).await;
    let error = &run.record.failed["issue"];
    assert!(error.message.contains("no: ***") && !error.message.contains("ghs_"), "{error}");
}

#[test]
fn keys_in_other_forms_are_taken_or_refused() {
    let ingestor = Github::new();
    let context = Context::new(Arc::new(Refusing));
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().unwrap();
    for (key, good) in [
        (pem("PRIVATE KEY", der.as_ref()), true),
        (pem("RSA PRIVATE KEY", b"no key"), false),
        ("no PEM at all".to_owned(), false),
    ] {
        let secrets = json!({ "appId": "1", "installationId": "2", "privateKey": key });
        let settings = Settings::new(json!({}), secrets);
        assert_eq!(ingestor.validate(&settings, &context).is_ok(), good, "{key}");
    }
}
