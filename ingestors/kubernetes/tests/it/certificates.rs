//! Certificates and keys leave the settings with each request, and a kubeconfig's token as well.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use portolan_ingestor_contract::conformance::{Client, Recorder};
use portolan_ingestor_contract::{
    Context, Http, HttpError, IngestError, Ingestor, KindRequest, Settings, Tls,
};
use portolan_ingestor_kubernetes::Kubernetes;
use portolan_ingestor_kubernetes::testing::{Cluster, TOKEN, objects};
use portolan_schema::Code;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nbm90IHJlYWxseSBvbmU=\n-----END CERTIFICATE-----\n";
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nbm90IHJlYWxseSBvbmUgZWl0aGVy\n-----END PRIVATE KEY-----\n";

/// Address, token and certificates.
type Request = (String, Option<String>, Option<Tls>);

/// Says what comes with each request, and answers in nobody's name.
#[derive(Default)]
struct Listening {
    heard: Mutex<Vec<Request>>,
}

#[async_trait]
impl Http for Listening {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
        let bearer = request.headers().get(AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
        let tls = request.extensions().get::<Tls>().cloned();
        // The server quotes a key.
        let message = format!("you are {} and {KEY}", bearer.clone().unwrap_or_default());
        let text = json!({ "message": message }).to_string();
        self.heard.lock().unwrap().push((request.uri().to_string(), bearer, tls));
        Ok(http::Response::builder().status(403).body(text.into()).unwrap())
    }
}

async fn heard(secrets: Value) -> (String, Option<String>, Option<Tls>, String) {
    let listening = Arc::new(Listening::default());
    let context = Context::new(Arc::clone(&listening) as Arc<dyn Http>);
    let settings = Settings::new(json!({ "cluster": "prod" }), secrets);
    let kinds = [KindRequest::new("pods")];
    let error =
        Kubernetes::new().collect(&settings, &kinds, &context, &Recorder::default()).await.unwrap_err();
    assert!(matches!(&error, IngestError::Source(error) if error.code == Code::UpstreamForbidden), "{error}");
    let (address, bearer, tls) = listening.heard.lock().unwrap().remove(0);
    (address, bearer, tls, error.to_string())
}

#[tokio::test]
async fn credentials_come_with_each_request_and_stay_secret() {
    let token = json!({ "server": "https://k8s.example.com/clusters/c-1/", "token": TOKEN, "caCertificate": CERTIFICATE });
    let (address, bearer, tls, error) = heard(token).await;
    assert_eq!(address, "https://k8s.example.com/clusters/c-1/api");
    assert_eq!(bearer, Some(format!("Bearer {TOKEN}")));
    let tls = tls.unwrap();
    assert_eq!((tls.authorities.as_deref(), tls.identity.is_none()), (Some(CERTIFICATE.trim()), true));
    assert!(!error.contains(TOKEN), "{error}");

    let kubeconfig = json!({ "current-context": "a", "contexts": [{ "name": "a", "context": { "cluster": "k", "user": "u" } }],
        "clusters": [{ "name": "k", "cluster": { "server": "https://k8s.example.com", "certificate-authority-data": STANDARD.encode(CERTIFICATE) } }],
        "users": [{ "name": "u", "user": { "client-certificate-data": STANDARD.encode(CERTIFICATE), "client-key-data": STANDARD.encode(KEY) } }] });
    let (address, bearer, tls, error) = heard(json!({ "kubeconfig": kubeconfig.to_string() })).await;
    assert_eq!((address.as_str(), bearer), ("https://k8s.example.com/api", None));
    let tls = tls.unwrap();
    assert_eq!(tls.authorities.as_deref(), Some(CERTIFICATE));
    assert_eq!(tls.identity.unwrap().expose_secret(), format!("{CERTIFICATE}{KEY}"));
    assert!(!error.contains("bm90IHJlYWxseSBvbmUgZWl0aGVy"), "{error}");

    // Without certificates the usual client is used.
    let (_, _, tls, _) = heard(json!({ "server": "https://k8s.example.com", "token": TOKEN })).await;
    assert!(tls.is_none());
}

#[tokio::test]
async fn a_kubeconfig_is_enough() {
    let cluster = Cluster::start().await;
    cluster.fill(objects::shop());
    let settings = Settings::new(json!({}), json!({ "kubeconfig": cluster.kubeconfig() }));
    let context = Context::new(Arc::new(Client::new(std::time::Duration::from_secs(60))));
    let ingestor = Kubernetes::new();
    ingestor.check(&settings, &context).await.unwrap();
    let sink = Recorder::default();
    ingestor.collect(&settings, &[KindRequest::new("nodes")], &context, &sink).await.unwrap();
    let items = sink.record().values("nodes");
    // The cluster's name is the kubeconfig's.
    assert!(items.len() == 4 && items.iter().all(|item| item["__Cluster"] == "test"), "{items:?}");
}
