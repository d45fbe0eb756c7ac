//! Hostile and broken requests: a clear error, an intact database, a server that goes on.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::support::Server;

#[tokio::test]
async fn broken_bodies_are_refused() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
        let cases: Vec<(Vec<u8>, u16, &str)> = vec![
            (b"{".to_vec(), 400, "MALFORMED_JSON"),
            (b"{\"identifier\": NaN}".to_vec(), 400, "MALFORMED_JSON"),
            (b"{\"identifier\": \"\xff\"}".to_vec(), 400, "MALFORMED_JSON"),
            (deep.into_bytes(), 400, "MALFORMED_JSON"),
            (vec![b' '; 2 << 20], 413, "BODY_TOO_LARGE"),
            (b"[]".to_vec(), 422, "WRONG_TYPE"),
            (b"{\"identifier\": 1}".to_vec(), 422, "WRONG_TYPE"),
            (b"{\"identifier\": \"a\", \"nope\": 1}".to_vec(), 422, "UNKNOWN_FIELD"),
            (b"{\"identifier\": \"a\\u0000\"}".to_vec(), 422, "INVALID_IDENTIFIER"),
            (b"{\"identifier\": \"a'; DROP TABLE entities; --\"}".to_vec(), 422, "INVALID_IDENTIFIER"),
            (
                b"{\"identifier\": \"a\", \"properties\": {\"extra\": {\"k\": \"\\u0000\"}}}".to_vec(),
                422,
                "NUL_CHARACTER",
            ),
        ];
        for (body, status, code) in cases {
            let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
            let path = "/v1/blueprints/service/entities";
            let (found, answer) = server.send("POST", path, &server.member, body).await;
            assert_eq!((found, &answer["details"]["code"]), (status, &json!(code)), "{shown}: {answer}");
        }
        assert_eq!(server.get("/v1/blueprints/service/entities-count").await.1["count"], 0);
        let text = "' OR 1=1; DROP TABLE entities; --";
        server.put("service", json!({"identifier": "a", "title": text})).await;
        assert_eq!(server.get("/v1/blueprints/service/entities/a").await.1["entity"]["title"], text);
    })
    .await;
}

#[tokio::test]
async fn forged_tokens_are_refused_with_one_answer() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        let parts: Vec<&str> = server.admin.split('.').collect();
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[0]).unwrap()).unwrap();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
        let with = |base: &Value, key: &str, value: Value| {
            let mut changed = base.clone();
            changed[key] = value;
            changed
        };
        let forged = [
            String::new(),
            "nonsense".to_owned(),
            format!("{}.{}.", encode(&with(&header, "alg", json!("none"))), parts[1]),
            format!("{}.{}.{}", encode(&with(&header, "alg", json!("HS256"))), parts[1], parts[2]),
            format!("{}.{}.{}", encode(&with(&header, "kid", json!("other"))), parts[1], parts[2]),
            format!("{}.{}.{}", parts[0], encode(&with(&claims, "sub", json!("other"))), parts[2]),
            format!("{}.{}.{}", parts[0], encode(&with(&claims, "exp", json!(9_999_999_999_i64))), parts[2]),
            format!("{}.{}.{}", parts[0], parts[1], &parts[2][1..]),
        ];
        let mut answers = Vec::new();
        for token in forged {
            let (status, answer) = server.send("GET", "/v1/blueprints", &token, Vec::new()).await;
            assert_eq!(status, 401, "{token}");
            answers.push(answer);
        }
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    })
    .await;
}

#[tokio::test]
async fn blueprints_are_refused_with_every_problem() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let cases = [
            (json!({"identifier": "x"}), vec!["REQUIRED /title", "REQUIRED /schema"]),
            (json!({"identifier": "service", "title": "S", "schema": {"properties": {}}}), vec!["ALREADY_EXISTS /identifier"]),
            (
                json!({"identifier": "x", "title": "X", "schema": {"properties": {"a": {"type": "text"}}}, "relations": {"r": {"target": "nope"}}, "more": 1}),
                vec!["UNKNOWN_FIELD /more", "UNKNOWN_PROPERTY_TYPE /schema/properties/a/type"],
            ),
            (
                json!({"identifier": "x", "title": "X", "schema": {"properties": {}}, "relations": {"r": {"target": "nope"}}}),
                vec!["TARGET_BLUEPRINT_NOT_FOUND /relations/r/target"],
            ),
            (
                json!({"identifier": "x", "title": "X", "schema": {"properties": {"a": {"type": "string", "pattern": "("}}}}),
                vec!["INVALID_PATTERN /schema/properties/a/pattern"],
            ),
        ];
        for (blueprint, expected) in cases {
            let (_, answer) = server.post("/v1/blueprints", &server.admin, &blueprint).await;
            let errors = answer["details"]["errors"].as_array().unwrap();
            let text = |error: &Value, key: &str| error[key].as_str().unwrap().to_owned();
            let found: Vec<_> =
                errors.iter().map(|error| format!("{} {}", text(error, "code"), text(error, "path"))).collect();
            assert_eq!(found, expected, "{blueprint}");
        }
        assert_eq!(server.get("/v1/blueprints").await.1["blueprints"].as_array().unwrap().len(), 3);
    })
    .await;
}
