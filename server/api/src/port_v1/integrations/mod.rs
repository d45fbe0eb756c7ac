//! Integrations that run elsewhere (port-api.md 5.2, 7.7): what Ocean, the Kubernetes exporter and Terraform keep here.

mod clients;
mod view;

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, patch, post, put};
use portolan_integrations::RemoteChange;
use portolan_schema::{Code, Error, Pointer};
use serde_json::{Value, json};

use self::view::{Base, shown};
use super::flags::Query;
use super::segments::Segments;
use crate::App;
use crate::answer::Refusal;
use crate::authenticated::Authenticated;
use crate::body::JsonBody;

type Answer = Result<Json<Value>, Refusal>;

/// A change of the configuration that nobody is to resync for.
const SKIP_RESYNC: &str = "x-skip-resync";

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/integration", get(list).post(create))
        .route("/integration/provision-enabled", get(clients::provisioned))
        .route("/integration/{integration}", get(read).patch(change).delete(delete))
        .route("/integration/{integration}/config", patch(configure))
        .route("/integration/{integration}/resync-state", patch(clients::note_resync))
        .route("/integration/{integration}/resync-request", get(clients::requested))
        .route("/integration/{integration}/kinds", get(clients::kinds))
        .route("/integration/{integration}/kinds/{kind}/examples", post(clients::note_examples))
        .route(
            "/integration/{integration}/cursor",
            get(clients::cursor).put(clients::move_cursor).post(clients::make_cursor),
        )
        .route("/integration/{integration}/logs", post(clients::accept))
        .route("/integration/{integration}/metrics/syncMetrics", post(clients::accept))
        .route(
            "/integration/{integration}/metrics/syncMetrics/resync/{event}/kind/{kind}",
            put(clients::accept_kind),
        )
        .route("/integration/{integration}/metrics/heartbeat", post(clients::accept))
}

async fn list(State(app): State<App>, base: Base, Authenticated(ctx): Authenticated) -> Answer {
    let found = app.integrations.remotes(&ctx).await?;
    let shown: Vec<Value> = found.iter().map(|one| shown(one, &base)).collect::<Result<_, _>>()?;
    Ok(Json(json!({"ok": true, "integrations": shown})))
}

/// Changes the integration where it is there: a client that starts twice at once means the same one.
async fn create(
    State(app): State<App>,
    base: Base,
    Authenticated(ctx): Authenticated,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let wanted = RemoteChange::from_json(&body)?;
    let path = Pointer::root().key("installationId");
    let identifier = match body.get("installationId") {
        Some(Value::String(identifier)) => identifier,
        None | Some(Value::Null) => {
            return Err(Error::at(Code::Required, path, "\"installationId\" names the integration").into());
        }
        Some(_) => return Err(Error::at(Code::WrongType, path, "\"installationId\" is a string").into()),
    };
    let (integration, is_new) = app.integrations.put_remote(&ctx, identifier, &wanted).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(json!({"ok": true, "integration": shown(&integration, &base)?}))))
}

async fn read(
    State(app): State<App>,
    base: Base,
    Authenticated(ctx): Authenticated,
    Segments(identifier): Segments<String>,
    query: Query,
) -> Answer {
    if let Some(field) = query.text("byField").filter(|field| *field != "installationId") {
        let message = format!("integrations are found by their installationId, not by {field}");
        return Err(Error::at(Code::NotSupported, Pointer::root().key("byField"), message).into());
    }
    let integration = app.integrations.remote(&ctx, &identifier).await?;
    Ok(Json(json!({"ok": true, "integration": shown(&integration, &base)?})))
}

/// Without anything to change, it asks for a resync; so does another configuration.
async fn change(
    State(app): State<App>,
    base: Base,
    Authenticated(ctx): Authenticated,
    Segments(identifier): Segments<String>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Answer {
    let is_empty = body.is_null() || body.as_object().is_some_and(serde_json::Map::is_empty);
    let mut wanted = if is_empty { RemoteChange::default() } else { RemoteChange::from_json(&body)? };
    wanted.resync = is_empty;
    wanted.skip_resync = skips(&headers);
    let integration = app.integrations.change_remote(&ctx, &identifier, &wanted).await?;
    Ok(Json(json!({"ok": true, "integration": shown(&integration, &base)?})))
}

/// The configuration, in `config` or by itself: clients send both.
async fn configure(
    State(app): State<App>,
    base: Base,
    Authenticated(ctx): Authenticated,
    Segments(identifier): Segments<String>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Answer {
    let config = match &body {
        Value::Object(object) if object.contains_key("config") => &object["config"],
        other => other,
    };
    let wanted = RemoteChange::from_json(&json!({"config": config}))?;
    let wanted = RemoteChange { resync: !skips(&headers), skip_resync: skips(&headers), ..wanted };
    let integration = app.integrations.change_remote(&ctx, &identifier, &wanted).await?;
    Ok(Json(json!({"ok": true, "integration": shown(&integration, &base)?})))
}

fn skips(headers: &HeaderMap) -> bool {
    headers.get(SKIP_RESYNC).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"))
}

/// Goes on where the client gives up waiting.
async fn delete(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Segments(identifier): Segments<String>,
    query: Query,
) -> Answer {
    let delete_entities = query.is_on("delete_entities");
    let integrations = app.integrations.clone();
    let work =
        tokio::spawn(async move { integrations.delete_remote(&ctx, &identifier, delete_entities).await });
    let deleted = work.await.map_err(Error::internal)??;
    Ok(Json(json!({"ok": true, "deletedEntities": deleted})))
}
