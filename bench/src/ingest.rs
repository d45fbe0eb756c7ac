//! Entities sent to the built program over loopback: as one stream, and by Port's bulk route, 20 a request from 8 clients.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use portolan_schema::{Error, Result};
use portolan_store::testing::{Engine, TestDatabase};
use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::{Value, json};

use crate::catalog::{BATCH, Bench, service};
use crate::served::Served;
use crate::table::{name, per_second, row};
use crate::{by_hand, new_tenant};

const STREAMED: usize = 50_000;
const BULK: usize = 20;
const CLIENTS: usize = 8;
const REQUESTS: usize = 1_000;
/// What a catalog backend that people use today takes, measured on such a machine, in entities a second.
const TODAY: f64 = 21.0;

pub async fn measure(engine: Engine) -> Result<()> {
    let database = TestDatabase::new(engine).await;
    let tenant = new_tenant(&database.store, "ingest").await?;
    drop(Bench::new(&database.store, tenant.tenant.id).await?);
    let hand = by_hand(&database).await?;
    let mut served = Served::start(&database.config, &[]).await?;
    served.sign_in(&tenant).await?;
    let engine = name(engine);
    let tell = |what: &str, rate: f64| {
        let ratio = format!("{:.2}, {:.0} × {TODAY}/s", rate / hand, rate / TODAY);
        row(what, engine, &format!("{rate:.0}"), &format!("{hand:.0}"), &ratio)
    };
    let first = per_second(STREAMED, stream(&served).await?);
    tell(&format!("stream of {STREAMED} new services, entities/s"), first)?;
    let again = per_second(STREAMED, stream(&served).await?);
    row(
        "the same stream again, unchanged, entities/s",
        engine,
        &format!("{again:.0}"),
        "",
        &format!("{:.1} × the first", again / first),
    )?;
    let bulk = per_second(REQUESTS * BULK, bulk(&served).await?);
    tell(&format!("bulk REST, {BULK} a request, {CLIENTS} clients, entities/s"), bulk)?;
    served.stop().await?;
    database.remove().await;
    Ok(())
}

/// The same rows in transactions of [`BATCH`].
async fn by_hand(database: &TestDatabase) -> Result<f64> {
    let connection = by_hand::connect(&database.config).await?;
    let mut spent = Duration::ZERO;
    for part in 0..STREAMED / BATCH {
        let statements = by_hand::inserts(part * BATCH..(part + 1) * BATCH);
        let began = Instant::now();
        let transaction = connection.begin().await.map_err(Error::internal)?;
        for statement in &statements {
            transaction.execute_unprepared(statement).await.map_err(Error::internal)?;
        }
        transaction.commit().await.map_err(Error::internal)?;
        spent += began.elapsed();
    }
    drop(connection.close().await);
    Ok(per_second(STREAMED, spent))
}

async fn stream(served: &Served) -> Result<Duration> {
    let mut body = String::new();
    for number in 0..STREAMED {
        let mut line = service(number);
        line["blueprint"] = "service".into();
        body.push_str(&line.to_string());
        body.push('\n');
    }
    let began = Instant::now();
    let request = served
        .client()
        .post(format!("{}/api/entities/stream", served.url))
        .bearer_auth(served.token())
        .header("content-type", "application/x-ndjson")
        .body(body);
    let answer = request.send().await.map_err(Error::internal)?.text().await.map_err(Error::internal)?;
    let spent = began.elapsed();
    let last: Value = answer
        .lines()
        .next_back()
        .and_then(|line| serde_json::from_str(line).ok())
        .ok_or_else(|| Error::internal("a stream was not answered"))?;
    if last["done"] == true && last["failed"] == 0 && last["lines"] == STREAMED {
        return Ok(spent);
    }
    Err(Error::internal(format!("a stream ended with {last}")))
}

async fn bulk(served: &Served) -> Result<Duration> {
    let next = AtomicUsize::new(0);
    let began = Instant::now();
    let clients = (0..CLIENTS).map(|_| async {
        loop {
            let request = next.fetch_add(1, Ordering::Relaxed);
            if request >= REQUESTS {
                return Ok::<_, Error>(());
            }
            let first = 10_000_000 + request * BULK;
            let entities: Vec<Value> = (first..first + BULK).map(service).collect();
            let url = format!("{}/v1/blueprints/service/entities/bulk?upsert=true&merge=true", served.url);
            let request =
                served.client().post(url).bearer_auth(served.token()).json(&json!({"entities": entities}));
            let answer: Value =
                request.send().await.map_err(Error::internal)?.json().await.map_err(Error::internal)?;
            if answer["entities"].as_array().map(Vec::len) != Some(BULK) {
                return Err(Error::internal(format!("a bulk request was answered {answer}")));
            }
        }
    });
    for done in futures::future::join_all(clients).await {
        done?;
    }
    Ok(began.elapsed())
}
