//! The OpenAPI document of every route under `/v1` and `/api`, and a page to browse it. The tables here say what the
//! handlers take and answer; tests compare them with the real router and with what it answers.

mod integrations;
mod operation;
mod ours;
mod page;
mod parameters;
mod people;
mod port_v1;
mod schemas;

use std::sync::LazyLock;

use axum::Router;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use serde_json::{Map, Value, json};

use crate::App;
use operation::{ERRORS, Operation};

/// Nothing is loaded, from here or elsewhere; the page has its style in itself and no scripts.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
                           frame-ancestors 'none'";

static DOCUMENT: LazyLock<Value> = LazyLock::new(document);
static TEXT: LazyLock<String> = LazyLock::new(|| DOCUMENT.to_string());
static PAGE: LazyLock<String> = LazyLock::new(|| page::render(&DOCUMENT));

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/openapi.json", get(async || ([(CONTENT_TYPE, "application/json")], TEXT.as_str())))
        .route("/api/docs", get(browse))
}

async fn browse() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, PAGE_POLICY)], PAGE.as_str())
}

const TAGS: &[&[(&str, &str)]] = &[ours::TAGS, port_v1::TAGS, integrations::TAGS, people::TAGS];

fn operations() -> Vec<Operation> {
    let of_catalog = ours::operations().into_iter().chain(port_v1::operations());
    of_catalog.chain(integrations::operations()).chain(people::operations()).collect()
}

fn document() -> Value {
    let operations = operations();
    let mut paths = Map::new();
    for operation in &operations {
        let methods = paths.entry(operation.path).or_insert_with(|| json!({}));
        methods[operation.method] = operation.json();
    }
    let responses: Map<String, Value> = ERRORS
        .iter()
        .map(|(_, name, meaning)| {
            let content = json!({"application/json": {"schema": schemas::reference("Refusal")}});
            ((*name).to_owned(), json!({"description": meaning, "content": content}))
        })
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Portolan",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": "The REST routes of this server. Most of what it does is in two GraphQL APIs: `POST /graphql` has \
                a schema made of the tenant's blueprints (its SDL is at `/graphql/schema.graphql`), `POST /api/graphql` a fixed \
                one. Every answer has an `x-request-id`.",
        },
        "servers": [{"url": "/"}],
        "tags": TAGS.iter().copied().flatten().map(|(name, description)| json!({"name": name, "description": description}))
            .collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "securitySchemes": operation::security_schemes(),
            "responses": responses,
            "schemas": schemas::all(),
        },
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(object) => {
                if let Some(target) = object.get("$ref").and_then(Value::as_str) {
                    found.insert(target.to_owned());
                }
                object.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_nothing_is_left_over() {
        let mut found = BTreeSet::new();
        references(&DOCUMENT, &mut found);
        for target in &found {
            assert!(DOCUMENT.pointer(target.trim_start_matches('#')).is_some(), "{target}");
        }
        for kind in ["schemas", "responses"] {
            for name in DOCUMENT["components"][kind].as_object().unwrap().keys() {
                assert!(found.contains(&format!("#/components/{kind}/{name}")), "{name} is not used");
            }
        }
    }

    #[test]
    fn operations_have_names_of_their_own() {
        let operations = operations();
        let ids: BTreeSet<&str> = operations.iter().map(|operation| operation.id).collect();
        let places: BTreeSet<(&str, &str)> =
            operations.iter().map(|operation| (operation.path, operation.method)).collect();
        assert_eq!((ids.len(), places.len()), (operations.len(), operations.len()));
        let tags: Vec<&str> = TAGS.iter().copied().flatten().map(|(name, _)| *name).collect();
        assert!(operations.iter().all(|operation| tags.contains(&operation.tag)));
    }

    #[test]
    fn the_page_has_every_operation_and_loads_nothing() {
        for operation in operations() {
            assert!(PAGE.contains(&format!("id=\"{}\"", operation.id)), "{}", operation.id);
        }
        for word in ["<script", "<link", "src=", "@import", "url(", "http://", "https://"] {
            assert!(!PAGE.contains(word), "the page has {word}");
        }
    }
}
