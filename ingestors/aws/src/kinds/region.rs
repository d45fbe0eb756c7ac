//! Kind `region`: the regions enabled for the account; also what `regions: ["*"]` means.

use portolan_ingestor_contract::{IngestError, KindDescription, Sink, SourceError, send};
use serde_json::{Map, Value};

use crate::fields;
use crate::item::{Added, text};
use crate::session::Session;
use crate::signed::{self, QueryService};

pub(crate) const KIND: KindDescription = KindDescription {
    name: "region",
    title: "Regions",
    description: "Every region enabled for the account, as ec2:DescribeRegions answers, whether its resources are read or \
        not: buckets may be in any of them.",
    permissions: &["ec2:DescribeRegions"],
};

/// The EC2 API, which instances use as well.
pub(super) const EC2: QueryService =
    QueryService { name: "ec2", version: "2016-11-15", fields: &fields::EC2 };

/// The enabled regions, as AWS describes them.
pub(crate) async fn list(session: &Session) -> Result<Vec<Map<String, Value>>, SourceError> {
    let answer = signed::query(session, &EC2, &session.home_region, "DescribeRegions", &[]).await?;
    let Some(Value::Array(regions)) = answer.get("Regions") else {
        return Err(SourceError::failed("the answer to ec2:DescribeRegions has no list of regions"));
    };
    Ok(regions.iter().filter_map(|region| region.as_object().cloned()).collect())
}

/// The codes of regions, such as `eu-west-1`.
pub(crate) fn names(regions: &[Map<String, Value>]) -> Vec<String> {
    regions
        .iter()
        .map(|region| text(region, "RegionName").to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

pub(crate) async fn collect(session: &Session, sink: &dyn Sink) -> Result<(), IngestError> {
    let mut items = Vec::new();
    for mut item in list(session).await? {
        let name = text(&item, "RegionName").to_owned();
        // Regions have no ARN of their own; this is the form AWS uses where it has to name one.
        let arn = format!("arn:{}:account:::region/{name}", session.partition());
        let console = Some("console/home".to_owned());
        Added { session, region: Some(&name), arn, console, tags: Map::new() }.to(&mut item);
        items.push(Value::Object(item));
    }
    send(sink, KIND.name, items).await?;
    Ok(())
}
