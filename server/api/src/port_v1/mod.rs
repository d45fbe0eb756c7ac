//! Port's wire format under `/v1` (port-api.md): what its clients send and expect.

mod aggregate;
mod blueprints;
mod datasource;
mod entities;
mod entity_body;
mod flags;
mod integrations;
mod migrations;
mod search;
mod segments;
mod token;
mod view;

pub(crate) use flags::Query;
pub(crate) use segments::Segments;

use axum::Router;
use axum::routing::{delete, get, patch, post};

use crate::App;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .merge(integrations::routes())
        .route("/auth/access_token", post(token::issue))
        .route("/organization", get(token::organization))
        .route("/blueprints", get(blueprints::list).post(blueprints::create))
        .route(
            "/blueprints/{blueprint}",
            get(blueprints::read)
                .put(blueprints::replace)
                .patch(blueprints::merge)
                .delete(blueprints::delete),
        )
        .route("/blueprints/{blueprint}/properties/{property}/rename", patch(blueprints::rename_property))
        .route("/blueprints/{blueprint}/mirror/{mirror}/rename", patch(blueprints::rename_mirror))
        .route("/blueprints/{blueprint}/relations/{relation}/rename", patch(blueprints::rename_relation))
        .route("/blueprints/{blueprint}/entities", get(entities::list).post(entities::create))
        .route("/blueprints/{blueprint}/entities/bulk", entities::named("bulk").post(entities::bulk))
        .route("/blueprints/{blueprint}/bulk/entities/delete", post(entities::bulk_delete))
        .route(
            "/blueprints/{blueprint}/entities/{entity}",
            get(entities::read).put(entities::replace).patch(entities::merge).delete(entities::delete),
        )
        .route("/blueprints/{blueprint}/all-entities", delete(migrations::delete_all))
        .route("/migrations/{migration}", get(migrations::read))
        .route("/blueprints/{blueprint}/entities-count", get(entities::count))
        .route("/blueprints/{blueprint}/entities/search", entities::named("search").post(search::scoped))
        .route("/blueprints/{blueprint}/entities/search/count", post(search::count))
        .route("/entities/search", post(search::global))
        .route("/entities/aggregate", post(aggregate::aggregate))
        .route("/blueprints/entities/datasource-entities", post(datasource::entities))
}
