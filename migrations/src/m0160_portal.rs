//! What people make in the portal for themselves and each other: pages, saved views, preferences, settings.

use sea_orm_migration::prelude::*;

use crate::dialect;

pub(crate) const TENANT_TABLES: &[&str] =
    &["portal_pages", "saved_views", "portal_preferences", "portal_settings"];

const TENANT: &[&str] = &[
    // The sidebar's tree. `position` orders the pages of one parent, from 0 without gaps. `spec` is JSON: what the page
    // shows, by its kind.
    "CREATE TABLE portal_pages (
       tenant_id BIGINT NOT NULL, page_id BIGINT NOT NULL, identifier {text} NOT NULL, kind {text} NOT NULL,
       parent_id BIGINT, position INTEGER NOT NULL, title {text} NOT NULL, icon {text}, description {text},
       locked INTEGER NOT NULL, spec {text} NOT NULL, revision BIGINT NOT NULL, created_at BIGINT NOT NULL,
       created_by {text} NOT NULL, updated_at BIGINT NOT NULL, updated_by {text} NOT NULL,
       PRIMARY KEY (tenant_id, page_id)) {clustered}",
    "CREATE UNIQUE INDEX portal_pages_by_identifier ON portal_pages (tenant_id, identifier)",
    // `owner` is who alone has it, as in the stamps; null where all share it.
    "CREATE TABLE saved_views (
       tenant_id BIGINT NOT NULL, view_id BIGINT NOT NULL, blueprint {text} NOT NULL, owner {text},
       title {text} NOT NULL, spec {text} NOT NULL, revision BIGINT NOT NULL, created_at BIGINT NOT NULL,
       created_by {text} NOT NULL, updated_at BIGINT NOT NULL, updated_by {text} NOT NULL,
       PRIMARY KEY (tenant_id, view_id)) {clustered}",
    "CREATE INDEX saved_views_by_blueprint ON saved_views (tenant_id, blueprint, owner)",
    "CREATE INDEX saved_views_by_owner ON saved_views (tenant_id, owner)",
    "CREATE TABLE portal_preferences (
       tenant_id BIGINT NOT NULL, owner {text} NOT NULL, preferences {text} NOT NULL, updated_at BIGINT NOT NULL,
       PRIMARY KEY (tenant_id, owner)) {clustered}",
    "CREATE TABLE portal_settings (
       tenant_id BIGINT PRIMARY KEY, settings {text} NOT NULL, revision BIGINT NOT NULL, updated_at BIGINT NOT NULL,
       updated_by {text} NOT NULL)",
];

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0160_portal"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, TENANT).await?;
        dialect::isolate(manager, TENANT_TABLES).await
    }
}
