//! Kind `ecs-cluster`: clusters of Amazon ECS.

use async_trait::async_trait;
use portolan_ingestor_contract::{KindDescription, SourceError};
use serde_json::{Map, Value, json};

use super::{ECS, LARGEST_PAGE, Names, described, last, names};
use crate::item::{Added, tags, text};
use crate::kinds::regional::{Page, Pages, Place, Regional};
use crate::session::Session;
use crate::signed;

pub(crate) const KIND: KindDescription = KindDescription {
    name: "ecs-cluster",
    title: "ECS clusters",
    description: "A cluster as ecs:DescribeClusters describes it, with its settings and tags.",
    permissions: &["ecs:ListClusters", "ecs:DescribeClusters"],
};

pub(crate) struct Clusters;

#[async_trait]
impl Regional for Clusters {
    fn kind(&self) -> &str {
        KIND.name
    }

    async fn page(&self, at: Place<'_>, token: Option<&str>) -> Result<Page, SourceError> {
        let Place { session, region, .. } = at;
        let Names { names, next } = page(at, session.page_size, token).await?;
        if names.is_empty() {
            return Ok(Page { items: Vec::new(), next });
        }
        let asked = json!({ "clusters": names, "include": ["SETTINGS", "TAGS"] });
        let answer = signed::post_json(session, &ECS, region, "DescribeClusters", &asked).await?;
        let clusters = described(&answer, "/clusters", "ecs:DescribeClusters")?;
        let items = clusters.into_iter().map(|cluster| complete(session, region, cluster)).collect();
        Ok(Page { items, next })
    }
}

/// The ARNs of a region's clusters, in pages as large as they come.
pub(super) async fn all(session: &Session, region: &str) -> Result<Vec<String>, SourceError> {
    let mut pages = Pages::default();
    let mut all = Vec::new();
    loop {
        let at = Place { session, region, within: "" };
        let Names { names, next } = page(at, Some(LARGEST_PAGE), pages.token()).await?;
        all.extend(names);
        if !pages.turn(next, || format!("ECS clusters in {region}"))? {
            return Ok(all);
        }
    }
}

async fn page(at: Place<'_>, size: Option<u32>, token: Option<&str>) -> Result<Names, SourceError> {
    Ok(names(at, "ListClusters", "clusterArns", Map::new(), size, token).await?)
}

fn complete(session: &Session, region: &str, cluster: Value) -> Value {
    let Value::Object(mut item) = cluster else { return cluster };
    let arn = text(&item, "clusterArn").to_owned();
    let console = Some(format!("ecs/v2/clusters/{}/services?region={region}", last(&arn)));
    let tags = tags(item.get("tags"));
    Added { session, region: Some(region), arn, console, tags }.to(&mut item);
    Value::Object(item)
}
