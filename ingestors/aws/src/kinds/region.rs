//! Kind `region`: the regions enabled for the account; also what `regions: ["*"]` means.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use portolan_ingestor_contract::{IngestError, KindDescription, Sink, SourceError, send};
use serde_json::{Map, Value};

use super::regional::{self, Region};
use crate::fields;
use crate::item::{Added, text};
use crate::session::Session;
use crate::signed::{self, QueryService};

pub(crate) const KIND: KindDescription = KindDescription {
    name: "region",
    title: "Regions",
    description: "Every region enabled for an account, as ec2:DescribeRegions answers, whether its resources are read or \
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

/// Reads the regions of each account; one that several have is the first's.
pub(crate) async fn collect(homes: &[Region<'_>], sink: &dyn Sink) -> Result<(), IngestError> {
    let seen = Mutex::default();
    let reads: Vec<_> = homes.iter().map(|home| read(home, &seen, sink)).collect();
    regional::all(reads, 1).await
}

async fn read(home: &Region<'_>, seen: &Mutex<BTreeSet<String>>, sink: &dyn Sink) -> Result<(), IngestError> {
    let (session, _) = home.clone()?;
    let mut items = Vec::new();
    for mut item in list(session).await.map_err(|error| session.in_account(error))? {
        let name = text(&item, "RegionName").to_owned();
        if !seen.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone()) {
            continue;
        }
        // Regions have no ARN of their own; this is the form AWS uses where it has to name one.
        let arn = format!("arn:{}:account:::region/{name}", session.partition());
        let console = Some("console/home".to_owned());
        Added { session, region: Some(&name), arn, console, tags: Map::new() }.to(&mut item);
        items.push(Value::Object(item));
    }
    send(sink, KIND.name, items).await?;
    Ok(())
}
