//! A GraphQL list of 20, executed in the process, beside the same rows by one SQL statement over the same driver.

use std::time::Instant;

use portolan_api::catalog_graphql::CatalogGraphql;
use portolan_schema::{Error, Result};
use portolan_store::testing::TestDatabase;
use sea_orm::{ConnectionTrait, Statement};

use crate::writes::connect;
use crate::{Bench, median, say};

const ROUNDS: usize = 400;
const QUERY: &str =
    "{ services(first: 20, where: {tier: {eq: \"gold\"}}, orderBy: [{field: ISSUES, direction: DESC}]) {
    nodes { identifier title tier language issues live since } } }";
/// What somebody who knows the tables would write.
fn by_hand(tier: i32, issues: i32) -> String {
    format!(
        "SELECT e.identifier, e.title, e.properties FROM entity_values k
           JOIN entities e ON e.tenant_id = k.tenant_id AND e.entity_id = k.entity_id
         WHERE k.tenant_id = 1 AND k.blueprint_no = 2 AND k.property_no = {issues} AND k.number_value IS NOT NULL
           AND (SELECT v.text_value FROM entity_values v WHERE v.tenant_id = 1 AND v.blueprint_no = k.blueprint_no
                  AND v.property_no = {tier} AND v.entity_id = k.entity_id AND v.ordinal = 0) = 'gold'
         ORDER BY k.number_value DESC, k.entity_id DESC LIMIT 20"
    )
}

pub async fn measure(bench: &Bench, database: &TestDatabase) -> Result<()> {
    let graphql = CatalogGraphql::new(bench.catalog.clone());
    let connection = connect(database).await?;
    let model = bench.catalog.model(&bench.ctx).await?;
    let number = |name: &str| {
        let found = model.get("service").and_then(|service| service.property(name));
        found.map(|property| property.no.0).ok_or_else(|| Error::internal(format!("no property {name}")))
    };
    let sql = by_hand(number("tier")?, number("issues")?);
    let (mut ours, mut hand) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let response = graphql.execute(&bench.ctx, async_graphql::Request::new(QUERY)).await;
        ours.push(began.elapsed());
        if let Some(error) = response.errors.first() {
            return Err(Error::internal(error.message.clone()));
        }
        let statement = Statement::from_string(connection.get_database_backend(), sql.as_str());
        let began = Instant::now();
        let rows = connection.query_all_raw(statement).await.map_err(Error::internal)?;
        let texts: Vec<String> = rows
            .iter()
            .map(|row| row.try_get_by_index(2))
            .collect::<Result<_, _>>()
            .map_err(Error::internal)?;
        for text in &texts {
            let _: serde_json::Value = serde_json::from_str(text).map_err(Error::internal)?;
        }
        hand.push(began.elapsed());
        if texts.len() != 20 {
            return Err(Error::internal(format!("{} rows by hand", texts.len())));
        }
    }
    drop(connection.close().await);
    let (ours, hand) = (median(ours).as_secs_f64() * 1e6, median(hand).as_secs_f64() * 1e6);
    say(&format!(
        "| list of 20 of 15,000, filtered and sorted, µs | {:?} | {ours:.0} | {hand:.0} | {:.2} |",
        database.engine,
        hand / ours
    ))
}
