//! `POST /api/apply`: blueprints, entities and integrations that belong together, in any order.

use axum::extract::{DefaultBodyLimit, State};
use axum::routing::post;
use axum::{Extension, Json, Router};
use portolan_integrations::DocumentKind;
use portolan_schema::{Code, Error, Pointer, Problems};
use serde_json::{Value, json};

use crate::App;
use crate::answer::Refusal;
use crate::authenticated::Authenticated;
use crate::body::JsonBody;
use crate::limits::OwnBodyLimit;

/// Largest set of documents, in bytes.
const MAX_BODY: usize = 32 << 20;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/apply", post(apply))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(Extension(OwnBodyLimit))
}

async fn apply(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Refusal> {
    let (blueprints, entities) = (list(&body, "blueprints")?, list(&body, "entities")?);
    let dry_run = body.get("dryRun").and_then(Value::as_bool).unwrap_or(false);
    // Everything is read before anything is written.
    let wanted = app.integrations.read_documents(&ctx, list(&body, "integrations")?).map_err(within)?;
    let mut blueprints = blueprints.to_vec();
    let model = app.catalog.model(&ctx).await?;
    for default in app.integrations.default_blueprints(&wanted)? {
        let is_named = blueprints.iter().any(|named| named["identifier"] == default["identifier"]);
        if !is_named && default["identifier"].as_str().is_none_or(|name| model.get(name).is_none()) {
            blueprints.push(default);
        }
    }
    let applied = app.catalog.apply(&ctx, &blueprints, entities, dry_run).await?;
    let integrated = app.integrations.apply(&ctx, &wanted, dry_run).await.map_err(within)?;
    let of_kind = |kind: DocumentKind| -> Vec<&str> {
        let those = integrated.iter().filter(|one| one.kind == kind);
        those.map(|one| one.identifier.as_str()).collect()
    };
    Ok(Json(json!({
        "ok": true, "created": applied.created, "updated": applied.updated, "unchanged": applied.unchanged,
        "integrations": {
            "created": of_kind(DocumentKind::Created),
            "updated": of_kind(DocumentKind::Updated),
            "unchanged": of_kind(DocumentKind::Unchanged),
        },
    })))
}

/// Problems of integrations are in their list.
fn within(error: Error) -> Error {
    match error {
        Error::Problems(problems) => {
            let outer = Pointer::root().key("integrations");
            Problems(problems.into_iter().map(|problem| problem.under(&outer)).collect()).into()
        }
        fault => fault,
    }
}

fn list<'a>(body: &'a Value, key: &str) -> Result<&'a [Value], Error> {
    match body.get(key) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(Error::at(Code::WrongType, Pointer::root().key(key), format!("\"{key}\" is a list"))),
    }
}
