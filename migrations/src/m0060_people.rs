//! System blueprints: which tenants have them.

use sea_orm_migration::prelude::*;

use crate::dialect;

const GLOBAL: &[&str] = &[
    // The version of the tenant's system blueprints; 0: it was made before there were any.
    "ALTER TABLE tenants ADD COLUMN base_version INTEGER NOT NULL DEFAULT 0",
];

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0060_people"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, GLOBAL).await
    }
}
