//! Kind `rds-instance`.

use async_trait::async_trait;
use portolan_ingestor_contract::{KindDescription, SourceError};
use serde_json::Value;

use super::regional::{Page, Place, Regional, items_at, token_at};
use crate::fields;
use crate::item::{Added, tags, text};
use crate::session::Session;
use crate::signed::{self, QueryService};

pub(crate) const KIND: KindDescription = KindDescription {
    name: "rds-instance",
    title: "RDS instances",
    description: "A database instance as rds:DescribeDBInstances lists it, also instances of Aurora clusters.",
    permissions: &["rds:DescribeDBInstances"],
};

const RDS: QueryService = QueryService { name: "rds", version: "2014-10-31", fields: &fields::RDS };

/// The bounds AWS sets on a page; it gives 100 unasked.
const PAGE: (u32, u32) = (20, 100);

pub(crate) struct Databases;

#[async_trait]
impl Regional for Databases {
    fn kind(&self) -> &str {
        KIND.name
    }

    async fn page(&self, at: Place<'_>, token: Option<&str>) -> Result<Page, SourceError> {
        let Place { session, region, .. } = at;
        let mut parameters = Vec::new();
        if let Some(size) = session.page_size {
            parameters.push(("MaxRecords", size.clamp(PAGE.0, PAGE.1).to_string()));
        }
        parameters.extend(token.map(|token| ("Marker", token.to_owned())));
        let answer = signed::query(session, &RDS, region, "DescribeDBInstances", &parameters).await?;
        let list = "/DescribeDBInstancesResult/DBInstances";
        let databases = items_at(&answer, list, "rds:DescribeDBInstances")?;
        let items = databases.into_iter().map(|database| complete(session, region, database)).collect();
        Ok(Page { items, next: token_at(&answer, "/DescribeDBInstancesResult/Marker") })
    }
}

fn complete(session: &Session, region: &str, database: Value) -> Value {
    let Value::Object(mut item) = database else { return database };
    let name = text(&item, "DBInstanceIdentifier").to_owned();
    let arn = text(&item, "DBInstanceArn").to_owned();
    let console = Some(format!("rds/home?region={region}#database:id={name};is-cluster=false"));
    let tags = tags(item.get("TagList"));
    Added { session, region: Some(region), arn, console, tags }.to(&mut item);
    Value::Object(item)
}
