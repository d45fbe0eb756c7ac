//! Blueprints.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use portolan_catalog::Catalog;
use portolan_schema::{Code, Error, Pointer};
use serde_json::{Value, json};

use super::segments::Segments;
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
    Segments(identifier): Segments<String>,
) -> Answer {
    let model = app.catalog.model(&ctx).await?;
    let found = model.get(&identifier).ok_or_else(|| missing(&identifier))?;
    Ok(Json(json!({"ok": true, "blueprint": Catalog::blueprint_json(&found.stored)})))
}

pub(crate) async fn replace(
    state: State<App>,
    who: Authenticated,
    path: Segments<String>,
    body: JsonBody,
) -> Answer {
    update(state, who, path, body, false).await
}

pub(crate) async fn merge(
    state: State<App>,
    who: Authenticated,
    path: Segments<String>,
    body: JsonBody,
) -> Answer {
    update(state, who, path, body, true).await
}

async fn update(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Segments(identifier): Segments<String>,
    JsonBody(body): JsonBody,
    merge: bool,
) -> Answer {
    let stored = app.catalog.update_blueprint(&ctx, &identifier, &body, merge, None).await?;
    Ok(Json(json!({"ok": true, "blueprint": Catalog::blueprint_json(&stored)})))
}

pub(crate) async fn delete(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Segments(identifier): Segments<String>,
) -> Answer {
    app.catalog.delete_blueprint(&ctx, &identifier).await?;
    Ok(Json(json!({"ok": true})))
}

pub(crate) async fn rename_property(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Segments((blueprint, property)): Segments<(String, String)>,
    JsonBody(body): JsonBody,
) -> Answer {
    let to = new_name(&body, &["newPropertyName", "newPropertyIdentifier"])?;
    let stored = app.catalog.rename_property(&ctx, &blueprint, &property, &to).await?;
    Ok(Json(json!({"ok": true, "blueprint": Catalog::blueprint_json(&stored)})))
}

pub(crate) async fn rename_relation(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Segments((blueprint, relation)): Segments<(String, String)>,
    JsonBody(body): JsonBody,
) -> Answer {
    let to = new_name(&body, &["newRelationIdentifier", "newRelationName"])?;
    let stored = app.catalog.rename_relation(&ctx, &blueprint, &relation, &to).await?;
    Ok(Json(json!({"ok": true, "blueprint": Catalog::blueprint_json(&stored)})))
}

pub(crate) async fn rename_mirror(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Segments((blueprint, mirror)): Segments<(String, String)>,
    JsonBody(body): JsonBody,
) -> Answer {
    let to = new_name(&body, &["newMirrorName", "newMirrorIdentifier"])?;
    let stored = app.catalog.rename_mirror(&ctx, &blueprint, &mirror, &to).await?;
    Ok(Json(json!({"ok": true, "blueprint": Catalog::blueprint_json(&stored)})))
}

/// The new name under the first of its keys that is there: the wire has one of them, people write the other.
fn new_name(body: &Value, keys: &[&str]) -> Result<String, Error> {
    let found = keys.iter().find_map(|key| Some((key, body.get(key)?)));
    match found {
        Some((_, Value::String(name))) => Ok(name.clone()),
        Some((key, _)) => {
            Err(Error::at(Code::WrongType, Pointer::root().key(key), format!("\"{key}\" is a string")))
        }
        None => {
            let path = Pointer::root().key(keys[0]);
            Err(Error::at(Code::Required, path, format!("\"{}\" is the new name", keys[0])))
        }
    }
}

pub(crate) fn missing(identifier: &str) -> Error {
    Error::not_found(format!("the blueprint \"{identifier}\""))
}
