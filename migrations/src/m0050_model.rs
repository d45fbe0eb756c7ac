//! What a change of the model leaves to do: parts that went away, entities that do not fit, changes in the making, and
//! deletions of all entities of a blueprint.

use sea_orm_migration::prelude::*;

use crate::dialect;

pub(crate) const TENANT_TABLES: &[&str] =
    &["retired_parts", "invalid_entities", "pending_changes", "entity_migrations"];

const TENANT: &[&str] = &[
    // Numbers that no blueprint has any more, with the last name of what they stood for. `swept_to` is the last entity whose
    // rows under the number are gone; null when all are.
    "CREATE TABLE retired_parts (
       tenant_id BIGINT NOT NULL, part_no INTEGER NOT NULL, blueprint_no INTEGER NOT NULL, kind {text} NOT NULL,
       identifier {text} NOT NULL, retired_at BIGINT NOT NULL, swept_to BIGINT,
       PRIMARY KEY (tenant_id, part_no)) {clustered}",
    "CREATE INDEX retired_parts_unswept ON retired_parts (tenant_id, retired_at) WHERE swept_to IS NOT NULL",
    // Entities that do not fit their blueprint. A blueprint says which set counts.
    "CREATE TABLE invalid_entities (
       tenant_id BIGINT NOT NULL, set_no INTEGER NOT NULL, entity_id BIGINT NOT NULL,
       PRIMARY KEY (tenant_id, set_no, entity_id)) {clustered}",
    // Whether the tenant may have any: so that most writes need not look.
    "ALTER TABLE tenant_heads ADD COLUMN invalid INTEGER NOT NULL DEFAULT 0",
    // The change that is being prepared: at most one a tenant. `change` is the blueprints as they are to be and what has to
    // be done with entities first; `since_seq` the last version when it began; `attempt` counts who worked on it.
    "CREATE TABLE pending_changes (
       tenant_id BIGINT PRIMARY KEY, change {text} NOT NULL, since_seq BIGINT NOT NULL, at BIGINT NOT NULL,
       actor {text} NOT NULL, attempt INTEGER NOT NULL)",
    "CREATE TABLE entity_migrations (
       tenant_id BIGINT NOT NULL, migration_id BIGINT NOT NULL, actor {text} NOT NULL, blueprint {text} NOT NULL,
       status {text} NOT NULL, delete_blueprint INTEGER NOT NULL, success_count BIGINT NOT NULL,
       failure_count BIGINT NOT NULL, done_to {text} NOT NULL, error {text}, created_at BIGINT NOT NULL,
       updated_at BIGINT NOT NULL, PRIMARY KEY (tenant_id, migration_id)) {clustered}",
];

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0050_model"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, TENANT).await?;
        dialect::isolate(manager, TENANT_TABLES).await
    }
}
