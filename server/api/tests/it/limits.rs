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
