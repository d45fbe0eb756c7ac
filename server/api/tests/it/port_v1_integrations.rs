//! What integrations that run elsewhere keep under `/v1/integration`: the calls of Ocean, the Kubernetes exporter and
//! Terraform (port-api.md 5.2, 7.7).

use axum::body::Body;
use axum::http::{Request, header};
use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::port_v1_exporters::ask;
use crate::support::Server;

const OCEAN: &str = "port-ocean/github/1.2.3/gh-main";
const EXPORTER: &str = "port-ocean/github/1.2.3/gh-main/exporter";
const ONE: &str = "/v1/integration/gh-main";

fn config() -> Value {
    json!({"createMissingRelatedEntities": true, "deleteDependentEntities": true, "resources": [{
        "kind": "repository", "selector": {"query": "true", "graphqlOnly": [1, null]}, "port": {"entity": {"mappings": {
            "identifier": ".name", "blueprint": "\"service\"", "properties": {"tier": ".tier"}}}}}], "odd": {"kept": [null]}})
}

fn created() -> Value {
    json!({"installationId": "gh-main", "installationAppType": "github", "version": "1.2.3", "changelogDestination": {},
        "config": {}, "actionsProcessingEnabled": false, "incrementalSyncEnabled": false, "createPortResourcesOrigin": "Ocean"})
}

async fn ok(server: &Server, method: &str, path: &str, body: &Value) -> Value {
    let (status, answer) = ask(server, OCEAN, method, path, body).await;
    assert!(
        (200..300).contains(&status) && answer["ok"] == true,
        "{method} {path} {body}: {status} {answer}"
    );
    answer
}

/// Another configuration, which nobody is to resync for.
async fn ask_to_skip(server: &Server, body: &Value) -> u16 {
    let request = Request::builder()
        .method("PATCH")
        .uri(format!("{ONE}/config"))
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-skip-resync", "true")
        .header(header::AUTHORIZATION, format!("Bearer {}", server.admin))
        .body(Body::from(body.to_string()))
        .unwrap();
    let response = server.router.clone().oneshot(request).await.unwrap();
    response.status().as_u16()
}

