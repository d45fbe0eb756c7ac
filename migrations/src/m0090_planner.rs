//! What the planners are to expect of the tables that lists are made of: many rows under every leading key, few under
//! the rest.
//!
//! Statistics that the engines take by themselves come late, and average over tenants of very different sizes. Statements
//! are written for one plan each (docs/decisions/004-lists-choose-their-own-plan.md), and this makes it the cheapest one
//! in their eyes from the first row on.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

/// PostgreSQL: how many different values a column has: 1 where it tells nothing apart; below nought, that share of the
/// rows. `ANALYZE` keeps to it.
const DIFFERENT: &[(&str, &[(&str, f64)])] = &[
    ("entities", &[("tenant_id", 1.0), ("blueprint_no", 1.0)]),
    (
        "entity_values",
        &[("tenant_id", 1.0), ("blueprint_no", 1.0), ("property_no", 1.0), ("entity_id", -0.1)],
    ),
    ("relations", &[("tenant_id", 1.0), ("relation_no", 1.0), ("source_id", -0.5), ("target_id", -0.1)]),
    ("versions", &[("tenant_id", 1.0), ("entity_id", -0.2)]),
    ("computed_values", &[("tenant_id", 1.0)]),
];

/// PostgreSQL has no statistics of a table that has never held a row, so each holds a thousand for a moment, of about the
/// usual size.
const SAMPLE: &str = "
    SELECT set_config('app.tenant', '0', true);
    INSERT INTO entities (tenant_id, entity_id, blueprint_no, identifier, title, team, properties, hash, revision, seq,
        integration_id, created_at, created_by, updated_at, updated_by)
      SELECT 0, i, 0, 'identifier-' || i, 'Title ' || i, '[]', repeat('-', 400), '0123456789abcdef', 1, i,
        CASE WHEN i % 2 = 0 THEN i % 10 END, i, 'credential:' || i % 10, i, 'credential:' || i % 10
      FROM generate_series(1, 1000) i;
    INSERT INTO entity_values (tenant_id, blueprint_no, property_no, entity_id, ordinal, text_value, cut, number_value,
        instant_value)
      SELECT 0, 0, 0, i, 0, CASE WHEN i % 3 = 0 THEN 'text ' || i % 100 END, 0, CASE WHEN i % 3 = 1 THEN i % 100 END,
        CASE WHEN i % 3 = 2 THEN i END
      FROM generate_series(1, 1000) i;
    INSERT INTO relations (tenant_id, source_id, relation_no, ordinal, target_id)
      SELECT 0, i / 2, 0, i % 2, i % 100 FROM generate_series(1, 1000) i;
    INSERT INTO versions (tenant_id, seq, entity_id, blueprint_no, identifier, kind, state, revision, at, actor)
      SELECT 0, i, i / 2, 0, 'identifier-' || i / 2, 'UPDATED', repeat('-', 400), 1, i, 'credential:' || i % 10
      FROM generate_series(1, 1000) i;
    INSERT INTO computed_values (tenant_id, entity_id, properties, seq)
      SELECT 0, i, repeat('-', 100), i FROM generate_series(1, 1000) i;";
const TAKE: &str = "
    ANALYZE entities; ANALYZE entity_values; ANALYZE relations; ANALYZE versions; ANALYZE computed_values;
    DELETE FROM entities WHERE tenant_id = 0; DELETE FROM entity_values WHERE tenant_id = 0;
    DELETE FROM relations WHERE tenant_id = 0; DELETE FROM versions WHERE tenant_id = 0;
    DELETE FROM computed_values WHERE tenant_id = 0;";
/// Where nobody has anything yet, the pages that the sample filled go too: to a planner, pages without a row are a table that
/// stays empty, however much is written until it is vacuumed.
const EMPTY: &str = "
    DO $$ BEGIN
      IF NOT EXISTS (SELECT 1 FROM tenants) THEN
        TRUNCATE entities, entity_values, relations, versions, computed_values;
      END IF;
    END $$;";

/// SQLite: rows of `sqlite_stat1`: table, index (the table's name for its primary key), rows in all, then rows alike in
/// the first column, in the first two, and so on.
const EXPECTED: &[(&str, &str, &str)] = &[
    ("entities", "entities", "1000000 1000000 1"),
    ("entities", "entities_by_identifier", "1000000 1000000 1000000 1"),
    ("entities", "entities_by_title", "1000000 1000000 1000000 10 1"),
    ("entities", "entities_by_created", "1000000 1000000 1000000 10 1"),
    ("entities", "entities_by_updated", "1000000 1000000 1000000 10 1"),
    ("entities", "entities_by_integration", "1000000 1000000 100000 100000 1"),
    ("entity_values", "entity_values", "9000000 9000000 9000000 1000000 2 1"),
    ("entity_values", "entity_values_text", "3000000 3000000 3000000 1000000 1000 1"),
    ("entity_values", "entity_values_number", "3000000 3000000 3000000 1000000 1000 1"),
    ("entity_values", "entity_values_instant", "3000000 3000000 3000000 1000000 10 1"),
    ("relations", "relations", "2000000 2000000 4 2 1"),
    ("relations", "relations_by_target", "2000000 2000000 100 50 1"),
    ("relations", "relations_pending", "1000 1000 1000 2"),
    ("versions", "versions", "9000000 9000000 1"),
    ("versions", "versions_by_entity", "9000000 9000000 9 1"),
    ("computed_values", "computed_values", "1000000 1000000 1"),
];

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0090_planner"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        if connection.get_database_backend() == DbBackend::Postgres {
            for (table, columns) in DIFFERENT {
                for (column, values) in *columns {
                    let sql =
                        format!("ALTER TABLE {table} ALTER COLUMN {column} SET (n_distinct = {values})");
                    connection.execute_unprepared(&sql).await?;
                }
            }
            connection.execute_unprepared(&format!("{SAMPLE}{TAKE}{EMPTY}")).await?;
            return Ok(());
        }
        // Makes the table of statistics where there is none.
        connection.execute_unprepared("ANALYZE sqlite_schema").await?;
        connection.execute_unprepared("DELETE FROM sqlite_stat1").await?;
        for (table, index, rows) in EXPECTED {
            let sql =
                format!("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('{table}', '{index}', '{rows}')");
            connection.execute_unprepared(&sql).await?;
        }
        // Has this connection read them; later ones do when they open.
        connection.execute_unprepared("ANALYZE sqlite_schema").await?;
        Ok(())
    }
}
