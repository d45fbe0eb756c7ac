//! What exporters ask of `/v1` beside reading and writing entities (port-api.md 2.7, 2.8).

use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::Server;

/// An exporter's request: it is known by its `User-Agent`.
pub async fn ask(server: &Server, agent: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::HOST, "portolan.example:8080")
        .header(header::USER_AGENT, agent)
        .header(header::AUTHORIZATION, format!("Bearer {}", server.admin))
        .body(Body::from(if body.is_null() { String::new() } else { body.to_string() }))
        .unwrap();
    let response = server.router.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

fn names(answer: &Value) -> Vec<&str> {
    let entities = answer["entities"].as_array().unwrap_or_else(|| panic!("{answer}"));
    entities.iter().map(|entity| entity["identifier"].as_str().unwrap()).collect()
}

const SOURCES: &str = "/v1/blueprints/entities/datasource-entities";

#[tokio::test]
async fn a_client_finds_what_it_has_made() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let (main, other) = ("port-ocean/aws/1.2.3/main/exporter", "port-ocean/aws/1.2.3/other/exporter");
        let bulk = "/v1/blueprints/service/entities/bulk?upsert=true&merge=true";
        for (agent, names) in [
            (main, ["a", "b", "c"]),
            (other, ["c", "d", "e"]),
            ("PORT-OCEAN/aws/1/main/exporter", ["f", "g", "h"]),
        ] {
            let entities: Vec<Value> = names.iter().map(|name| json!({"identifier": name})).collect();
            let (status, answer) = ask(&server, agent, "POST", bulk, &json!({"entities": entities})).await;
            assert_eq!(status, 200, "{answer}");
        }
        // An entity stays with whoever made it, whoever writes it; another version of the client is the same client.
        let later = "port-ocean/aws/2.0.0/main/exporter";
        let path = "/v1/blueprints/service/entities?upsert=true&merge=true";
        ask(&server, later, "POST", path, &json!({"identifier": "i"})).await;
        ask(&server, other, "POST", path, &json!({"identifier": "a", "title": "A"})).await;
        let mine = json!({"datasource_prefix": "port-ocean/aws/", "datasource_suffix": "/main/exporter"});
        let (status, answer) = ask(&server, main, "POST", SOURCES, &mine).await;
        assert_eq!((status, &answer["ok"], names(&answer)), (200, &json!(true), vec!["a", "b", "c", "i"]));
        assert_eq!((&answer["entities"][0]["blueprint"], answer.get("next")), (&json!("service"), None));
        for (wanted, expected) in [
            (json!({"datasource_suffix": "/other/exporter"}), vec!["d", "e"]),
            (json!({"datasource_prefix": "port-ocean/aws/1.2.3/"}), vec!["a", "b", "c", "d", "e"]),
            (json!({"datasource_prefix": "port_ocean%"}), vec![]),
            (json!({"datasource_prefix": main, "datasource_suffix": format!("x{main}")}), vec![]),
        ] {
            assert_eq!(names(&ask(&server, main, "POST", SOURCES, &wanted).await.1), expected, "{wanted}");
        }
        // Page by page, and what was touched since a date is spared.
        let (mut from, mut seen) = (Value::Null, Vec::new());
        loop {
            let mut page = mine.clone();
            page["limit"] = json!(3);
            page["from"] = from;
            let (_, answer) = ask(&server, main, "POST", SOURCES, &page).await;
            seen.extend(names(&answer).into_iter().map(str::to_owned));
            from = answer["next"].clone();
            if from.is_null() {
                break;
            }
        }
        assert_eq!(seen, ["a", "b", "c", "i"]);
        let changed = server.get("/v1/blueprints/service/entities/i").await.1["entity"]["updatedAt"].clone();
        let mut before = mine.clone();
        before["before"] = changed;
        let (_, answer) = ask(&server, main, "POST", SOURCES, &before).await;
        assert!(!names(&answer).contains(&"i"), "{answer}");
        before["before"] = json!("2000-01-01T00:00:00.000Z");
        assert_eq!(names(&ask(&server, main, "POST", SOURCES, &before).await.1), Vec::<&str>::new());
        for (wanted, path) in [
            (json!({}), "/datasource_prefix"),
            (json!({"datasource_prefix": 1}), "/datasource_prefix"),
            (json!({"datasource_prefix": "a\u{0}"}), "/datasource_prefix"),
            (json!({"datasource_prefix": "a", "limit": 0}), "/limit"),
            (json!({"datasource_prefix": "a", "before": "soon"}), "/before"),
            (json!({"datasource_prefix": "a", "from": "x"}), "/from"),
        ] {
            let (status, answer) = ask(&server, main, "POST", SOURCES, &wanted).await;
            assert_eq!((status, &answer["details"]["path"]), (422, &json!(path)), "{wanted}: {answer}");
        }
        // A blueprint may have this name, too.
        let named = json!({"identifier": "entities", "title": "E", "schema": {"properties": {}}});
        assert_eq!(server.post("/v1/blueprints", &server.admin, &named).await.0, 201);
        let (status, answer) = server
            .post("/v1/blueprints/entities/entities", &server.member, &json!({"identifier": "x"}))
            .await;
        assert_eq!(status, 201, "{answer}");
        assert_eq!(server.get("/v1/blueprints/entities/entities/x").await.0, 200);
        let (_, answer) = server.post(SOURCES, &server.stranger, &mine).await;
        assert_eq!(names(&answer), Vec::<&str>::new());
    })
    .await;
}

