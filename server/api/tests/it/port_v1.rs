//! What Port's clients send and expect (port-api.md 0, 2, 10).

use portolan_store::testing::on_each_engine;
use serde_json::json;

use crate::support::{Server, token};

#[tokio::test]
async fn a_token_is_what_clients_expect() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        let body = json!({"clientId": server.made.client_id, "clientSecret": server.made.client_secret});
        let (status, answer) = server.post("/v1/auth/access_token", "", &body).await;
        assert_eq!(status, 200);
        assert_eq!(
            (&answer["ok"], &answer["tokenType"], &answer["expiresIn"]),
            (&json!(true), &json!("Bearer"), &json!(10_800))
        );
        for body in [
            json!({"clientId": server.made.client_id, "clientSecret": "wrong"}),
            json!({"clientId": "nobody", "clientSecret": server.made.client_secret}),
        ] {
            let (status, answer) = server.post("/v1/auth/access_token", "", &body).await;
            assert_eq!((status, &answer["error"]), (401, &json!("unauthorized")), "{answer}");
        }
        let (status, answer) = server.post("/v1/auth/access_token", "", &json!({})).await;
        assert_eq!((status, answer["details"]["errors"].as_array().unwrap().len()), (422, 2), "{answer}");
    })
    .await;
}

#[tokio::test]
async fn an_entity_makes_the_round_trip() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        server.put("system", json!({"identifier": "commerce"})).await;
        let path = "/v1/blueprints/service/entities";
        let entity = json!({"identifier": "a/b:c", "title": "A", "team": "payments", "blueprint": "ignored",
            "properties": {"tier": "gold", "open_issues": 3, "live": null}, "relations": {"system": "commerce"}});
        let (status, answer) = server.post(path, &server.member, &entity).await;
        assert_eq!(status, 201, "{answer}");
        let made = &answer["entity"];
        assert_eq!((&made["team"], &made["blueprint"]), (&json!(["payments"]), &json!("service")));
        assert_eq!(made["properties"], json!({"tier": "gold", "open_issues": 3, "live": null}));
        assert_eq!(made["relations"], json!({"system": "commerce", "dependsOn": []}));
        assert!(made["createdAt"].as_str().unwrap().ends_with('Z'));
        assert_eq!(server.post(path, &server.member, &entity).await.0, 409);
        let one = format!("{path}/a%2Fb%3Ac");
        assert_eq!(server.get(&one).await.1["entity"], *made);
        // Merge keeps what is not sent; replace does not.
        let (_, merged) = server.json("PATCH", &one, &server.member, &json!({"properties": {"tier": "silver"}})).await;
        assert_eq!(merged["entity"]["properties"]["open_issues"], 3);
        let (_, replaced) = server.json("PUT", &one, &server.member, &json!({"properties": {"tier": "gold"}})).await;
        assert_eq!(replaced["entity"]["properties"], json!({"tier": "gold"}));
        assert_eq!(replaced["entity"]["title"], json!(null));
        // A dry run changes nothing, an unknown target is `not_found`.
        let dry = format!("{path}?upsert=true&validation_only=true&run_id=");
        assert_eq!(server.post(&dry, &server.member, &json!({"identifier": "dry"})).await.0, 201);
        assert_eq!(server.get("/v1/blueprints/service/entities/dry").await.0, 404);
        let (status, answer) =
            server.post(path, &server.member, &json!({"identifier": "x", "relations": {"system": "gone"}})).await;
        assert_eq!((status, &answer["error"]), (404, &json!("not_found")), "{answer}");
        let create = format!("{path}?create_missing_related_entities=true");
        let (status, _) =
            server.post(&create, &server.member, &json!({"identifier": "x", "relations": {"system": "gone"}})).await;
        assert_eq!(status, 201);
        assert_eq!(server.get("/v1/blueprints/system/entities/gone").await.0, 200);
        assert_eq!(server.get("/v1/blueprints/service/entities-count").await.1["count"], 2);
    })
    .await;
}

