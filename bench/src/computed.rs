//! How far computed values are behind: an aggregation over 100,000 entities.

use std::time::{Duration, Instant};

use portolan_catalog::{Actor, Catalog, Change, EntityWrite, OpContext, WriteMode, WriteOptions};
use portolan_schema::Result;
use portolan_store::testing::TestDatabase;
use serde_json::json;

use crate::new_tenant;
use crate::table::{median, name, row};

const CHILDREN: usize = 100_000;
const BATCH: usize = 1_000;

pub async fn measure(database: &TestDatabase) -> Result<()> {
    let engine = name(database.engine);
    let catalog = Catalog::new(database.store.clone(), None);
    let made = new_tenant(&database.store, "computed").await?;
    let ctx = OpContext::background(made.tenant.id, Actor::System("bench"));
    let aggregation = |spec| json!({"target": "child", "calculationSpec": spec});
    let blueprints = [
        json!({"identifier": "parent", "title": "Parent", "schema": {"properties": {}}, "aggregationProperties": {
            "children": aggregation(json!({"calculationBy": "entities", "func": "count"})),
            "weight": aggregation(json!({"calculationBy": "property", "func": "sum", "property": "weight"}))}}),
        json!({"identifier": "child", "title": "Child", "schema": {"properties": {"weight": {"type": "number"}}},
            "relations": {"parent": {"target": "parent"}}}),
    ];
    let parent = json!({"blueprint": "parent", "identifier": "p"});
    catalog.apply(&ctx, &blueprints, &[parent], false).await?;
    let worker = tokio::spawn(catalog.computing().work());
    let child = |number: usize, weight: usize| -> Result<Change> {
        let body = json!({"identifier": format!("c{number}"), "properties": {"weight": weight}, "relations": {"parent": "p"}});
        Ok(Change::Write(WriteMode::Merge, Box::new(EntityWrite::from_json("child", &body)?)))
    };
    let model = catalog.model(&ctx).await?;
    let no = model.get("parent").map(|parent| parent.no()).unwrap_or(portolan_schema::BlueprintNo(0));
    let count = model.get("parent").and_then(|parent| parent.property("children")).map(|found| found.no);
    let weight = model.get("parent").and_then(|parent| parent.property("weight")).map(|found| found.no);
    let wait = async |property: Option<portolan_schema::PropertyNo>,
                      wanted: serde_json::Value|
           -> Result<Duration> {
        let began = Instant::now();
        loop {
            let parent = catalog.entity(&ctx, no, "p").await?;
            if parent
                .zip(property)
                .is_some_and(|(parent, property)| parent.computed.get(property) == Some(&wanted))
            {
                return Ok(began.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    for part in 0..CHILDREN / BATCH {
        let changes =
            (part * BATCH..(part + 1) * BATCH).map(|number| child(number, 1)).collect::<Result<_>>()?;
        catalog.write(&ctx, changes, &WriteOptions::default()).await?;
    }
    let after_all = wait(count, json!(CHILDREN)).await?;
    let mut lags = Vec::new();
    for round in 1..=7 {
        catalog.write(&ctx, vec![child(0, round + 1)?], &WriteOptions::default()).await?;
        lags.push(wait(weight, json!(CHILDREN + round)).await?);
    }
    worker.abort();
    let what = format!("aggregation over {CHILDREN} children: lag");
    row(
        &format!("{what} after one write, ms"),
        engine,
        &format!("{:.0}", median(lags).as_secs_f64() * 1e3),
        "",
        "",
    )?;
    row(
        &format!("{what} after writing all of them, ms"),
        engine,
        &format!("{:.0}", after_all.as_secs_f64() * 1e3),
        "",
        "",
    )
}
