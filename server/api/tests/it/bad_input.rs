//! Hostile and broken requests: a clear error, an intact database, a server that goes on.

use std::time::Duration;

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
        // A genuine one, a little before and after its end.
        server.freeze();
        let now = u64::try_from(chrono::Utc::now().timestamp()).unwrap();
        server.pass(Duration::from_secs(claims["exp"].as_u64().unwrap() - now - 5));
        assert_eq!(server.send("GET", "/v1/blueprints", &server.admin, Vec::new()).await.0, 200);
        server.pass(Duration::from_secs(6));
        let (status, answer) = server.send("GET", "/v1/blueprints", &server.admin, Vec::new()).await;
        assert_eq!(status, 401);
        answers.push(answer);
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
        assert_eq!(server.get("/v1/blueprints").await.1["blueprints"].as_array().unwrap().len(), 3 + 2, "and the system blueprints");
    })
    .await;
}

#[tokio::test]
async fn hostile_values_are_refused_at_every_door() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        server.put("service", json!({"identifier": "a", "title": "A"})).await;
        let long = "x".repeat(1_001);
        // By Port's wire: what is wrong, and where.
        for (body, code, path) in [
            (json!({"identifier": long}), "TOO_LONG", "/identifier"),
            (json!({"identifier": "b", "title": "a\0b"}), "NUL_CHARACTER", "/title"),
            (json!({"identifier": "b", "team": ["a\0b"]}), "NUL_CHARACTER", "/team"),
            (json!({"identifier": "b", "properties": {"languages": ["a\0b"]}}), "NUL_CHARACTER", "/properties/languages/0"),
            (json!({"identifier": "b", "properties": {"open_issues": "1"}}), "WRONG_TYPE", "/properties/open_issues"),
            (json!({"identifier": "b", "properties": {"tier' OR 1=1 --": 1}}), "UNKNOWN_PROPERTY", "/properties/tier' OR 1=1 --"),
            (json!({"identifier": "b", "relations": {"system": ["x", "y"]}}), "WRONG_TYPE", "/relations/system"),
            (json!({"identifier": "b", "relations": {"dependsOn": [long]}}), "TOO_LONG", "/relations/dependsOn/0"),
            (json!({"identifier": "b", "relations": {"nope": "x"}}), "UNKNOWN_PROPERTY", "/relations/nope"),
        ] {
            let (status, answer) = server.post("/v1/blueprints/service/entities", &server.member, &body).await;
            let details = &answer["details"];
            assert_eq!((status, &details["code"], &details["path"]), (422, &json!(code), &json!(path)), "{answer:.300}");
            let input = json!({"blueprint": "service"}).as_object().unwrap().clone().into_iter().chain(body.as_object().unwrap().clone()).collect::<Value>();
            let query = "mutation($input: EntityInput!) { upsertEntity(input: $input) { errors { code path } } }";
            let answer = server.platform_as(&server.member, query, json!({"input": input})).await;
            assert_eq!(answer["data"]["upsertEntity"]["errors"], json!([{"code": code, "path": format!("/input{path}")}]), "{answer:.300}");
        }
        // Questions with a NUL, by every door: a mistake on both engines, never a fault.
        let rules = json!({"combinator": "and", "rules": [{"property": "$title", "operator": "=", "value": "a\0"}]});
        for (path, body) in [
            ("/graphql", json!({"query": "{ service(identifier: \"a\\u0000\") { id } }"})),
            ("/graphql", json!({"query": "{ services(where: {title: {icontains: \"\\u0000\"}}) { totalCount } }"})),
            ("/graphql", json!({"query": "{ services(where: {title: {in: [\"\\u0000\"]}}) { totalCount } }"})),
            ("/api/graphql", json!({"query": "query($r: JSON) { entities(blueprint: \"service\", rules: $r) { totalCount } }", "variables": {"r": rules}})),
            ("/v1/entities/search", rules.clone()),
            ("/v1/blueprints/service/entities/search", json!({"query": rules})),
        ] {
            let (_, answer) = server.post(path, &server.viewer, &body).await;
            let code = if path.ends_with("graphql") { &answer["errors"][0]["extensions"]["code"] } else { &answer["details"]["code"] };
            assert_eq!(code, "NUL_CHARACTER", "{path} {body}: {answer}");
        }
        // A body that is too large is refused in the words of each door.
        for path in ["/graphql", "/api/graphql", "/v1/entities/search"] {
            let (status, answer) = server.send("POST", path, &server.admin, vec![b' '; 2 << 20]).await;
            assert_eq!((status, &answer["details"]["code"]), (413, &json!("BODY_TOO_LARGE")), "{path}");
            assert_eq!(answer["errors"][0]["extensions"]["code"] == "BODY_TOO_LARGE", path.ends_with("graphql"), "{answer}");
        }
        // Forged cursors.
        for cursor in ["{}", "{\"k\":[{\"t\":\"' OR 1=1 --\"}],\"e\":1}", "{\"k\":[{\"n\":9221120237041090560}],\"e\":1}", "{\"k\":[],\"e\":1}", "[]", "\u{0}"] {
            let query = "query($c: String) { services(after: $c, orderBy: [{field: OPEN_ISSUES}]) { nodes { id } } }";
            let answer = server.graphql_as(&server.viewer, query, json!({"c": URL_SAFE_NO_PAD.encode(cursor)})).await;
            let code = answer["errors"][0]["extensions"]["code"].as_str();
            assert!(code.is_none_or(|code| code == "INVALID_CURSOR"), "{cursor}: {answer}");
        }
        let (_, answer) = server.get("/v1/blueprints/service/entities").await;
        assert_eq!((answer["entities"].as_array().unwrap().len(), &answer["entities"][0]["title"]), (1, &json!("A")));
    })
    .await;
}

