//! A cancelled run stops at once, wherever it is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::bench::PROMPT;
use super::{Answer, Bench, Deed, Peer, Recorder};
use crate::{Context, IngestError, KindRequest, RetryPolicy};

/// Collects, cancels as soon as `ready`, and measures how long it takes to end.
async fn cancelled(bench: &Bench, context: &Context, sink: &Recorder, ready: impl Fn() -> bool) {
    let requests: Vec<_> = bench.kinds().into_iter().map(KindRequest::new).collect();
    let (ingestor, settings) = (bench.ingestor(), bench.settings());
    let cancel = async {
        while !ready() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        context.cancellation.cancel();
        Instant::now()
    };
    let (result, at) = tokio::join!(ingestor.collect(&settings, &requests, context, sink), cancel);
    assert!(at.elapsed() < PROMPT, "it went on for {:?}", at.elapsed());
    assert!(matches!(result, Err(IngestError::Cancelled)), "{result:?}");
    let (asked, record) = (bench.http.sent(), sink.record());
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(bench.http.sent(), asked, "something goes on asking after the end");
    assert_eq!(sink.record().log, record.log);
    assert!(record.done.len() < bench.kinds().len());
}

/// A run that is cancelled before it starts asks nobody.
pub async fn before_the_start(peer: Arc<dyn Peer>) {
    let bench = Bench::new(peer).await;
    let context = bench.context();
    context.cancellation.cancel();
    let run = bench.collect_with(&bench.settings(), &bench.kinds(), &context, &Recorder::default()).await;
    assert!(matches!(run.result, Err(IngestError::Cancelled)), "{:?}", run.result);
    assert_eq!(bench.http.sent(), 0);
}

/// In each kind, while the source does not answer.
pub async fn while_the_source_is_silent(peer: Arc<dyn Peer>) {
    for kind in Bench::new(Arc::clone(&peer)).await.kinds() {
        let source = Arc::clone(&peer);
        let plan = move |seen: &_| if source.lists(seen) == Some(kind) { Deed::Hang } else { Deed::Pass };
        let bench = Bench::with(Arc::clone(&peer), plan).await;
        cancelled(&bench, &bench.context(), &Recorder::default(), || bench.lists(kind) > 0).await;
    }
}

/// While it waits as long as the source asked for.
pub async fn during_a_pause(peer: Arc<dyn Peer>) {
    let busy = Answer::new(503, "text/plain", "").with("retry-after", "30");
    let bench = Bench::with(peer, move |_| Deed::Say(busy.clone())).await;
    let retry = RetryPolicy { longest_pause: Duration::from_secs(60), ..bench.context().retry };
    let context = Context { retry, ..bench.context() };
    cancelled(&bench, &context, &Recorder::default(), || !bench.proxy.seen().is_empty()).await;
}

/// While the sink takes nothing.
pub async fn while_the_sink_waits(peer: Arc<dyn Peer>) {
    let bench = Bench::new(peer).await;
    let sink = Recorder::closed();
    cancelled(&bench, &bench.context(), &sink, || sink.batches() > 0).await;
}
