//! `POST /api/apply`: blueprints and entities that belong together.

use axum::extract::{DefaultBodyLimit, State};
use axum::routing::post;
use axum::{Extension, Json, Router};
use portolan_schema::{Code, Error, Pointer};
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
    let applied = app.catalog.apply(&ctx, blueprints, entities, dry_run).await?;
    Ok(Json(json!({
        "ok": true, "created": applied.created, "updated": applied.updated, "unchanged": applied.unchanged,
    })))
}

fn list<'a>(body: &'a Value, key: &str) -> Result<&'a [Value], Error> {
    match body.get(key) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(Error::at(Code::WrongType, Pointer::root().key(key), format!("\"{key}\" is a list"))),
    }
}
