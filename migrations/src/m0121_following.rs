//! Following sources: from where each kind is followed, and how it stands with each integration that is.

use sea_orm_migration::prelude::*;

use crate::dialect;

pub(crate) const TENANT_TABLES: &[&str] = &["run_follow_points", "follow_points", "followings"];

const STATEMENTS: &[&str] = &[
    // From where kinds can be followed once what a run read is committed.
    "CREATE TABLE run_follow_points (
       tenant_id BIGINT NOT NULL, run_id BIGINT NOT NULL, kind {text} NOT NULL, place {text} NOT NULL,
       PRIMARY KEY (tenant_id, run_id, kind))",
    // From where they are followed. `place` is JSON of the ingestor's; `missed` is why the kind has to be read as a whole
    // first.
    "CREATE TABLE follow_points (
       tenant_id BIGINT NOT NULL, integration_id BIGINT NOT NULL, kind {text} NOT NULL, place {text} NOT NULL,
       missed {text}, PRIMARY KEY (tenant_id, integration_id, kind))",
    // `failures` in a row decide how long the next pause is, `resyncs` how soon something missed is read again.
    "CREATE TABLE followings (
       tenant_id BIGINT NOT NULL, integration_id BIGINT NOT NULL, since BIGINT, last_event_at BIGINT,
       error_code {text}, error_message {text}, failures INTEGER NOT NULL DEFAULT 0,
       resyncs INTEGER NOT NULL DEFAULT 0, resynced_at BIGINT, PRIMARY KEY (tenant_id, integration_id))",
];

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0121_following"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, STATEMENTS).await?;
        dialect::isolate(manager, TENANT_TABLES).await
    }
}
