//! The traps of Port's wire format (port-api.md 0, 2.6, 10): what clients really send, and what they look at.

use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::graphql::filled;
use crate::support::Server;

fn keys(value: &Value) -> String {
    value
        .as_object()
        .unwrap_or_else(|| panic!("{value}"))
        .keys()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(" ")
}

#[tokio::test]
async fn readers_choose_what_they_see() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        let one = "/v1/blueprints/service/entities/a";
        for (query, expected) in [
            ("?include=identifier&include=title", "identifier title"),
            ("?include=identifier,title", "identifier title"),
            ("?include=identifier%2Ctitle", "identifier title"),
            ("?include=properties.tier&include=identifier", "identifier properties"),
            ("?exclude=properties,relations,scorecards&exclude=createdAt&exclude=createdBy,updatedAt,updatedBy", "identifier title icon blueprint team"),
            ("?include=identifier&exclude=identifier", ""),
            ("?include=nope", ""),
            ("?unknown=1&isPolling=true&run_id=&ocean_info_event_type=x", "identifier title icon blueprint team properties relations scorecards createdAt createdBy updatedAt updatedBy"),
        ] {
            let (status, answer) = server.get(&format!("{one}{query}")).await;
            assert_eq!((status, keys(&answer["entity"]).as_str()), (200, expected), "{query}: {answer}");
            let (_, answer) = server.get(&format!("/v1/blueprints/service/entities{query}")).await;
            assert_eq!(keys(&answer["entities"][0]), expected, "{query}");
            let (_, answer) = server.post(&format!("/v1/entities/search{query}"), &server.viewer, &json!({"combinator": "and", "rules": [{"property": "$blueprint", "operator": "=", "value": "service"}]})).await;
            assert_eq!(keys(&answer["entities"][0]), expected, "{query}");
            let (_, answer) = server.post(&format!("/v1/blueprints/service/entities/search{query}"), &server.viewer, &json!({})).await;
            assert_eq!(keys(&answer["entities"][0]), expected, "{query}");
        }
        let (_, answer) = server.get(&format!("{one}?include=properties.tier,relations.system")).await;
        assert_eq!(answer["entity"], json!({"properties": {"tier": "gold"}, "relations": {"system": "commerce"}}));
        let (_, answer) = server.get(&format!("{one}?exclude=properties.tier&exclude=relations.system")).await;
        assert_eq!((keys(&answer["entity"]["relations"]), answer["entity"]["properties"].get("tier")), ("dependsOn".into(), None));
        let search = json!({"include": ["identifier", "properties.tier"], "exclude": ["identifier"], "limit": 1});
        let (_, answer) = server.post("/v1/blueprints/service/entities/search", &server.viewer, &search).await;
        assert_eq!(answer["entities"], json!([{"properties": {"tier": "gold"}}]));
        let titled = json!({"system": {"identifier": "commerce", "title": "COMMERCE"},
            "dependsOn": [{"identifier": "b", "title": "Service b"}, {"identifier": "c", "title": "Service c"}]});
        for flag in ["true", "1", "0xc000123456"] {
            let path = format!("/v1/blueprints/service/entities?attach_title_to_relation={flag}&exclude_calculated_properties={flag}");
            let before = server.store.transactions();
            let (_, answer) = server.get(&path).await;
            // Who asks, one page, and the titles of all of it; the model is at hand.
            assert_eq!(server.store.transactions() - before, 3);
            assert_eq!(answer["entities"][0]["relations"], titled, "{flag}");
            assert_eq!(answer["entities"][3]["relations"], json!({"system": {"identifier": "commerce", "title": "COMMERCE"}, "dependsOn": []}));
        }
        let (_, answer) = server.get("/v1/blueprints/system/entities/commerce?attach_title_to_relation=false").await;
        assert_eq!(answer["entity"]["relations"], json!({}));
    })
    .await;
}

