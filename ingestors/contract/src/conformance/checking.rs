//! `check` tells whether a source can be used, and if not, why.

use std::sync::Arc;

use portolan_schema::{Code, Problems};

use super::bench::PROMPT;
use super::{Answer, Bench, Deed, Failure, Peer, Refusing};
use crate::{Context, Settings};

async fn check(bench: &Bench, settings: &Settings, context: &Context) -> Result<(), Problems> {
    bench.ingestor().check(settings, context).await
}

#[track_caller]
fn codes(found: Result<(), Problems>) -> Vec<Code> {
    let problems = found.expect_err("the check must fail");
    for problem in &problems.0 {
        assert!(!problem.message.trim().is_empty(), "{problems:?}");
        assert_eq!(problem.path.as_str(), "", "what the source says belongs to no setting: {problems}");
    }
    problems.0.iter().map(|problem| problem.code).collect()
}

/// Working settings pass, with few requests and no list read to its end.
pub async fn good_credentials_pass(peer: Arc<dyn Peer>) {
    let bench = Bench::new(peer).await;
    check(&bench, &bench.settings(), &bench.context()).await.expect("the settings work");
    let asked = bench.http.sent();
    assert!((1..=5).contains(&asked), "a check asks as little as possible, not {asked} times");
}

/// Unknown, expired and powerless credentials are told apart from a source that is away.
pub async fn refused_credentials_are_told(peer: Arc<dyn Peer>) {
    let bench = Bench::new(Arc::clone(&peer)).await;
    let strange = peer.strange_settings(&bench.proxy.address);
    let found = check(&bench, &strange, &bench.context()).await;
    assert_eq!(codes(found), [Code::UpstreamUnauthorized]);
    for (failure, code) in
        [(Failure::Expired, Code::UpstreamUnauthorized), (Failure::Denied, Code::UpstreamForbidden)]
    {
        let source = Arc::clone(&peer);
        let plan = move |seen: &_| Deed::Say(source.says(failure, seen, "no").remove(0));
        let bench = Bench::with(Arc::clone(&peer), plan).await;
        let found = check(&bench, &bench.settings(), &bench.context()).await;
        assert_eq!(codes(found), [code], "{failure:?}");
    }
}

/// Nobody listens; the operator forbids the address; the source stays silent and the check is cancelled.
pub async fn a_source_out_of_reach_is_told(peer: Arc<dyn Peer>) {
    let bench = Bench::new(Arc::clone(&peer)).await;
    let nowhere = peer.settings("http://127.0.0.1:1");
    let found = check(&bench, &nowhere, &bench.context()).await;
    assert_eq!(codes(found), [Code::UpstreamUnreachable]);

    let refused = Context { http: Arc::new(Refusing), ..bench.context() };
    let found = check(&bench, &bench.settings(), &refused).await;
    assert_eq!(codes(found), [Code::AddressRefused]);
    assert_eq!(bench.proxy.seen().len(), 0, "a refused address was asked");

    let silent = Bench::with(peer, |_| Deed::Hang).await;
    let context = silent.context();
    let (settings, token) = (silent.settings(), context.cancellation.clone());
    let cancel = async {
        while silent.proxy.seen().is_empty() {
            tokio::task::yield_now().await;
        }
        token.cancel();
        std::time::Instant::now()
    };
    let (found, cancelled) = tokio::join!(check(&silent, &settings, &context), cancel);
    assert!(cancelled.elapsed() < PROMPT, "a cancelled check went on for {:?}", cancelled.elapsed());
    codes(found);
}

/// A web server that knows nothing of the source is none.
pub async fn something_else_at_the_address_is_told(peer: Arc<dyn Peer>) {
    let page = Answer::new(200, "text/html", "<!doctype html><title>Welcome</title><p>It works.");
    let moved = Answer::new(302, "text/html", "").with("location", "http://127.0.0.1:1/");
    for answer in
        [page, Answer::new(200, "application/json", "{}"), moved, Answer::new(404, "text/plain", "no")]
    {
        let told = answer.clone();
        let bench = Bench::with(Arc::clone(&peer), move |_| Deed::Say(answer.clone())).await;
        let found = check(&bench, &bench.settings(), &bench.context()).await;
        assert_eq!(codes(found), [Code::UpstreamFailed], "{told:?}");
    }
}
