//! Every route × who asks (api.md 6). A route that is added without a line here fails.

use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::support::Server;

/// Method, path, body, and the statuses for anonymous, another tenant's admin, viewer, member, admin.
fn table() -> Vec<(&'static str, &'static str, Value, [u16; 5])> {
    let blueprint =
        json!({"identifier": "extra", "title": "Extra", "schema": {"properties": {}, "required": []}});
    let entity = json!({"identifier": "s2"});
    vec![
        ("GET", "/v1/organization", Value::Null, [401, 200, 200, 200, 200]),
        ("GET", "/v1/blueprints", Value::Null, [401, 200, 200, 200, 200]),
        ("GET", "/v1/blueprints/service", Value::Null, [401, 404, 200, 200, 200]),
        ("POST", "/v1/blueprints", blueprint, [401, 201, 403, 403, 201]),
        ("PATCH", "/v1/blueprints/service", json!({"title": "S"}), [401, 404, 403, 403, 200]),
        (
            "PUT",
            "/v1/blueprints/nope",
            json!({"title": "S", "schema": {"properties": {}}}),
            [401, 404, 403, 403, 404],
        ),
        (
            "PATCH",
            "/v1/blueprints/service/properties/live/rename",
            json!({"newPropertyIdentifier": "alive"}),
            [401, 404, 403, 403, 200],
        ),
        (
            "PATCH",
            "/v1/blueprints/service/relations/system/rename",
            json!({"newRelationIdentifier": "part"}),
            [401, 404, 403, 403, 200],
        ),
        ("GET", "/v1/blueprints/service/entities", Value::Null, [401, 404, 200, 200, 200]),
        ("GET", "/v1/blueprints/service/entities-count", Value::Null, [401, 404, 200, 200, 200]),
        ("GET", "/v1/blueprints/service/entities/s1", Value::Null, [401, 404, 200, 200, 200]),
        ("POST", "/v1/blueprints/service/entities?upsert=true", entity.clone(), [401, 404, 403, 201, 200]),
        ("PUT", "/v1/blueprints/service/entities/s2", json!({}), [401, 404, 403, 200, 200]),
        ("PATCH", "/v1/blueprints/service/entities/s2", json!({"title": "T"}), [401, 404, 403, 200, 200]),
        (
            "POST",
            "/v1/blueprints/service/entities/bulk",
            json!({"entities": [{"identifier": "s3"}]}),
            [401, 207, 403, 200, 207],
        ),
        (
            "POST",
            "/v1/blueprints/service/bulk/entities/delete",
            json!({"entities": ["s9"]}),
            [401, 404, 403, 404, 404],
        ),
        ("POST", "/v1/blueprints/service/entities/search", json!({}), [401, 404, 200, 200, 200]),
        ("GET", "/v1/blueprints/service/entities/search", Value::Null, [401, 404, 404, 404, 404]),
        ("PUT", "/v1/blueprints/service/entities/search", json!({}), [401, 404, 403, 200, 200]),
        ("PATCH", "/v1/blueprints/service/entities/search", json!({}), [401, 404, 403, 200, 200]),
        ("DELETE", "/v1/blueprints/service/entities/search", Value::Null, [401, 404, 403, 200, 404]),
        ("GET", "/v1/blueprints/service/entities/bulk", Value::Null, [401, 404, 404, 404, 404]),
        ("PUT", "/v1/blueprints/service/entities/bulk", json!({}), [401, 404, 403, 200, 200]),
        ("PATCH", "/v1/blueprints/service/entities/bulk", json!({}), [401, 404, 403, 200, 200]),
        ("DELETE", "/v1/blueprints/service/entities/bulk", Value::Null, [401, 404, 403, 200, 404]),
        ("POST", "/v1/blueprints/service/entities/search/count", json!({}), [401, 404, 200, 200, 200]),
        (
            "PATCH",
            "/v1/blueprints/service/mirror/m/rename",
            json!({"newMirrorName": "n"}),
            [401, 404, 403, 403, 404],
        ),
        ("POST", "/v1/entities/search", json!({"combinator": "and", "rules": []}), [401, 200, 200, 200, 200]),
        (
            "POST",
            "/v1/entities/aggregate",
            json!({"func": "count", "query": {"combinator": "and", "rules": []}}),
            [401, 200, 200, 200, 200],
        ),
        (
            "POST",
            "/v1/blueprints/entities/datasource-entities",
            json!({"datasource_prefix": "x"}),
            [401, 200, 200, 200, 200],
        ),
        ("GET", "/v1/integration", Value::Null, [401, 200, 403, 403, 200]),
        (
            "POST",
            "/v1/integration",
            json!({"installationId": "i", "installationAppType": "t"}),
            [401, 201, 403, 403, 201],
        ),
        ("GET", "/v1/integration/provision-enabled", Value::Null, [401, 200, 200, 200, 200]),
        ("GET", "/v1/integration/i", Value::Null, [401, 200, 403, 403, 200]),
        ("PATCH", "/v1/integration/i", json!({"version": "2"}), [401, 200, 403, 403, 200]),
        (
            "PATCH",
            "/v1/integration/i/config",
            json!({"config": {"resources": []}}),
            [401, 200, 403, 403, 200],
        ),
        ("PATCH", "/v1/integration/i/resync-state", json!({"status": "running"}), [401, 200, 403, 403, 200]),
        ("GET", "/v1/integration/i/resync-request", Value::Null, [401, 200, 403, 403, 200]),
        ("GET", "/v1/integration/i/kinds", Value::Null, [401, 200, 403, 403, 200]),
        ("POST", "/v1/integration/i/kinds/k/examples", json!({"examples": []}), [401, 200, 403, 403, 200]),
        ("POST", "/v1/integration/i/cursor?kind=k", json!({"primary": "p"}), [401, 200, 403, 403, 200]),
        ("PUT", "/v1/integration/i/cursor?kind=k", json!({"primary": "p"}), [401, 200, 403, 403, 200]),
        ("GET", "/v1/integration/i/cursor?kind=k", Value::Null, [401, 200, 403, 403, 200]),
        ("POST", "/v1/integration/i/logs", json!({"logs": []}), [401, 200, 403, 403, 200]),
        ("POST", "/v1/integration/i/metrics/syncMetrics", json!({}), [401, 200, 403, 403, 200]),
        (
            "PUT",
            "/v1/integration/i/metrics/syncMetrics/resync/e/kind/k",
            json!({}),
            [401, 200, 403, 403, 200],
        ),
        ("POST", "/v1/integration/i/metrics/heartbeat", json!({}), [401, 200, 403, 403, 200]),
        ("POST", "/api/runs", json!({"integration": "i"}), [401, 201, 403, 201, 200]),
        ("POST", "/api/runs", json!({"integration": "another"}), [401, 404, 403, 404, 404]),
        ("GET", "/api/runs/1", Value::Null, [401, 404, 404, 404, 404]),
        ("POST", "/api/runs/1/items", json!({}), [401, 404, 403, 404, 404]),
        ("POST", "/api/runs/1/close", json!({"kinds": {}}), [401, 404, 403, 404, 404]),
        // Who asks is not looked at, only the key.
        ("POST", "/api/hooks/x", json!({}), [404; 5]),
        // A run of it is open.
        ("DELETE", "/v1/integration/i", Value::Null, [401, 409, 403, 403, 409]),
        ("DELETE", "/v1/blueprints/service/entities/s2", Value::Null, [401, 404, 403, 200, 404]),
        ("GET", "/v1/migrations/1", Value::Null, [401, 404, 403, 403, 404]),
        ("DELETE", "/v1/blueprints/extra/all-entities", Value::Null, [401, 200, 403, 403, 200]),
        ("DELETE", "/v1/blueprints/extra", Value::Null, [401, 200, 403, 403, 200]),
        ("POST", "/graphql", json!({"query": "{ modelRevision }"}), [401, 200, 200, 200, 200]),
        ("GET", "/graphql/schema.graphql", Value::Null, [401, 200, 200, 200, 200]),
        (
            "POST",
            "/v1/auth/access_token",
            json!({"clientId": "x", "clientSecret": "y"}),
            [401, 401, 401, 401, 401],
        ),
        ("POST", "/api/graphql", json!({"query": "{ model { revision } }"}), [401, 200, 200, 200, 200]),
        ("GET", "/api/changes", Value::Null, [401, 200, 200, 200, 200]),
        // Who asks is told in the socket.
        ("GET", "/graphql/ws", Value::Null, [422; 5]),
        ("GET", "/api/graphql/ws", Value::Null, [422; 5]),
        ("GET", "/.well-known/jwks.json", Value::Null, [200, 200, 200, 200, 200]),
        ("GET", "/healthz", Value::Null, [200, 200, 200, 200, 200]),
        ("GET", "/readyz", Value::Null, [200, 200, 200, 200, 200]),
        ("GET", "/api/openapi.json", Value::Null, [200, 200, 200, 200, 200]),
        ("GET", "/api/docs", Value::Null, [200, 200, 200, 200, 200]),
        (
            "POST",
            "/api/apply",
            json!({"entities": [{"blueprint": "service", "identifier": "s4"}]}),
            [401, 404, 403, 200, 200],
        ),
        // A token is no session, and no operator's token.
        ("GET", "/api/session", Value::Null, [401; 5]),
        ("POST", "/api/session", json!({"email": "x@acme.example", "password": "x"}), [401; 5]),
        (
            "POST",
            "/api/session/password",
            json!({"currentPassword": "a wrong one", "newPassword": "a new secret"}),
            [401; 5],
        ),
        ("DELETE", "/api/session", Value::Null, [200; 5]),
        ("POST", "/api/sign-up", json!({}), [422; 5]),
        ("GET", "/api/invitations/x", Value::Null, [404; 5]),
        ("POST", "/api/invitations/accept", json!({"token": "x", "password": "a new secret"}), [404; 5]),
        ("GET", "/api/password-reset/x", Value::Null, [404; 5]),
        ("POST", "/api/password-reset", json!({"token": "x", "password": "a new secret"}), [404; 5]),
        ("GET", "/api/operator/tenants", Value::Null, [401; 5]),
        ("POST", "/api/operator/tenants", json!({"slug": "x", "adminEmail": "x@x.example"}), [401; 5]),
        ("PATCH", "/api/operator/tenants/acme", json!({"status": "SUSPENDED"}), [401; 5]),
        ("DELETE", "/api/operator/tenants/acme", Value::Null, [401; 5]),
        (
            "POST",
            "/api/entities/stream",
            json!({"blueprint": "service", "identifier": "s5"}),
            [401, 200, 403, 200, 200],
        ),
        ("GET", "/api/blueprints/service/entities.csv", Value::Null, [401, 404, 200, 200, 200]),
        ("GET", "/api/blueprints/service/entities.ndjson", Value::Null, [401, 404, 200, 200, 200]),
        ("GET", "/api/export", Value::Null, [401, 200, 403, 403, 200]),
    ]
}

