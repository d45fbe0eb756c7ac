//! Directories: which files are read, where a run goes on, and what is refused.

use portolan_ingestor_contract::{Context, IngestError, KindRequest};
use portolan_schema::Code;
use serde_json::{Value, json};

use crate::shelf::Shelf;

const TABLE: &str = "id\na\n";

async fn read(shelf: &std::sync::Arc<Shelf>, config: Value) -> Vec<String> {
    let record = shelf.collect(config, &["csv-row"]).await;
    assert!(record.failed.is_empty(), "{:?}", record.failed);
    record.values("csv-row").iter().map(|item| item["__File"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn patterns_say_which_files_are_read() {
    let names = ["a.csv", "b.CSV", "deep/er/c.csv", ".hidden.csv", "deep/d.txt", "deep/[e].csv"];
    let shelf = Shelf::of(&names.map(|name| (name, TABLE)));
    for (patterns, expected) in [
        (None, &["a.csv", "deep/[e].csv", "deep/er/c.csv"][..]),
        (Some(json!(["*.csv"])), &["a.csv"]),
        (Some(json!(["deep/**/*.csv", "*.CSV"])), &["b.CSV", "deep/[e].csv", "deep/er/c.csv"]),
        (Some(json!(["deep/*"])), &["deep/[e].csv", "deep/d.txt"]),
        (Some(json!(["deep/[[]e].csv", "**/.hidden.csv"])), &[".hidden.csv", "deep/[e].csv"]),
    ] {
        let mut config = json!({"format": "csv"});
        if let Some(patterns) = &patterns {
            config["patterns"] = patterns.clone();
        }
        assert_eq!(read(&shelf, config).await, expected, "{patterns:?}");
    }
    let config = |source: &str| json!({"format": "csv", "source": source});
    assert_eq!(read(&shelf, config("/shelf/deep/")).await, ["[e].csv", "er/c.csv"]);
    // A file that is named need not be named like one.
    assert_eq!(read(&shelf, config("file:///shelf/deep/d.txt")).await, ["d.txt"]);
}

#[tokio::test]
async fn a_run_goes_on_behind_the_file_that_it_came_to() {
    let shelf = Shelf::of(&["a.csv", "b.csv", "c.csv", "d.csv"].map(|name| (name, TABLE)));
    let context = Context { page_size: Some(2), ..shelf.context() };
    let config = json!({"format": "csv"});
    let (result, record) = shelf.collect_with(config.clone(), &[KindRequest::new("csv-row")], &context).await;
    result.unwrap();
    assert_eq!(record.checkpoints["csv-row"], [json!({"after": "b.csv"})]);
    let request = KindRequest { checkpoint: Some(json!({"after": "b.csv"})), ..KindRequest::new("csv-row") };
    let (result, record) = shelf.collect_with(config.clone(), &[request], &context).await;
    result.unwrap();
    assert_eq!((record.items["csv-row"].len(), record.done.len()), (2, 1));

    // Who went on behind a file that failed would call the kind done.
    shelf.put("a.csv", b"id,x\nonly-one".to_vec());
    let (result, record) = shelf.collect_with(config, &[KindRequest::new("csv-row")], &context).await;
    result.unwrap();
    assert!(record.checkpoints.is_empty() && record.failed.contains_key("csv-row"), "{record:?}");
}

#[tokio::test]
async fn what_is_not_there_or_not_allowed_ends_the_run() {
    let shelf = Shelf::of(&[("a.csv", TABLE)]);
    let kinds = [KindRequest::new("csv-row")];
    let config = json!({"format": "csv", "source": "/shelf/none"});
    let (result, record) = shelf.collect_with(config.clone(), &kinds, &shelf.context()).await;
    assert!(
        matches!(&result, Err(IngestError::Source(e)) if e.code == Code::UpstreamUnreachable),
        "{result:?}"
    );
    assert!(record.done.is_empty());
    let problems = shelf.check(config).await.unwrap_err();
    assert_eq!(problems.0[0].code, Code::UpstreamUnreachable);

    let config = json!({"format": "csv", "source": "/etc"});
    let (result, _) = shelf.collect_with(config.clone(), &kinds, &shelf.context()).await;
    assert!(
        matches!(&result, Err(IngestError::Settings(p)) if p.0[0].code == Code::AddressRefused),
        "{result:?}"
    );
    let problems = shelf.check(config).await.unwrap_err();
    assert_eq!((problems.0[0].code, problems.0[0].path.as_str()), (Code::AddressRefused, "/config/source"));
}

#[tokio::test]
async fn a_source_without_a_file_is_not_done() {
    let shelf = Shelf::of(&[("a.txt", TABLE)]);
    let record = shelf.collect(json!({"format": "csv"}), &["csv-row"]).await;
    let expected = "the source has no file that is named like **/*.csv";
    assert_eq!(record.failed["csv-row"].message, expected);
    let problems = shelf.check(json!({"format": "csv"})).await.unwrap_err();
    assert!(problems.to_string().contains(expected), "{problems}");
}

#[tokio::test]
async fn kinds_of_other_formats_fail() {
    let shelf = Shelf::of(&[("a.csv", TABLE)]);
    let record = shelf.collect(json!({"format": "csv"}), &["terraform-resource", "csv-row"]).await;
    let error = &record.failed["terraform-resource"];
    assert_eq!(error.code, Code::InvalidMapping);
    assert!(error.message.contains("files of the format csv have no \"terraform-resource\""), "{error}");
    assert!(record.done.contains("csv-row"));
}
