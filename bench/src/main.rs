//! Measurements, printed as the table of `docs/performance.md`. Ratios are taken side by side in one run; each figure is the
//! median of several rounds. Run by `make bench`, which starts PostgreSQL with its durability on.

mod list;
mod program;
mod writes;

use std::io::Write;
use std::time::Duration;

use portolan_catalog::{Actor, Catalog, OpContext, Role, TenantId};
use portolan_schema::{Error, Result};
use portolan_store::Store;
use portolan_store::testing::{Engine, TestDatabase};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<()> {
    say("| what | engine | Portolan | by hand | ratio |")?;
    say("|---|---|---|---|---|")?;
    for engine in Engine::BOTH {
        let database = TestDatabase::new(engine).await;
        let bench = Bench::new(&database.store).await?;
        writes::measure(&bench, &database).await?;
        list::measure(&bench, &database).await?;
        database.remove().await;
    }
    program::measure().await
}

/// A tenant with a blueprint of five indexed properties and a relation.
struct Bench {
    catalog: Catalog,
    ctx: OpContext,
}

impl Bench {
    async fn new(store: &Store) -> Result<Self> {
        let tenant = TenantId(1);
        let scope = store.write(tenant).await?;
        scope.create_head().await?;
        scope.commit().await?;
        let ctx = OpContext::verified(tenant, Actor::Credential("bench".into()), Role::Admin, "bench", None);
        let catalog = Catalog::new(store.clone(), None);
        let blueprints = [
            json!({"identifier": "system", "title": "System", "schema": {"properties": {}}}),
            json!({"identifier": "service", "title": "Service", "schema": {"properties": {
                "tier": {"type": "string"}, "language": {"type": "string"}, "issues": {"type": "number"},
                "live": {"type": "boolean"}, "since": {"type": "string", "format": "date-time"}}},
                "relations": {"system": {"target": "system"}}}),
        ];
        catalog.apply(&ctx, &blueprints, &[json!({"blueprint": "system", "identifier": "s"})], false).await?;
        Ok(Self { catalog, ctx })
    }
}

fn say(line: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{line}").map_err(Error::internal)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// `1234.5` items a second.
#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn per_second(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}
