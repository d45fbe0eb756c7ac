//! A tenant with 20,000 services, their systems and deployments: enough for a wrong plan to show.

use indexmap::IndexMap;
use portolan_schema::{CatalogModel, EntityState, Instant, Targets};
use portolan_store::computed::ComputedValues;
use portolan_store::entity::Entity;
use portolan_store::entity_write::{Cause, Edge, EntityChange};
use portolan_store::{Store, TenantId};
use serde_json::{Value, json};

use crate::world::compile;

pub const TENANT: TenantId = TenantId(7);
pub const SERVICES: i64 = 20_000;
const SYSTEMS: i64 = 200;
const DEPLOYMENTS: i64 = 6_000;
/// Entities a transaction.
const BATCH: usize = 2_000;

pub fn model() -> CatalogModel {
    compile(vec![
        json!({"identifier": "system", "title": "System", "schema": {"properties": {"area": {"type": "string"}}}}),
        json!({"identifier": "service", "title": "Service",
            "schema": {"properties": {
                "tier": {"type": "string"}, "owner": {"type": "string"}, "issues": {"type": "number"},
                "live": {"type": "boolean"}, "since": {"type": "string", "format": "date-time"},
                "tags": {"type": "array", "items": {"type": "string"}}}},
            "relations": {"system": {"target": "system"}, "dependsOn": {"target": "service", "many": true}}}),
        json!({"identifier": "deployment", "title": "Deployment",
            "schema": {"properties": {"env": {"type": "string"}}},
            "relations": {"service": {"target": "service"}}}),
    ])
}

/// Numbers that look random: the same for the same `n`.
fn scatter(n: i64) -> i64 {
    (n.wrapping_mul(0x9E37_79B9_7F4A_7C15_u64.cast_signed()) >> 33).abs()
}

/// Makes the tenant.
pub async fn start(store: &Store) {
    let scope = store.write(TENANT).await.unwrap();
    scope.create_head().await.unwrap();
    scope.commit().await.unwrap();
}

/// All entities: systems have the ids from 1, services from 1,001, deployments from 100,001.
pub fn changes(model: &CatalogModel) -> Vec<EntityChange> {
    let systems = (0..SYSTEMS).map(|n| {
        let properties = json!({"area": format!("area-{}", n % 10)});
        change(model, "system", 1 + n, n, properties, &[])
    });
    let services = (0..SERVICES).map(|n| {
        let tier = ["gold", "silver", "bronze", "tin"][usize::try_from(scatter(n) % 4).unwrap()];
        let properties = json!({"tier": tier, "owner": format!("owner-{}", scatter(n + 1) % 200),
            "issues": scatter(n + 2) % 10_000, "live": n % 2 == 0, "since": Instant(scatter(n + 3)).to_rfc3339(),
            "tags": [format!("tag-{}", n % 500), "all"]});
        let depends = 1_001 + scatter(n + 4) % SERVICES;
        let relations = [("system", 1 + scatter(n + 5) % SYSTEMS), ("dependsOn", depends)];
        change(model, "service", 1_001 + n, n, properties, &relations)
    });
    let deployments = (0..DEPLOYMENTS).map(|n| {
        let properties = json!({"env": if n % 3 == 0 { "prod" } else { "dev" }});
        change(model, "deployment", 100_001 + n, n, properties, &[("service", 1_001 + scatter(n) % SERVICES)])
    });
    systems.chain(services).chain(deployments).collect()
}

/// Writes entities in a few large transactions.
pub async fn write(store: &Store, model: &CatalogModel, changes: Vec<EntityChange>) {
    let cause = Cause { at: Instant(0), actor: "t".into(), origin: None, run: None };
    for batch in changes.chunks(BATCH) {
        let scope = store.write(TENANT).await.unwrap();
        scope.apply(model, batch, &cause).await.unwrap();
        scope.commit().await.unwrap();
    }
}

fn change(
    model: &CatalogModel,
    blueprint: &str,
    id: i64,
    n: i64,
    properties: Value,
    relations: &[(&str, i64)],
) -> EntityChange {
    let model = model.get(blueprint).unwrap();
    let mut shown = IndexMap::new();
    let mut edges = Vec::new();
    for (name, target) in relations {
        let relation = model.relation(name).unwrap();
        // The name does not matter to what is measured.
        shown.insert((*name).to_owned(), Targets::One(Some(target.to_string())));
        edges.push(Edge { relation: relation.no, ordinal: 0, target: Ok(*target) });
    }
    let state = EntityState {
        identifier: format!("{blueprint}-{n}"),
        title: Some(format!("{blueprint} {}", scatter(n + 9))),
        icon: None,
        team: vec![format!("team-{}", n % 20)],
        properties: properties.as_object().cloned().unwrap(),
        relations: shown,
    };
    let after = Entity {
        id,
        blueprint: model.no(),
        state,
        computed: ComputedValues::default(),
        revision: 1,
        seq: id,
        integration: (n % 10 == 0).then_some(5),
        datasource: None,
        created_at: Instant(scatter(n + 6)),
        created_by: "t".into(),
        updated_at: Instant(scatter(n + 7)),
        updated_by: "t".into(),
    };
    EntityChange { before: None, after, deleted: false, edges }
}
