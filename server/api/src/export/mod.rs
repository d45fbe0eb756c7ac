//! `GET /api/blueprints/{blueprint}/entities.csv` and `.ndjson`: all entities of a blueprint, as a stream of any length;
//! and `GET /api/export`, all of a tenant.

mod columns;
mod csv;
mod ndjson;
mod tenant;

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
use portolan_schema::{BlueprintModel, Code, Error, Pointer, Problems, Result};
use serde_json::Value;
use tokio::sync::mpsc;

use self::columns::Columns;
use crate::App;
use crate::answer::Refusal;
use crate::authenticated::Authenticated;

/// A reader that takes nothing this long loses its snapshot: it would hold up the database.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most keys of an order.
const MAX_KEYS: usize = 8;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/blueprints/{blueprint}/entities.csv", get(csv))
        .route("/api/blueprints/{blueprint}/entities.ndjson", get(ndjson))
        .route("/api/export", get(tenant::export))
}

/// A way to write entities down.
#[derive(Clone, Copy)]
enum Format {
    Csv,
    Ndjson,
}

impl Format {
    const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Ndjson => "application/x-ndjson",
        }
    }

    const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }
}

/// What is written of each entity, and how.
struct Writer {
    format: Format,
    /// None: whole entities, as the stream takes them.
    columns: Option<Columns>,
}

impl Writer {
    /// # Errors
    /// Problems of the columns that were chosen.
    fn new(blueprint: &BlueprintModel, format: Format, chosen: Option<&Value>) -> Result<Self> {
        let columns = match (chosen, format) {
            (Some(chosen), _) => Some(Columns::chosen(blueprint, chosen)?),
            (None, Format::Csv) => Some(Columns::all(blueprint)),
            (None, Format::Ndjson) => None,
        };
        Ok(Self { format, columns })
    }

    /// What comes before the first entity.
    fn head(&self) -> Vec<u8> {
        match (self.format, &self.columns) {
            (Format::Csv, Some(columns)) => csv::head(columns),
            _ => Vec::new(),
        }
    }

    fn entity(&self, blueprint: &BlueprintModel, entity: &Entity, out: &mut Vec<u8>) -> Result<()> {
        match (self.format, &self.columns) {
            (Format::Csv, Some(columns)) => csv::entity(blueprint, columns, entity, out),
            (Format::Ndjson, Some(columns)) => ndjson::row(blueprint, columns, entity, out),
            (_, None) => ndjson::entity(blueprint, entity, out),
        }
    }
}

/// What is asked for, in the address.
#[derive(Default)]
struct Wanted {
    rules: Option<Value>,
    order: Option<Value>,
    columns: Option<Value>,
}

impl Wanted {
    /// # Errors
    /// `UNKNOWN_FIELD`; `MALFORMED_JSON`.
    fn read(query: &[(String, String)]) -> Result<Self> {
        let mut wanted = Self::default();
        for (name, value) in query {
            let path = Pointer::root().key(name);
            let place = match name.as_str() {
                "rules" => &mut wanted.rules,
                "orderBy" => &mut wanted.order,
                "columns" => &mut wanted.columns,
                _ => {
                    let message = format!("there is no parameter \"{name}\"");
                    return Err(Error::at(Code::UnknownField, path, message));
                }
            };
            let parsed: Value = serde_json::from_str(value).map_err(|error| {
                Error::at(Code::MalformedJson, path, format!("\"{name}\" is not JSON: {error}"))
            })?;
            *place = Some(parsed);
        }
        Ok(wanted)
    }

    /// `[{property, direction}]` as properties, and whether they descend.
    ///
    /// # Errors
    /// All problems of its shape.
    fn order(&self) -> Result<Vec<(String, bool)>> {
        let path = Pointer::root().key("orderBy");
        let Some(order) = &self.order else { return Ok(Vec::new()) };
        let Some(keys) = order.as_array().filter(|keys| keys.len() <= MAX_KEYS) else {
            let message = format!("an order is a list of at most {MAX_KEYS} keys");
            return Err(Error::at(Code::WrongType, path, message));
        };
        let (mut read, mut problems) = (Vec::new(), Problems::default());
        for (index, key) in keys.iter().enumerate() {
            let at = path.index(index);
            let descending = match key["direction"].as_str() {
                Some("DESC") => true,
                Some("ASC") => false,
                None if key["direction"].is_null() => false,
                _ => {
                    problems.add(Code::InvalidValue, at.key("direction"), "a direction is ASC or DESC");
                    continue;
                }
            };
            match key["property"].as_str() {
                Some(property) => read.push((property.to_owned(), descending)),
                None => problems.add(Code::Required, at.key("property"), "a key has a \"property\""),
            }
        }
        Ok(problems.into_result(read)?)
    }
}

async fn csv(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Path(blueprint): Path<String>,
    query: Query<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    export(&app, &ctx, &blueprint, &query, Format::Csv).await
}

async fn ndjson(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Path(blueprint): Path<String>,
    query: Query<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    export(&app, &ctx, &blueprint, &query, Format::Ndjson).await
}

async fn export(
    app: &App,
    ctx: &OpContext,
    blueprint: &str,
    query: &[(String, String)],
    format: Format,
) -> Result<Response, Refusal> {
    let wanted = Wanted::read(query)?;
    let order = wanted.order()?;
    let mut export = app.catalog.export(ctx, blueprint, wanted.rules.as_ref(), &order).await?;
    let writer = Writer::new(exported(&export)?, format, wanted.columns.as_ref())?;
    // The first page is read before the answer begins, so that what fails at once has its status.
    let first = page(&mut export, &writer, true).await?;
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(send(export, writer, first, sender));
    let name = format!("attachment; filename=\"{}.{}\"", file_name(blueprint), format.extension());
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(format.content_type())),
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
async fn page(export: &mut Export, writer: &Writer, is_first: bool) -> Result<Bytes> {
    let entities = export.next().await?;
    let blueprint = exported(export)?;
    let mut piece = if is_first { writer.head() } else { Vec::new() };
    for entity in &entities {
        writer.entity(blueprint, entity, &mut piece)?;
    }
    Ok(piece.into())
}

fn exported(export: &Export) -> Result<&BlueprintModel> {
    let found = export.model().by_no(export.blueprint());
    found.map(AsRef::as_ref).ok_or_else(|| Error::internal("an export lost its blueprint"))
}

/// Sends page after page as fast as they are taken.
async fn send(mut export: Export, writer: Writer, first: Bytes, sender: mpsc::Sender<Result<Bytes>>) {
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
        piece = page(&mut export, &writer, false).await;
    }
}

/// A blueprint's identifier without what file names don't take.
fn file_name(blueprint: &str) -> String {
    blueprint.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect()
}
