//! Without `endpointUrl`: the hosts that are asked are AWS's own, for each service, region and partition.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use portolan_ingestor_contract::conformance::{Bench, Deed, Recorder};
use portolan_ingestor_contract::{Context, Http, HttpError, Settings};
use serde_json::json;

use crate::peer;

/// An internet with nothing but the bench's proxy on it. Keeps the hosts that were looked for.
struct Internet {
    bench: Arc<dyn Http>,
    proxy: String,
    hosts: Mutex<BTreeSet<String>>,
}

#[async_trait]
impl Http for Internet {
    async fn send(&self, mut request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
        let uri = request.uri().clone();
        let host = uri.host().unwrap_or_default().to_owned();
        assert_eq!(uri.scheme_str(), Some("https"), "{uri}");
        // `bucket.s3.region.amazonaws.com`, which the proxy's source knows by its path.
        let path = match host.split_once(".s3.") {
            Some((bucket, _)) => format!("/{bucket}{}", uri.path()),
            None => uri.path().to_owned(),
        };
        let host = match host.split_once(".s3.") {
            Some((_, rest)) => format!("*.s3.{rest}"),
            None => host,
        };
        self.hosts.lock().unwrap().insert(host);
        let query = uri.query().map_or(String::new(), |query| format!("?{query}"));
        *request.uri_mut() = format!("{}{path}{query}", self.proxy).parse().unwrap();
        request.headers_mut().remove("host");
        self.bench.send(request).await
    }
}

async fn hosts(region: &str) -> (Bench, Vec<String>) {
    let moto = peer::shared().await;
    let bench = moto.bench(json!({}), |_| Deed::Pass).await;
    let internet = Arc::new(Internet {
        bench: Arc::clone(&bench.http) as _,
        proxy: bench.proxy.address.clone(),
        hosts: Mutex::default(),
    });
    let context = Context { http: Arc::clone(&internet) as _, ..bench.context() };
    let settings = Settings::new(json!({ "regions": [region] }), moto.secrets.clone());
    bench.collect_with(&settings, &bench.kinds(), &context, &Recorder::default()).await.well();
    let hosts = internet.hosts.lock().unwrap().iter().cloned().collect();
    (bench, hosts)
}

#[tokio::test]
async fn every_service_has_its_host() {
    let (bench, found) = hosts("eu-west-1").await;
    let expected = [
        "*.s3.eu-west-1.amazonaws.com",
        "*.s3.us-east-1.amazonaws.com",
        "dynamodb.eu-west-1.amazonaws.com",
        "ec2.eu-west-1.amazonaws.com",
        "ecs.eu-west-1.amazonaws.com",
        "eks.eu-west-1.amazonaws.com",
        "iam.amazonaws.com",
        "lambda.eu-west-1.amazonaws.com",
        "rds.eu-west-1.amazonaws.com",
        "s3.eu-west-1.amazonaws.com",
        "sns.eu-west-1.amazonaws.com",
        "sqs.eu-west-1.amazonaws.com",
        "sts.eu-west-1.amazonaws.com",
    ];
    assert_eq!(found, expected);
    // The SDK's as well as our own: nothing reached the source but through the context's client.
    assert_eq!(bench.http.sent(), bench.proxy.seen().len());
}

#[tokio::test]
async fn partitions_have_their_own() {
    for (region, domain, iam) in [
        ("cn-north-1", "cn-north-1.amazonaws.com.cn", "iam.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "us-gov-west-1.amazonaws.com", "iam.us-gov.amazonaws.com"),
    ] {
        let (_, found) = hosts(region).await;
        for host in ["dynamodb", "ec2", "ecs", "eks", "lambda", "rds", "s3", "sns", "sqs", "sts"]
            .map(|service| format!("{service}.{domain}"))
        {
            assert!(found.contains(&host), "{host} in {found:?}");
        }
        assert!(found.iter().any(|host| host == iam), "{iam} in {found:?}");
    }
}
