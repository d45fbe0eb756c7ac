//! Computed values beside their entities, how far each formula has been filled in, and how far consumers have read the
//! log.

use sea_orm_migration::prelude::*;

use crate::dialect;

pub(crate) const TENANT_TABLES: &[&str] = &["computed_values", "computed_formulas", "consumers"];

const TENANT: &[&str] = &[
    // `properties` is JSON by property number, with `!` before the number where a formula failed. `seq` is the version that recorded the last change.
    "CREATE TABLE computed_values (
       tenant_id BIGINT NOT NULL, entity_id BIGINT NOT NULL, properties {text} NOT NULL,
       seq BIGINT NOT NULL, PRIMARY KEY (tenant_id, entity_id)) {clustered}",
    // `filled_to` is the last entity that has been computed since the formula changed; null when all have. `filled_at` is
    // when that was.
    "CREATE TABLE computed_formulas (
       tenant_id BIGINT NOT NULL, property_no INTEGER NOT NULL, blueprint_no INTEGER NOT NULL, formula {text} NOT NULL,
       filled_to BIGINT, filled_at BIGINT, suspended {text}, PRIMARY KEY (tenant_id, property_no)) {clustered}",
    // A consumer has seen every version up to `seq` and every change of the model up to `model_revision`.
    "CREATE TABLE consumers (
       tenant_id BIGINT NOT NULL, name {text} NOT NULL, seq BIGINT NOT NULL, model_revision BIGINT NOT NULL,
       PRIMARY KEY (tenant_id, name)) {clustered}",
];

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0030_computed"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, TENANT).await?;
        dialect::isolate(manager, TENANT_TABLES).await
    }
}