#[tokio::test]
async fn writers_send_what_they_like() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let path = "/v1/blueprints/service/entities";
        for (query, body, status, team) in [
            ("", json!({"identifier": "a", "team": "t"}), 201, json!(["t"])),
            ("", json!({"identifier": "a"}), 409, Value::Null),
            ("?upsert=0xc000123456&merge=0xc000123456&run_id=&unknown=%ff", json!({"identifier": "a", "blueprint": "service", "createdAt": "x", "scorecards": {}}), 200, json!(["t"])),
            ("?upsert=true&merge=true", json!({"identifier": "a", "team": null}), 200, json!([])),
            ("?upsert=true", json!({"identifier": "a", "team": ["x", "y", "x"]}), 200, json!(["x", "y"])),
            ("?upsert=true&upsert=false", json!({"identifier": "a"}), 409, Value::Null),
            ("?upsert=true&validation_only=true", json!({"identifier": "dry", "team": []}), 201, json!([])),
            ("?validation_only=true", json!({"identifier": "dry", "properties": {"open_issues": "x"}}), 422, Value::Null),
        ] {
            let (found, answer) = server.post(&format!("{path}{query}"), &server.member, &body).await;
            assert_eq!((found, answer["ok"] == json!(status < 300)), (status, true), "{query} {body}: {answer}");
            assert_eq!(answer["entity"]["team"], team, "{query} {body}: {answer}");
        }
        assert_eq!(server.get(&format!("{path}/dry")).await.0, 404);
        // PUT makes what is not there, PATCH does not; the server makes an identifier where none is sent.
        let (status, answer) = server.json("PUT", &format!("{path}/new"), &server.member, &json!({"title": "New"})).await;
        assert_eq!((status, &answer["entity"]["identifier"], &answer["entity"]["title"]), (200, &json!("new"), &json!("New")), "{answer}");
        let (status, answer) = server.json("PATCH", &format!("{path}/absent"), &server.member, &json!({"title": "New"})).await;
        assert_eq!((status, &answer["error"]), (404, &json!("not_found")));
        let (_, answer) = server.post(path, &server.member, &json!({"title": "No name"})).await;
        assert!(answer["entity"]["identifier"].as_str().unwrap().starts_with("e_"), "{answer}");
        // Another identifier in the body renames.
        let (_, answer) = server.json("PUT", &format!("{path}/new"), &server.member, &json!({"identifier": "newer"})).await;
        assert_eq!(answer["entity"]["identifier"], "newer", "{answer}");
        assert_eq!(server.get(&format!("{path}/new")).await.0, 404);
        let (status, answer) = server.send("DELETE", &format!("{path}/newer?run_id=&delete_dependents=false"), &server.member, Vec::new()).await;
        assert_eq!((status, answer), (200, json!({"ok": true})));
        let unfindable = json!({"entities": [{"identifier": {"combinator": "and", "rules": [{"property": "$title", "operator": "=", "value": "nobody"}]}}, {"identifier": "z"}]});
        let (status, answer) = server.post(&format!("{path}/bulk?upsert=true&run_id="), &server.member, &unfindable).await;
        assert_eq!((status, &answer["errors"][0]["identifier"], &answer["entities"][0]["index"]), (207, &json!("unknown"), &json!(1)), "{answer}");
    })
    .await;
}

#[tokio::test]
async fn identifiers_travel_in_paths() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let definition = json!({"identifier": "team/über.a+b", "title": "T", "schema": {"properties": {}}});
        let (status, answer) = server.post("/v1/blueprints", &server.admin, &definition).await;
        assert_eq!(status, 201, "{answer}");
        let blueprint = "/v1/blueprints/team%2F%C3%BCber.a+b";
        for (identifier, encoded) in [
            ("a/b", "a%2Fb"),
            ("a:b@c", "a:b@c"),
            ("a:b@c=d", "a%3Ab%40c%3Dd"),
            ("a+b", "a+b"),
            ("a+c", "a%2Bc"),
            ("a\\b", "a%5Cb"),
            ("größe", "gr%C3%B6%C3%9Fe"),
            ("search", "search"),
            ("bulk", "bulk"),
            ("entities", "entities"),
        ] {
            let body = json!({"identifier": identifier});
            assert_eq!(
                server.post(&format!("{blueprint}/entities"), &server.member, &body).await.0,
                201,
                "{identifier}"
            );
            let path = format!("{blueprint}/entities/{encoded}");
            let (status, answer) = server.get(&path).await;
            assert_eq!(
                (status, &answer["entity"]["identifier"]),
                (200, &json!(identifier)),
                "{path}: {answer}"
            );
            let (status, _) = server.send("DELETE", &path, &server.member, Vec::new()).await;
            assert_eq!(status, 200, "{path}");
        }
        // One slash too many after the host, or several; a static segment wins over an identifier.
        for (method, path, status) in [
            ("GET", "//v1/blueprints/service", 200),
            ("GET", "///v1/blueprints/service?x=1", 200),
            ("POST", "//v1/blueprints/service/entities/search", 200),
            ("GET", "/v1/blueprints/service/entities/search", 404),
            ("DELETE", "/v1/blueprints/service/entities/bulk", 404),
            ("POST", "/v1/blueprints/service/entities/search/count", 200),
            ("GET", "/v1/blueprints/%ff", 404),
            ("GET", "/v1/blueprints/service/entities/%00", 422),
            ("GET", "/v1/nothing", 404),
            ("PUT", "/v1/blueprints", 405),
            ("GET", "//", 404),
        ] {
            let (found, answer) = server.send(method, path, &server.admin, Vec::new()).await;
            assert_eq!(
                (found, answer["ok"] == json!(status == 200)),
                (status, true),
                "{method} {path}: {answer}"
            );
            let error = match status {
                200 => Value::Null,
                404 => json!("not_found"),
                _ => json!("invalid_request"),
            };
            assert_eq!(answer["error"], error, "{method} {path}");
        }
    })
    .await;
}

