//! Deletions by blueprint and time, so that what is gone can be counted for the time when it was there.

use sea_orm_migration::prelude::*;

use crate::dialect;

const TENANT: &[&str] = &[
    "CREATE INDEX versions_deleted ON versions (tenant_id, blueprint_no, at, entity_id) WHERE kind = 'DELETED'",
];

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0161_deletions"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, TENANT).await
    }
}
