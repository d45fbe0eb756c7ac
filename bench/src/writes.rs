//! New entities in batches of 1,000 by the write path, beside the same rows in multi-row statements by hand.

use std::time::Instant;

use portolan_catalog::{Change, EntityWrite, WriteMode, WriteOptions};
use portolan_schema::{Error, Result};
use portolan_store::Config;
use portolan_store::testing::TestDatabase;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, TransactionTrait};
use serde_json::json;

use crate::{Bench, median, per_second, say};

const BATCH: usize = 1_000;
const ROUNDS: usize = 15;
/// Rows a statement by hand; about what the store uses.
const ROWS: usize = 500;

pub async fn measure(bench: &Bench, database: &TestDatabase) -> Result<()> {
    let (mut ours, mut hand) = (Vec::new(), Vec::new());
    let connection = connect(database).await?;
    for round in 0..ROUNDS {
        let changes: Vec<Change> = (0..BATCH).map(|number| change(round, number)).collect::<Result<_>>()?;
        let began = Instant::now();
        let results = bench.catalog.write(&bench.ctx, changes, &WriteOptions::default()).await?;
        ours.push(began.elapsed());
        if let Some(Err(error)) = results.into_iter().find(Result::is_err) {
            return Err(error);
        }
        let statements = statements(round);
        let began = Instant::now();
        let transaction = connection.begin().await.map_err(Error::internal)?;
        for statement in &statements {
            transaction.execute_unprepared(statement).await.map_err(Error::internal)?;
        }
        transaction.commit().await.map_err(Error::internal)?;
        hand.push(began.elapsed());
    }
    drop(connection.close().await);
    let (ours, hand) = (per_second(BATCH, median(ours)), per_second(BATCH, median(hand)));
    say(&format!(
        "| new entities/s, batches of 1,000 | {:?} | {ours:.0} | {hand:.0} | {:.2} |",
        database.engine,
        ours / hand
    ))
}

/// A connection of its own; on PostgreSQL as the superuser, whom row-level security does not bind.
pub async fn connect(database: &TestDatabase) -> Result<DatabaseConnection> {
    let url = match &database.config {
        Config::Sqlite { directory } => format!("sqlite://{}", directory.join("portolan.db").display()),
        Config::Postgres { url, .. } => url.clone(),
    };
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.map_err(Error::internal)
}

fn properties(number: usize) -> serde_json::Value {
    let (tier, language) = (["gold", "silver", "bronze"][number % 3], ["Rust", "Go"][number % 2]);
    json!({"tier": tier, "language": language, "issues": number,
        "live": number.is_multiple_of(2), "since": "2026-01-02T03:04:05Z"})
}

fn change(round: usize, number: usize) -> Result<Change> {
    let body = json!({"identifier": format!("r{round}-{number}"), "title": format!("Service {number}"),
        "properties": properties(number), "relations": {"system": "s"}});
    Ok(Change::Write(WriteMode::Merge, Box::new(EntityWrite::from_json("service", &body)?)))
}

/// The same kinds of rows, in a tenant of their own.
fn statements(round: usize) -> Vec<String> {
    let first = 10_000_000 + round * BATCH;
    let (mut entities, mut values, mut edges, mut versions) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for number in 0..BATCH {
        let (id, json) = (first + number, properties(number).to_string());
        entities.push(format!(
            "(2, {id}, 2, 'r{round}-{number}', 'Service {number}', '[]', '{json}', '0123456789abcdef', 1, {id}, 1, 'b', 1, 'b')"
        ));
        for property in 3..8 {
            let text = if property < 6 { "'gold'" } else { "NULL" };
            let other = if property < 6 { "NULL".to_owned() } else { number.to_string() };
            values.push(format!("(2, 2, {property}, {id}, 0, {text}, {other})"));
        }
        edges.push(format!("(2, {id}, 9, 0, 1)"));
        versions.push(format!("(2, {id}, {id}, 2, 'r{round}-{number}', 'CREATED', '{json}', 1, 1, 'b')"));
    }
    let insert = |into: &str, rows: &[String]| -> Vec<String> {
        rows.chunks(ROWS).map(|rows| format!("INSERT INTO {into} VALUES {}", rows.join(", "))).collect()
    };
    [
        insert("entities (tenant_id, entity_id, blueprint_no, identifier, title, team, properties, hash, revision, seq, created_at, created_by, updated_at, updated_by)", &entities),
        insert("entity_values (tenant_id, blueprint_no, property_no, entity_id, ordinal, text_value, number_value)", &values),
        insert("relations (tenant_id, source_id, relation_no, ordinal, target_id)", &edges),
        insert("versions (tenant_id, seq, entity_id, blueprint_no, identifier, kind, state, revision, at, actor)", &versions),
    ]
    .concat()
}
