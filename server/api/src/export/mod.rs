//! `GET /api/blueprints/{blueprint}/entities.csv` and `.ndjson`: all entities of a blueprint, as a stream of any length.

mod csv;
mod ndjson;

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use futures::StreamExt;
use portolan_catalog::stream::Export;
use portolan_catalog::{Entity, OpContext};
use portolan_schema::{BlueprintModel, Code, Error, Pointer, Result};
use tokio::sync::mpsc;

use crate::App;
use crate::answer::Refusal;
use crate::authenticated::Authenticated;

/// A reader that takes nothing this long loses its snapshot: it would hold up the database.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/blueprints/{blueprint}/entities.csv", get(csv))
        .route("/api/blueprints/{blueprint}/entities.ndjson", get(ndjson))
}

/// A way to write entities down.
#[derive(Clone, Copy)]
struct Format {
    content_type: &'static str,
    extension: &'static str,
    /// What comes before the first entity.
    head: fn(&BlueprintModel) -> Vec<u8>,
    entity: fn(&BlueprintModel, &Entity, &mut Vec<u8>) -> Result<()>,
}

const CSV: Format = Format {
    content_type: "text/csv; charset=utf-8; header=present",
    extension: "csv",
    head: csv::head,
    entity: csv::entity,
};
const NDJSON: Format = Format {
    content_type: "application/x-ndjson",
    extension: "ndjson",
    head: |_| Vec::new(),
    entity: ndjson::entity,
};

async fn csv(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Path(blueprint): Path<String>,
    query: Query<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    export(&app, &ctx, &blueprint, &query, CSV).await
}

async fn ndjson(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Path(blueprint): Path<String>,
    query: Query<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    export(&app, &ctx, &blueprint, &query, NDJSON).await
}

async fn export(
    app: &App,
    ctx: &OpContext,
    blueprint: &str,
    query: &[(String, String)],
    format: Format,
) -> Result<Response, Refusal> {
    let mut rules = None;
    for (name, value) in query {
        let path = Pointer::root().key(name);
        if name != "rules" {
            let message = format!("there is no parameter \"{name}\"");
            return Err(Error::at(Code::UnknownField, path, message).into());
        }
        let parsed: serde_json::Value = serde_json::from_str(value).map_err(|error| {
            Error::at(Code::MalformedJson, path, format!("the rules are not JSON: {error}"))
        })?;
        rules = Some(parsed);
    }
    let mut export = app.catalog.export(ctx, blueprint, rules.as_ref()).await?;
    // The first page is read before the answer begins, so that what fails at once has its status.
    let first = page(&mut export, format, true).await?;
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(send(export, format, first, sender));
    let name = format!("attachment; filename=\"{}.{}\"", file_name(blueprint), format.extension);
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(format.content_type)),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (CONTENT_DISPOSITION, HeaderValue::from_str(&name).map_err(Error::internal)?),
    ];
    let pieces = futures::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    // Whoever compresses it asks once more after the end.
    Ok((headers, Body::from_stream(pieces.fuse())).into_response())
}

/// The next piece of the export; empty at its end.
async fn page(export: &mut Export, format: Format, is_first: bool) -> Result<Bytes> {
    let entities = export.next().await?;
    let blueprint = export.model().by_no(export.blueprint());
    let blueprint = blueprint.ok_or_else(|| Error::internal("an export lost its blueprint"))?;
    let mut piece = if is_first { (format.head)(blueprint) } else { Vec::new() };
    for entity in &entities {
        (format.entity)(blueprint, entity, &mut piece)?;
    }
    Ok(piece.into())
}

/// Sends page after page as fast as they are taken.
async fn send(mut export: Export, format: Format, first: Bytes, sender: mpsc::Sender<Result<Bytes>>) {
    let mut piece = Ok(first);
    loop {
        let is_last = piece.as_ref().map_or(true, Bytes::is_empty);
        if let Err(error) = &piece {
            // The answer is cut off, which its reader sees.
            tracing::error!(error = ?error, "an export failed");
        }
        if sender.send(piece).await.is_err() || is_last {
            return;
        }
        if tokio::time::timeout(PATIENCE, sender.reserve()).await.is_err() {
            export.let_go();
            if sender.reserve().await.is_err() {
                return;
            }
        }
        piece = page(&mut export, format, false).await;
    }
}

/// A blueprint's identifier without what file names don't take.
fn file_name(blueprint: &str) -> String {
    blueprint.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect()
}
