//! Which organizations are read, and what a check says of them.

use portolan_schema::Code;
use serde_json::json;

use crate::peer::{self, Stand};

#[tokio::test]
async fn without_names_every_organization_of_the_user_is_read() {
    let mut stand = (*peer::shared().await).clone();
    let named = stand.bench().await.collect().await.well();
    stand.config = json!({});
    let bench = stand.bench().await;
    bench.collect().await.well().assert_same(&named, "without names");
    stand.config = json!({ "organizations": ["ACME"] });
    let record = stand.bench().await.collect_kinds(&["repository", "pull-request", "team"]).await.well();
    assert_eq!((record.items["repository"].len(), record.items["team"].len()), (1, 1));
    assert_eq!(record.items.get("pull-request"), None);
    assert_eq!(record.values("team")[0]["__organization"], "acme", "as GitHub writes it");
}

#[tokio::test]
async fn a_token_that_is_shown_no_organization_reads_nothing_and_says_so() {
    let mut stand = Stand::own().await;
    stand.config = json!({});
    stand.github.known().data.lists.insert("/user/orgs".to_owned(), Vec::new());
    let bench = stand.bench().await;
    let run = bench.collect().await;
    assert!(run.record.done.is_empty(), "what is done and empty is deleted");
    let error = run.result.unwrap_err().to_string();
    assert!(error.contains("UPSTREAM_FORBIDDEN") && error.contains("\"organizations\""), "{error}");
}

#[tokio::test]
async fn names_that_do_not_exist_are_told_by_the_check() {
    let mut stand = (*peer::shared().await).clone();
    stand.config = json!({ "organizations": ["octo-org", "nobody"] });
    let bench = stand.bench().await;
    let problems = bench.ingestor().check(&bench.settings(), &bench.context()).await.unwrap_err();
    let told: Vec<_> = problems.0.iter().map(|problem| (problem.code, problem.path.as_str())).collect();
    assert_eq!(told, [(Code::InvalidValue, "/config/organizations/1")], "{problems}");
    let run = bench.collect_kinds(&["organization", "team"]).await;
    assert_eq!(run.record.items["organization"].len(), 1);
    assert!(run.record.failed["organization"].message.contains("GET /orgs/nobody found nothing"));
}
