//! The OpenAPI document describes the routes that there are.

use std::collections::BTreeSet;

use portolan_store::testing::{Engine, TestDatabase};

use crate::rights::{fits, real_routes};
use crate::support::Server;

#[tokio::test]
async fn the_document_names_every_route_and_no_other() {
    let database = TestDatabase::new(Engine::Sqlite).await;
    let server = Server::start(database.store.clone()).await;
    let (status, document) = server.send("GET", "/api/openapi.json", "", Vec::new()).await;
    assert_eq!((status, &document["openapi"]), (200, &"3.1.0".into()));
    let mut documented = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            documented.insert((method.to_uppercase(), path.clone()));
        }
    }
    let real: BTreeSet<_> = real_routes().into_iter().collect();
    // Some routes are those of an entity whose identifier is also the name of another route.
    let is_known = |(method, path): &(String, String)| {
        documented.iter().any(|(known, template)| known == method && fits(template, path))
    };
    let missing: Vec<_> = real.difference(&documented).filter(|route| !is_known(route)).collect();
    let gone: Vec<_> = documented.difference(&real).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "server/api/src/openapi/ lacks {missing:#?} and still has {gone:#?}"
    );
    database.remove().await;
}

/// What needs a token says so, and is refused without one.
#[tokio::test]
async fn the_document_knows_what_needs_a_token() {
    let database = TestDatabase::new(Engine::Sqlite).await;
    let server = Server::start(database.store.clone()).await;
    let (_, document) = server.send("GET", "/api/openapi.json", "", Vec::new()).await;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let filled = path.replace(['{', '}'], "");
            let (status, _) = server.json(&method.to_uppercase(), &filled, "", &serde_json::json!({})).await;
            let schemes = operation["security"].as_array().unwrap();
            let by_token = schemes.iter().any(|scheme| scheme.get("bearer").is_some());
            assert!(!by_token || status == 401, "{method} {path} was answered {status} without a token");
            // Some look at the body before the cookie, and the operator's are not there without an operator.
            assert!(schemes.is_empty() || status >= 400, "{method} {path} was answered {status}");
            assert!(schemes.is_empty() || operation["responses"].get("401").is_some(), "{method} {path}");
        }
    }
    database.remove().await;
}
