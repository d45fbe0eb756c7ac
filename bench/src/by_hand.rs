//! The same by somebody who knows the tables and writes SQL, over the same driver.

use std::time::Duration;

use portolan_schema::{Error, Result};
use portolan_store::Config;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement};
use serde_json::Value;

use crate::catalog::{Bench, properties};
use crate::process;

/// Rows a statement; about what the store uses.
const ROWS: usize = 500;
/// The tenant of rows written by hand.
const TENANT: i64 = 1 << 40;

/// A connection of its own; on PostgreSQL as the superuser, whom row-level security does not bind.
pub async fn connect(config: &Config) -> Result<DatabaseConnection> {
    let url = match config {
        Config::Sqlite { directory } => format!("sqlite://{}", directory.join("portolan.db").display()),
        Config::Postgres { url, .. } => url.clone(),
    };
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.map_err(Error::internal)
}

/// Processor time of this process for each run of a statement, whose rows are read and whose JSON is parsed.
pub async fn cost(
    connection: &DatabaseConnection,
    statements: &[String],
    count: u32,
) -> Result<(Duration, Duration)> {
    for sql in statements {
        run(connection, sql).await?;
    }
    let (before, began) = (process::cpu(0)?, std::time::Instant::now());
    for _ in 0..count {
        for sql in statements {
            run(connection, sql).await?;
        }
    }
    Ok((process::cpu(0)?.saturating_sub(before) / count, began.elapsed() / count))
}

pub async fn run(connection: &DatabaseConnection, sql: &str) -> Result<usize> {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let rows = connection.query_all_raw(statement).await.map_err(Error::internal)?;
    for row in &rows {
        // Lists have three columns: identifier, title, properties.
        if let Ok(text) = row.try_get_by_index::<String>(2) {
            let _: Value = serde_json::from_str(&text).map_err(Error::internal)?;
        }
    }
    Ok(rows.len())
}

/// A list of 20 services of one tier by score, and their systems.
pub async fn list(bench: &Bench) -> Result<Vec<String>> {
    let (tenant, blueprint) = (bench.ctx.tenant().0, bench.blueprint().await?);
    let (tier, score) = (bench.number("tier").await?, bench.number("score").await?);
    let system = bench.relation("system").await?;
    let chosen = format!(
        "SELECT k.entity_id, k.number_value FROM entity_values k
         WHERE k.tenant_id = {tenant} AND k.blueprint_no = {blueprint} AND k.property_no = {score} AND k.number_value IS NOT NULL
           AND (SELECT v.text_value FROM entity_values v WHERE v.tenant_id = {tenant} AND v.blueprint_no = {blueprint}
                  AND v.property_no = {tier} AND v.entity_id = k.entity_id AND v.ordinal = 0) = 'gold'
         ORDER BY k.number_value DESC, k.entity_id DESC LIMIT 20"
    );
    let entities = format!(
        "SELECT e.identifier, e.title, e.properties FROM ({chosen}) k
           JOIN entities e ON e.tenant_id = {tenant} AND e.entity_id = k.entity_id ORDER BY k.number_value DESC, k.entity_id DESC"
    );
    let systems = format!(
        "SELECT s.identifier, s.title, s.properties FROM ({chosen}) k
           JOIN relations r ON r.tenant_id = {tenant} AND r.source_id = k.entity_id AND r.relation_no = {system}
           JOIN entities s ON s.tenant_id = {tenant} AND s.entity_id = r.target_id"
    );
    Ok(vec![entities, systems])
}

/// One service by its identifier.
pub async fn one(bench: &Bench, identifier: &str) -> Result<Vec<String>> {
    let (tenant, blueprint) = (bench.ctx.tenant().0, bench.blueprint().await?);
    Ok(vec![format!(
        "SELECT identifier, title, properties FROM entities WHERE tenant_id = {tenant} AND blueprint_no = {blueprint}
           AND identifier = '{identifier}'"
    )])
}

/// The services of the rare owner by score.
pub async fn rare(bench: &Bench) -> Result<Vec<String>> {
    let (tenant, blueprint) = (bench.ctx.tenant().0, bench.blueprint().await?);
    let (owner, score) = (bench.number("owner").await?, bench.number("score").await?);
    Ok(vec![format!(
        "SELECT e.identifier, e.title, e.properties FROM entity_values o
           JOIN entity_values k ON k.tenant_id = o.tenant_id AND k.blueprint_no = o.blueprint_no AND k.property_no = {score}
             AND k.entity_id = o.entity_id AND k.ordinal = 0
           JOIN entities e ON e.tenant_id = o.tenant_id AND e.entity_id = o.entity_id
         WHERE o.tenant_id = {tenant} AND o.blueprint_no = {blueprint} AND o.property_no = {owner} AND o.text_value = 'rare'
         ORDER BY k.number_value DESC LIMIT 20"
    )])
}

