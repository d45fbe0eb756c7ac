//! What the web portal keeps, as the platform API shows it.

use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::support::Server;

/// Asks, and answers the one field of the answer.
async fn ask(server: &Server, token: &str, query: &str, variables: Value) -> Value {
    let answer = server.platform_as(token, query, variables).await;
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"].as_object().unwrap().values().next().unwrap().clone()
}

const CREATE: &str = "mutation($input: PageInput!) { createPage(input: $input) { page { identifier parent position revision } errors { code path } } }";
const VIEW: &str = "mutation($input: SavedViewInput!) { createSavedView(input: $input) { view { id shared rules \
     orderBy { property direction } groupBy columns { property width pinned } density } errors { code path } } }";

#[tokio::test]
async fn pages_are_made_moved_and_shown() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let admin = &server.admin;
        let folder = json!({"input": {"kind": "FOLDER", "title": "Operations", "icon": "Box"}});
        let made = ask(&server, admin, CREATE, folder).await;
        assert_eq!(made["page"], json!({"identifier": "operations", "parent": null, "position": 0, "revision": 1}));
        let view = json!({"input": {"blueprint": "service", "title": "Gold", "shared": true,
            "rules": {"combinator": "and", "rules": [{"property": "tier", "operator": "=", "value": "gold"}]},
            "orderBy": [{"property": "open_issues", "direction": "DESC"}, {"property": "$title"}], "groupBy": ["tier"],
            "columns": [{"property": "$title", "width": 200, "pinned": "LEFT"}, {"property": "system"}], "density": "COMPACT"}});
        let view = ask(&server, admin, VIEW, view).await["view"].clone();
        assert_eq!(view["orderBy"], json!([{"property": "open_issues", "direction": "DESC"}, {"property": "$title", "direction": "ASC"}]));
        let columns = json!([{"property": "$title", "width": 200, "pinned": "LEFT"}, {"property": "system", "width": null, "pinned": null}]);
        assert_eq!((&view["columns"], &view["density"], &view["shared"]), (&columns, &json!("COMPACT"), &json!(true)));
        let table = json!({"input": {"kind": "TABLE", "title": "Gold services", "parent": "operations", "blueprint": "service", "view": view["id"]}});
        let made = ask(&server, admin, CREATE, table).await;
        assert_eq!(made["page"]["parent"], "operations", "{made}");
        let widget = json!({"identifier": "a", "kind": "NUMBER", "title": "Services", "blueprint": "service",
            "grid": {"x": 0, "y": 0, "width": 3, "height": 2}});
        let spec = json!({"widgets": [widget]});
        let made = ask(&server, admin, CREATE, json!({"input": {"kind": "DASHBOARD", "title": "Home", "before": "operations", "dashboard": spec}})).await;
        assert_eq!(made["page"]["position"], 0, "{made}");

        let query = "{ pages { identifier kind parent position blueprint view dashboard } }";
        let pages = ask(&server, &server.viewer, query, json!({})).await;
        let page = |identifier: &str, kind: &str, position: i32| {
            json!({"identifier": identifier, "kind": kind, "parent": null, "position": position,
                "blueprint": null, "view": null, "dashboard": null})
        };
        let mut expected = vec![page("home", "DASHBOARD", 0), page("operations", "FOLDER", 1), page("gold-services", "TABLE", 0)];
        expected[0]["dashboard"] = spec;
        expected[2]["parent"] = json!("operations");
        expected[2]["blueprint"] = json!("service");
        expected[2]["view"] = view["id"].clone();
        assert_eq!(pages, Value::from(expected));
        assert_eq!(ask(&server, &server.stranger, query, json!({})).await, json!([]));

        let query = "mutation { movePage(identifier: \"gold-services\", before: \"home\", ifRevision: 1) { pages { identifier } errors { code path } } }";
        let moved = ask(&server, admin, query, json!({})).await;
        assert_eq!(moved["pages"], json!([{"identifier": "gold-services"}, {"identifier": "home"}, {"identifier": "operations"}]));
        let again = ask(&server, admin, query, json!({})).await;
        assert_eq!(again["errors"], json!([{"code": "CONFLICT", "path": "/ifRevision"}]));
    })
    .await;
}