#[tokio::test]
async fn ocean_finds_what_it_left() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let (status, answer) = ask(&server, OCEAN, "GET", &format!("{ONE}?isPolling=true&oceanCoreVersion=0.55.4"), &Value::Null).await;
        assert_eq!((status, &answer["error"], answer.get("integration")), (404, &json!("not_found"), None), "{answer}");
        assert_eq!(ok(&server, "GET", "/v1/integration/provision-enabled", &Value::Null).await["integrations"], json!([]));
        let (status, made) = ask(&server, OCEAN, "POST", "/v1/integration", &created()).await;
        assert_eq!(status, 201, "{made}");
        let made = made["integration"].clone();
        for (key, value) in created().as_object().unwrap() {
            assert_eq!(&made[key], value, "{key} in {made}");
        }
        let own = "http://portolan.example:8080/v1/integration/gh-main";
        assert_eq!(made["logAttributes"]["ingestUrl"], json!(format!("{own}/logs")));
        assert_eq!(made["metricAttributes"]["ingestUrl"], json!(format!("{own}/metrics")));
        // Another replica starts at the same time.
        let (status, again) = ask(&server, OCEAN, "POST", "/v1/integration", &created()).await;
        assert_eq!((status, &again["integration"]), (200, &made));
        // What is patched is what is read; what is sent back as it was read changes nothing.
        let patch = json!({"processingMode": "ocean-core", "version": "1.2.4", "changelogDestination": {"type": "WEBHOOK", "url": "https://x"}});
        let patched = ok(&server, "PATCH", ONE, &patch).await["integration"].clone();
        assert_eq!((&patched["processingMode"], &patched["version"]), (&json!("ocean-core"), &json!("1.2.4")));
        assert!(patched["updatedAt"].as_str() > made["updatedAt"].as_str() || patched["updatedAt"] == made["updatedAt"]);
        assert_eq!(ok(&server, "PATCH", ONE, &patched).await["integration"], patched);
        assert_eq!(ok(&server, "GET", ONE, &Value::Null).await["integration"], patched);
        // Nobody asked for a resync, until a configuration comes.
        let request = format!("{ONE}/resync-request");
        assert_eq!(ok(&server, "GET", &request, &Value::Null).await["request"], Value::Null);
        let skipping = json!({"config": {"resources": []}});
        let status = ask_to_skip(&server, &skipping).await;
        assert_eq!((status, &ok(&server, "GET", &request, &Value::Null).await["request"]), (200, &Value::Null));
        let configured = ok(&server, "PATCH", &format!("{ONE}/config"), &json!({"config": config()})).await;
        assert_eq!(configured["integration"]["config"], config());
        let asked = ok(&server, "GET", &request, &Value::Null).await["request"]["updatedAt"].clone();
        assert!(asked.is_string());
        // The configuration by itself is the same, and changes nothing.
        let bare = ok(&server, "PATCH", &format!("{ONE}/config"), &config()).await;
        assert_eq!(bare["integration"]["config"], config());
        // The rest of a resync leaves the integration's time alone.
        let before = ok(&server, "GET", ONE, &Value::Null).await["integration"].clone();
        let state = json!({"status": "running", "lastResyncStart": "2026-03-01T09:00:00Z", "lastResyncEnd": null, "nextResync": null, "intervalInMinuets": 30});
        let noted = ok(&server, "PATCH", &format!("{ONE}/resync-state"), &state).await["integration"].clone();
        assert!(noted["resyncState"]["updatedAt"].is_string() && noted["resyncState"]["intervalInMinuets"] == 30, "{noted}");
        let status = |server: Server| async move {
            let answer = server.platform("{ integrations { identifier ingestor remote config mapping status } }").await;
            (server, answer["data"]["integrations"][0].clone())
        };
        let (server, shown) = status(server).await;
        let expected = json!({"identifier": "gh-main", "ingestor": "github", "remote": true, "config": {}, "mapping": config(), "status": "RUNNING"});
        assert_eq!(shown, expected);
        ok(&server, "PATCH", &format!("{ONE}/resync-state"), &json!({"status": "completed", "lastResyncEnd": "2026-03-01T09:05:00Z"})).await;
        let (server, shown) = status(server).await;
        assert_eq!(shown["status"], "SUCCEEDED");
        let examples = json!({"examples": [{"name": "a", "token": "secret"}, {"name": "b"}]});
        ok(&server, "POST", &format!("{ONE}/kinds/pull+request/examples"), &examples).await;
        ok(&server, "POST", &format!("{ONE}/kinds/c%2B%2B/examples"), &json!({"examples": []})).await;
        let kinds = ok(&server, "GET", &format!("{ONE}/kinds"), &Value::Null).await;
        let found: Vec<&Value> = kinds["data"]["pull request"]["examples"].as_array().unwrap().iter().map(|one| &one["data"]).collect();
        assert_eq!(found, [&json!({"name": "a", "token": "***"}), &json!({"name": "b"})], "{kinds}");
        for (path, method) in [("logs", "POST"), ("metrics/syncMetrics", "POST"), ("metrics/syncMetrics/resync/e%201/kind/repository-0", "PUT"), ("metrics/heartbeat", "POST")] {
            ok(&server, method, &format!("{ONE}/{path}"), &json!({"logs": [], "eventId": "e"})).await;
        }
        let after = ok(&server, "GET", ONE, &Value::Null).await["integration"].clone();
        assert_eq!(after["updatedAt"], before["updatedAt"]);
        // Whoever runs nothing but a client of Port's can ask for a resync.
        ok(&server, "PATCH", ONE, &Value::Null).await;
        let later = ok(&server, "GET", &request, &Value::Null).await["request"]["updatedAt"].clone();
        assert!(later.as_str() >= asked.as_str(), "{later} {asked}");
        assert_eq!(ok(&server, "GET", "/v1/integration", &Value::Null).await["integrations"].as_array().unwrap().len(), 1);
        assert_eq!(server.send("GET", ONE, &server.stranger, Vec::new()).await.0, 404);
    })
    .await;
}

#[tokio::test]
async fn cursors_are_kept_by_kind_and_index() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        ok(&server, "POST", "/v1/integration", &created()).await;
        let cursor = |query: &str| format!("{ONE}/cursor?{query}");
        let first = json!({"primary": "1"});
        assert_eq!(ask(&server, OCEAN, "GET", &cursor("kind=a&index=0"), &Value::Null).await.0, 404);
        assert_eq!(ask(&server, OCEAN, "PUT", &cursor("kind=a&index=0"), &first).await.0, 404);
        ok(&server, "POST", &cursor("kind=a&index=0"), &first).await;
        ok(&server, "PUT", &cursor("kind=a&index=0"), &json!({"primary": "2"})).await;
        ok(&server, "POST", &cursor("kind=a&index=1"), &first).await;
        assert_eq!(
            ok(&server, "GET", &cursor("kind=a"), &Value::Null).await["cursor"],
            json!({"primary": "2"})
        );
        assert_eq!(ok(&server, "GET", &cursor("kind=a&index=1"), &Value::Null).await["cursor"], first);
        for (query, body, path) in [
            ("index=0", first.clone(), "/kind"),
            ("kind=a", json!({"primary": 3}), "/primary"),
            ("kind=a", json!({"primary": "x".repeat(5_000)}), "/primary"),
            ("kind=a%00", first.clone(), "/kind"),
        ] {
            let (status, answer) = ask(&server, OCEAN, "POST", &cursor(query), &body).await;
            assert_eq!((status, &answer["details"]["path"]), (422, &json!(path)), "{query} {body}: {answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn its_entities_stay_unless_they_are_asked_for() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let bulk = "/v1/blueprints/service/entities/bulk?upsert=true";
        let fill = async |server: &Server| {
            ok(server, "POST", "/v1/integration", &created()).await;
            let (status, answer) = ask(
                server,
                EXPORTER,
                "POST",
                bulk,
                &json!({"entities": [
                {"identifier": "a", "relations": {"dependsOn": ["b"]}}, {"identifier": "b"}]}),
            )
            .await;
            assert!(status == 200 || status == 207, "{answer}");
            ask(
                server,
                EXPORTER,
                "POST",
                bulk,
                &json!({"entities": [{"identifier": "a", "relations": {"dependsOn": ["b"]}}]}),
            )
            .await;
        };
        server.put("service", json!({"identifier": "mine"})).await;
        fill(&server).await;
        let answer = ok(&server, "DELETE", ONE, &Value::Null).await;
        assert_eq!(answer["deletedEntities"], 0);
        assert_eq!(server.get("/v1/blueprints/service/entities-count").await.1["count"], 3);
        assert_eq!(ask(&server, OCEAN, "DELETE", ONE, &Value::Null).await.0, 404);
        fill(&server).await;
        // What somebody else requires keeps the integration.
        server
            .put(
                "deployment",
                json!({"identifier": "d", "properties": {"env": "p"}, "relations": {"service": "b"}}),
            )
            .await;
        let (status, answer) =
            ask(&server, OCEAN, "DELETE", &format!("{ONE}?delete_entities=true"), &Value::Null).await;
        assert_eq!((status, &answer["details"]["code"]), (409, &json!("HAS_DEPENDENTS")), "{answer}");
        assert_eq!(ok(&server, "GET", ONE, &Value::Null).await["integration"]["identifier"], "gh-main");
        ok(&server, "DELETE", "/v1/blueprints/deployment/entities/d", &Value::Null).await;
        ok(&server, "DELETE", &format!("{ONE}?delete_entities=true"), &Value::Null).await;
        let (_, left) = server.get("/v1/blueprints/service/entities").await;
        assert_eq!(
            left["entities"].as_array().unwrap().iter().map(|one| &one["identifier"]).collect::<Vec<_>>(),
            ["mine"]
        );
    })
    .await;
}

