//! Settings that cannot work are told with the place of each mistake; the defaults are those of the format.

use portolan_ingestor_contract::{Ingestor, Settings};
use portolan_ingestor_files::Files;
use serde_json::{Value, json};

use crate::shelf::Shelf;

#[track_caller]
fn check(config: Value, secrets: Value, expected: &[&str]) {
    let found = Files::new().validate(&Settings::new(config, secrets), &Shelf::of(&[]).context());
    let found = found.err().unwrap_or_default();
    let found: Vec<String> = found.0.iter().map(|p| format!("{} {}", p.code, p.path)).collect();
    assert_eq!(found, expected);
}

#[test]
fn every_mistake_has_its_place() {
    let keys = || json!({"accessKeyId": "AKIA1", "secretAccessKey": "s"});
    for source in [
        "/shelf",
        "file:///shelf/a.csv",
        "https://a.example/b.csv?c=d",
        "s3://bucket/",
        "s3://bucket/a/b.csv",
    ] {
        check(json!({"source": source, "format": "csv"}), json!({}), &[]);
    }
    check(json!({}), json!({}), &["REQUIRED /config/source", "REQUIRED /config/format"]);
    for source in [
        "relative/a.csv",
        "ftp://a/b",
        "https://u:p@a/",
        "https://a/#b",
        "s3://",
        "s3://B/",
        "s3://bucket//a",
        "s3://bucket/a/../b",
    ] {
        check(json!({"source": source, "format": "csv"}), json!({}), &["INVALID_VALUE /config/source"]);
    }
    for source in ["/etc/passwd", "/", "/shelfish", "file:///etc"] {
        check(json!({"source": source, "format": "csv"}), json!({}), &["ADDRESS_REFUSED /config/source"]);
    }
    check(json!({"source": "/shelf", "format": "xml"}), json!({}), &["INVALID_VALUE /config/format"]);
    check(
        json!({"source": "/shelf", "format": "json", "delimiter": ";;", "items": ".a[]", "patterns": ["ok", "a***b"], "region": "moon"}),
        json!({}),
        &["INVALID_VALUE /config/region"],
    );
    check(
        json!({"source": "/shelf", "format": "json", "delimiter": ";;", "items": ".a[]", "patterns": ["ok", "a***b"],
            "region": "eu-west-1", "endpointUrl": "http://a/?x=1"}),
        json!({"headers": [{"name": "a b", "value": "v"}], "accessKeyId": "a"}),
        &[
            "INVALID_VALUE /secrets/headers/0/name",
            "INVALID_VALUE /config/delimiter",
            "INVALID_VALUE /config/items",
            "INVALID_PATTERN /config/patterns/1",
            "REQUIRED /secrets/secretAccessKey",
            "INVALID_VALUE /config/endpointUrl",
            "INVALID_VALUE /config/delimiter",
            "INVALID_VALUE /config/region",
            "INVALID_VALUE /config/endpointUrl",
            "INVALID_VALUE /secrets/headers",
        ],
    );
    check(
        json!({"source": "https://a.example/b.csv", "format": "csv", "items": ".", "patterns": ["*.csv"]}),
        keys(),
        &[
            "INVALID_VALUE /config/items",
            "INVALID_VALUE /config/patterns",
            "INVALID_VALUE /secrets/accessKeyId",
        ],
    );
    let s3 = json!({"source": "s3://bucket/a.csv", "format": "csv", "region": "eu-west-1", "endpointUrl": "http://a"});
    check(s3.clone(), keys(), &[]);
    check(s3.clone(), json!({"sessionToken": "t"}), &["REQUIRED /secrets/accessKeyId"]);
    check(s3, json!({"secretAccessKey": "t"}), &["REQUIRED /secrets/accessKeyId"]);
    for delimiter in ["a", "\"", "\n", "", "é"] {
        check(
            json!({"source": "/shelf", "format": "csv", "delimiter": delimiter}),
            json!({}),
            &["INVALID_VALUE /config/delimiter"],
        );
    }
}

#[test]
fn the_defaults_are_those_of_the_format() {
    let ingestor = Files::new();
    for (config, kinds, blueprints) in [
        (json!({"format": "csv"}), 1, 1),
        (json!({"format": "json"}), 1, 1),
        (json!({"format": "ndjson"}), 1, 1),
        (json!({"format": "terraform"}), 3, 3),
        (json!({"format": "backstage"}), 9, 9),
        (json!({}), 14, 14),
        (json!({"format": 7}), 14, 14),
    ] {
        let defaults = ingestor.defaults(&config);
        let found = (defaults.mapping["resources"].as_array().unwrap().len(), defaults.blueprints.len());
        assert_eq!(found, (kinds, blueprints), "{config}");
    }
}
