//! `GET /api/export`: blueprints, entities and integrations of a tenant as documents that `portolan apply` takes. Secrets
//! stay where they are, and so do memberships: of people it has what the catalog knows beside them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::StreamExt;
use portolan_catalog::{Catalog, OpContext};
use portolan_integrations::Integration;
use portolan_schema::{CatalogModel, Error, Result, StoredBlueprint, system};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;

use super::{Format, Writer, page};
use crate::App;
use crate::answer::Refusal;
use crate::authenticated::Authenticated;

/// Set by the server.
const STAMPS: [&str; 4] = ["createdAt", "createdBy", "updatedAt", "updatedBy"];
/// What memberships say of a person.
const OF_MEMBERS: [&str; 2] = [system::STATUS, system::ROLE];

pub(super) async fn export(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
) -> Result<Response, Refusal> {
    // Who may not read these may not read all.
    let integrations = app.integrations.integrations(&ctx).await?;
    let model = app.catalog.model(&ctx).await?;
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(send(app.catalog, ctx, model, integrations, sender));
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/yaml")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"portolan.yaml\"")),
    ];
    let pieces = futures::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    Ok((headers, Body::from_stream(pieces.fuse())).into_response())
}

async fn send(
    catalog: Catalog,
    ctx: OpContext,
    model: Arc<CatalogModel>,
    integrations: Vec<Integration>,
    sender: mpsc::Sender<Result<Bytes>>,
) {
    if let Err(error) = write(&catalog, &ctx, &model, &integrations, &sender).await {
        // The answer is cut off, which its reader sees.
        tracing::error!(error = ?error, "an export failed");
        drop(sender.send(Err(error)).await);
    }
}

/// Ends early where nobody reads any more.
async fn write(
    catalog: &Catalog,
    ctx: &OpContext,
    model: &CatalogModel,
    integrations: &[Integration],
    sender: &mpsc::Sender<Result<Bytes>>,
) -> Result<()> {
    let mut piece = String::new();
    for blueprint in model.blueprints() {
        add(&mut piece, "Blueprint", definition(&blueprint.stored)?)?;
    }
    if sender.send(Ok(piece.into())).await.is_err() {
        return Ok(());
    }
    for blueprint in model.blueprints() {
        let mut export = catalog.export(ctx, blueprint.identifier(), None, &[]).await?;
        let writer = Writer::new(blueprint, Format::Ndjson, None)?;
        loop {
            let lines = page(&mut export, &writer, false).await?;
            if lines.is_empty() {
                break;
            }
            let mut piece = String::new();
            for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                let mut entity: Map<String, Value> = serde_json::from_slice(line).map_err(Error::internal)?;
                if blueprint.identifier() == system::USER
                    && let Some(properties) = entity.get_mut("properties").and_then(Value::as_object_mut)
                {
                    properties.retain(|key, _| !OF_MEMBERS.contains(&key.as_str()));
                }
                add(&mut piece, "Entity", entity)?;
            }
            // Whoever reads slowly must not hold a snapshot.
            export.let_go();
            if sender.send(Ok(piece.into())).await.is_err() {
                return Ok(());
            }
        }
    }
    let mut piece =
        String::from("# Secrets are never exported: add them, as in `secrets: {token: \"${env:TOKEN}\"}`.\n");
    for integration in integrations.iter().filter(|integration| !integration.remote) {
        let fields = json!({"identifier": integration.identifier, "ingestor": integration.ingestor,
            "config": integration.config, "mapping": integration.mapping, "schedule": integration.schedule,
            "guard": integration.guard});
        add(&mut piece, "Integration", fields.as_object().cloned().unwrap_or_default())?;
    }
    drop(sender.send(Ok(piece.into())).await);
    Ok(())
}

/// What `apply` takes for a blueprint: of a system blueprint only what was added.
fn definition(stored: &StoredBlueprint) -> Result<Map<String, Value>> {
    let mut fields = match system::extension(&Catalog::blueprint_json(stored)) {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    fields.retain(|key, _| !STAMPS.contains(&key.as_str()));
    fields.insert("graphql".to_owned(), serde_json::to_value(&stored.names).map_err(Error::internal)?);
    Ok(fields)
}

fn add(piece: &mut String, kind: &str, fields: Map<String, Value>) -> Result<()> {
    let mut document = Map::from_iter([("kind".to_owned(), kind.into())]);
    document.extend(fields);
    piece.push_str("---\n");
    piece.push_str(&serde_norway::to_string(&document).map_err(Error::internal)?);
    Ok(())
}
