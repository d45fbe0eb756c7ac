//! What a run says where the source fails: what is called done was read to the end, and everything else goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use portolan_schema::Code;

use super::{Answer, Bench, Deed, Failure, Peer, Record, Recorder, Refusing, Run, Seen};
use crate::{Context, IngestError};

/// A bench whose source answers `deed` to each request for the list of a kind.
async fn breaking(
    peer: &Arc<dyn Peer>,
    kind: &'static str,
    deed: impl Fn(&Seen) -> Deed + Send + Sync + 'static,
) -> Bench {
    let source = Arc::clone(peer);
    let plan = move |seen: &Seen| if source.lists(seen) == Some(kind) { deed(seen) } else { Deed::Pass };
    Bench::with(Arc::clone(peer), plan).await
}

async fn whole(peer: &Arc<dyn Peer>) -> Record {
    Bench::new(Arc::clone(peer)).await.collect().await.well()
}

/// `kind` and one other, which is enough to see whether it drags others along.
fn beside(kind: &'static str, kinds: &[&'static str]) -> Vec<&'static str> {
    let mut both = vec![kind];
    both.extend(kinds.iter().find(|other| **other != kind));
    both
}

/// Everything else that was asked for is as in a run without faults; `kind` failed, and what was handed over is good.
#[track_caller]
fn only_failed(run: &Run, kind: &str, whole: &Record) {
    assert!(run.result.is_ok(), "{:?}", run.result);
    let failed: Vec<&String> = run.record.failed.keys().collect();
    assert_eq!(failed, [kind], "{:?}", run.record.failed);
    for (other, items) in whole.items.iter().filter(|(other, _)| run.asked.contains(*other)) {
        let found = run.record.items.get(other).map_or(&[][..], Vec::as_slice);
        if other == kind {
            assert!(found.iter().all(|item| items.contains(item)), "odd items of {kind}");
        } else {
            assert_eq!(run.record.difference(other, whole), None);
        }
    }
}

/// For each kind: its list cannot be read, the others are whole.
pub async fn a_failing_kind_stops_no_other(peer: Arc<dyn Peer>) {
    let whole = whole(&peer).await;
    for kind in Bench::new(Arc::clone(&peer)).await.kinds() {
        let bench = breaking(&peer, kind, |_| Deed::Say(Answer::new(400, "text/plain", ""))).await;
        let run = bench.collect().await;
        assert!(bench.lists(kind) > 0, "no request reads the list of {kind}");
        only_failed(&run, kind, &whole);
        assert_eq!(run.record.items.get(kind), None, "{kind} yielded what it could not read");
    }
}

/// For each kind and each way to say it: access denied fails the kind, or is a warning where the kind can do without.
pub async fn what_is_forbidden_is_told(peer: Arc<dyn Peer>) {
    let whole = whole(&peer).await;
    let mut failing = 0;
    for kind in Bench::new(Arc::clone(&peer)).await.kinds() {
        let source = Arc::clone(&peer);
        let deed = move |seen: &Seen| Deed::Say(source.says(Failure::Denied, seen, "not for you").remove(0));
        let run = breaking(&peer, kind, deed).await.collect().await;
        if let Some(error) = run.record.failed.get(kind) {
            assert_eq!(error.code, Code::UpstreamForbidden, "{error}");
            only_failed(&run, kind, &whole);
            failing += 1;
        } else {
            assert_eq!(run.record.items[kind].len(), whole.items[kind].len(), "{kind}");
            let warned = run.record.warnings(kind).iter().any(|line| line.item.is_some());
            assert!(warned, "{kind} is done without a warning that names an item");
        }
    }
    assert!(failing > 0);
}

/// The last page never comes: the kind failed, and what came before is still good.
pub async fn a_list_that_breaks_off_is_not_done(peer: Arc<dyn Peer>) {
    let whole = whole(&peer).await;
    let small = Some(peer.small_page());
    for kind in Bench::new(Arc::clone(&peer)).await.kinds().into_iter().filter(|kind| peer.pages(kind)) {
        let measure = Bench::new(Arc::clone(&peer)).await;
        let context = Context { page_size: small, ..measure.context() };
        measure.collect_with(&measure.settings(), &[kind], &context, &Recorder::default()).await.well();
        let pages = measure.lists(kind);
        assert!(pages > 1, "{kind} has one page");
        let cannot = Answer::new(400, "text/plain", "");
        for end in [Deed::Cut, Deed::Truncate, Deed::Say(cannot)] {
            let (told, count) = (end.clone(), AtomicUsize::new(1));
            let late = move |_: &Seen| {
                if count.fetch_add(1, Ordering::SeqCst) < pages { Deed::Pass } else { end.clone() }
            };
            let bench = breaking(&peer, kind, late).await;
            let context = Context { page_size: small, ..bench.context() };
            let sink = Recorder::default();
            let kinds = beside(kind, &bench.kinds());
            let run = bench.collect_with(&bench.settings(), &kinds, &context, &sink).await;
            only_failed(&run, kind, &whole);
            let (found, all) = (run.record.items.get(kind).map_or(0, Vec::len), whole.items[kind].len());
            assert!(0 < found && found < all, "{told:?}: {found} of {all} items of {kind}");
        }
    }
}

