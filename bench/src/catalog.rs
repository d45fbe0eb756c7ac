//! The catalog that is measured: services of 12 properties and about 1 KiB, with two relations.

use portolan_catalog::{
    Actor, Catalog, Change, EntityWrite, OpContext, Role, TenantId, WriteMode, WriteOptions,
};
use portolan_schema::{Error, Result};
use portolan_store::Store;
use serde_json::{Value, json};

/// Entities of one batch.
pub const BATCH: usize = 1_000;
const SYSTEMS: usize = 1_000;
const CLUSTERS: usize = 20;
/// One service in this many is owned by `rare`.
pub const RARE: usize = 1_000;

/// A tenant to fill and to ask.
pub struct Bench {
    pub catalog: Catalog,
    pub ctx: OpContext,
}

impl Bench {
    /// Makes the blueprints and what services point at.
    pub async fn new(store: &Store, tenant: TenantId) -> Result<Self> {
        let ctx = OpContext::verified(tenant, Actor::Credential("bench".into()), Role::Admin, "bench", None);
        let catalog = Catalog::new(store.clone(), None);
        let mut entities: Vec<Value> = (0..SYSTEMS)
            .map(|number| {
                json!({"blueprint": "system", "identifier": format!("system-{number}"), "title": format!("System {number}"),
                    "properties": {"rank": spread(number) % SYSTEMS}})
            })
            .collect();
        entities.extend(
            (0..CLUSTERS)
                .map(|number| json!({"blueprint": "cluster", "identifier": format!("cluster-{number}")})),
        );
        for part in entities.chunks(BATCH) {
            catalog.apply(&ctx, &blueprints(), part, false).await?;
        }
        Ok(Self { catalog, ctx })
    }

    /// Writes services by the write path; those that exist are written again.
    pub async fn fill(&self, numbers: std::ops::Range<usize>) -> Result<()> {
        let numbers: Vec<usize> = numbers.collect();
        for part in numbers.chunks(BATCH) {
            let changes = part.iter().map(|number| change(*number)).collect::<Result<_>>()?;
            let results = self.catalog.write(&self.ctx, changes, &WriteOptions::default()).await?;
            if let Some(Err(error)) = results.into_iter().find(Result::is_err) {
                return Err(error);
            }
        }
        Ok(())
    }

    /// Gives services the rank of their system as a mirror, and waits until all have it; or takes it away.
    pub async fn mirror(&self, wanted: bool) -> Result<()> {
        let mut blueprints = blueprints();
        if wanted && let Some(service) = blueprints.last_mut() {
            service["mirrorProperties"] = json!({"rank": {"path": "system.rank"}});
        }
        self.catalog.apply_blueprints(&self.ctx, &blueprints, false).await?;
        self.catalog.settle_computed(&self.ctx).await
    }

    /// The numbers that blueprints and properties are stored under.
    pub async fn number(&self, property: &str) -> Result<i32> {
        let model = self.catalog.model(&self.ctx).await?;
        let found = model.get("service").and_then(|service| service.property(property));
        found
            .map(|found| found.no.0)
            .ok_or_else(|| Error::internal(format!("there is no property {property}")))
    }

    pub async fn blueprint(&self) -> Result<i32> {
        let model = self.catalog.model(&self.ctx).await?;
        model.get("service").map(|found| found.no().0).ok_or_else(|| Error::internal("there is no service"))
    }

    pub async fn relation(&self, name: &str) -> Result<i32> {
        let model = self.catalog.model(&self.ctx).await?;
        let found = model.get("service").and_then(|service| service.relation(name));
        found.map(|found| found.no.0).ok_or_else(|| Error::internal(format!("there is no relation {name}")))
    }
}

pub fn change(number: usize) -> Result<Change> {
    let write = EntityWrite::from_json("service", &service(number))?;
    Ok(Change::Write(WriteMode::Merge, Box::new(write)))
}

/// Spreads numbers, so that values do not come in the order in which they are written.
fn spread(number: usize) -> usize {
    number.wrapping_mul(2_654_435_761) % 1_000_003
}

/// A service as clients send it.
pub fn service(number: usize) -> Value {
    json!({
        "identifier": format!("service-{number}"),
        "title": format!("Service {number}"),
        "team": [format!("team-{}", number % 50)],
        "properties": properties(number),
        "relations": {"system": format!("system-{}", spread(number) % SYSTEMS), "cluster": format!("cluster-{}", number % CLUSTERS)},
    })
}

pub fn properties(number: usize) -> Value {
    let owner =
        if number.is_multiple_of(RARE) { "rare".to_owned() } else { format!("owner-{}", number % 997) };
    json!({
        "tier": (["gold", "silver", "bronze", "iron"][number % 4]),
        "language": (["Rust", "Go", "Java", "TypeScript", "Python"][number % 5]),
        "environment": (["production", "staging", "test"][number % 3]),
        "owner": owner,
        "region": (["eu-west-1", "us-east-1", "ap-south-1"][spread(number) % 3]),
        "issues": spread(number) % 1_000,
        "score": spread(number),
        "cost": f64::from(u32::try_from(spread(number) % 100_000).unwrap_or(0)) / 100.0,
        "live": number.is_multiple_of(2),
        "since": "2026-01-02T03:04:05Z",
        "url": format!("https://services.example/{number}"),
        "readme": "All that there is to say of this service, as its people wrote it down. ".repeat(8),
    })
}

pub fn blueprints() -> Vec<Value> {
    let text = json!({"type": "string"});
    let number = json!({"type": "number"});
    vec![
        json!({"identifier": "system", "title": "System", "schema": {"properties": {"rank": number}}}),
        json!({"identifier": "cluster", "title": "Cluster", "schema": {"properties": {}}}),
        json!({"identifier": "service", "title": "Service", "schema": {"properties": {
                "tier": text, "language": text, "environment": text, "owner": text, "region": text,
                "issues": number, "score": number, "cost": number, "live": {"type": "boolean"},
                "since": {"type": "string", "format": "date-time"}, "url": {"type": "string", "format": "url"},
                "readme": {"type": "string", "format": "markdown"}}},
            "relations": {"system": {"target": "system"}, "cluster": {"target": "cluster"}}}),
    ]
}
