//! Settings that cannot work are told with the place of each mistake.

use std::sync::Arc;

use portolan_ingestor_contract::conformance::Refusing;
use portolan_ingestor_contract::{Context, Ingestor, Settings};
use portolan_ingestor_http::HttpPull;
use serde_json::{Value, json};

#[track_caller]
fn check(config: Value, headers: Value, expected: &[&str]) {
    let settings = Settings::new(config, json!({"headers": headers}));
    let found = HttpPull::new().validate(&settings, &Context::new(Arc::new(Refusing)));
    let found = found.err().unwrap_or_default();
    let found: Vec<String> = found.0.iter().map(|p| format!("{} {}", p.code, p.path)).collect();
    assert_eq!(found, expected);
}

#[test]
fn every_mistake_has_its_place() {
    let url = "https://api.example.com/v2/items";
    check(json!({"url": url}), json!([]), &[]);
    check(json!({}), json!([]), &["REQUIRED /config/url"]);
    for bad in ["ftp://a/", "https://u:p@a/", "https://a/#b"] {
        check(json!({"url": bad}), json!([]), &["INVALID_VALUE /config/url"]);
    }
    check(
        json!({"url": url, "items": ".data[] | select(.x)", "check": "https://other.example.com/me"}),
        json!([]),
        &["INVALID_VALUE /config/items", "INVALID_VALUE /config/check"],
    );
    check(
        json!({"url": url, "paging": {"style": "cursor", "total": ".n", "more": "now", "size": 5}}),
        json!([]),
        &[
            "INVALID_VALUE /config/paging/more",
            "REQUIRED /config/paging/cursor",
            "REQUIRED /config/paging/sizeParameter",
            "INVALID_VALUE /config/paging/total",
        ],
    );
    check(
        json!({"url": url, "resources": [
            {"kind": "item", "path": "/a"}, {"kind": "team", "path": "//other.example.com/b"},
            {"kind": "team", "path": "/c", "items": "c"}, {"kind": "user", "path": "users"},
        ]}),
        json!([]),
        &[
            "INVALID_VALUE /config/resources/0/kind",
            "INVALID_VALUE /config/resources/1/path",
            "INVALID_VALUE /config/resources/2/kind",
            "INVALID_VALUE /config/resources/2/items",
        ],
    );
    check(
        json!({"url": url}),
        json!([
            {"name": "X-Key", "value": "a"}, {"name": "x-key", "value": "b"},
            {"name": "Host", "value": "c"}, {"name": "a b", "value": "d\ne"},
        ]),
        &[
            "INVALID_VALUE /secrets/headers/1/name",
            "INVALID_VALUE /secrets/headers/2/name",
            "INVALID_VALUE /secrets/headers/3/name",
            "INVALID_VALUE /secrets/headers/3/value",
        ],
    );
}
