//! 200 tenants with 30 blueprints each, different ones, asked in turn.

use std::time::{Duration, Instant};

use portolan_catalog::{Actor, Catalog, OpContext};
use portolan_schema::Result;
use portolan_store::testing::{Engine, TestDatabase};
use serde_json::json;

use crate::served::Served;
use crate::table::{median, name, percentile_99, row};
use crate::{new_tenant, process};

const TENANTS: usize = 200;
const BLUEPRINTS: usize = 30;
const TIME: Duration = Duration::from_secs(60);

pub async fn measure() -> Result<()> {
    let database = TestDatabase::new(Engine::Sqlite).await;
    let catalog = Catalog::new(database.store.clone(), None);
    let mut tenants = Vec::with_capacity(TENANTS);
    for tenant in 0..TENANTS {
        let made = new_tenant(&database.store, &format!("tenant-{tenant}")).await?;
        let ctx = OpContext::background(made.tenant.id, Actor::System("bench"));
        let blueprints: Vec<_> = (0..BLUEPRINTS).map(|number| blueprint(tenant, number)).collect();
        let entity = json!({"blueprint": "kind0", "identifier": "one", "title": "One"});
        catalog.apply(&ctx, &blueprints, &[entity], false).await?;
        tenants.push(made);
    }
    let served = Served::start(&database.config, &[]).await?;
    let mut tokens = Vec::with_capacity(TENANTS);
    for tenant in &tenants {
        tokens.push(served.token_of(tenant).await?);
    }
    let (began, mut times) = (Instant::now(), Vec::new());
    let mut most = 0;
    while began.elapsed() < TIME {
        for token in &tokens {
            let asked = Instant::now();
            served.ask(token, "{ kind0s { nodes { identifier title kind1 { title } } } }").await?;
            times.push(asked.elapsed());
        }
        most = most.max(process::resident(served.id())?);
    }
    let (count, p50, p99) = (times.len(), median(times.clone()), percentile_99(times));
    served.stop().await?;
    database.remove().await;
    let what = format!("{TENANTS} tenants × {BLUEPRINTS} blueprints in turn for a minute ({count} requests)");
    row(
        &format!("{what}: p50 / p99 ms"),
        name(Engine::Sqlite),
        &format!("{:.1} / {:.1}", p50.as_secs_f64() * 1e3, p99.as_secs_f64() * 1e3),
        "",
        "",
    )?;
    row(&format!("{what}: resident MiB"), name(Engine::Sqlite), &most.to_string(), "", "")
}

fn blueprint(tenant: usize, number: usize) -> serde_json::Value {
    let properties: serde_json::Map<_, _> = (0..20)
        .map(|property| {
            (
                format!("property_{tenant}_{property}"),
                json!({"type": (if property % 2 == 0 { "string" } else { "number" })}),
            )
        })
        .collect();
    let next = format!("kind{}", (number + 1) % BLUEPRINTS);
    json!({"identifier": format!("kind{number}"), "title": format!("Kind {number}"), "schema": {"properties": properties},
        "relations": {next.clone(): {"target": next}}})
}
