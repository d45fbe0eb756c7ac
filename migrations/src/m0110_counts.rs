//! How many entities each blueprint has, kept by every write: to count them is to read all of their keys.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

use crate::dialect;

pub(crate) const TENANT_TABLES: &[&str] = &["blueprint_counts"];

const TENANT: &[&str] = &["CREATE TABLE blueprint_counts (
       tenant_id BIGINT NOT NULL, blueprint_no INTEGER NOT NULL, entity_count BIGINT NOT NULL,
       PRIMARY KEY (tenant_id, blueprint_no)) {clustered}"];

/// What is there already is counted once. On PostgreSQL the migrating role may be bound by row-level security, so it looks
/// at one tenant after the other.
const COUNT: &str = "INSERT INTO blueprint_counts (tenant_id, blueprint_no, entity_count)
    SELECT tenant_id, blueprint_no, count(*) FROM entities GROUP BY tenant_id, blueprint_no";
const COUNT_EACH: &str = "DO $$ DECLARE tenant BIGINT; BEGIN
      FOR tenant IN SELECT tenant_id FROM tenants LOOP
        PERFORM set_config('app.tenant', tenant::text, true);
        INSERT INTO blueprint_counts (tenant_id, blueprint_no, entity_count)
          SELECT tenant_id, blueprint_no, count(*) FROM entities WHERE tenant_id = tenant
          GROUP BY tenant_id, blueprint_no;
      END LOOP; END $$";

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0110_counts"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, TENANT).await?;
        dialect::isolate(manager, TENANT_TABLES).await?;
        let connection = manager.get_connection();
        let is_postgres = connection.get_database_backend() == DbBackend::Postgres;
        connection.execute_unprepared(if is_postgres { COUNT_EACH } else { COUNT }).await?;
        Ok(())
    }
}