#[tokio::test]
async fn every_route_knows_who_may() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        server.put("service", json!({"identifier": "s1"})).await;
        for (method, path, body, expected) in table() {
            let who = ["", &server.stranger, &server.viewer, &server.member, &server.admin];
            let mut found = Vec::new();
            for token in who {
                let (status, answer) = if body.is_null() {
                    server.send(method, path, token, Vec::new()).await
                } else {
                    server.json(method, path, token, &body).await
                };
                found.push(status);
                if status >= 400 {
                    assert_eq!(answer["ok"], false, "{method} {path}: {answer}");
                    assert!(answer["error"].is_string() && answer["details"].is_object(), "{answer}");
                }
            }
            assert_eq!(found, expected, "{method} {path}");
        }
    })
    .await;
}

/// Methods and paths of the real routes, as the router itself tells them.
pub fn real_routes() -> Vec<(String, String)> {
    let shown = format!("{:?}", portolan_api::routes());
    let shown = shown.split("fallback_router").next().unwrap();
    let number = |text: &str| text.split(')').next().unwrap_or_default().to_owned();
    let mut methods = std::collections::HashMap::new();
    let mut found = Vec::new();
    for part in shown.split("RouteId(").skip(1) {
        if let Some((_, rest)) = part.split_once("allow_header: Bytes(b\"") {
            methods.insert(number(part), rest.split('"').next().unwrap().to_owned());
        } else if let Some(path) = part.split('"').nth(1) {
            let allowed =
                methods.get(&number(part)).unwrap_or_else(|| panic!("no methods for {path}: {shown}"));
            let allowed = allowed.split(',').filter(|method| *method != "HEAD");
            found.extend(allowed.map(|method| (method.to_owned(), path.to_owned())));
        }
    }
    assert!(found.len() > 25, "the router's text has changed: {shown}");
    found
}

/// Whether a path is one of a route's.
pub fn fits(route: &str, path: &str) -> bool {
    let (route, path) = (route.split('/'), path.split('?').next().unwrap().split('/'));
    route.clone().count() == path.clone().count()
        && route.zip(path).all(|(part, segment)| part.starts_with('{') || part == segment)
}

#[test]
fn every_route_has_a_line() {
    let table = table();
    for (method, route) in real_routes() {
        // A path of the table belongs to the most exact route: static segments win.
        let line = table.iter().any(|(known, path, ..)| *known == method && fits(&route, path));
        assert!(line, "{method} {route} has no line in the table of rights");
    }
    let real = real_routes();
    for (method, path, ..) in &table {
        let route = real.iter().any(|(known, route)| known == method && fits(route, path));
        assert!(route, "{method} {path} is no route any more");
    }
}
