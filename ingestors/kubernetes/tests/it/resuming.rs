//! Lists whose state is forgotten before their end, and runs that are taken up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use portolan_ingestor_contract::{Context, Http, HttpError, KindRequest, Level};
use portolan_schema::Code;
use serde_json::Value;

use crate::peer::{Shop, shared};

/// A client before whose requests something happens.
struct Before<F>(Arc<dyn Http>, F);

#[async_trait]
impl<F: Fn(&str) + Send + Sync> Http for Before<F> {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
        (self.1)(&request.uri().to_string());
        self.0.send(request).await
    }
}

/// Reads in pages of three; the cluster's memory is lost before each of the first requests for another page.
async fn forgetful(shop: &Arc<Shop>, times: usize) -> crate::peer::Run {
    let (own, count) = (Arc::clone(shop), AtomicUsize::new(0));
    let before = move |address: &str| {
        if address.contains("continue=") && count.fetch_add(1, Ordering::SeqCst) < times {
            own.cluster.compact();
        }
    };
    let context = shop.context();
    let http = Arc::new(Before(Arc::clone(&context.http), before));
    let context = Context { http, page_size: Some(3), ..context };
    shop.read_with(&context, &[KindRequest::new("deployments")]).await
}

#[tokio::test]
async fn a_list_that_is_forgotten_begins_again() {
    let shop = shared().await;
    let run = forgetful(&shop, 2).await;
    assert_eq!(run.names("deployments").len(), 5);
    let told: Vec<_> = run.record.log.iter().map(|line| (line.level, line.message.as_str())).collect();
    let sentence = "the API server no longer knows the state of which deployments.apps was listed: the list begins again";
    assert_eq!(told, [(Level::Info, sentence); 2]);
    let lists: Vec<bool> = run.requests[2..].iter().map(|it| it.contains("continue=")).collect();
    assert_eq!(lists, [false, true, false, true, false, true]);
    // Not for ever.
    let run = forgetful(&shop, usize::MAX).await;
    let (code, message) = run.error("deployments");
    assert!(code == Code::UpstreamFailed && message.contains("too old"), "{message}");
    assert!(!run.record.follow_from.contains_key("deployments"));
}

async fn resume(shop: &Shop, checkpoint: Value) -> crate::peer::Run {
    let context = Context { page_size: Some(3), ..shop.context() };
    let request = KindRequest { checkpoint: Some(checkpoint), ..KindRequest::new("pods") };
    shop.read_with(&context, &[request]).await
}

#[tokio::test]
async fn a_run_is_taken_up_where_it_was_left() {
    for namespaces in [&[][..], &["default", "shop", "team-a"]] {
        let shop = Shop::with(serde_json::json!({ "namespaces": namespaces })).await;
        let context = Context { page_size: Some(3), ..shop.context() };
        let whole = shop.read_with(&context, &[KindRequest::new("pods")]).await;
        let all = whole.names("pods");
        let checkpoints = &whole.record.checkpoints["pods"];
        assert!(checkpoints.len() >= 5);
        for (index, checkpoint) in checkpoints.iter().enumerate() {
            let rest = resume(&shop, checkpoint.clone()).await;
            let names = rest.names("pods");
            // Each checkpoint comes after another page of three; the last page of a namespace may be smaller.
            assert!(names.len() < all.len() - index && !names.is_empty(), "{checkpoint}: {names:?}");
            assert!(names.iter().all(|name| all.contains(name)));
            if namespaces.is_empty() {
                assert_eq!(names.len(), all.len() - 3 * (index + 1));
            }
            assert_eq!(rest.record.follow_from["pods"], whole.record.follow_from["pods"]);
        }
        // One that is too old, or nobody's. What was read to the end is not read again.
        shop.cluster.compact();
        let rest = resume(&shop, checkpoints[0].clone()).await.names("pods");
        assert_eq!(rest.len(), if namespaces.is_empty() { all.len() } else { all.len() - 1 });
        for odd in [serde_json::json!("what?"), serde_json::json!({ "open": 7 })] {
            assert_eq!(resume(&shop, odd).await.names("pods"), all);
        }
    }
}
