//! The words in which SQLite and PostgreSQL differ.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

/// Runs DDL statements, replacing `{text} {bytes} {float} {clustered}` by the engine's words.
pub(crate) async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    let words: [(&str, &str); 4] = match connection.get_database_backend() {
        DbBackend::Postgres => [
            ("{text}", "TEXT COLLATE \"C\""),
            ("{bytes}", "BYTEA"),
            ("{float}", "DOUBLE PRECISION"),
            ("{clustered}", ""),
        ],
        _ => [("{text}", "TEXT"), ("{bytes}", "BLOB"), ("{float}", "REAL"), ("{clustered}", "WITHOUT ROWID")],
    };
    for statement in statements {
        let mut sql = (*statement).to_owned();
        for (word, text) in words {
            sql = sql.replace(word, text);
        }
        connection.execute_unprepared(&sql).await?;
    }
    Ok(())
}

/// Forces row-level security on tenant-owned tables. Does nothing on SQLite.
///
/// `nullif` because a setting made with `set local` reads as an empty text afterwards, not as null.
pub(crate) async fn isolate(manager: &SchemaManager<'_>, tables: &[&str]) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    if connection.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    for table in tables {
        let sql = format!(
            "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
             ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
             CREATE POLICY tenant ON {table}
               USING (tenant_id = nullif(current_setting('app.tenant', true), '')::bigint)
               WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::bigint);"
        );
        connection.execute_unprepared(&sql).await?;
    }
    Ok(())
}
