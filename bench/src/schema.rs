//! How long the schema of a large model takes to build.

use std::time::Instant;

use portolan_api::catalog_graphql::CatalogGraphql;
use portolan_catalog::{Actor, Catalog, OpContext};
use portolan_schema::Result;
use portolan_store::testing::{Engine, TestDatabase};
use serde_json::{Map, json};

use crate::new_tenant;
use crate::table::{median, row};

const BLUEPRINTS: usize = 100;
const PROPERTIES: usize = 20;
const ROUNDS: usize = 7;

pub async fn measure() -> Result<()> {
    let database = TestDatabase::new(Engine::Sqlite).await;
    let catalog = Catalog::new(database.store.clone(), None);
    let made = new_tenant(&database.store, "large").await?;
    let ctx = OpContext::background(made.tenant.id, Actor::System("bench"));
    let blueprints: Vec<_> = (0..BLUEPRINTS)
        .map(|number| {
            let properties: Map<_, _> =
                (0..PROPERTIES).map(|property| (format!("property{property}"), json!({"type": "string"}))).collect();
            json!({"identifier": format!("kind{number}"), "title": "Kind", "schema": {"properties": properties}})
        })
        .collect();
    catalog.apply(&ctx, &blueprints, &[], false).await?;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        // A cache of its own, so that the schema is built each time; the model is at hand.
        let graphql = CatalogGraphql::new(catalog.clone());
        let began = Instant::now();
        let answer = graphql.execute(&ctx, async_graphql::Request::new("{ modelRevision }")).await;
        times.push(began.elapsed());
        if let Some(error) = answer.errors.first() {
            return Err(portolan_schema::Error::internal(error.message.clone()));
        }
    }
    database.remove().await;
    let what = format!("schema of {BLUEPRINTS} blueprints × {PROPERTIES} properties, ms");
    row(&what, "", &format!("{:.1}", median(times).as_secs_f64() * 1e3), "", "")
}
