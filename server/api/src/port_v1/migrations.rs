//! Deleting all entities of a blueprint, which the wire calls a migration (port-api.md 1.9, 1.10).

use axum::Json;
use axum::extract::State;
use portolan_catalog::EntityMigration;
use portolan_schema::Error;
use serde_json::{Value, json};

use super::flags::Query;
use super::segments::Segments;
use crate::App;
use crate::answer::Refusal;
use crate::authenticated::Authenticated;

type Answer = Result<Json<Value>, Refusal>;

pub(crate) async fn delete_all(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Segments(blueprint): Segments<String>,
    query: Query,
) -> Answer {
    let begun = app.catalog.delete_all_entities(&ctx, &blueprint, query.is_on("delete_blueprint")).await?;
    Ok(Json(json!({"ok": true, "migrationId": begun.id.to_string()})))
}

pub(crate) async fn read(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Segments(id): Segments<String>,
) -> Answer {
    let number = id.parse().map_err(|_| Error::not_found(format!("the migration \"{id}\"")))?;
    let found = app.catalog.migration(&ctx, number).await?;
    Ok(Json(json!({"ok": true, "migration": shown(&found)})))
}

/// A client takes a migration without a mapping for broken, so a deletion has one, too.
fn shown(migration: &EntityMigration) -> Value {
    json!({
        "id": migration.id.to_string(),
        "actor": migration.actor,
        "sourceBlueprint": migration.blueprint,
        "mapping": {"blueprint": migration.blueprint},
        "status": migration.status.as_str(),
        "deleteBlueprint": migration.delete_blueprint,
        "deleteEntities": true,
        "successCount": migration.succeeded,
        "failureCount": migration.failed,
        "error": migration.error,
        "createdAt": migration.created_at.to_rfc3339(),
        "updatedAt": migration.updated_at.to_rfc3339(),
    })
}
