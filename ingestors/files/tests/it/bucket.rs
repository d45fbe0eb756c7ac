//! Buckets of moto, as the conformance suite wants them; and what is particular to S3.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use portolan_ingestor_aws::testing::Emulator;
use portolan_ingestor_contract::conformance::{Answer, Bench, Deed, Failure, Peer, Recorder, Seen};
use portolan_ingestor_contract::{Ingestor, KindRequest, Settings};
use portolan_ingestor_files::Files;
use portolan_schema::Code;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::{answers, peer};

/// The key that is not known: moto takes any.
const STRANGE: &str = "AKIASTRANGESTRANGE00";
const REGION: &str = "eu-west-1";

/// A bucket, of which one format is read.
#[derive(Clone)]
pub struct Moto {
    ingestor: Arc<Files>,
    url: String,
    secrets: Value,
    bucket: String,
    format: &'static str,
    kind: &'static str,
    /// moto's answers about the bucket, which does not change: moto answers each question once.
    answers: Arc<Mutex<HashMap<String, Answer>>>,
}

pub async fn terraform() -> Arc<Moto> {
    of("terraform", "terraform-resource").await
}

pub async fn backstage() -> Arc<Moto> {
    of("backstage", "backstage-component").await
}

pub async fn csv() -> Arc<Moto> {
    of("csv", "csv-row").await
}

pub async fn json() -> Arc<Moto> {
    of("json", "json-item").await
}

async fn of(format: &'static str, kind: &'static str) -> Arc<Moto> {
    static FILLED: OnceCell<Moto> = OnceCell::const_new();
    let filled = FILLED.get_or_init(fill).await.clone();
    Arc::new(Moto { format, kind, answers: answers_of(format), ..filled })
}

/// One memory a format, for all tests.
fn answers_of(format: &'static str) -> Arc<Mutex<HashMap<String, Answer>>> {
    type Memory = HashMap<&'static str, Arc<Mutex<HashMap<String, Answer>>>>;
    static ALL: Mutex<Option<Memory>> = Mutex::new(None);
    Arc::clone(ALL.lock().unwrap().get_or_insert_default().entry(format).or_default())
}

async fn fill() -> Moto {
    let account = rand::random_range(100_000_000_000_u64..999_999_999_999).to_string();
    let aws = Emulator::account(&account).await;
    let bucket = format!("files-{account}");
    aws.create_bucket(REGION, &bucket).await;
    for format in ["terraform", "backstage", "csv", "json"] {
        // First in the list, so that the last page has something to miss.
        aws.put(REGION, &format!("{bucket}/{format}/%20notes.txt"), "not one of them".into()).await;
        for (name, text) in peer::files(format) {
            aws.put(REGION, &format!("{bucket}/{format}/{}", name.replace(' ', "%20")), text).await;
        }
    }
    Moto {
        ingestor: Arc::new(Files::new()),
        url: aws.url.clone(),
        secrets: aws.secrets(),
        bucket,
        format: "",
        kind: "",
        answers: Arc::default(),
    }
}

impl Moto {
    fn config(&self, address: &str, source: &str) -> Value {
        let mut config =
            json!({ "source": source, "format": self.format, "region": REGION, "endpointUrl": address });
        if self.format == "json" {
            config["items"] = ".data.items".into();
        }
        config
    }

    fn is_list(&self, seen: &Seen) -> bool {
        seen.field("list-type").is_some()
    }
}

impl Peer for Moto {
    fn ingestor(&self) -> Arc<dyn Ingestor> {
        Arc::clone(&self.ingestor) as Arc<dyn Ingestor>
    }

    fn address(&self) -> String {
        self.url.clone()
    }

    fn settings(&self, address: &str) -> Settings {
        let source = format!("s3://{}/{}/", self.bucket, self.format);
        Settings::new(self.config(address, &source), self.secrets.clone())
    }

    fn strange_settings(&self, address: &str) -> Settings {
        let mut secrets = self.secrets.clone();
        secrets["accessKeyId"] = STRANGE.into();
        Settings::new(self.settings(address).config, secrets)
    }

    fn kinds(&self) -> Vec<&'static str> {
        vec![self.kind]
    }

    fn holds(&self, _: &str) -> usize {
        peer::ITEMS
    }

    fn pages(&self, _: &str) -> bool {
        true
    }

    fn small_page(&self) -> u32 {
        2
    }

    fn lists(&self, seen: &Seen) -> Option<&'static str> {
        (self.is_list(seen) && seen.field("max-keys").is_none_or(|most| most != "0")).then_some(self.kind)
    }

    fn says(&self, failure: Failure, _: &Seen, message: &str) -> Vec<Answer> {
        answers::s3(failure, message)
    }

    fn stands_in(&self, seen: &Seen) -> Option<Answer> {
        if answers::key(seen) == STRANGE {
            return Some(answers::s3(Failure::Refused, "No such key.").remove(0));
        }
        self.answers.lock().unwrap().get(&question(seen)).cloned()
    }

    fn amends(&self, seen: &Seen, answer: Answer) -> Answer {
        if answer.status < 300 {
            self.answers.lock().unwrap().insert(question(seen), answer.clone());
        }
        answer
    }
}

