//! What was read in a run is asked for again by its tag.

use portolan_ingestor_contract::conformance::{Recorder, Run};
use portolan_ingestor_contract::{Context, KindRequest};
use serde_json::json;

use crate::peer::Stand;

const KINDS: [&str; 3] = ["pull-request", "issue", "release"];

#[tokio::test]
async fn unchanged_lists_of_repositories_cost_nothing() {
    let stand = Stand::own().await;
    let bench = stand.bench().await;
    let context = Context { page_size: Some(2), ..bench.context() };
    bench.collect_with(&bench.settings(), &KINDS, &context, &Recorder::default()).await.well();
    let asked = stand.github.asked();
    let lists: Vec<u16> =
        asked.iter().filter(|asked| asked.path.ends_with("/repos")).map(|asked| asked.status).collect();
    // Three pages: two of the one organization, one of the other. Then twice nothing new.
    assert_eq!(lists, [200, 200, 200, 304, 304, 304, 304, 304, 304]);
    let limited = asked.iter().filter(|asked| asked.status != 304).count();
    assert_eq!(stand.github.known().limits.left, 5_000 - u32::try_from(limited).unwrap());
}

#[tokio::test]
async fn what_has_changed_is_read_again() {
    let stand = Stand::own().await;
    let bench = stand.bench().await;
    let github = stand.github.clone();
    // Between the kinds, another repository is made and one is archived.
    let sink = Changing {
        inner: Recorder::default(),
        change: Box::new(move || {
            let mut known = github.known();
            let id = known.data.repository("octo-org", "late", json!({}));
            known.data.thing("octo-org/late", "issues", json!({ "number": 1, "state": "open" }));
            known.data.change("octo-org/shop", &json!({ "archived": true }));
            assert!(id > 0);
        }),
    };
    let requests: Vec<_> = ["pull-request", "issue"].map(KindRequest::new).into();
    let result = bench.ingestor().collect(&bench.settings(), &requests, &bench.context(), &sink).await;
    let record = sink.inner.record();
    let run = Run { asked: Vec::new(), result, record, took: std::time::Duration::ZERO };
    let record = run.well();
    let of = |kind: &str, repository: &str| {
        record.values(kind).iter().filter(|item| item["__repository"] == repository).count()
    };
    assert_eq!((of("pull-request", "octo-org/shop"), of("pull-request", "octo-org/late")), (3, 0));
    assert_eq!((of("issue", "octo-org/shop"), of("issue", "octo-org/late")), (0, 1));
}

/// Changes something once the first kind is done.
struct Changing {
    inner: Recorder,
    change: Box<dyn Fn() + Send + Sync>,
}

#[async_trait::async_trait]
impl portolan_ingestor_contract::Sink for Changing {
    async fn kind_started(&self, kind: &str) -> Result<(), portolan_schema::Error> {
        self.inner.kind_started(kind).await
    }

    async fn items(&self, kind: &str, items: Vec<serde_json::Value>) -> Result<(), portolan_schema::Error> {
        self.inner.items(kind, items).await
    }

    async fn kind_done(&self, kind: &str) -> Result<(), portolan_schema::Error> {
        if kind == "pull-request" {
            (self.change)();
        }
        self.inner.kind_done(kind).await
    }

    async fn kind_failed(
        &self,
        kind: &str,
        error: &portolan_ingestor_contract::SourceError,
    ) -> Result<(), portolan_schema::Error> {
        self.inner.kind_failed(kind, error).await
    }

    async fn log(
        &self,
        level: portolan_ingestor_contract::Level,
        kind: Option<&str>,
        message: &str,
        item: Option<&str>,
    ) -> Result<(), portolan_schema::Error> {
        self.inner.log(level, kind, message, item).await
    }
}