/// The services of the highest ranks.
pub async fn ranked(bench: &Bench) -> Result<Vec<String>> {
    let (tenant, blueprint, rank) =
        (bench.ctx.tenant().0, bench.blueprint().await?, bench.number("rank").await?);
    Ok(vec![format!(
        "SELECT e.identifier, e.title, e.properties FROM (
           SELECT entity_id, number_value FROM entity_values WHERE tenant_id = {tenant} AND blueprint_no = {blueprint}
             AND property_no = {rank} AND number_value IS NOT NULL ORDER BY number_value DESC, entity_id DESC LIMIT 20) k
           JOIN entities e ON e.tenant_id = {tenant} AND e.entity_id = k.entity_id
         ORDER BY k.number_value DESC, k.entity_id DESC"
    )])
}

/// How many services each tier has.
pub async fn groups(bench: &Bench) -> Result<Vec<String>> {
    let (tenant, blueprint, tier) =
        (bench.ctx.tenant().0, bench.blueprint().await?, bench.number("tier").await?);
    Ok(vec![format!(
        "SELECT text_value, count(*) FROM entity_values WHERE tenant_id = {tenant} AND blueprint_no = {blueprint}
           AND property_no = {tier} AND ordinal = 0 GROUP BY text_value"
    )])
}

/// Statements that insert services `numbers`: the same kinds of rows, of the same size, in a tenant of their own.
pub fn inserts(numbers: std::ops::Range<usize>) -> Vec<String> {
    let (mut entities, mut values, mut edges, mut versions) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for number in numbers {
        let id = 1_000_000_000 + number;
        let json = properties(number);
        let text = json.to_string();
        let state = format!(
            "{{\"identifier\":\"service-{number}\",\"title\":\"Service {number}\",\"icon\":null,\"team\":[\"team-{0}\"],\"properties\":{text},\
             \"relations\":{{\"system\":\"system-1\",\"cluster\":\"cluster-1\"}}}}",
            number % 50
        );
        entities.push(format!(
            "({TENANT}, {id}, 3, 'service-{number}', 'Service {number}', 'service {number}', '[\"team-{0}\"]', '{text}', '0123456789abcdef', 1, {id}, 1, 'bench', 1, 'bench')",
            number % 50
        ));
        values.push(format!("({TENANT}, 3, 0, {id}, 0, 'team-{}', NULL, NULL)", number % 50));
        for (property, (_, value)) in (4..).zip(json.as_object().into_iter().flatten()) {
            let columns = match value {
                Value::String(text) if text.len() > 256 => continue,
                Value::String(text) if text.starts_with("2026") => "NULL, NULL, 1767323045000000".to_owned(),
                Value::String(text) => format!("'{text}', NULL, NULL"),
                Value::Bool(flag) => format!("NULL, {}, NULL", i32::from(*flag)),
                number => format!("NULL, {number}, NULL"),
            };
            values.push(format!("({TENANT}, 3, {property}, {id}, 0, {columns})"));
        }
        edges.push(format!("({TENANT}, {id}, 20, 0, {})", number % 1_000));
        edges.push(format!("({TENANT}, {id}, 21, 0, {})", number % 20));
        versions.push(format!("({TENANT}, {id}, {id}, 3, 'service-{number}', 'CREATED', '{state}', 1, 1, 'bench', '[[20,1],[21,1]]')"));
    }
    values.sort_by(|a, b| a.split(", ").nth(2).cmp(&b.split(", ").nth(2)));
    let insert = |into: &str, rows: &[String]| -> Vec<String> {
        rows.chunks(ROWS).map(|rows| format!("INSERT INTO {into} VALUES {}", rows.join(", "))).collect()
    };
    [
        insert("entities (tenant_id, entity_id, blueprint_no, identifier, title, title_folded, team, properties, hash, revision, seq, created_at, created_by, updated_at, updated_by)", &entities),
        insert("entity_values (tenant_id, blueprint_no, property_no, entity_id, ordinal, text_value, number_value, instant_value)", &values),
        insert("relations (tenant_id, source_id, relation_no, ordinal, target_id)", &edges),
        insert("versions (tenant_id, seq, entity_id, blueprint_no, identifier, kind, state, revision, at, actor, edge_changes)", &versions),
    ]
    .concat()
}
