//! Lists that have no end, lead elsewhere, or go on where a run was interrupted.

use portolan_ingestor_contract::conformance::{Answer, Bench, Deed, Recorder, Seen};
use portolan_ingestor_contract::{KindRequest, Settings};
use portolan_schema::Code;
use serde_json::{Value, json};

use crate::peer;

/// Reads the kind `item` of an API that answers each list with a body and headers.
async fn failing(paging: Value, body: Value, link: &'static str) -> (String, usize) {
    let says = move |seen: &Seen| match seen.target.starts_with("/items") {
        true => Deed::Say(Answer::new(200, "application/json", body.to_string()).with("link", link)),
        false => Deed::Pass,
    };
    let bench = Bench::with(peer::link().await, says).await;
    let good = bench.settings();
    let mut config = good.config.clone();
    config["paging"] = paging;
    let settings = Settings::new(config, good.secrets.expose());
    let run = bench.collect_with(&settings, &["item"], &bench.context(), &Recorder::default()).await;
    let error = &run.record.failed["item"];
    assert_eq!(error.code, Code::UpstreamFailed, "{error}");
    (error.message.clone(), bench.lists("item"))
}

#[tokio::test]
async fn what_has_no_end_or_makes_no_sense_is_not_done() {
    let data = json!([{"id": 1}]);
    let link = json!({"style": "link"});
    let cursor = json!({"style": "cursor", "cursor": ".next", "parameter": "after"});
    let address = json!({"style": "cursor", "cursor": ".next"});
    let offset = json!({"style": "offset", "total": ".total"});
    let more = json!({"style": "page", "more": ".more"});
    for (paging, body, header, expected, asked) in [
        (&link, json!({"data": data}), "</items/a>; rel=next", "same page came twice", 2),
        (&link, json!({"data": []}), "</items/a>; rel=next", "no end of the list", 2),
        (&link, json!({"data": data}), "<http://127.0.0.1:1/items>; rel=next", "another origin", 1),
        (&link, json!({"data": data}), "<https://[>; rel=next", "makes no sense", 1),
        (&cursor, json!({"data": [], "next": "again"}), "", "no end of the list", 2),
        (&cursor, json!({"data": data, "next": {"a": 1}}), "", "no text and no number", 1),
        (&address, json!({"data": data, "next": "http://127.0.0.1:1/"}), "", "another origin", 1),
        (&json!({"style": "page"}), json!({"data": data}), "", "same page came twice", 2),
        (&offset, json!({"data": data}), "", "how many items", 1),
        (&offset, json!({"data": [], "total": 7}), "", "the page is empty", 1),
        (&more, json!({"data": data, "more": "yes"}), "", "whether more pages follow", 1),
        (&link, json!({"data": [1]}), "", "no object", 1),
        (&link, json!({"data": {"id": 1}}), "", "no list where", 1),
    ] {
        let (message, lists) = failing(paging.clone(), body.clone(), header).await;
        assert!(message.contains(expected), "{body} {header}: {message}");
        assert_eq!(lists, asked, "{body} {header}");
    }
}

#[tokio::test]
async fn a_run_goes_on_at_its_checkpoint() {
    for (style, query) in [
        ("link", "of=tests&size=10&page=3"),
        ("cursor", "of=tests&after=c+%3D20"),
        ("page", "of=tests&page=3"),
        ("offset", "of=tests&offset=20"),
    ] {
        let bench = Bench::new(peer::link().await).await;
        let address = bench.proxy.address.clone();
        let good = bench.settings();
        let mut config = good.config.clone();
        config["url"] = format!("{address}/items/{style}?of=tests").into();
        config["paging"] = peer::paging(style);
        let settings = Settings::new(config, good.secrets.expose());
        for (checkpoint, left) in [
            (format!("{address}/items/{style}?{query}"), 13),
            (format!("http://127.0.0.1:1/items/{style}?{query}"), peer::ITEMS),
        ] {
            let mut request = KindRequest::new("item");
            request.checkpoint = Some(json!({"next": checkpoint}));
            let sink = Recorder::default();
            bench.ingestor().collect(&settings, &[request], &bench.context(), &sink).await.unwrap();
            assert_eq!(sink.record().items["item"].len(), left, "{checkpoint}");
        }
    }
}

#[tokio::test]
async fn every_resource_is_a_kind() {
    let bench = Bench::new(peer::link().await).await;
    let resources = json!([
        {"kind": "by-page", "path": "/items/page?of=tests", "items": ".data", "paging": peer::paging("page")},
        {"kind": "elsewhere", "path": "../nowhere", "items": ".data"},
    ]);
    let config =
        json!({"url": format!("{}/items/link?of=tests", bench.proxy.address), "resources": resources});
    let settings = Settings::new(config, bench.settings().secrets.expose());
    let kinds = ["by-page", "elsewhere"];
    let run = bench.collect_with(&settings, &kinds, &bench.context(), &Recorder::default()).await;
    assert!(run.result.is_ok(), "{:?}", run.result);
    assert_eq!(run.record.items["by-page"].len(), peer::ITEMS);
    let failed = &run.record.failed["elsewhere"];
    assert!(failed.message.starts_with("GET 127.0.0.1/nowhere answered 404"), "{failed}");
    bench.ingestor().check(&settings, &bench.context()).await.unwrap();
}

#[tokio::test]
async fn without_a_word_of_more_the_first_empty_page_ends_the_list() {
    for style in ["page", "offset"] {
        let bench = Bench::new(peer::link().await).await;
        let config = json!({
            "url": format!("{}/items/{style}?of=tests", bench.proxy.address), "items": ".data", "paging": {"style": style},
        });
        let settings = Settings::new(config, bench.settings().secrets.expose());
        let run = bench.collect_with(&settings, &["item"], &bench.context(), &Recorder::default()).await;
        assert_eq!(run.well().items["item"].len(), peer::ITEMS, "{style}");
        assert_eq!(bench.lists("item"), 5, "{style}: four pages with items and an empty one");
    }
}
