//! Pages: GitHub's own sizes unless asked otherwise, links followed as they come, and never to another host.

use portolan_ingestor_contract::Context;
use portolan_ingestor_contract::conformance::{Answer, Bench, Deed, Recorder, Seen};
use portolan_schema::Code;

use crate::peer::{self, Stand};
use crate::stand_in::Known;
use crate::stand_in::data::filled;

#[tokio::test]
async fn pages_are_a_hundred_unless_asked_and_within_bounds() {
    for (asked, expected) in [(None, "100"), (Some(1), "1"), (Some(40), "40"), (Some(u32::MAX), "100")] {
        let bench = peer::shared().await.bench().await;
        let context = Context { page_size: asked, ..bench.context() };
        bench.collect_with(&bench.settings(), &bench.kinds(), &context, &Recorder::default()).await.well();
        for seen in bench.proxy.seen().iter().filter(|seen| bench.peer.lists(seen).is_some()) {
            if bench.peer.lists(seen) != Some("organization") {
                assert_eq!(seen.field("per_page").as_deref(), Some(expected), "{}", seen.target);
            }
        }
    }
}

#[tokio::test]
async fn further_pages_are_asked_for_where_the_links_lead() {
    let bench = peer::shared().await.bench().await;
    let context = Context { page_size: Some(2), ..bench.context() };
    let sink = Recorder::default();
    bench.collect_with(&bench.settings(), &["pull-request", "team"], &context, &sink).await.well();
    let targets: Vec<String> = bench.proxy.seen().iter().map(|seen| seen.target.clone()).collect();
    // GitHub's links have numbers instead of names.
    assert!(
        targets.iter().any(|it| it.starts_with("/repositories/") && it.contains("/pulls?")),
        "{targets:?}"
    );
    assert!(
        targets.iter().any(|it| it.starts_with("/organizations/") && it.contains("/teams?")),
        "{targets:?}"
    );
}

#[tokio::test]
async fn a_link_to_another_host_is_not_followed() {
    let known = Known { data: filled(), astray: Some("http://127.0.0.2:1".to_owned()), ..Known::default() };
    let bench = Stand::new(known).await.bench().await;
    let context = Context { page_size: Some(2), ..bench.context() };
    let sink = Recorder::default();
    let run = bench.collect_with(&bench.settings(), &["team", "organization"], &context, &sink).await;
    let error = &run.record.failed["team"];
    assert_eq!(error.code, Code::UpstreamFailed);
    assert!(error.message.contains("another host"), "{error}");
    assert!(run.record.done.contains("organization"));
    // One that calls itself the host, and is not.
    let own = Stand::own().await;
    let user = |seen: &Seen| match seen.target.contains("/teams") {
        true => {
            let link = format!("<http://{}@127.0.0.2:1/x>; rel=\"next\"", seen.header("host"));
            let answer = Answer::new(200, "application/json", "[]").with("link", link);
            Deed::Say(answer.with("x-github-request-id", "1"))
        }
        false => Deed::Pass,
    };
    let bench = Bench::with(std::sync::Arc::new(own), user).await;
    let run = bench.collect_kinds(&["team"]).await;
    assert!(run.record.failed["team"].message.contains("another host"), "{:?}", run.record.failed);
}

#[tokio::test]
async fn a_list_without_end_fails() {
    let again = |seen: &Seen| match seen.target.contains("/teams") {
        true => {
            let link = format!("<http://{}{}>; rel=\"next\"", seen.header("host"), seen.target);
            let answer = Answer::new(200, "application/json", "[]").with("link", link);
            Deed::Say(answer.with("x-github-request-id", "1"))
        }
        false => Deed::Pass,
    };
    let bench = Bench::with(peer::shared().await, again).await;
    let run = bench.collect_kinds(&["team"]).await;
    let error = &run.record.failed["team"];
    assert_eq!(error.code, Code::UpstreamFailed);
    assert!(error.message.contains("end of the list"), "{error}");
    assert_eq!(bench.lists("team"), 1);
}

#[tokio::test]
async fn an_enterprise_has_a_path_of_its_own() {
    let mut stand = Stand::own().await;
    stand.prefix = "/api/v3";
    let bench = stand.bench().await;
    let context = Context { page_size: Some(2), ..bench.context() };
    let sink = Recorder::default();
    let run = bench.collect_with(&bench.settings(), &bench.kinds(), &context, &sink).await;
    let expected = peer::shared().await.bench().await.collect().await.well();
    run.well()
        .items
        .iter()
        .for_each(|(kind, items)| assert_eq!(items.len(), expected.items[kind].len(), "{kind}"));
    assert!(bench.proxy.seen().iter().all(|seen| seen.target.starts_with("/api/v3/")));
}

#[tokio::test]
async fn an_empty_list_that_is_not_github_s_is_none() {
    let empty = |seen: &Seen| match seen.target.contains("/teams") {
        true => Deed::Say(Answer::new(200, "application/json", "[]")),
        false => Deed::Pass,
    };
    let bench = Bench::with(peer::shared().await, empty).await;
    let run = bench.collect_kinds(&["team"]).await;
    assert!(run.record.failed["team"].message.contains("does not come from GitHub"), "{run:?}");
    // Where nothing is marked, nothing can be told by the mark.
    let bench = Stand::new(Known { data: filled(), unmarked: true, ..Known::default() }).await.bench().await;
    bench.collect().await.well();
}
