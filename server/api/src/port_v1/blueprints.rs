//! Blueprints.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use portolan_catalog::Catalog;
use portolan_schema::{Code, Error, Pointer};
use serde_json::{Value, json};

use crate::App;
use crate::answer::Refusal;
use crate::authenticated::Authenticated;
use crate::body::JsonBody;

type Answer = Result<Json<Value>, Refusal>;

pub(crate) async fn list(State(app): State<App>, Authenticated(ctx): Authenticated) -> Answer {
    let model = app.catalog.model(&ctx).await?;
    let all: Vec<Value> =
        model.blueprints().iter().map(|blueprint| Catalog::blueprint_json(&blueprint.stored)).collect();
    Ok(Json(json!({"ok": true, "blueprints": all})))
}

pub(crate) async fn create(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let stored = app.catalog.create_blueprint(&ctx, &body).await?;
    Ok((StatusCode::CREATED, Json(json!({"ok": true, "blueprint": Catalog::blueprint_json(&stored)}))))
}

pub(crate) async fn read(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Path(identifier): Path<String>,
) -> Answer {
    let model = app.catalog.model(&ctx).await?;
    let found = model.get(&identifier).ok_or_else(|| missing(&identifier))?;
    Ok(Json(json!({"ok": true, "blueprint": Catalog::blueprint_json(&found.stored)})))
}

pub(crate) async fn replace(
    state: State<App>,
    who: Authenticated,
    path: Path<String>,
    body: JsonBody,
) -> Answer {
    update(state, who, path, body, false).await
}

pub(crate) async fn merge(
    state: State<App>,
    who: Authenticated,
    path: Path<String>,
    body: JsonBody,
) -> Answer {
    update(state, who, path, body, true).await
}

async fn update(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Path(identifier): Path<String>,
    JsonBody(body): JsonBody,
    merge: bool,
) -> Answer {
    let stored = app.catalog.update_blueprint(&ctx, &identifier, &body, merge, None).await?;
    Ok(Json(json!({"ok": true, "blueprint": Catalog::blueprint_json(&stored)})))
}

pub(crate) async fn delete(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Path(identifier): Path<String>,
) -> Answer {
    app.catalog.delete_blueprint(&ctx, &identifier).await?;
    Ok(Json(json!({"ok": true})))
}

pub(crate) async fn rename_property(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Path((blueprint, property)): Path<(String, String)>,
    JsonBody(body): JsonBody,
) -> Answer {
    let to = new_name(&body, "newPropertyIdentifier")?;
    let stored = app.catalog.rename_property(&ctx, &blueprint, &property, &to).await?;
    Ok(Json(json!({"ok": true, "blueprint": Catalog::blueprint_json(&stored)})))
}

pub(crate) async fn rename_relation(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Path((blueprint, relation)): Path<(String, String)>,
    JsonBody(body): JsonBody,
) -> Answer {
    let to = new_name(&body, "newRelationIdentifier")?;
    let stored = app.catalog.rename_relation(&ctx, &blueprint, &relation, &to).await?;
    Ok(Json(json!({"ok": true, "blueprint": Catalog::blueprint_json(&stored)})))
}

fn new_name(body: &Value, key: &str) -> Result<String, Error> {
    let found = body.get(key).and_then(Value::as_str).map(str::to_owned);
    found.ok_or_else(|| Error::at(Code::Required, Pointer::root().key(key), format!("\"{key}\" is a string")))
}

pub(crate) fn missing(identifier: &str) -> Error {
    Error::not_found(format!("the blueprint \"{identifier}\""))
}