fn question(seen: &Seen) -> String {
    format!("{} {} {}", seen.method, seen.target, seen.header("range"))
}

#[tokio::test]
async fn an_object_alone_is_a_source() {
    for (moto, key, found) in [
        (terraform().await, "terraform/env 3/terraform.tfstate", 21),
        (csv().await, "csv/tables/0.csv", 21),
        (json().await, "json/5.json", 21),
    ] {
        let bench = Bench::new(Arc::clone(&moto) as Arc<dyn Peer>).await;
        let source = format!("s3://{}/{key}", moto.bucket);
        let settings = Settings::new(moto.config(&bench.proxy.address, &source), moto.secrets.clone());
        bench.ingestor().check(&settings, &bench.context()).await.unwrap();
        let run = bench.collect_with(&settings, &[moto.kind], &bench.context(), &Recorder::default()).await;
        let items = run.well().values(moto.kind);
        assert_eq!(items.len(), found, "{key}");
        assert_eq!(items[0]["__File"], key.rsplit('/').next().unwrap(), "{key}");
        assert!(bench.proxy.seen().iter().all(|seen| !moto.is_list(seen)), "{key}");
    }
}

#[tokio::test]
async fn a_run_goes_on_behind_the_file_that_it_came_to() {
    let moto = csv().await;
    let bench = Bench::new(Arc::clone(&moto) as Arc<dyn Peer>).await;
    let context = portolan_ingestor_contract::Context { page_size: Some(3), ..bench.context() };
    let run = bench.collect_with(&bench.settings(), &["csv-row"], &context, &Recorder::default()).await;
    let record = run.well();
    let places = &record.checkpoints["csv-row"];
    assert_eq!(places, &[json!({"after": "tables/1.csv"}), json!({"after": "tables/4.csv"})]);
    for (place, left) in places.iter().zip([84, 21]) {
        let request = KindRequest { checkpoint: Some(place.clone()), ..KindRequest::new("csv-row") };
        let sink = Recorder::default();
        bench.ingestor().collect(&bench.settings(), &[request], &context, &sink).await.unwrap();
        assert_eq!(sink.record().items["csv-row"].len(), left, "{place}");
    }
}

#[tokio::test]
async fn what_s3_says_is_told() {
    let moto = csv().await;
    let say = |status, code: &str, region: Option<&'static str>| {
        let body = format!("<Error><Code>{code}</Code><Message>It is so.</Message></Error>");
        let answer = Answer::new(status, "application/xml", body);
        region.map_or_else(|| answer.clone(), |region| answer.clone().with("x-amz-bucket-region", region))
    };
    for (answer, code, expected) in [
        (say(404, "NoSuchBucket", None), Code::UpstreamFailed, "failed (NoSuchBucket): It is so."),
        (say(403, "AccessDenied", None), Code::UpstreamForbidden, "may not call s3:ListBucket on files-"),
        (say(301, "PermanentRedirect", Some("ap-south-1")), Code::UpstreamFailed, "is in ap-south-1"),
        (
            say(400, "AuthorizationHeaderMalformed", Some("us-east-2")),
            Code::UpstreamFailed,
            "is in us-east-2",
        ),
        (Answer::new(403, "text/html", "<p>no"), Code::UpstreamForbidden, "(status 403 Forbidden)"),
    ] {
        let bench = Bench::with(Arc::clone(&moto) as Arc<dyn Peer>, move |_| Deed::Say(answer.clone())).await;
        let problems = bench.ingestor().check(&bench.settings(), &bench.context()).await.unwrap_err();
        assert_eq!(problems.0[0].code, code, "{problems}");
        assert!(problems.0[0].message.contains(expected), "{problems}");
    }
}

#[tokio::test]
async fn an_object_that_cannot_be_read_fails_the_kind_and_no_other_file() {
    let moto = csv().await;
    for (answer, code) in [
        (answers::s3(Failure::Denied, "no").remove(0), Code::UpstreamForbidden),
        (Answer::new(404, "application/xml", "<Error><Code>NoSuchKey</Code></Error>"), Code::UpstreamFailed),
        (Answer::new(206, "text/csv", "id,x").with("content-range", "bytes 5-8/9"), Code::UpstreamFailed),
        (Answer::new(200, "text/csv", ""), Code::UpstreamFailed),
    ] {
        let one = move |seen: &Seen| match seen.target.ends_with("/tables/2.csv") {
            true => Deed::Say(answer.clone()),
            false => Deed::Pass,
        };
        let run = Bench::with(Arc::clone(&moto) as Arc<dyn Peer>, one).await.collect().await;
        assert!(run.result.is_ok(), "{:?}", run.result);
        assert_eq!(run.record.failed["csv-row"].code, code, "{:?}", run.record.failed);
        assert_eq!(run.record.items["csv-row"].len(), peer::ITEMS - 21);
        assert_eq!(run.record.log[0].item.as_deref(), Some("tables/2.csv"));
    }
}
