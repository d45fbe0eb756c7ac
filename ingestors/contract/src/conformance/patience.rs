//! "Slow down" is heard, and does not end in endless asking.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use portolan_schema::Code;

use super::bench::PROMPT;
use super::{Answer, Bench, Deed, Failure, Peer, Recorder, Seen};
use crate::{Context, IngestError, RetryPolicy};

/// A plan that deals with the first try of every request and lets the second pass.
fn first_try(deed: impl Fn(&Seen) -> Deed + Send + Sync) -> impl Fn(&Seen) -> Deed + Send + Sync {
    let known = Mutex::new(HashSet::new());
    move |seen| {
        let first = known.lock().unwrap_or_else(PoisonError::into_inner).insert(seen.question());
        if first { deed(seen) } else { Deed::Pass }
    }
}

/// Every request is first answered by "slow down", in each of the source's forms: the same items, no warning.
pub async fn slowing_down_when_asked_loses_nothing(peer: Arc<dyn Peer>) {
    let usual = Bench::new(Arc::clone(&peer)).await;
    let expected = usual.collect().await.well();
    let questions: HashSet<_> = usual.proxy.seen().iter().map(Seen::question).collect();
    let forms = usual.proxy.seen().iter().map(|seen| peer.says(Failure::Busy, seen, "").len()).max();
    for form in 0..forms.expect("there were requests") {
        let source = Arc::clone(&peer);
        let plan = first_try(move |seen| {
            let mut forms = source.says(Failure::Busy, seen, "slow down");
            Deed::Say(forms.remove(form.min(forms.len() - 1)))
        });
        let bench = Bench::with(Arc::clone(&peer), plan).await;
        let record = bench.collect().await.well();
        record.assert_same(&expected, format!("form {form}"));
        assert_eq!(record.log, Vec::new(), "form {form}");
        let expected = usual.http.sent() + questions.len();
        assert_eq!(bench.http.sent(), expected, "each request is tried once more");
    }
}

/// `Retry-After` in seconds is a lower bound of the pause.
pub async fn the_asked_pause_is_kept(peer: Arc<dyn Peer>) {
    let first = Mutex::new(true);
    let once = move |_: &Seen| {
        let busy = std::mem::take(&mut *first.lock().unwrap_or_else(PoisonError::into_inner));
        if busy { Deed::Say(Answer::new(429, "text/plain", "").with("retry-after", "1")) } else { Deed::Pass }
    };
    let bench = Bench::with(peer, once).await;
    let retry = RetryPolicy { longest_pause: Duration::from_secs(5), ..bench.context().retry };
    let context = Context { retry, ..bench.context() };
    let kinds = bench.kinds();
    bench.collect_with(&bench.settings(), &kinds[..1], &context, &Recorder::default()).await.well();
    let seen = bench.proxy.seen();
    let pause = seen[1].at - seen[0].at;
    assert_eq!(seen[1].question(), seen[0].question());
    assert!(pause >= Duration::from_millis(990), "asked to wait a second, waited {pause:?}");
}

/// A source that asks for more patience than there is has failed, at once.
pub async fn a_pause_too_long_is_not_waited_for(peer: Arc<dyn Peer>) {
    let busy = Answer::new(429, "text/plain", "").with("retry-after", "3600");
    let bench = Bench::with(peer, move |_| Deed::Say(busy.clone())).await;
    let began = Instant::now();
    let run = bench.collect().await;
    assert!(began.elapsed() < PROMPT, "{:?}", began.elapsed());
    assert!(
        matches!(&run.result, Err(IngestError::Source(e)) if e.code == Code::UpstreamThrottled),
        "{run:?}"
    );
    assert_eq!(bench.http.sent(), 1);
}

/// A source that never stops asking to slow down: each request is tried a bounded number of times, and the run fails.
pub async fn tries_are_bounded(peer: Arc<dyn Peer>) {
    let source = Arc::clone(&peer);
    let busy = move |seen: &Seen| Deed::Say(source.says(Failure::Busy, seen, "slow down").remove(0));
    let bench = Bench::with(Arc::clone(&peer), busy).await;
    let run = bench.collect().await;
    assert!(
        matches!(&run.result, Err(IngestError::Source(e)) if e.code == Code::UpstreamThrottled),
        "{run:?}"
    );
    let attempts = bench.context().retry.attempts as usize;
    assert_eq!(bench.http.sent(), attempts, "the first request is tried {attempts} times");

    for kind in bench.kinds() {
        let source = Arc::clone(&peer);
        let busy = move |seen: &Seen| match source.lists(seen) {
            Some(list) if list == kind => Deed::Say(source.says(Failure::Busy, seen, "slow down").remove(0)),
            _ => Deed::Pass,
        };
        let bench = Bench::with(Arc::clone(&peer), busy).await;
        let run = bench.collect_kinds(&[kind]).await;
        let failed = run.record.failed.get(kind).map(|error| error.code);
        assert_eq!(failed, Some(Code::UpstreamThrottled), "{kind}: {run:?}");
        let seen = bench.proxy.seen();
        for request in seen.iter().filter(|seen| peer.lists(seen) == Some(kind)) {
            let tries = seen.iter().filter(|other| other.question() == request.question()).count();
            assert!(tries <= attempts, "{tries} tries of {request:?}");
        }
    }
}
