//! `/api/hooks/{key}`: what a source may send, and what it is answered. What comes of it is tested with the integrations.

use axum::body::{Body, to_bytes};
use axum::http::Request;
use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::Server;

/// Of `{"id": 1}` with the key `s`, by `openssl dgst -sha256 -hmac s`.
const SIGNATURE: &str = "fe3229afa05df4046bf3fa1458e15cd86a4e483716f27e461b92cfd17b007c58";

async fn deliver(server: &Server, path: &str, signature: &str, body: String) -> (u16, Value) {
    let request = Request::builder().method("POST").uri(path).header("x-signature", signature);
    let request = request.body(Body::from(body)).unwrap();
    let response = server.router.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap())
}

async fn ask(server: &Server, query: &str) -> Value {
    let (_, answer) = server.json("POST", "/api/graphql", &server.admin, &json!({"query": query})).await;
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"].clone()
}

#[tokio::test]
async fn a_signed_delivery_is_kept_and_no_other() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let made = ask(
            &server,
            r#"mutation { createIntegration(input: {identifier: "hook", ingestor: "webhook",
                 config: {signature: {header: "X-Signature", algorithm: "sha256", prefix: "sha256="}},
                 secrets: {signingSecret: "s"}}) { integration { hookKey hookUrl } errors { code } } }"#,
        )
        .await;
        let made = &made["createIntegration"]["integration"];
        let path = format!("/api/hooks/{}", made["hookKey"].as_str().unwrap());
        assert_eq!(made["hookUrl"], format!("http://portal.example{path}"));
        let signed = format!("sha256={SIGNATURE}");
        for (path, signature, body, expected) in [
            (path.as_str(), signed.as_str(), r#"{"id": 1}"#.to_owned(), (202, Value::Null)),
            (&format!("{path}?a=%20b&a=c"), &signed, r#"{"id": 1}"#.to_owned(), (202, Value::Null)),
            (&path, &signed, r#"{"id": 2}"#.to_owned(), (401, json!("UNAUTHENTICATED"))),
            (&path, SIGNATURE, r#"{"id": 1}"#.to_owned(), (401, json!("UNAUTHENTICATED"))),
            (&path, &signed, " ".repeat((512 << 10) + 1), (413, json!("BODY_TOO_LARGE"))),
            ("/api/hooks/another", &signed, r#"{"id": 1}"#.to_owned(), (404, json!("NOT_FOUND"))),
        ] {
            let (status, answer) = deliver(&server, path, signature, body).await;
            assert_eq!((status, &answer["details"]["code"]), (expected.0, &expected.1), "{answer}");
            assert_eq!(
                (&answer["ok"], answer["delivery"].is_string()),
                (&json!(status == 202), status == 202)
            );
        }
        // Nobody works on them here.
        let query = r#"{ deliveries(integration: "hook") { id status attempts error { code } } }"#;
        let kept = ask(&server, query).await["deliveries"].clone();
        assert_eq!(kept.as_array().map(Vec::len), Some(2), "{kept}");
        assert_eq!((&kept[0]["status"], &kept[0]["attempts"]), (&json!("WAITING"), &json!(0)));
        let failed = ask(&server, r#"{ deliveries(integration: "hook", status: FAILED) { id } }"#).await;
        assert_eq!(failed["deliveries"], json!([]));
        let id = kept[1]["id"].as_str().unwrap();
        let query = format!(
            r#"mutation {{ replayDelivery(id: "{id}") {{ delivery {{ id status sourceKey }} errors {{ code }} }}
                 replayFailedDeliveries(integration: "hook") {{ replayed errors {{ code }} }} }}"#
        );
        let replayed = ask(&server, &query).await;
        let delivery = json!({"id": id, "status": "WAITING", "sourceKey": null});
        assert_eq!(replayed["replayDelivery"], json!({"delivery": delivery, "errors": []}));
        assert_eq!(replayed["replayFailedDeliveries"], json!({"replayed": 0, "errors": []}));
    })
    .await;
}
