//! Every route × who asks (api.md 6). A route that is added without a line here fails the count.

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
        ("POST", "/v1/entities/search", json!({"combinator": "and", "rules": []}), [401, 200, 200, 200, 200]),
        ("DELETE", "/v1/blueprints/service/entities/s2", Value::Null, [401, 404, 403, 200, 404]),
        ("DELETE", "/v1/blueprints/extra", Value::Null, [401, 200, 403, 403, 200]),
        ("POST", "/graphql", json!({"query": "{ modelRevision }"}), [401, 200, 200, 200, 200]),
        ("GET", "/graphql/schema.graphql", Value::Null, [401, 200, 200, 200, 200]),
        (
            "POST",
            "/api/apply",
            json!({"entities": [{"blueprint": "service", "identifier": "s4"}]}),
            [401, 404, 403, 200, 200],
        ),
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

#[tokio::test]
async fn mutations_need_the_right_role() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let query = r#"mutation { upsertService(input: {identifier: "a"}) { changed } }"#;
        for (token, code) in [
            (&server.viewer, Some("FORBIDDEN")),
            (&server.stranger, Some("INVALID_QUERY")),
            (&server.member, None),
        ] {
            let answer = server.graphql_as(token, query, json!({})).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"].as_str(), code, "{answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn every_field_of_the_platform_knows_who_may() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let blueprint = r#"{identifier: "p", title: "P", schema: {properties: {}}}"#;
        let cases = [
            ("{ model { revision } }".to_owned(), false),
            ("{ blueprints { identifier json graphql entityCount } }".to_owned(), false),
            ("{ blueprint(identifier: \"service\") { title revision } }".to_owned(), false),
            ("{ ingestors { name } }".to_owned(), false),
            ("{ credentials { clientId role revoked } }".to_owned(), true),
            ("{ integrations { identifier } }".to_owned(), true),
            (format!("mutation {{ createBlueprint(input: {blueprint}) {{ errors {{ code }} }} }}"), true),
            (format!("mutation {{ updateBlueprint(identifier: \"p\", input: {blueprint}) {{ errors {{ code }} }} }}"), true),
            ("mutation { renameBlueprint(identifier: \"p\", to: \"q\") { errors { code } } }".to_owned(), true),
            ("mutation { deleteBlueprint(identifier: \"q\") { errors { code } } }".to_owned(), true),
            ("mutation { createCredential(role: VIEWER, name: \"x\") { clientId errors { code } } }".to_owned(), true),
            ("mutation { rotateCredential(clientId: \"x\") { errors { code } } }".to_owned(), true),
            ("mutation { revokeCredential(clientId: \"x\") { errors { code } } }".to_owned(), true),
            ("mutation { createIntegration(input: {identifier: \"i\", ingestor: \"aws\"}) { errors { code } } }".to_owned(), true),
            ("mutation { deleteIntegration(identifier: \"i\") { errors { code } } }".to_owned(), true),
            ("mutation { startResync(integration: \"i\") { errors { code } } }".to_owned(), true),
            ("mutation { approveResync(run: \"1\") { errors { code } } }".to_owned(), true),
        ];
        for (query, admins_only) in &cases {
            let body = json!({"query": query});
            assert_eq!(server.post("/api/graphql", "", &body).await.0, 401, "{query}");
            for (token, is_admin) in [(&server.viewer, false), (&server.member, false), (&server.admin, true)] {
                let (_, answer) = server.post("/api/graphql", token, &body).await;
                let code = answer["errors"][0]["extensions"]["code"].as_str();
                let expected = (*admins_only && !is_admin).then_some("FORBIDDEN");
                assert_eq!(code, expected, "{query}: {answer}");
            }
        }
        // Every root field has a line above; a run is only found in its own tenant.
        let named: usize = cases.len() + 1;
        let query = "{ __schema { queryType { fields { name } } mutationType { fields { name } } } }";
        let (_, answer) = server.post("/api/graphql", &server.viewer, &json!({"query": query})).await;
        let count = |kind: &str| answer["data"]["__schema"][kind]["fields"].as_array().unwrap().len();
        assert_eq!(count("queryType") + count("mutationType"), named, "{answer}");
        let (_, answer) = server.post("/api/graphql", &server.stranger, &json!({"query": "{ resyncRun(id: \"1\") { status } }"})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_FOUND");
    })
    .await;
}

#[test]
fn the_committed_platform_schema_is_the_one_served() {
    let committed = include_str!("../../schema.graphql");
    let served = portolan_api::platform_graphql::sdl();
    assert!(committed == served, "server/api/schema.graphql is stale; it should be:\n{served}");
}