/// An answer that succeeds and makes no sense is never taken for an empty list.
pub async fn nonsense_is_no_empty_list(peer: Arc<dyn Peer>) {
    let whole = whole(&peer).await;
    let kinds = Bench::new(Arc::clone(&peer)).await.kinds();
    let answers = [
        Answer::new(200, "text/html", "<!doctype html><title>Welcome</title><p>It works.</p>"),
        Answer::new(200, "text/html", "<html><body><p>Please sign in.</p></body></html>"),
        Answer::new(200, "application/json", "{}"),
        Answer::new(200, "application/json", "[]"),
        Answer::new(200, "application/xml", ""),
        Answer::new(204, "application/json", ""),
        Answer::new(302, "text/html", "").with("location", "http://127.0.0.1:1/"),
    ];
    for kind in &kinds {
        for answer in &answers {
            let said = answer.clone();
            let bench = breaking(&peer, kind, move |_| Deed::Say(said.clone())).await;
            let run = bench.collect_kinds(&[kind]).await;
            let failed = run.record.failed.get(*kind);
            assert!(failed.is_some_and(|e| e.code == Code::UpstreamFailed), "{kind} {answer:?}: {failed:?}");
            assert!(run.result.is_ok() && run.record.done.is_empty(), "{:?}", run.record.done);
        }
    }
    assert!(kinds.iter().all(|kind| whole.done.contains(*kind)));
}

#[track_caller]
fn ended(run: &Run, code: Code) {
    let found = match &run.result {
        Err(IngestError::Source(error)) => Some(error.code),
        _ => None,
    };
    assert_eq!(found, Some(code), "{:?}", run.result);
    assert!(run.record.done.is_empty() && run.record.items.is_empty(), "{:?}", run.record);
}

/// Credentials that the source does not know end the run as a whole.
pub async fn refused_credentials_end_the_run(peer: Arc<dyn Peer>) {
    let bench = Bench::new(Arc::clone(&peer)).await;
    let strange = peer.strange_settings(&bench.proxy.address);
    let run = bench.collect_with(&strange, &bench.kinds(), &bench.context(), &Recorder::default()).await;
    ended(&run, Code::UpstreamUnauthorized);
}

/// Credentials that expire in the middle of a run: what was read stays, what was not has failed.
pub async fn expired_credentials_fail_the_rest(peer: Arc<dyn Peer>) {
    let whole = whole(&peer).await;
    let kinds = Bench::new(Arc::clone(&peer)).await.kinds();
    let (last, source) = (*kinds.last().expect("there is a kind"), Arc::clone(&peer));
    let ways = 1.max({
        let seen = Bench::new(Arc::clone(&peer)).await;
        seen.collect_kinds(&[last]).await.well();
        let lists = seen.proxy.seen().into_iter().find(|seen| peer.lists(seen) == Some(last));
        lists.map_or(0, |seen| peer.says(Failure::Expired, &seen, "").len())
    });
    for way in 0..ways {
        let source = Arc::clone(&source);
        let deed = move |seen: &Seen| Deed::Say(source.says(Failure::Expired, seen, "too late").remove(way));
        let run = breaking(&peer, last, deed).await.collect_kinds(&beside(last, &kinds)).await;
        only_failed(&run, last, &whole);
        assert_eq!(run.record.failed[last].code, Code::UpstreamUnauthorized);
    }
}

/// Nobody listens, or the operator forbids the address: the run ends as a whole.
pub async fn a_source_out_of_reach_ends_the_run(peer: Arc<dyn Peer>) {
    let bench = Bench::new(Arc::clone(&peer)).await;
    let (kinds, sink) = (bench.kinds(), Recorder::default());
    let nowhere = peer.settings("http://127.0.0.1:1");
    let run = bench.collect_with(&nowhere, &kinds, &bench.context(), &sink).await;
    ended(&run, Code::UpstreamUnreachable);
    let refused = Context { http: Arc::new(Refusing), ..bench.context() };
    let run = bench.collect_with(&bench.settings(), &kinds, &refused, &sink).await;
    ended(&run, Code::AddressRefused);
    assert_eq!(bench.proxy.seen().len(), 0, "a refused address was asked");
}
