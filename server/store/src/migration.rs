//! Deletions of all entities of a blueprint, carried out in the background. On the wire they are migrations (port-api.md
//! 1.10).

use portolan_schema::{Instant, Result};
use sea_orm::QueryResult;

use crate::TenantScope;
use crate::row::column;
use crate::sql::Sql;

/// How far a migration has got, by the words of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MigrationStatus {
    Pending,
    Running,
    Completed,
    Failure,
}

impl MigrationStatus {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Pending, "PENDING"),
        (Self::Running, "RUNNING"),
        (Self::Completed, "COMPLETED"),
        (Self::Failure, "FAILURE"),
    ];

    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(status, _)| *status == self).map_or("", |(_, text)| text)
    }
}

/// A deletion of all entities of a blueprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityMigration {
    pub id: i64,
    pub actor: String,
    /// Identifier of the blueprint when it began.
    pub blueprint: String,
    pub status: MigrationStatus,
    /// Whether the blueprint goes, too.
    pub delete_blueprint: bool,
    pub succeeded: i64,
    pub failed: i64,
    /// The last entity by identifier that was tried.
    pub done_to: String,
    /// Why it failed.
    pub error: Option<String>,
    pub created_at: Instant,
    pub updated_at: Instant,
}

const COLUMNS: &str = "migration_id, actor, blueprint, status, delete_blueprint, success_count, failure_count, done_to, \
                       error, created_at, updated_at";

impl TenantScope {
    /// Inserts or replaces a migration.
    pub async fn save_migration(&self, migration: &EntityMigration) -> Result<()> {
        let mut sql = Sql::new(&format!("INSERT INTO entity_migrations (tenant_id, {COLUMNS}) VALUES ("));
        sql.bind(self.tenant().0).push(", ").bind(migration.id).push(", ").bind(migration.actor.as_str());
        sql.push(", ").bind(migration.blueprint.as_str()).push(", ").bind(migration.status.as_str());
        sql.push(", ").bind(i32::from(migration.delete_blueprint));
        sql.push(", ").bind(migration.succeeded).push(", ").bind(migration.failed);
        sql.push(", ").bind(migration.done_to.as_str()).push(", ").bind(migration.error.as_deref());
        sql.push(", ").bind(migration.created_at.0).push(", ").bind(migration.updated_at.0);
        sql.push(
            ") ON CONFLICT (tenant_id, migration_id) DO UPDATE SET status = excluded.status,
               success_count = excluded.success_count, failure_count = excluded.failure_count,
               done_to = excluded.done_to, error = excluded.error, updated_at = excluded.updated_at",
        );
        self.execute(sql).await?;
        Ok(())
    }

    pub async fn migration(&self, id: i64) -> Result<Option<EntityMigration>> {
        let mut sql = Sql::new(&format!("SELECT {COLUMNS} FROM entity_migrations WHERE tenant_id = "));
        sql.bind(self.tenant().0).push(" AND migration_id = ").bind(id);
        self.one(sql).await?.as_ref().map(read).transpose()
    }

    /// The oldest migration that is not at its end.
    pub async fn open_migration(&self) -> Result<Option<EntityMigration>> {
        let mut sql = Sql::new(&format!("SELECT {COLUMNS} FROM entity_migrations WHERE tenant_id = "));
        sql.bind(self.tenant().0);
        sql.push(" AND status IN ('PENDING', 'RUNNING') ORDER BY migration_id LIMIT 1");
        self.one(sql).await?.as_ref().map(read).transpose()
    }
}

fn read(row: &QueryResult) -> Result<EntityMigration> {
    let status: String = column(row, 3)?;
    let status = MigrationStatus::ALL.iter().find(|(_, text)| *text == status);
    Ok(EntityMigration {
        id: column(row, 0)?,
        actor: column(row, 1)?,
        blueprint: column(row, 2)?,
        status: status.map_or(MigrationStatus::Failure, |(status, _)| *status),
        delete_blueprint: column::<i32>(row, 4)? != 0,
        succeeded: column(row, 5)?,
        failed: column(row, 6)?,
        done_to: column(row, 7)?,
        error: column(row, 8)?,
        created_at: Instant(column(row, 9)?),
        updated_at: Instant(column(row, 10)?),
    })
}
