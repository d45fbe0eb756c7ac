//! Rolling runs back: which run takes back which, and between which versions a run has written.

use sea_orm_migration::prelude::*;

use crate::dialect;

pub(crate) const TENANT_TABLES: &[&str] = &["run_rollbacks"];

/// Everything that a run wrote has a sequence number after `first_seq`, up to `last_seq`: who looks for it reads that part
/// of the log, and no index of versions is kept for it.
const TENANT: &[&str] = &[
    "ALTER TABLE runs ADD COLUMN first_seq BIGINT",
    "ALTER TABLE runs ADD COLUMN last_seq BIGINT",
    "CREATE TABLE run_rollbacks (
       tenant_id BIGINT NOT NULL, run_id BIGINT NOT NULL, target_run_id BIGINT NOT NULL,
       PRIMARY KEY (tenant_id, run_id)) {clustered}",
    "CREATE INDEX run_rollbacks_by_target ON run_rollbacks (tenant_id, target_run_id, run_id)",
];

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0140_rollbacks"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, TENANT).await?;
        dialect::isolate(manager, TENANT_TABLES).await
    }
}