#[tokio::test]
async fn mistakes_have_their_place_in_the_input() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let admin = &server.admin;
        let input = json!({"input": {"kind": "DASHBOARD", "title": "", "dashboard": {"widgets": [{"kind": "MARKDOWN", "identifier": "a",
            "title": "A", "text": "x", "grid": {"x": 12, "y": 0, "width": 1, "height": 1}}]}}});
        let made = ask(&server, admin, CREATE, input).await;
        let expected = json!([{"code": "REQUIRED", "path": "/input/title"}, {"code": "INVALID_VALUE", "path": "/input/dashboard/widgets/0/grid/x"}]);
        assert_eq!((&made["page"], &made["errors"]), (&Value::Null, &expected));
        let input = json!({"input": {"blueprint": "service", "title": "x", "columns": [{"property": "nope"}]}});
        let made = ask(&server, &server.member, VIEW, input).await;
        assert_eq!(made["errors"], json!([{"code": "UNKNOWN_PROPERTY", "path": "/input/columns/0/property"}]));
        let query = "mutation { updatePortalSettings(input: {frameOrigins: [\"https://a.example\", \"*\"]}) { settings { revision } errors { code path } } }";
        let changed = ask(&server, admin, query, json!({})).await;
        assert_eq!(changed["errors"], json!([{"code": "INVALID_VALUE", "path": "/input/frameOrigins/1"}]));
        let query = "mutation { updatePreferences(input: {theme: DARK, recent: [{kind: ENTITY, identifier: \"a\"}]}) { preferences { theme } errors { code path } } }";
        let changed = ask(&server, &server.viewer, query, json!({})).await;
        assert_eq!(changed["errors"], json!([{"code": "INVALID_VALUE", "path": "/input/recent/0/blueprint"}]));
        let query = "{ preferences { theme density shortcuts recent { kind } onboarding { done dismissed } dismissed } }";
        let expected = json!({"theme": "SYSTEM", "density": "DEFAULT", "shortcuts": true, "recent": [],
            "onboarding": {"done": [], "dismissed": false}, "dismissed": []});
        assert_eq!(ask(&server, &server.viewer, query, json!({})).await, expected);
    })
    .await;
}

#[tokio::test]
async fn a_blueprint_is_not_deleted_under_its_pages() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let admin = &server.admin;
        let table = json!({"input": {"kind": "TABLE", "title": "Deployments", "blueprint": "deployment"}});
        ask(&server, admin, CREATE, table).await;
        let query = "mutation { deleteBlueprint(identifier: \"deployment\") { errors { code path message } } }";
        let refused = ask(&server, admin, query, json!({})).await;
        let expected = json!([{"code": "IN_USE", "path": "/deployments/blueprint", "message": "the page \"deployments\" uses \"deployment\""}]);
        assert_eq!(refused["errors"], expected);
        let query = "mutation { updatePage(identifier: \"deployments\", input: {locked: true}) { page { locked revision } } }";
        assert_eq!(ask(&server, admin, query, json!({})).await["page"], json!({"locked": true, "revision": 2}));
        let query = "mutation { deletePage(identifier: \"deployments\", ifRevision: 2) { errors { code } } }";
        assert_eq!(ask(&server, admin, query, json!({})).await["errors"], json!([{"code": "PROTECTED"}]));
    })
    .await;
}

#[tokio::test]
async fn usage_is_what_is_there() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let query = "{ usage { entities { used limit } blueprints members integrations pages { used limit } requestsPerMinute { used limit } bodyBytes queryCost } }";
        let before = ask(&server, &server.admin, query, json!({})).await;
        for name in ["a", "b"] {
            server.put("system", json!({"identifier": name})).await;
        }
        // Requests are forgotten as time passes.
        server.freeze();
        ask(&server, &server.admin, CREATE, json!({"input": {"kind": "FOLDER", "title": "F"}})).await;
        let after = ask(&server, &server.admin, query, json!({})).await;
        let used = |answer: &Value, key: &str| answer[key]["used"].as_u64().unwrap();
        assert_eq!(used(&after, "entities"), used(&before, "entities") + 2);
        assert_eq!(after["pages"], json!({"used": 1, "limit": 1000}));
        // Three of the test's, and two of every tenant's.
        assert_eq!((&after["blueprints"], &after["members"], &after["integrations"]), (&json!(5), &json!(1), &json!(0)));
        let requests = used(&after, "requestsPerMinute");
        assert!(requests >= 2 && requests <= after["requestsPerMinute"]["limit"].as_u64().unwrap(), "{after}");
        assert!(after["queryCost"].as_u64().unwrap() > 0, "{after}");
    })
    .await;
}