#[tokio::test]
async fn relations_may_go_in_circles() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let node = json!({"identifier": "node", "title": "Node", "schema": {"properties": {}},
            "relations": {"parent": {"target": "node", "required": true}, "next": {"target": "node", "many": true, "inverse": "previous"}}});
        assert_eq!(server.post("/v1/blueprints", &server.admin, &node).await.0, 201);
        // Its own parent, and two that point at each other, in one batch that knows nothing of an order.
        let entities = json!({"entities": [
            {"identifier": "a", "relations": {"parent": "a", "next": ["a", "b"]}},
            {"identifier": "b", "relations": {"parent": "c", "next": ["c"]}},
            {"identifier": "c", "relations": {"parent": "b", "next": ["b"]}}]});
        let (status, answer) = server.post("/v1/blueprints/node/entities/bulk?upsert=true", &server.member, &entities).await;
        assert_eq!(status, 200, "{answer}");
        let query = "{ node_2(identifier: \"b\") { parent { parent { parent { identifier } } } next { nodes { next { nodes { identifier previous { nodes { identifier } } } } } } } }";
        let (_, sdl) = server.get("/graphql/schema.graphql").await;
        let root = if sdl.as_str().unwrap().contains("node_2(") { "node_2" } else { "node" };
        let answer = server.graphql(&query.replace("node_2", root)).await;
        let found = &answer["data"][root];
        assert_eq!(found["parent"]["parent"]["parent"]["identifier"], "c", "{answer}");
        assert_eq!(found["next"]["nodes"][0]["next"]["nodes"][0]["previous"]["nodes"].as_array().unwrap().len(), 2, "{answer}");
        // Whoever is required by another cannot go alone; a circle goes as a whole.
        let (status, answer) = server.send("DELETE", "/v1/blueprints/node/entities/b", &server.member, Vec::new()).await;
        assert_eq!((status, &answer["details"]["code"]), (409, &json!("HAS_DEPENDENTS")), "{answer}");
        let (status, answer) = server.send("DELETE", "/v1/blueprints/node/entities/b?delete_dependents=true", &server.member, Vec::new()).await;
        assert_eq!(status, 200, "{answer}");
        let (_, answer) = server.get("/v1/blueprints/node/entities").await;
        assert_eq!(answer["entities"][0]["relations"], json!({"parent": "a", "next": ["a"]}), "{answer}");
        assert_eq!(answer["entities"].as_array().unwrap().len(), 1);
        let (status, answer) = server.send("DELETE", "/v1/blueprints/node/entities/a", &server.member, Vec::new()).await;
        assert_eq!(status, 200, "{answer}");
    })
    .await;
}
