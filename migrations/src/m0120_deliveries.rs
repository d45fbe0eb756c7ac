//! What sources send between runs: who may be told by which key, and what waits to be worked on.

use sea_orm_migration::prelude::*;

use crate::dialect;

pub(crate) const TENANT_TABLES: &[&str] = &["deliveries"];

/// The key's hash is what is looked for; the key itself is sealed, for people who set the source up.
const GLOBAL: &[&str] = &["CREATE TABLE hooks (
       key_hash {bytes} PRIMARY KEY, tenant_id BIGINT NOT NULL, integration_id BIGINT NOT NULL,
       key_sealed {bytes} NOT NULL, UNIQUE (tenant_id, integration_id))"];

const TENANT: &[&str] = &[
    // `head` holds the headers and the query, sealed, for there may be secrets among them; `body` is compressed; `size` is
    // what both take. `source_key` is the source's own number of it, by which the same one is known when it comes again.
    "CREATE TABLE deliveries (
       tenant_id BIGINT NOT NULL, delivery_id BIGINT NOT NULL, integration_id BIGINT NOT NULL,
       received_at BIGINT NOT NULL, source_key {text}, size INTEGER NOT NULL, head {bytes} NOT NULL,
       body {bytes} NOT NULL, status {text} NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
       due_at BIGINT NOT NULL, error_code {text}, error_message {text},
       PRIMARY KEY (tenant_id, delivery_id))",
    "CREATE INDEX deliveries_by_status
       ON deliveries (tenant_id, status, integration_id, received_at, delivery_id)",
    "CREATE INDEX deliveries_by_integration ON deliveries (tenant_id, integration_id, received_at, delivery_id)",
    "CREATE UNIQUE INDEX deliveries_by_source ON deliveries (tenant_id, integration_id, source_key)",
];

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0120_deliveries"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, GLOBAL).await?;
        dialect::run(manager, TENANT).await?;
        dialect::isolate(manager, TENANT_TABLES).await
    }
}