#[tokio::test]
async fn everything_that_matches_is_aggregated() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let job = json!({"identifier": "job", "title": "Job", "schema": {"properties": {
            "open_issues": {"type": "number"}, "tier": {"type": "string"}, "live": {"type": "string"}}}});
        assert_eq!(server.post("/v1/blueprints", &server.admin, &job).await.0, 201);
        for (name, tier, issues) in [("a", "gold", 1), ("b", "silver", 2), ("c", "gold", 6)] {
            let since = format!("2020-01-0{issues}T00:00:00Z");
            server.put("service", json!({"identifier": name, "properties": {"tier": tier, "open_issues": issues, "since": since}})).await;
        }
        server.put("service", json!({"identifier": "d"})).await;
        server.put("job", json!({"identifier": "j", "properties": {"open_issues": 11, "tier": "gold", "live": "yes"}})).await;
        let rules = |rules: Value| json!({"combinator": "and", "rules": rules});
        let of = |blueprint: &str| rules(json!([{"property": "$blueprint", "operator": "=", "value": blueprint}]));
        let gold = rules(json!([{"property": "tier", "operator": "=", "value": "gold"}]));
        let all = rules(json!([{"property": "$blueprint", "operator": "in", "value": ["service", "job"]}]));
        for (body, expected) in [
            (json!({"func": "count", "query": all}), json!(5)),
            (json!({"func": "count", "query": gold}), json!(3)),
            (json!({"func": "count", "query": of("nothing")}), json!(0)),
            // Their creation is of today: one period has begun.
            (json!({"func": "average", "averageOf": "day", "query": of("service")}), json!(4)),
            (json!({"func": "average", "query": of("service")}), json!(4)),
            (json!({"func": "sum", "property": "open_issues", "query": all}), json!(20)),
            (json!({"func": "min", "property": "open_issues", "query": all}), json!(1)),
            (json!({"func": "max", "property": "open_issues", "query": gold}), json!(11)),
            (json!({"func": "average", "property": "open_issues", "query": all}), json!(5)),
            (json!({"func": "average", "property": "open_issues", "query": of("service")}), json!(3)),
            (json!({"func": "median", "property": "open_issues", "query": of("service")}), json!(2)),
            (json!({"func": "sum", "property": "open_issues", "calculationBy": "property", "query": rules(json!([{"property": "$identifier", "operator": "=", "value": "d"}]))}), json!(0)),
            (json!({"func": "max", "property": "open_issues", "query": rules(json!([{"property": "$identifier", "operator": "=", "value": "d"}]))}), json!(null)),
            (json!({"func": "countValues", "property": "tier", "query": all}),
                json!([{"value": "gold", "count": 3}, {"value": "silver", "count": 1}, {"value": null, "count": 1}])),
            (json!({"func": "countValues", "property": "$blueprint", "query": gold}),
                json!([{"value": "service", "count": 2}, {"value": "job", "count": 1}])),
        ] {
            let (status, answer) = server.post("/v1/entities/aggregate", &server.viewer, &body).await;
            let mut result = answer["result"].clone();
            if let Some(values) = result.as_array_mut() {
                values.sort_by_key(|value| (u64::MAX - value["count"].as_u64().unwrap(), value["value"].is_null()));
            }
            assert_eq!((status, &answer["ok"], &result), (200, &json!(true), &expected), "{body}: {answer}");
        }
        let body = json!({"func": "average", "averageOf": "month", "measureTimeBy": "since", "query": of("service")});
        let (_, answer) = server.post("/v1/entities/aggregate", &server.viewer, &body).await;
        let rate = answer["result"].as_f64().unwrap_or_else(|| panic!("{answer}"));
        assert!(rate > 0.0 && rate < 0.1, "{answer}");
        for (body, code, path) in [
            (json!([]), "WRONG_TYPE", ""),
            (json!({"func": "count"}), "REQUIRED", "/query"),
            (json!({"query": all}), "REQUIRED", "/func"),
            (json!({"func": "guess", "query": all}), "INVALID_VALUE", "/func"),
            (json!({"func": "sum", "calculationBy": "property", "query": all}), "REQUIRED", "/property"),
            (json!({"func": "sum", "property": "nope", "query": all}), "UNKNOWN_PROPERTY", "/property"),
            (json!({"func": "sum", "property": "live", "query": of("job")}), "INVALID_OPERATOR", ""),
            (json!({"func": "average", "averageOf": "year", "query": all}), "INVALID_VALUE", "/averageOf"),
            (json!({"func": "median", "property": "open_issues", "query": all}), "NOT_SUPPORTED", "/query"),
            (json!({"func": "countValues", "relation": "system", "query": all}), "NOT_SUPPORTED", "/relation"),
            (json!({"func": "count", "query": {"combinator": "xor", "rules": []}}), "REQUIRED", "/query/combinator"),
        ] {
            let (status, answer) = server.post("/v1/entities/aggregate", &server.viewer, &body).await;
            assert_eq!((status, &answer["details"]["code"]), (422, &json!(code)), "{body}: {answer}");
            let found = answer["details"]["path"].as_str().unwrap();
            assert!(path.is_empty() || found == path, "{body}: {answer}");
        }
    })
    .await;
}