#[tokio::test]
async fn names_change_by_the_keys_of_the_wire() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        let mirror =
            json!({"mirrorProperties": {"system_title": {"title": "System", "path": "system.$title"}}});
        let (status, answer) = server
            .json("PATCH", "/v1/blueprints/service?create_catalog_page=false", &server.admin, &mirror)
            .await;
        assert_eq!(status, 200, "{answer}");
        for (path, body, status, code) in [
            ("properties/live/rename", json!({"newPropertyName": "alive"}), 200, Value::Null),
            ("properties/tier/rename", json!({"newPropertyIdentifier": "level"}), 200, Value::Null),
            ("properties/live/rename", json!({"newPropertyName": "x"}), 404, json!("NOT_FOUND")),
            ("properties/alive/rename", json!({}), 422, json!("REQUIRED")),
            ("properties/alive/rename", json!({"newPropertyName": 1}), 422, json!("WRONG_TYPE")),
            ("properties/alive/rename", json!({"newPropertyName": "a b"}), 422, json!("INVALID_IDENTIFIER")),
            ("properties/alive/rename", json!({"newPropertyName": "level"}), 409, json!("ALREADY_EXISTS")),
            ("relations/dependsOn/rename", json!({"newRelationIdentifier": "needs"}), 200, Value::Null),
            (
                "relations/dependsOn/rename",
                json!({"newRelationIdentifier": "needs"}),
                404,
                json!("NOT_FOUND"),
            ),
            ("mirror/system_title/rename", json!({"newMirrorName": "level"}), 409, json!("ALREADY_EXISTS")),
            ("mirror/system_title/rename", json!({"newMirrorName": "part_of"}), 200, Value::Null),
            ("mirror/system_title/rename", json!({"newMirrorName": "x"}), 404, json!("NOT_FOUND")),
        ] {
            let path = format!("/v1/blueprints/service/{path}");
            let (found, answer) = server.json("PATCH", &path, &server.admin, &body).await;
            assert_eq!((found, &answer["details"]["code"]), (status, &code), "{path} {body}: {answer}");
        }
        let (_, answer) = server.get("/v1/blueprints/service/entities/a").await;
        let entity = &answer["entity"];
        assert_eq!(
            (&entity["properties"]["level"], &entity["properties"]["alive"], &entity["relations"]["needs"]),
            (&json!("gold"), &json!(true), &json!(["b", "c"])),
            "{answer}"
        );
        let (_, answer) = server.get("/v1/blueprints/service").await;
        assert_eq!(keys(&answer["blueprint"]["mirrorProperties"]), "part_of");
    })
    .await;
}

#[tokio::test]
async fn every_answer_has_the_envelope() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        let (status, answer) = server.send("POST", "/v1/blueprints/service/entities/bulk", &server.member, vec![b' '; (1 << 20) + 1]).await;
        assert_eq!((status, &answer["ok"], &answer["error"]), (413, &json!(false), &json!("payload_too_large")), "{answer}");
        for (method, path, body) in [
            ("POST", "/v1/blueprints/service/entities", "{".to_owned()),
            ("POST", "/v1/blueprints/service/entities", json!({"identifier": "a b"}).to_string()),
            ("POST", "/v1/blueprints/service/entities", json!({"identifier": "a"}).to_string()),
            ("POST", "/v1/entities/search", json!({"query": {}}).to_string()),
            ("POST", "/v1/blueprints/service/entities/search", json!({"limit": 1_001}).to_string()),
            ("POST", "/v1/blueprints/service/entities/search", json!({"include": "identifier"}).to_string()),
            ("POST", "/v1/blueprints/service/entities/search", json!({"from": 7}).to_string()),
            ("DELETE", "/v1/blueprints/service", String::new()),
            ("GET", "/v1/blueprints/nope/entities", String::new()),
            ("POST", "/v1/auth/access_token", json!({"clientId": 1}).to_string()),
        ] {
            let (status, answer) = server.send(method, path, &server.admin, body.clone().into_bytes()).await;
            assert!(status >= 400, "{method} {path} {body}: {answer}");
            assert_eq!(keys(&answer), "ok error message details", "{method} {path} {body}");
            assert!(answer["ok"] == false && answer["error"].is_string() && answer["message"].is_string(), "{answer}");
            assert!(answer["details"].is_object() && answer["details"]["errors"].is_array(), "{answer}");
        }
        let (_, answer) = server.post("/v1/blueprints/service/entities/search/count", &server.viewer, &json!({"query": {"combinator": "and", "rules": [{"property": "tier", "operator": "=", "value": "gold"}]}})).await;
        assert_eq!(answer, json!({"ok": true, "count": 3}));
        let (_, answer) = server.get("/v1/blueprints/service/entities-count").await;
        assert_eq!(answer, json!({"ok": true, "count": 6}));
        let (_, answer) = server.get("/v1/organization").await;
        assert_eq!((&answer["ok"], &answer["organization"]["featureFlags"]), (&json!(true), &json!([])));
    })
    .await;
}
