//! Repositories that change while they are read.

use std::sync::Arc;

use portolan_ingestor_contract::conformance::{Answer, Bench, Deed, Seen};
use portolan_schema::Code;
use serde_json::json;

use crate::peer::Stand;

/// A bench in which something happens once the repositories are listed.
async fn meanwhile(stand: &Stand, happens: impl Fn(&Stand) + Send + Sync + 'static) -> Bench {
    let own = stand.clone();
    let once = std::sync::Once::new();
    Bench::with(Arc::new(stand.clone()), move |seen: &Seen| {
        if seen.target.contains("/pulls") {
            once.call_once(|| happens(&own));
        }
        Deed::Pass
    })
    .await
}

#[tokio::test]
async fn one_that_is_deleted_has_nothing() {
    let stand = Stand::own().await;
    let bench = meanwhile(&stand, |stand| stand.github.known().data.delete("octo-org/shop")).await;
    let record = bench.collect_kinds(&["pull-request"]).await.well();
    assert!(record.values("pull-request").iter().all(|item| item["__repository"] == "octo-org/hello-world"));
    assert_eq!(record.items["pull-request"].len(), 5);
}

#[tokio::test]
async fn one_that_is_renamed_is_followed() {
    let stand = Stand::own().await;
    let bench =
        meanwhile(&stand, |stand| stand.github.known().data.rename("octo-org/shop", "octo-org/store")).await;
    let record = bench.collect_kinds(&["pull-request"]).await.well();
    assert_eq!(record.items["pull-request"].len(), 8);
    assert!(stand.github.asked().iter().any(|asked| asked.status == 301));
}

#[tokio::test]
async fn a_list_that_is_hidden_is_not_taken_for_an_empty_one() {
    let stand = Stand::own().await;
    stand.github.known().data.lists.remove("/repos/octo-org/shop/environments");
    let run = stand.bench().await.collect_kinds(&["environment", "release"]).await;
    let error = &run.record.failed["environment"];
    assert_eq!(error.code, Code::UpstreamFailed);
    assert!(error.message.contains("the credentials may not see it"), "{error}");
    assert!(run.record.done.contains("release"));
}

#[tokio::test]
async fn issues_that_are_switched_off_are_none() {
    let stand = Stand::own().await;
    let off = json!({ "message": "Issues are disabled for this repo" }).to_string();
    let gone = move |seen: &Seen| match seen.target.contains("/shop/issues") {
        true => Deed::Say(Answer::new(410, "application/json", off.clone())),
        false => Deed::Pass,
    };
    let bench = Bench::with(Arc::new(stand.clone()), gone).await;
    let record = bench.collect_kinds(&["issue"]).await.well();
    assert_eq!(record.items["issue"].len(), 5);
    // Where the list says so already, nobody asks.
    assert!(stand.github.asked().iter().all(|asked| asked.path != "/repos/acme/empty/issues"));
}

#[tokio::test]
async fn a_missing_permission_is_not_asked_for_everywhere() {
    let stand = Stand::own().await;
    {
        let mut known = stand.github.known();
        for number in 0..40 {
            known.data.repository("acme", &format!("many-{number}"), json!({}));
        }
        known.denied.push(("/pulls".to_owned(), "Resource not accessible by integration"));
    }
    let run = stand.bench().await.collect_kinds(&["pull-request", "issue"]).await;
    let error = &run.record.failed["pull-request"];
    assert_eq!(error.code, Code::UpstreamForbidden);
    let sentence =
        "GET /repos/octo-org/hello-world/pulls is forbidden: Resource not accessible by integration";
    assert_eq!(error.message, sentence);
    let asked = stand.github.asked().iter().filter(|asked| asked.path.ends_with("/pulls")).count();
    assert!((10..=14).contains(&asked), "{asked} of 43 repositories were asked");
    assert!(run.record.done.contains("issue"));
}
