//! Limits of a tenant: requests a minute and bytes of a body.

use std::time::Duration;

use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::page::{join, machine, operator};
use crate::support::Server;

async fn limit(server: &Server, limits: Value) {
    let answer = operator(server, "PATCH", "/api/operator/tenants/acme", json!({"limits": limits})).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn requests_are_counted_by_tenant() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        let answer = machine(&server, &server.viewer, "GET", "/v1/blueprints", Value::Null).await;
        let told = |name: &str| answer.number(&format!("x-ratelimit-{name}"));
        assert_eq!((told("limit"), told("period")), (600_000, 60), "the default is generous");
        limit(&server, json!({"requestsPerMinute": 6})).await;
        let mut page = join(&server, "eve@acme.example", "MEMBER").await;
        let answer = page.get("/v1/blueprints").await;
        let mut remaining = answer.number("x-ratelimit-remaining");
        assert!(answer.number("x-ratelimit-limit") == 6 && remaining < 6, "{:?}", answer.headers);
        // Tokens and sessions of all kinds draw from one bucket, whatever the address.
        for (path, body) in [
            ("/graphql", json!({"query": "{ modelRevision }"})),
            ("/api/graphql", json!({"query": "{ me { role } }"})),
            ("/v1/entities/search", json!({"combinator": "and", "rules": []})),
        ] {
            let answer = machine(&server, &server.viewer, "POST", path, body).await;
            remaining -= 1;
            assert_eq!((answer.status, answer.number("x-ratelimit-remaining")), (200, remaining), "{path}");
        }
        while remaining > 0 {
            page.get("/v1/blueprints").await;
            remaining -= 1;
        }
        let answer = page.get("/v1/blueprints").await;
        assert_eq!((answer.status, answer.code()), (429, "RATE_LIMITED"), "{}", answer.body);
        assert_eq!((answer.number("retry-after"), answer.number("x-ratelimit-remaining")), (10, 0));
        assert!((51..=60).contains(&answer.number("x-ratelimit-reset")), "seconds, not a time of day");
        assert_eq!(server.send("GET", "/v1/blueprints", &server.stranger, Vec::new()).await.0, 200);
        assert_eq!(page.get("/api/session").await.status, 200, "signing in and out belongs to no tenant");
        server.pass(Duration::from_secs(10));
        assert_eq!(page.get("/v1/blueprints").await.status, 200);
        assert_eq!(page.get("/v1/blueprints").await.status, 429);
        limit(&server, json!({"requestsPerMinute": null})).await;
        assert_eq!(page.get("/v1/blueprints").await.number("x-ratelimit-limit"), 600_000);
    })
    .await;
}

#[tokio::test]
async fn bodies_are_as_large_as_the_operator_says() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        let body =
            |bytes: usize| json!({"query": "{ modelRevision }", "extensions": {"pad": "x".repeat(bytes)}});
        let send = |bytes: usize| machine(&server, &server.viewer, "POST", "/graphql", body(bytes));
        assert_eq!((send(1_000_000).await.status, send(1_100_000).await.code()), (200, "BODY_TOO_LARGE"));
        limit(&server, json!({"bodyBytes": 2_000})).await;
        assert_eq!((send(1_000).await.status, send(2_000).await.code()), (200, "BODY_TOO_LARGE"));
        limit(&server, json!({"bodyBytes": 4_000_000})).await;
        assert_eq!((send(3_000_000).await.status, send(4_000_000).await.status), (200, 413));
        // Sets of documents have a bound of their own.
        limit(&server, json!({"bodyBytes": 2_000})).await;
        let documents = json!({"entities": [], "pad": "x".repeat(2_000_000)});
        assert_eq!(machine(&server, &server.member, "POST", "/api/apply", documents).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn queries_return_as_many_rows_as_the_operator_says() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let catalog = json!({"query": "{ services(first: 100) { nodes { id } } }"});
        let platform = json!({"query": "{ entities(blueprint: \"service\", first: 100) { nodes { id } } }"});
        for (cost, refused) in [(json!(50), true), (json!(100), false), (Value::Null, false)] {
            limit(&server, json!({"queryCost": cost})).await;
            for (path, query) in [("/graphql", &catalog), ("/api/graphql", &platform)] {
                let answer = machine(&server, &server.viewer, "POST", path, query.clone()).await;
                let code = answer.body["errors"][0]["extensions"]["code"].as_str();
                assert_eq!(code, refused.then_some("QUERY_TOO_COSTLY"), "{cost} {path}: {}", answer.body);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_tenant_has_as_many_entities_as_the_operator_says() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store.clone()).await;
        let create = async |name: &str| {
            let path = "/v1/blueprints/service/entities?create_missing_related_entities=true";
            let entity = json!({"identifier": name, "relations": {"system": format!("of-{name}")}});
            machine(&server, &server.member, "POST", path, entity).await
        };
        let count =
            async || store.read(server.made.tenant.id).await.unwrap().head().await.unwrap().entity_count;
        assert_eq!(create("a").await.status, 201);
        assert_eq!(count().await, 2, "what a relation makes is counted");
        limit(&server, json!({"entities": 3})).await;
        let answer = create("b").await;
        assert_eq!((answer.status, answer.code()), (422, "ENTITY_LIMIT_REACHED"), "{}", answer.body);
        assert_eq!(count().await, 2, "nothing of it was made");
        server.put("system", json!({"identifier": "third"})).await;
        let change = json!({"title": "A"});
        let path = "/v1/blueprints/service/entities/a";
        assert_eq!(machine(&server, &server.member, "PATCH", path, change).await.status, 200, "no new one");
        let remove =
            async |path: &str| machine(&server, &server.member, "DELETE", path, Value::Null).await.status;
        assert_eq!((remove(path).await, remove("/v1/blueprints/system/entities/third").await), (200, 200));
        assert_eq!(count().await, 1);
        assert_eq!(create("b").await.status, 201);
        limit(&server, json!({"entities": null})).await;
        assert_eq!((create("c").await.status, count().await), (201, 5));
        // Of many at once, no more are made than there is room for.
        limit(&server, json!({"entities": 8})).await;
        let names: Vec<String> = (0..6).map(|number| format!("d{number}")).collect();
        let all = names.iter().map(|name| {
            let entity = json!({"identifier": name});
            machine(&server, &server.member, "POST", "/v1/blueprints/system/entities", entity)
        });
        let made = futures::future::join_all(all).await;
        let made = made.iter().filter(|answer| answer.status == 201).count();
        assert_eq!((made, count().await), (3, 8));
    })
    .await;
}
