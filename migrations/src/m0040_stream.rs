//! Streams of entities: how far each has come, and which edges of theirs wait for entities to come.

use sea_orm_migration::prelude::*;

use crate::dialect;

pub(crate) const TENANT_TABLES: &[&str] = &["streams", "stream_edges"];

const TENANT: &[&str] = &[
    // `lines` are durable, `chain` is the hash of them all; the counts say what came of them. `holder` is the request that
    // goes on with it until `leased_until`. A stream without a key has a row only while edges of its wait.
    "CREATE TABLE streams (
       tenant_id BIGINT NOT NULL, stream_id BIGINT NOT NULL, idempotency_key {text}, options {text} NOT NULL,
       state {text} NOT NULL, holder {text} NOT NULL, leased_until BIGINT NOT NULL, lines BIGINT NOT NULL,
       chain {bytes} NOT NULL, created BIGINT NOT NULL, updated BIGINT NOT NULL, unchanged BIGINT NOT NULL,
       deleted BIGINT NOT NULL, failed BIGINT NOT NULL, pending {text}, pending_count BIGINT NOT NULL,
       touched_at BIGINT NOT NULL, PRIMARY KEY (tenant_id, stream_id), UNIQUE (tenant_id, idempotency_key)) {clustered}",
    // Edges that waited when their line was written. Whether they still do, `relations` knows.
    "CREATE TABLE stream_edges (
       tenant_id BIGINT NOT NULL, stream_id BIGINT NOT NULL, source_id BIGINT NOT NULL, relation_no INTEGER NOT NULL,
       pending {text} NOT NULL, PRIMARY KEY (tenant_id, stream_id, source_id, relation_no, pending)) {clustered}",
];

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0040_stream"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, TENANT).await?;
        dialect::isolate(manager, TENANT_TABLES).await
    }
}
