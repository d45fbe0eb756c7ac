//! Writing through the write path, beside the same rows in multi-row statements by hand, in turn.

use std::time::Instant;

use portolan_catalog::{Change, WriteOptions};
use portolan_schema::{Error, Result};
use portolan_store::testing::TestDatabase;
use sea_orm::{ConnectionTrait, TransactionTrait};

use crate::by_hand;
use crate::catalog::{BATCH, Bench, change};
use crate::table::{median, name, per_second, row};

const ROUNDS: usize = 10;

/// Writes the first [`ROUNDS`] × [`BATCH`] services, twice.
pub async fn measure(bench: &Bench, database: &TestDatabase) -> Result<usize> {
    let engine = name(database.engine);
    let (mut ours, mut again, mut hand) = (Vec::new(), Vec::new(), Vec::new());
    let connection = by_hand::connect(&database.config).await?;
    for round in 0..ROUNDS {
        let numbers = round * BATCH..(round + 1) * BATCH;
        for times in [&mut ours, &mut again] {
            let changes: Vec<Change> = numbers.clone().map(change).collect::<Result<_>>()?;
            let began = Instant::now();
            let results = bench.catalog.write(&bench.ctx, changes, &WriteOptions::default()).await?;
            times.push(began.elapsed());
            if let Some(Err(error)) = results.into_iter().find(Result::is_err) {
                return Err(error);
            }
        }
        let statements = by_hand::inserts(numbers);
        let began = Instant::now();
        let transaction = connection.begin().await.map_err(Error::internal)?;
        for statement in &statements {
            transaction.execute_unprepared(statement).await.map_err(Error::internal)?;
        }
        transaction.commit().await.map_err(Error::internal)?;
        hand.push(began.elapsed());
    }
    drop(connection.close().await);
    let rate = |times| per_second(BATCH, median(times));
    let (ours, again, hand) = (rate(ours), rate(again), rate(hand));
    row(
        "new entities/s, write path, batches of 1,000",
        engine,
        &format!("{ours:.0}"),
        &format!("{hand:.0}"),
        &format!("{:.2}", ours / hand),
    )?;
    row(
        "the same entities/s again, unchanged",
        engine,
        &format!("{again:.0}"),
        "",
        &format!("{:.1} × the first", again / ours),
    )?;
    Ok(ROUNDS * BATCH)
}
