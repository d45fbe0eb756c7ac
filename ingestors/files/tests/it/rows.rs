//! Tables, documents and lines: small ones, wrong ones, and large ones in bounded memory.

use std::fmt::Write;
use std::sync::atomic::Ordering;

use portolan_schema::Code;
use serde_json::{Value, json};

use crate::shelf::Shelf;

/// Rows of a large file.
const MANY: usize = 60_000;

#[tokio::test]
async fn what_is_in_the_files_is_what_is_handed_over() {
    for (config, kind, files, expected) in [
        (
            json!({"format": "csv", "delimiter": ";"}),
            "csv-row",
            [("b.csv", "name;size\nb;2\n"), ("a.csv", "Id;Note\n1;\"x;y\"\n")],
            vec![
                json!({"Id": "1", "Note": "x;y", "__Row": 1, "__Key": "1", "__File": "a.csv"}),
                json!({"name": "b", "size": "2", "__Row": 1, "__Key": "b", "__File": "b.csv"}),
            ],
        ),
        (
            json!({"format": "json"}),
            "json-item",
            [("b.json", r#"{"id": "b"}"#), ("a.json", r#"[{"id": 1}, {"id": 2, "deep": {"x": [null]}}]"#)],
            vec![
                json!({"id": "b", "__File": "b.json"}),
                json!({"id": 1, "__File": "a.json"}),
                json!({"id": 2, "deep": {"x": [null]}, "__File": "a.json"}),
            ],
        ),
        (
            json!({"format": "ndjson"}),
            "json-item",
            [("b.ndjson", "{\"id\": 1}\n\n{\"id\": 2}"), ("a.jsonl", "{\"id\": 3}\r\n")],
            vec![
                json!({"id": 1, "__File": "b.ndjson"}),
                json!({"id": 2, "__File": "b.ndjson"}),
                json!({"id": 3, "__File": "a.jsonl"}),
            ],
        ),
    ] {
        let shelf = Shelf::of(&files);
        shelf.check(config.clone()).await.unwrap();
        let record = shelf.collect(config.clone(), &[kind]).await;
        assert!(record.failed.is_empty(), "{:?}", record.failed);
        let found = record.values(kind);
        assert!(
            found.len() == expected.len() && expected.iter().all(|item| found.contains(item)),
            "{found:?}"
        );
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_told_with_its_place() {
    for (format, text, expected, handed_over) in [
        ("csv", "id,x\na,1\nb\n", "has 1 fields in row 2 and 2 in its header", 1),
        ("csv", "id,x\na,\"1\nb,2\n", "has a quotation mark that is never closed", 0),
        ("csv", "", "has no header row", 0),
        ("ndjson", "{\"a\": 1}\n{\"a\"\n{\"a\": 2}", "has no JSON object in line 2", 1),
        ("ndjson", "\n \n", "is empty", 0),
        ("ndjson", "[1]\n", "has an item that is no object", 0),
        ("json", "[{\"a\": 1}, 7]", "has an item that is no object", 1),
        ("json", "[{\"a\": 1},", "is not well-formed JSON", 0),
        ("json", "\u{1}", "is not well-formed JSON", 0),
    ] {
        let (kind, name) = if format == "csv" { ("csv-row", "a.csv") } else { ("json-item", "a.json") };
        let name = if format == "ndjson" { "a.ndjson" } else { name };
        let shelf = Shelf::of(&[(name, text)]);
        let record = shelf.collect(json!({ "format": format }), &[kind]).await;
        let error = &record.failed[kind];
        assert_eq!(error.code, Code::UpstreamFailed);
        assert!(error.message.contains(expected), "{error}");
        assert_eq!(record.items.get(kind).map_or(0, Vec::len), handed_over, "{format} {text:?}");
    }
}

#[tokio::test]
async fn large_files_are_read_part_by_part() {
    let (mut table, mut lines) = ("id,name,note\n".to_owned(), String::new());
    for id in 0..MANY {
        writeln!(table, "{id},\"Item {id}\",{}", "x".repeat(100)).unwrap();
        writeln!(lines, "{}", json!({ "id": id, "note": "x".repeat(100) })).unwrap();
    }
    for (format, kind, name, text) in
        [("csv", "csv-row", "a.csv", &table), ("ndjson", "json-item", "a.ndjson", &lines)]
    {
        assert!(text.len() > 6 << 20);
        let shelf = Shelf::of(&[(name, text)]);
        let record = shelf.collect(json!({ "format": format }), &[kind]).await;
        assert!(record.failed.is_empty(), "{:?}", record.failed);
        assert_eq!(record.items[kind].len(), MANY);
        assert!(shelf.largest.load(Ordering::SeqCst) <= 4 << 20, "a part is larger than 4 MiB");

        shelf.changes_after.store(1, Ordering::SeqCst);
        let record = shelf.collect(json!({ "format": format }), &[kind]).await;
        assert!(record.failed[kind].message.contains("changed while it was read"), "{:?}", record.failed);
    }
}

#[tokio::test]
async fn a_file_of_200_mebibytes_is_refused() {
    let huge = vec![b'\n'; 200 << 20];
    let of = |format: &str| if format == "csv" { "csv-row" } else { "json-item" };
    for (format, limit) in [("csv", 128 << 20), ("ndjson", 128 << 20), ("json", 32 << 20)] {
        let shelf = Shelf::of(&[]);
        shelf.put(&format!("a.{format}"), huge.clone());
        let record = shelf.collect(json!({ "format": format }), &[of(format)]).await;
        let error = &record.failed[of(format)];
        assert!(error.message.contains(&format!("has 209715200 bytes; at most {limit} are read")), "{error}");
    }
}

#[tokio::test]
async fn items_are_where_the_settings_say() {
    let text = r#"{"data": {"my items": [{"id": 1}]}, "other": 7}"#;
    let shelf = Shelf::of(&[("a.json", text)]);
    let config = |items: &str| json!({ "format": "json", "items": items });
    let record = shelf.collect(config(".data.\"my items\""), &["json-item"]).await;
    assert_eq!(record.values("json-item"), [json!({"id": 1, "__File": "a.json"})]);
    for (items, expected) in
        [(".none", "has nothing where \"items\" says"), (".other", "has neither a list nor an object")]
    {
        let record = shelf.collect(config(items), &["json-item"]).await;
        assert!(record.failed["json-item"].message.contains(expected), "{:?}", record.failed);
        assert_eq!(record.items.get("json-item"), None::<&Vec<String>>);
        let checked = shelf.check(config(items)).await.unwrap_err();
        assert!(checked.to_string().contains(expected), "{checked}");
    }
    let whole: Value = serde_json::from_str(text).unwrap();
    let record = shelf.collect(config("."), &["json-item"]).await;
    assert_eq!(record.values("json-item")[0]["data"], whole["data"]);
}
