//! `/api/runs`: runs whose items come from a client that reads the source where this server cannot (docs/remote-runs.md).

use async_trait::async_trait;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use futures::StreamExt;
use portolan_catalog::OpContext;
use portolan_integrations::{Closing, Receipt, Receipts, Run, RunKind};
use portolan_schema::{Code, Error, Instant, Pointer, Problems, Result};
use serde_json::{Value, json};

use crate::App;
use crate::answer::Refusal;
use crate::authenticated::Authenticated;
use crate::body::JsonBody;
use crate::port_v1::Segments;
use crate::stream::decode::{Encoding, decoded};
use crate::stream::spool::{SpoolSink, spool};
use crate::stream::{NDJSON, UNBUFFERED};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/runs", post(open))
        .route("/api/runs/{run}", get(read))
        .route("/api/runs/{run}/items", post(items))
        .route("/api/runs/{run}/close", post(close))
}

async fn open(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    JsonBody(body): JsonBody,
) -> Result<Response, Refusal> {
    let (integration, plan) = wanted(&body)?;
    let (run, is_new) = app.integrations.open_run(&ctx, &integration, plan).await?;
    let wanted = app.integrations.wanted(&ctx, run.id).await?;
    let wanted: Vec<Value> =
        wanted.into_iter().map(|one| json!({"kind": one.kind, "selector": one.selector})).collect();
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    let answer = json!({"ok": true, "run": shown(&app, &ctx, run.id).await?, "wanted": wanted});
    Ok((status, Json(answer)).into_response())
}

fn wanted(body: &Value) -> Result<(String, bool), Problems> {
    let root = Pointer::root();
    let mut problems = Problems::default();
    let Value::Object(object) = body else {
        problems.add(Code::WrongType, root, "the body is an object");
        return Err(problems);
    };
    let integration = match object.get("integration") {
        Some(Value::String(integration)) => integration.clone(),
        None | Some(Value::Null) => {
            problems.add(Code::Required, root.key("integration"), "\"integration\" names whose run it is");
            String::new()
        }
        Some(_) => {
            problems.add(Code::WrongType, root.key("integration"), "\"integration\" is a string");
            String::new()
        }
    };
    let plan = match object.get("plan") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(plan)) => *plan,
        Some(_) => {
            problems.add(Code::WrongType, root.key("plan"), "\"plan\" is true or false");
            false
        }
    };
    for key in object.keys().filter(|key| !["integration", "plan"].contains(&key.as_str())) {
        let message = format!("\"{key}\" is not a field here; there are \"integration\" and \"plan\"");
        problems.add(Code::UnknownField, root.key(key), message);
    }
    problems.into_result((integration, plan))
}

async fn read(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Segments(run): Segments<String>,
) -> Result<Json<Value>, Refusal> {
    Ok(Json(json!({"ok": true, "run": shown(&app, &ctx, number(&run)?).await?})))
}

async fn close(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Segments(run): Segments<String>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Refusal> {
    let id = number(&run)?;
    let run = app.integrations.close_run(&ctx, id, &Closing::from_json(&body)?).await?;
    Ok(Json(json!({"ok": true, "run": shown(&app, &ctx, run.id).await?})))
}

async fn items(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Segments(run): Segments<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let id = number(&run)?;
    let encoding = match headers.get(CONTENT_ENCODING) {
        None => Encoding::Identity,
        Some(value) => Encoding::parse(value.to_str().unwrap_or_default())?,
    };
    let lines = Box::pin(decoded(body.into_data_stream(), encoding)?);
    let intake = app.integrations.take_items(&ctx, id).await?;
    let (sink, receipts) = spool();
    // By itself, so that what was sent whole is taken, and the run is let go, even where nobody waits for the answer.
    tokio::spawn(async move { intake.run(lines, &mut Spoken(sink)).await });
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(NDJSON)),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (UNBUFFERED, HeaderValue::from_static("no")),
    ];
    // Whoever compresses it asks once more after the end.
    Ok((headers, Body::from_stream(receipts.into_stream().fuse())).into_response())
}

/// Receipts as lines of NDJSON.
struct Spoken(SpoolSink);

#[async_trait]
impl Receipts for Spoken {
    async fn say(&mut self, receipts: Vec<Receipt>) {
        let mut lines = Vec::new();
        for receipt in &receipts {
            lines.extend_from_slice(line(receipt).to_string().as_bytes());
            lines.push(b'\n');
        }
        self.0.write(&Bytes::from(lines)).await;
    }
}

fn line(receipt: &Receipt) -> Value {
    match receipt {
        Receipt::Committed(line) => json!({"committed": line}),
        Receipt::Refused { line, problems } => json!({"line": line, "errors": problems}),
        Receipt::Aborted { line, problems } => json!({"aborted": true, "line": line, "errors": problems}),
        Receipt::Done { lines, items, refused } => {
            json!({"done": true, "lines": lines, "items": items, "failed": refused})
        }
    }
}

fn number(id: &str) -> Result<i64> {
    id.parse().map_err(|_| Error::not_found(format!("the run {id}")))
}

async fn shown(app: &App, ctx: &OpContext, id: i64) -> Result<Value> {
    let (run, kinds) = app.integrations.run(ctx, id).await?;
    let Run { status, phase, plan_only, cancelling, error, blocked, .. } = &run;
    let problem = |(code, message): &(String, String)| json!({"code": code, "message": message});
    let kind = |kind: &RunKind| {
        json!({
            "kind": kind.kind, "status": kind.status.as_str(), "seen": kind.seen, "mapped": kind.mapped,
            "created": kind.counts.created, "updated": kind.counts.updated, "unchanged": kind.counts.unchanged,
            "deleted": kind.counts.deleted, "failed": kind.counts.failed, "error": kind.error.as_ref().map(problem),
        })
    };
    let at = |at: &Option<Instant>| at.map(Instant::to_rfc3339);
    let blocked = blocked.as_ref().map(|blocked| {
        json!({
            "reason": blocked.reason, "deletions": blocked.deletions, "share": blocked.share,
            "threshold": blocked.threshold,
        })
    });
    Ok(json!({
        "id": run.id.to_string(), "status": status.as_str(), "phase": phase.as_str(), "planOnly": plan_only,
        "cancelling": cancelling, "createdAt": run.created_at.to_rfc3339(), "createdBy": run.created_by,
        "startedAt": at(&run.started_at), "endedAt": at(&run.ended_at), "error": error.as_ref().map(problem),
        "blocked": blocked, "kinds": kinds.iter().map(kind).collect::<Vec<_>>(),
    }))
}
