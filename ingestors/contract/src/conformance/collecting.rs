//! What a run hands over when nothing goes wrong.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use portolan_schema::Code;

use super::{Bench, Line, Peer, Recorder, Run};
use crate::{Context, IngestError, KindRequest};

/// Each kind is begun, handed over and done; the sink's rules are kept (the bench checks them).
pub async fn every_kind_is_read_in_order(peer: Arc<dyn Peer>) {
    let bench = Bench::new(Arc::clone(&peer)).await;
    let record = bench.collect().await.well();
    for kind in bench.kinds() {
        let found = record.items.get(kind).map_or(0, Vec::len);
        assert!(peer.holds(kind) > 0 && found >= peer.holds(kind), "{found} items of {kind}");
        assert_eq!(record.warnings(kind), Vec::<&Line>::new(), "{kind}");
        let items = &record.items[kind];
        let again = items.windows(2).find(|pair| pair[0] == pair[1]);
        assert_eq!(again, None, "an item of {kind} came twice");
    }
}

/// No request reaches the source past the context's client.
pub async fn every_request_goes_through_the_context(peer: Arc<dyn Peer>) {
    let bench = Bench::new(peer).await;
    bench.ingestor().check(&bench.settings(), &bench.context()).await.expect("the settings work");
    bench.collect().await.well();
    assert!(bench.http.sent() > bench.kinds().len());
    assert_eq!(bench.http.sent(), bench.proxy.seen().len());
}

/// A kind does not depend on which others are read with it.
pub async fn a_kind_alone_yields_the_same(peer: Arc<dyn Peer>) {
    let bench = Bench::new(peer).await;
    let all = bench.collect().await.well();
    for kind in bench.kinds() {
        let alone = bench.collect_kinds(&[kind]).await.well();
        assert_eq!(alone.items.keys().collect::<Vec<_>>(), [kind]);
        assert_eq!(alone.difference(kind, &all), None);
    }
}

/// Small pages, odd pages, pages larger than the source allows: the same items.
pub async fn page_size_changes_nothing(peer: Arc<dyn Peer>) {
    let usual = Bench::new(Arc::clone(&peer)).await;
    let expected = usual.collect().await.well();
    let mut paging = 0;
    for size in [1, peer.small_page(), 7, 1_000_000] {
        let bench = Bench::new(Arc::clone(&peer)).await;
        let context = Context { page_size: Some(size), ..bench.context() };
        let run = bench.collect_with(&bench.settings(), &bench.kinds(), &context, &Recorder::default()).await;
        run.well().assert_same(&expected, format!("pages of {size}"));
        if size == peer.small_page() {
            for kind in bench.kinds().into_iter().filter(|kind| peer.pages(kind)) {
                let (small, whole) = (bench.lists(kind), usual.lists(kind));
                assert!(small > whole, "{kind} has {small} small pages and {whole} usual ones");
                paging += 1;
            }
        }
    }
    assert!(paging > 0 || peer.is_unpaged(), "the peer holds too little for a second page");
}

/// Who goes on from a checkpoint gets at least what had not been handed over by then, and nothing that a whole run would not.
pub async fn a_checkpoint_loses_nothing(peer: Arc<dyn Peer>) {
    let bench = Bench::new(Arc::clone(&peer)).await;
    let context = Context { page_size: Some(peer.small_page()), ..bench.context() };
    let settings = bench.settings();
    let whole = bench.collect_with(&settings, &bench.kinds(), &context, &Recorder::default()).await.well();
    for (kind, places) in &whole.checkpoints {
        let all = whole.items.get(kind).cloned().unwrap_or_default();
        for index in BTreeSet::from([0, places.len() - 1]) {
            let (place, before) = (&places[index], &whole.before[kind][index]);
            let request = KindRequest { checkpoint: Some(place.clone()), ..KindRequest::new(kind) };
            let sink = Recorder::default();
            let result = bench.ingestor().collect(&settings, &[request], &context, &sink).await;
            let record = sink.record();
            assert!(
                result.is_ok() && record.done.contains(kind),
                "{kind} from {place}: {result:?} {record:?}"
            );
            let after = record.items.get(kind).cloned().unwrap_or_default();
            let extra = after.iter().find(|item| !all.contains(item));
            let missing = all.iter().find(|item| !before.contains(item) && !after.contains(item));
            assert_eq!((extra, missing), (None, None), "{kind} from {place}: extra, missing");
        }
    }
}