#[tokio::test]
async fn changes_of_the_model_advise_and_do_not_wait() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let mut wanted = created();
        wanted["config"] = config();
        ok(&server, "POST", "/v1/integration", &wanted).await;
        let path = "/v1/blueprints/service/properties/tier/rename";
        let (status, answer) =
            server.json("PATCH", path, &server.admin, &json!({"newPropertyName": "grade"})).await;
        assert_eq!(status, 200, "{answer}");
        let read = ok(&server, "GET", ONE, &Value::Null).await["integration"]["config"].clone();
        let mappings = &read["resources"][0]["port"]["entity"]["mappings"];
        assert_eq!((&mappings["properties"], &read["odd"]), (&json!({"grade": ".tier"}), &config()["odd"]));
        // A client takes its blueprints away before itself.
        ok(&server, "DELETE", "/v1/blueprints/deployment", &Value::Null).await;
        ok(&server, "DELETE", "/v1/blueprints/service", &Value::Null).await;
    })
    .await;
}

#[tokio::test]
async fn mistakes_are_named() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        for (method, path, body, status, code, at) in [
            (
                "POST",
                "/v1/integration",
                json!({"installationAppType": "x"}),
                422,
                "REQUIRED",
                "/installationId",
            ),
            (
                "POST",
                "/v1/integration",
                json!({"installationId": "x"}),
                422,
                "REQUIRED",
                "/installationAppType",
            ),
            ("POST", "/v1/integration", json!({"installationId": 1}), 422, "WRONG_TYPE", "/installationId"),
            (
                "POST",
                "/v1/integration",
                json!({"installationId": "a b", "installationAppType": "x"}),
                422,
                "INVALID_IDENTIFIER",
                "/installationId",
            ),
            (
                "POST",
                "/v1/integration",
                json!({"installationId": "a", "installationAppType": "x", "config": []}),
                422,
                "WRONG_TYPE",
                "/config",
            ),
            ("POST", "/v1/integration", json!([]), 422, "WRONG_TYPE", ""),
            ("PATCH", ONE, json!({"version": "1"}), 404, "NOT_FOUND", ""),
            ("PATCH", "/v1/integration/gh-main/config", json!({}), 404, "NOT_FOUND", ""),
            ("PATCH", "/v1/integration/gh-main/config", json!({"config": 3}), 422, "WRONG_TYPE", "/config"),
            ("PATCH", "/v1/integration/gh-main/resync-state", json!(3), 422, "WRONG_TYPE", ""),
            ("POST", "/v1/integration/gh-main/logs", json!({}), 404, "NOT_FOUND", ""),
            (
                "GET",
                "/v1/integration/gh-main?byField=logIngestId",
                Value::Null,
                422,
                "NOT_SUPPORTED",
                "/byField",
            ),
            ("GET", "/v1/integration/gh-main/syncMetrics", Value::Null, 404, "NOT_FOUND", ""),
        ] {
            let (found, answer) = ask(&server, OCEAN, method, path, &body).await;
            let details = &answer["details"];
            assert_eq!(
                (found, &details["code"], &details["path"]),
                (status, &json!(code), &json!(at)),
                "{method} {path} {body}: {answer}"
            );
        }
    })
    .await;
}
