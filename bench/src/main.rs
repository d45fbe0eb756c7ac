//! Measurements, printed as the table of `docs/performance.md`. Ratios are taken side by side in one run; each figure is the
//! median of several rounds. Run by `make bench`, which starts PostgreSQL with its durability on.
//!
//! `PORTOLAN_BENCH_ENTITIES` is the size of the large catalog, one million where it is not set. Arguments name the parts to
//! take (`schema`, `program`, `computed`, `ingest`, `kubernetes`, `webhooks`, `sizes`, `tenants`) and the engines (`sqlite`, `postgres`); without
//! any, all are.

mod by_hand;
mod catalog;
mod computed;
mod ingest;
mod kubernetes;
mod process;
mod program;
mod reads;
mod schema;
mod served;
mod table;
mod tenants;
mod webhooks;
mod writes;

use std::time::Instant;

use portolan_foundation::secrets::Sealer;
use portolan_identity::{Identity, NewTenant, NewTenantRequest};
use portolan_schema::{Error, Result};
use portolan_store::Store;
use portolan_store::testing::{Engine, TestDatabase};

use crate::catalog::{BATCH, Bench};
use crate::served::{KEY, Served};
use crate::table::{line, name, per_second, row};

#[tokio::main]
async fn main() -> Result<()> {
    let large = match std::env::var("PORTOLAN_BENCH_ENTITIES") {
        Ok(text) => text.parse().map_err(Error::internal)?,
        Err(_) => 1_000_000,
    };
    line("| what | engine | Portolan | by hand | ratio |")?;
    line("|---|---|---|---|---|")?;
    let (engines, parts): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| ["sqlite", "postgres"].contains(&argument.as_str()));
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|named| named == part);
    if wanted("schema") {
        schema::measure().await?;
    }
    if wanted("program") {
        program::measure().await?;
    }
    for engine in Engine::BOTH {
        let is_named = |named: &String| name(engine).to_lowercase().starts_with(named.as_str());
        if !(engines.is_empty() || engines.iter().any(is_named)) {
            continue;
        }
        if wanted("computed") {
            let database = TestDatabase::new(engine).await;
            computed::measure(&database).await?;
            database.remove().await;
        }
        if wanted("ingest") {
            ingest::measure(engine).await?;
        }
        if wanted("kubernetes") {
            kubernetes::measure(engine).await?;
        }
        if wanted("webhooks") {
            webhooks::measure(engine).await?;
        }
        if wanted("sizes") {
            sizes(engine, large).await?;
        }
    }
    if wanted("tenants") {
        tenants::measure().await?;
    }
    Ok(())
}

/// The same questions at 10,000 entities and at many.
async fn sizes(engine: Engine, large: usize) -> Result<()> {
    let database = TestDatabase::new(engine).await;
    let tenant = new_tenant(&database.store, "bench").await?;
    let bench = Bench::new(&database.store, tenant.tenant.id).await?;
    let small = writes::measure(&bench, &database).await?;
    ask(&bench, &database, &tenant, small).await?;
    if large > small {
        let began = Instant::now();
        bench.fill(small..large).await?;
        let rate = per_second(large - small, began.elapsed());
        let what = format!("new entities/s on the way to {large}, batches of {BATCH}");
        row(&what, name(engine), &format!("{rate:.0}"), "", "")?;
        ask(&bench, &database, &tenant, large).await?;
        program::starts(&database.config, name(engine), &format!("{large} services"), &[]).await?;
    }
    database.remove().await;
    Ok(())
}

async fn ask(bench: &Bench, database: &TestDatabase, tenant: &NewTenant, size: usize) -> Result<()> {
    let mut served = Served::start(&database.config, &[]).await?;
    served.sign_in(tenant).await?;
    served.rest().await?;
    reads::measure(bench, database, &served, size).await?;
    served.stop().await?;
    let began = Instant::now();
    bench.mirror(true).await?;
    let (what, spent) = (format!("a mirror added to {size} services: until all have it, s"), began.elapsed());
    row(&what, name(database.engine), &format!("{:.1}", spent.as_secs_f64()), "", "")?;
    let mut served = Served::start(&database.config, &[]).await?;
    served.sign_in(tenant).await?;
    served.rest().await?;
    reads::measure_computed(bench, database, &served, size).await?;
    served.stop().await?;
    bench.mirror(false).await
}

/// A tenant with a credential that the built program accepts.
async fn new_tenant(store: &Store, slug: &str) -> Result<NewTenant> {
    let identity = Identity::open(store.clone(), &Sealer::from_key(KEY)).await?;
    let request =
        NewTenantRequest { slug: slug.to_owned(), title: None, admin_email: format!("admin@{slug}.example") };
    identity.create_tenant(&request).await
}