/// A kind that does not exist fails with a sentence, and nothing else changes.
pub async fn an_unknown_kind_fails_alone(peer: Arc<dyn Peer>) {
    let bench = Bench::new(peer).await;
    let expected = bench.collect().await.well();
    let mut kinds = vec!["no-such-kind"];
    kinds.extend(bench.kinds());
    let Run { result, record, .. } = bench.collect_kinds(&kinds).await;
    assert!(result.is_ok(), "{result:?}");
    record.assert_same(&expected, "beside an unknown kind");
    assert_eq!(record.done, expected.done);
    let failed: Vec<_> = record.failed.iter().collect();
    let [(kind, error)] = failed.as_slice() else { panic!("one kind fails, not {failed:?}") };
    assert!(*kind == "no-such-kind" && error.message.contains(kind.as_str()), "{error}");
}

/// A run without kinds ends well and hands over nothing.
pub async fn nothing_asked_is_nothing_done(peer: Arc<dyn Peer>) {
    let bench = Bench::new(peer).await;
    let record = bench.collect_kinds(&[]).await.well();
    assert!(record.items.is_empty() && record.done.is_empty(), "{record:?}");
}

/// One value serves several tenants at a time without mixing them up.
pub async fn one_ingestor_serves_many_at_once(peer: Arc<dyn Peer>) {
    let bench = Bench::new(Arc::clone(&peer)).await;
    let ingestor = bench.ingestor();
    let (good, strange) = (bench.settings(), peer.strange_settings(&bench.proxy.address));
    let requests: Vec<_> = bench.kinds().into_iter().map(KindRequest::new).collect();
    let (context, first, second, third) =
        (bench.context(), Recorder::default(), Recorder::default(), Recorder::default());
    let (one, two, refused) = tokio::join!(
        ingestor.collect(&good, &requests, &context, &first),
        ingestor.collect(&good, &requests, &context, &second),
        ingestor.collect(&strange, &requests, &context, &third),
    );
    assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
    first.record().assert_same(&second.record(), "at the same time");
    let is_refused = matches!(&refused, Err(IngestError::Source(e)) if e.code == Code::UpstreamUnauthorized);
    assert!(is_refused && third.record().items.is_empty(), "{refused:?}");
}

/// While the sink takes nothing, no more is read than what is being handed over.
pub async fn a_sink_that_waits_is_waited_for(peer: Arc<dyn Peer>) {
    let small = Some(peer.small_page());
    for kind in Bench::new(Arc::clone(&peer)).await.kinds().into_iter().filter(|kind| peer.pages(kind)) {
        let bench = Bench::new(Arc::clone(&peer)).await;
        let context = Context { page_size: small, ..bench.context() };
        let (settings, sink) = (bench.settings(), Recorder::closed());
        let kinds = [kind];
        let waiting = async {
            let mut before = usize::MAX;
            while sink.batches() == 0 || before != bench.proxy.seen().len() {
                before = bench.proxy.seen().len();
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
            let read = bench.lists(kind);
            sink.open();
            read
        };
        let (run, read) = tokio::join!(bench.collect_with(&settings, &kinds, &context, &sink), waiting);
        run.well();
        let all = bench.lists(kind);
        assert!(read < all, "{kind}: all {all} pages were read while the sink waited");
    }
}

/// The sink's error is the run's, at once.
pub async fn a_sink_that_fails_ends_the_run(peer: Arc<dyn Peer>) {
    let bench = Bench::new(peer).await;
    let kinds = bench.kinds();
    let sink = Recorder::failing_at(2);
    let requests: Vec<_> = kinds.iter().map(|kind| KindRequest::new(*kind)).collect();
    let result = bench.ingestor().collect(&bench.settings(), &requests, &bench.context(), &sink).await;
    assert!(matches!(result, Err(IngestError::Sink(_))), "{result:?}");
    let record = sink.record();
    assert!(record.done.len() < kinds.len(), "{:?}", record.done);
    let whole = Bench::new(Arc::clone(&bench.peer)).await.collect().await.well();
    for kind in &record.done {
        assert_eq!(record.difference(kind, &whole), None, "it counts as done");
    }
}