#[tokio::test]
async fn bulk_writes_report_each_item() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let path = "/v1/blueprints/service/entities/bulk?upsert=true";
        let items = json!({"entities": [{"identifier": "a"}, {"identifier": "b", "properties": {"open_issues": "x"}}, {"identifier": "c"}]});
        let (status, answer) = server.post(path, &server.member, &items).await;
        assert_eq!(status, 207, "{answer}");
        let created: Vec<_> = answer["entities"].as_array().unwrap().iter().map(|one| one["index"].clone()).collect();
        assert_eq!(created, [json!(0), json!(2)]);
        assert_eq!((&answer["errors"][0]["index"], &answer["errors"][0]["statusCode"]), (&json!(1), &json!(422)));
        let many: Vec<_> = (0..21).map(|number| json!({"identifier": format!("m{number}")})).collect();
        assert_eq!(server.post(path, &server.member, &json!({"entities": many})).await.0, 422);
        let (status, answer) = server
            .post("/v1/blueprints/service/bulk/entities/delete", &server.member, &json!({"entities": ["a", "c"]}))
            .await;
        assert_eq!((status, &answer["deletedEntities"]), (200, &json!(["a", "c"])));
    })
    .await;
}

#[tokio::test]
async fn a_revoked_credential_and_a_suspended_tenant_are_refused_at_once() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        let ctx = server.identity.authenticate(&server.admin, "test", None).await.unwrap();
        let issued =
            server.identity.create_credential(&ctx, "ci", portolan_identity::Role::Viewer).await.unwrap();
        let id = &issued.credential.client_id;
        let live = token(&server.identity, id, &issued.client_secret).await;
        assert_eq!(server.send("GET", "/v1/blueprints", &live, Vec::new()).await.0, 200);
        server.identity.revoke_credential(&ctx, id).await.unwrap();
        assert_eq!(server.send("GET", "/v1/blueprints", &live, Vec::new()).await.0, 401);
        server.identity.set_tenant_status("acme", portolan_identity::TenantStatus::Suspended).await.unwrap();
        assert_eq!(server.get("/v1/blueprints").await.0, 401);
        assert_eq!(server.send("GET", "/v1/blueprints", &server.stranger, Vec::new()).await.0, 200);
        server.identity.set_tenant_status("acme", portolan_identity::TenantStatus::Active).await.unwrap();
        assert_eq!(server.get("/v1/blueprints").await.0, 200);
    })
    .await;
}

#[tokio::test]
async fn searches_find_what_their_rules_say() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        server.put("system", json!({"identifier": "commerce", "title": "Commerce"})).await;
        for (name, tier, issues) in [("a", "gold", 1), ("b", "silver", 2), ("c", "gold", 3)] {
            let entity = json!({"identifier": name, "title": format!("Service {name}"), "team": [name],
                "properties": {"tier": tier, "open_issues": issues}, "relations": {"system": if name == "a" { json!("commerce") } else { json!(null) }}});
            server.put("service", entity).await;
        }
        for (property, operator, value, expected) in [
            ("tier", "=", json!("gold"), "a c"),
            ("tier", "=", json!("GOLD"), ""),
            ("tier", "!=", json!("gold"), "b"),
            ("open_issues", ">=", json!(2), "b c"),
            ("$title", "contains", json!("SERVICE B"), "b"),
            ("$identifier", "in", json!(["a", "b"]), "a b"),
            ("$team", "containsAny", json!(["c", "x"]), "c"),
            ("system", "=", json!("commerce"), "a"),
            ("system", "isEmpty", json!(null), "b c"),
            ("languages", "isEmpty", json!(null), "a b c"),
        ] {
            let query = json!({"combinator": "and", "rules": [{"property": property, "operator": operator, "value": value}]});
            let path = "/v1/blueprints/service/entities/search";
            let (_, answer) = server.post(path, &server.viewer, &json!({"query": query})).await;
            let names = |answer: &serde_json::Value| {
                let found = answer["entities"].as_array().unwrap_or_else(|| panic!("{answer}"));
                found.iter().map(|one| one["identifier"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
            };
            assert_eq!(names(&answer), expected, "{query}");
            let first = json!({"query": {"combinator": "and", "rules": []}, "limit": 2});
            let (_, page) = server.post(path, &server.viewer, &first).await;
            assert_eq!(names(&page), "a b");
            let rest = json!({"limit": 2, "from": page["next"]});
            let (_, page) = server.post(path, &server.viewer, &rest).await;
            assert_eq!((names(&page).as_str(), page.get("next")), ("c", None));
        }
        let query = json!({"combinator": "and", "rules": [{"property": "tier", "operator": "=", "value": "gold"}]});
        let (_, answer) = server.post("/v1/entities/search", &server.viewer, &query).await;
        assert_eq!(answer["matchingBlueprints"], json!(["service"]));
        let (_, answer) = server.post("/v1/entities/search", &server.viewer, &json!({"combinator": "and", "rules": []})).await;
        assert_eq!(answer["entities"].as_array().unwrap().len(), 4 + 1, "and the admin");
    })
    .await;
}
