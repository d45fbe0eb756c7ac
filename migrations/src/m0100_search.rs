//! What prefix search rests on: the beginnings of entities' names. Those of entities that are there already are written
//! here; from then on every write keeps them in step.

use portolan_schema::words::words;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, Statement, Value};

use crate::dialect;

pub(crate) const TENANT_TABLES: &[&str] = &["entity_words"];

const TENANT: &[&str] = &[
    // `kind` is the number of a `WordKind`; `word` is in lower case.
    "CREATE TABLE entity_words (
       tenant_id BIGINT NOT NULL, blueprint_no INTEGER NOT NULL, kind INTEGER NOT NULL, word {text} NOT NULL,
       entity_id BIGINT NOT NULL, PRIMARY KEY (tenant_id, blueprint_no, kind, word, entity_id)) {clustered}",
];

/// As m0090 for the tables before: many rows under every leading key, few under the rest.
const DIFFERENT: &str = "
    ALTER TABLE entity_words ALTER COLUMN tenant_id SET (n_distinct = 1.0);
    ALTER TABLE entity_words ALTER COLUMN blueprint_no SET (n_distinct = 1.0);
    ALTER TABLE entity_words ALTER COLUMN kind SET (n_distinct = 1.0);
    SELECT set_config('app.tenant', '0', true);
    INSERT INTO entity_words (tenant_id, blueprint_no, kind, word, entity_id)
      SELECT 0, 0, 1, 'word-' || i, i FROM generate_series(1, 1000) i;
    ANALYZE entity_words;
    TRUNCATE entity_words;";
const EXPECTED: &str = "INSERT INTO sqlite_stat1 (tbl, idx, stat)
    VALUES ('entity_words', 'entity_words', '3000000 3000000 3000000 1000000 2 1')";

/// Entities of one step.
const STEP: usize = 1_000;
/// Rows of one statement.
const ROWS: usize = 250;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0100_search"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        dialect::run(manager, TENANT).await?;
        dialect::isolate(manager, TENANT_TABLES).await?;
        if connection.get_database_backend() == DbBackend::Postgres {
            connection.execute_unprepared(DIFFERENT).await?;
        } else {
            connection.execute_unprepared(EXPECTED).await?;
            connection.execute_unprepared("ANALYZE sqlite_schema").await?;
        }
        let backend = connection.get_database_backend();
        let tenants = Statement::from_string(backend, "SELECT tenant_id FROM tenants ORDER BY tenant_id");
        for row in connection.query_all_raw(tenants).await? {
            fill(connection, row.try_get_by_index(0)?).await?;
        }
        if backend == DbBackend::Postgres {
            connection.execute_unprepared("SELECT set_config('app.tenant', '', false)").await?;
        }
        Ok(())
    }
}

/// Writes the beginnings of a tenant's entities.
async fn fill(connection: &SchemaManagerConnection<'_>, tenant: i64) -> Result<(), DbErr> {
    let backend = connection.get_database_backend();
    if backend == DbBackend::Postgres {
        let see = format!("SELECT set_config('app.tenant', '{tenant}', false)");
        connection.execute_unprepared(&see).await?;
    }
    let mut after = i64::MIN;
    loop {
        let next = format!(
            "SELECT entity_id, blueprint_no, identifier, title FROM entities
              WHERE tenant_id = {tenant} AND entity_id > {after} ORDER BY entity_id LIMIT {STEP}"
        );
        let entities = connection.query_all_raw(Statement::from_string(backend, next)).await?;
        let mut rows: Vec<(i32, i32, String, i64)> = Vec::new();
        for row in &entities {
            after = row.try_get_by_index(0)?;
            let blueprint: i32 = row.try_get_by_index(1)?;
            let (identifier, title): (String, Option<String>) =
                (row.try_get_by_index(2)?, row.try_get_by_index(3)?);
            let words = words(&identifier, title.as_deref()).into_iter();
            rows.extend(words.map(|(kind, word)| (blueprint, kind.number(), word, after)));
        }
        rows.sort();
        for part in rows.chunks(ROWS) {
            let mut text =
                "INSERT INTO entity_words (tenant_id, blueprint_no, kind, word, entity_id) VALUES "
                    .to_owned();
            let mut values: Vec<Value> = Vec::with_capacity(part.len());
            for (at, (blueprint, kind, word, entity)) in part.iter().enumerate() {
                let mark =
                    if backend == DbBackend::Postgres { format!("${}", at + 1) } else { "?".to_owned() };
                let comma = if at > 0 { ", " } else { "" };
                text.push_str(&format!("{comma}({tenant}, {blueprint}, {kind}, {mark}, {entity})"));
                values.push(word.clone().into());
            }
            connection.execute_raw(Statement::from_sql_and_values(backend, text, values)).await?;
        }
        if entities.len() < STEP {
            return Ok(());
        }
    }
}
