//! What clients note and ask while they are at work.

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use portolan_integrations::RemoteState;
use portolan_schema::{Code, Error, Instant, Pointer};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::super::flags::Query;
use super::super::segments::Segments;
use super::Answer;
use super::view::{Base, shown};
use crate::App;
use crate::authenticated::Authenticated;
use crate::body::JsonBody;

/// The kinds of integrations that this server would prepare by itself: none, so that clients do.
pub(super) async fn provisioned(Authenticated(_): Authenticated) -> Json<Value> {
    Json(json!({"ok": true, "integrations": []}))
}

pub(super) async fn note_resync(
    State(app): State<App>,
    base: Base,
    Authenticated(ctx): Authenticated,
    Segments(identifier): Segments<String>,
    JsonBody(body): JsonBody,
) -> Answer {
    let integration = app.integrations.note_resync(&ctx, &identifier, object(&body)?).await?;
    Ok(Json(json!({"ok": true, "integration": shown(&integration, &base)?})))
}

/// When a resync was last asked for; who polls compares it with what it read before.
pub(super) async fn requested(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Segments(identifier): Segments<String>,
) -> Answer {
    let state = RemoteState::of(&app.integrations.remote(&ctx, &identifier).await?)?;
    let request = state.requested_at.map(|at| json!({"updatedAt": Instant(at).to_rfc3339()}));
    Ok(Json(json!({"ok": true, "request": request})))
}

pub(super) async fn kinds(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Segments(identifier): Segments<String>,
) -> Answer {
    let mut data = Map::new();
    for (kind, examples) in app.integrations.examples(&ctx, &identifier).await? {
        let examples =
            (0..).zip(examples).map(|(at, data)| json!({"_id": format!("{kind}-{at}"), "data": data}));
        let examples: Vec<Value> = examples.collect();
        data.insert(kind, json!({"examples": examples}));
    }
    Ok(Json(json!({"ok": true, "data": data})))
}

pub(super) async fn note_examples(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Segments((identifier, _)): Segments<(String, String)>,
    uri: Uri,
    JsonBody(body): JsonBody,
) -> Answer {
    let path = Pointer::root().key("examples");
    let examples = body.get("examples").and_then(Value::as_array);
    let examples = examples.ok_or_else(|| Error::at(Code::WrongType, path, "\"examples\" is a list"))?;
    app.integrations.note_examples(&ctx, &identifier, &kind_of(&uri), examples).await?;
    Ok(Json(json!({"ok": true})))
}

/// The kind in `…/kinds/{kind}/examples`. Clients write it as in a form: a `+` is a space there.
fn kind_of(uri: &Uri) -> String {
    let written = uri.path().rsplit('/').nth(1).unwrap_or_default().replace('&', "%26");
    let pair = format!("kind={written}");
    form_urlencoded::parse(pair.as_bytes()).next().map(|(_, kind)| kind.into_owned()).unwrap_or_default()
}

pub(super) async fn cursor(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Segments(identifier): Segments<String>,
    query: Query,
) -> Answer {
    let (kind, index) = place(&query)?;
    let primary = app.integrations.cursor(&ctx, &identifier, kind, index).await?;
    Ok(Json(json!({"ok": true, "cursor": {"primary": primary}})))
}

pub(super) async fn move_cursor(
    state: State<App>,
    who: Authenticated,
    path: Segments<String>,
    query: Query,
    body: JsonBody,
) -> Answer {
    note_cursor(state, who, path, query, body, true).await
}

pub(super) async fn make_cursor(
    state: State<App>,
    who: Authenticated,
    path: Segments<String>,
    query: Query,
    body: JsonBody,
) -> Answer {
    note_cursor(state, who, path, query, body, false).await
}

async fn note_cursor(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Segments(identifier): Segments<String>,
    query: Query,
    JsonBody(body): JsonBody,
    only_change: bool,
) -> Answer {
    let path = Pointer::root().key("primary");
    let primary = body.get("primary").and_then(Value::as_str);
    let primary = primary.ok_or_else(|| Error::at(Code::WrongType, path, "\"primary\" is a string"))?;
    app.integrations.note_cursor(&ctx, &identifier, place(&query)?, primary, only_change).await?;
    Ok(Json(json!({"ok": true, "cursor": {"primary": primary}})))
}

/// Which cursor is meant.
fn place(query: &Query) -> Result<(&str, &str), Error> {
    let path = Pointer::root().key("kind");
    let kind = query.text("kind");
    let kind = kind.ok_or_else(|| Error::at(Code::Required, path, "\"kind\" says which cursor is meant"))?;
    Ok((kind, query.text("index").unwrap_or("0")))
}

/// A client's log and measures are taken, so that it works as it is used to, and not kept.
pub(super) async fn accept(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Segments(identifier): Segments<String>,
    JsonBody(body): JsonBody,
) -> Answer {
    object(&body)?;
    app.integrations.remote(&ctx, &identifier).await?;
    Ok(Json(json!({"ok": true})))
}

pub(super) async fn accept_kind(
    state: State<App>,
    who: Authenticated,
    Segments((identifier, _, _)): Segments<(String, String, String)>,
    body: JsonBody,
) -> Answer {
    accept(state, who, Segments(identifier), body).await
}

fn object(body: &Value) -> Result<&Map<String, Value>, Error> {
    body.as_object().ok_or_else(|| Error::at(Code::WrongType, Pointer::root(), "the body is an object"))
}
