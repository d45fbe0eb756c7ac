//! The stand-in's shop, as the conformance suite wants it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use portolan_ingestor_contract::conformance::{Answer, Client, Failure, Peer, Record, Recorder, Seen};
use portolan_ingestor_contract::{Context, Ingestor, KindRequest, RetryPolicy, Settings};
use portolan_ingestor_kubernetes::Kubernetes;
use portolan_ingestor_kubernetes::testing::{Cluster, TOKEN, objects};
use portolan_schema::Code;
use serde_json::{Value, json};

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nbm90IHJlYWxseSBvbmU=\n-----END CERTIFICATE-----\n";

/// A cluster with a shop in it.
pub struct Shop {
    pub cluster: Cluster,
    ingestor: Arc<Kubernetes>,
    /// Beside the cluster's name.
    pub config: Value,
}

/// A shop of its own for each test, since each test has threads of its own.
pub async fn shared() -> Arc<Shop> {
    let cluster = Cluster::start().await;
    cluster.fill(objects::shop());
    Arc::new(Shop { cluster, ingestor: Arc::new(Kubernetes::new()), config: json!({ "cluster": "prod" }) })
}

/// An answer in an API server's own words.
pub fn status(code: u16, reason: &str, message: &str) -> Answer {
    let body = json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
        "reason": reason, "code": code });
    Answer::new(code, "application/json", body.to_string())
}

impl Peer for Shop {
    fn ingestor(&self) -> Arc<dyn Ingestor> {
        Arc::clone(&self.ingestor) as Arc<dyn Ingestor>
    }

    fn address(&self) -> String {
        self.cluster.url.clone()
    }

    fn settings(&self, address: &str) -> Settings {
        let secrets = json!({ "server": address, "token": TOKEN, "caCertificate": CERTIFICATE });
        Settings::new(self.config.clone(), secrets)
    }

    fn strange_settings(&self, address: &str) -> Settings {
        let mut secrets = self.settings(address).secrets.expose();
        secrets["token"] = "a-token-that-nobody-knows".into();
        Settings::new(self.config.clone(), secrets)
    }

    fn holds(&self, kind: &str) -> usize {
        match kind {
            "cluster" => 1,
            "pods" => 25,
            "deployments" | "services" | "jobs" => 5,
            _ => 4,
        }
    }

    fn pages(&self, kind: &str) -> bool {
        kind != "cluster"
    }

    fn small_page(&self) -> u32 {
        3
    }

    fn lists(&self, seen: &Seen) -> Option<&'static str> {
        let path = seen.target.split('?').next().unwrap_or_default();
        if path == "/version" {
            return Some("cluster");
        }
        // Owners are read in short.
        if seen.header("accept").contains("PartialObjectMetadata") || seen.target.contains("watch=") {
            return None;
        }
        let descriptor = self.ingestor.descriptor();
        let kind = descriptor.kinds.iter().find(|kind| path.rsplit('/').next() == Some(kind.name))?;
        Some(kind.name)
    }

    fn says(&self, failure: Failure, _request: &Seen, message: &str) -> Vec<Answer> {
        match failure {
            Failure::Refused => {
                vec![status(401, "Unauthorized", message), Answer::new(401, "text/plain", "Unauthorized")]
            }
            Failure::Expired => vec![status(401, "Unauthorized", message)],
            Failure::Denied => {
                vec![status(403, "Forbidden", message), Answer::new(403, "text/html", "<h1>Forbidden</h1>")]
            }
            Failure::Busy => vec![
                status(429, "TooManyRequests", message).with("retry-after", "0"),
                status(503, "ServiceUnavailable", message),
                status(504, "Timeout", message),
                status(500, "InternalError", message),
            ],
        }
    }
}

/// What a run leaves, and what it asked.
#[derive(Default)]
pub struct Run {
    pub record: Record,
    pub requests: Vec<String>,
}

impl Run {
    /// A kind's items by `namespace/name`.
    #[track_caller]
    pub fn items(&self, kind: &str) -> BTreeMap<String, Value> {
        if let Some(error) = self.record.failed.get(kind) {
            panic!("{error}");
        }
        by_name(self.record.values(kind))
    }

    /// Names of a kind's items.
    #[track_caller]
    pub fn names(&self, kind: &str) -> Vec<String> {
        self.items(kind).into_keys().collect()
    }

    /// Why a kind failed.
    #[track_caller]
    pub fn error(&self, kind: &str) -> (Code, &str) {
        let error = self.record.failed.get(kind).unwrap_or_else(|| panic!("{kind} did not fail"));
        (error.code, error.message.as_str())
    }
}

/// What people know an item by.
pub fn name(item: &Value) -> String {
    let meta = |key: &str| item["metadata"][key].as_str();
    match (meta("namespace"), meta("name")) {
        (Some(namespace), Some(name)) => format!("{namespace}/{name}"),
        (_, name) => name.unwrap_or_default().to_owned(),
    }
}

pub fn by_name(items: Vec<Value>) -> BTreeMap<String, Value> {
    items.into_iter().map(|item| (name(&item), item)).collect()
}

impl Shop {
    /// The same with other settings than the cluster's name.
    pub async fn with(config: Value) -> Self {
        let mut shop = Arc::into_inner(shared().await).unwrap();
        for (key, value) in config.as_object().unwrap() {
            shop.config[key] = value.clone();
        }
        shop
    }

    /// A context with short pauses.
    pub fn context(&self) -> Context {
        let retry = RetryPolicy {
            attempts: 4,
            first_pause: Duration::from_millis(1),
            longest_pause: Duration::from_millis(20),
        };
        Context { retry, ..Context::new(Arc::new(Client::new(Duration::from_secs(60)))) }
    }

    pub fn own_settings(&self) -> Settings {
        self.settings(&self.cluster.url)
    }

    /// Reads kinds without selectors.
    pub async fn read(&self, kinds: &[&str]) -> Run {
        let requests: Vec<KindRequest> = kinds.iter().map(|kind| KindRequest::new(*kind)).collect();
        self.read_with(&self.context(), &requests).await
    }

    /// Reads a kind with a selector.
    pub async fn select(&self, kind: &str, selector: Value) -> Run {
        let selector = selector.as_object().unwrap().clone();
        self.read_with(&self.context(), &[KindRequest { selector, ..KindRequest::new(kind) }]).await
    }

    /// Reads.
    pub async fn read_with(&self, context: &Context, requests: &[KindRequest]) -> Run {
        let (recorder, before) = (Recorder::default(), self.cluster.requests().len());
        self.ingestor.collect(&self.own_settings(), requests, context, &recorder).await.unwrap();
        Run { record: recorder.record(), requests: self.cluster.requests().split_off(before) }
    }

    pub fn kubernetes(&self) -> Arc<Kubernetes> {
        Arc::clone(&self.ingestor)
    }
}
