//! A kind that is read repository by repository goes on where it was interrupted.

use std::collections::BTreeMap;

use portolan_ingestor_contract::KindRequest;
use portolan_ingestor_contract::conformance::{Deed, Record, Recorder, Seen};
use serde_json::{Value, json};

use crate::peer::{self, Stand};

async fn collect(stand: &Stand, at: Option<Value>, plan: fn(&Seen) -> Deed) -> Record {
    let bench =
        portolan_ingestor_contract::conformance::Bench::with(std::sync::Arc::new(stand.clone()), plan).await;
    let request = KindRequest { checkpoint: at, ..KindRequest::new("pull-request") };
    let sink = Recorder::default();
    bench.ingestor().collect(&bench.settings(), &[request], &bench.context(), &sink).await.unwrap();
    sink.record()
}

#[tokio::test]
async fn after_each_repository_there_is_one() {
    let stand = peer::shared().await;
    let whole = collect(&stand, None, |_| Deed::Pass).await;
    let kept = whole.checkpoints["pull-request"].clone();
    let after = |at: &Value| at["after"].as_u64().unwrap();
    // Not of the archived one, which is not read.
    assert_eq!(kept.len(), 3);
    assert!(kept.windows(2).all(|pair| after(&pair[0]) < after(&pair[1])), "{kept:?}");

    let of = |record: &Record| -> Vec<String> {
        let items = record.values("pull-request");
        items.iter().map(|item| item["__repository"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(of(&whole).len(), 8);
    let rest = collect(&stand, Some(kept[0].clone()), |_| Deed::Pass).await;
    assert_eq!(of(&rest), ["octo-org/shop"; 3]);
    let nothing = collect(&stand, Some(kept[2].clone()), |_| Deed::Pass).await;
    assert!(of(&nothing).is_empty() && nothing.done.contains("pull-request"));
    // What this version did not write is no place to go on from.
    let odd = collect(&stand, Some(json!("elsewhere")), |_| Deed::Pass).await;
    assert_eq!(of(&odd).len(), 8);
}

#[tokio::test]
async fn none_comes_after_a_failure() {
    let stand = peer::shared().await;
    let failing = |seen: &Seen| match seen.target.contains("/repos/octo-org/hello-world/pulls") {
        true => Deed::Say(portolan_ingestor_contract::conformance::Answer::new(400, "text/plain", "")),
        false => Deed::Pass,
    };
    let record = collect(&stand, None, failing).await;
    // The first repository failed: who went on after the others would miss it.
    assert_eq!(record.checkpoints, BTreeMap::new());
    assert_eq!(record.items["pull-request"].len(), 3, "the others are read all the same");
    assert!(record.failed["pull-request"].message.contains("/repos/octo-org/hello-world/pulls"));
}
