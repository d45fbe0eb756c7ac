//! `GET /api/changes`: the log of changes after a sequence number; waits for more where it is asked to (api.md 4).

use std::time::Duration;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use portolan_schema::{CatalogModel, Code, Error, Pointer};
use serde_json::{Value, json};

use crate::App;
use crate::answer::Refusal;
use crate::authenticated::Authenticated;
use crate::graphql::history::state_json;
use crate::port_v1::Query;

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1_000;
/// Longest wait; a request as a whole may take a little longer.
const MAX_WAIT: Duration = Duration::from_secs(50);

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/api/changes", get(read))
}

async fn read(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    query: Query,
) -> Result<Json<Value>, Refusal> {
    let after = number(&query, "after", 0, i64::MAX)?;
    let limit = number(&query, "limit", DEFAULT_LIMIT, MAX_LIMIT)?;
    if limit == 0 {
        return Err(wrong("limit", "this is a number from 1").into());
    }
    let wait = wait(&query)?;
    let mut follower = app.catalog.follow(&ctx, Some(after)).await?;
    let found = follower.next(limit, wait).await?;
    // It may have waited for long.
    let model = app.catalog.present_model(&ctx).await?;
    let changes: Vec<Value> = found.iter().map(|entry| change(&model, entry)).collect();
    Ok(Json(json!({"changes": changes, "next": follower.after})))
}

fn change(model: &CatalogModel, entry: &portolan_catalog::LogEntry) -> Value {
    json!({
        "seq": entry.seq,
        "at": entry.at.to_rfc3339(),
        "kind": entry.kind,
        // Null where the blueprint is gone.
        "blueprint": model.by_no(entry.blueprint).map(|blueprint| blueprint.identifier()),
        "identifier": entry.identifier,
        "before": entry.before.as_ref().map(state_json),
        "after": entry.after.as_ref().map(state_json),
        "actor": entry.actor,
        "origin": entry.origin,
        "run": entry.run.map(|run| run.to_string()),
    })
}

fn number<T: std::str::FromStr + PartialOrd + Default + std::fmt::Display>(
    query: &Query,
    name: &str,
    default: T,
    most: T,
) -> Result<T, Error> {
    match query.text(name) {
        None => Ok(default),
        Some(text) => match text.parse::<T>() {
            Ok(number) if number >= T::default() && number <= most => Ok(number),
            _ => Err(wrong(name, &format!("this is a number from 0 to {most}"))),
        },
    }
}

/// `30s` or `30`: seconds. More than the longest wait is the longest wait.
fn wait(query: &Query) -> Result<Duration, Error> {
    let Some(text) = query.text("wait") else { return Ok(Duration::ZERO) };
    let seconds = text.strip_suffix('s').unwrap_or(text).parse::<u64>();
    let seconds = seconds.map_err(|_| wrong("wait", "this is a number of seconds, such as 30s"))?;
    Ok(Duration::from_secs(seconds).min(MAX_WAIT))
}

fn wrong(name: &str, message: &str) -> Error {
    Error::at(Code::InvalidValue, Pointer::root().key(name), message)
}
