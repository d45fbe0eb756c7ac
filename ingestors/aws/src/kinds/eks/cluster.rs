//! Kind `eks-cluster`: clusters of Amazon EKS.

use async_trait::async_trait;
use futures::stream::{self, StreamExt, TryStreamExt};
use portolan_ingestor_contract::{KindDescription, SourceError};
use serde_json::Value;

use super::{EKS, GONE, LARGEST_PAGE, Names, names};
use crate::item::{Added, tags, text};
use crate::kinds::regional::{ITEMS_AT_ONCE, Page, Pages, Place, Regional};
use crate::session::Session;
use crate::signed;

pub(crate) const KIND: KindDescription = KindDescription {
    name: "eks-cluster",
    title: "EKS clusters",
    description: "A cluster as eks:DescribeCluster describes it, its tags included.",
    permissions: &["eks:ListClusters", "eks:DescribeCluster"],
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
        let reads: Vec<_> = names.into_iter().map(|name| describe(session, region, name)).collect();
        let items: Vec<Option<Value>> = stream::iter(reads).buffered(ITEMS_AT_ONCE).try_collect().await?;
        Ok(Page { items: items.into_iter().flatten().collect(), next })
    }
}

/// The names of a region's clusters, in pages as large as they come.
pub(super) async fn all(session: &Session, region: &str) -> Result<Vec<String>, SourceError> {
    let mut pages = Pages::default();
    let mut all = Vec::new();
    loop {
        let at = Place { session, region, within: "" };
        let Names { names, next } = page(at, Some(LARGEST_PAGE), pages.token()).await?;
        all.extend(names);
        if !pages.turn(next, || format!("EKS clusters in {region}"))? {
            return Ok(all);
        }
    }
}

async fn page(at: Place<'_>, size: Option<u32>, token: Option<&str>) -> Result<Names, SourceError> {
    Ok(names(at, "ListClusters", "/clusters", "clusters", size, token).await?)
}

/// The cluster's item; none where it has gone since it was listed.
async fn describe(session: &Session, region: &str, name: String) -> Result<Option<Value>, SourceError> {
    let path = format!("/clusters/{name}");
    let answer = signed::get_json(session, EKS, region, "DescribeCluster", &path, &[]).await;
    let Some(mut answer) = signed::unless_gone(answer, GONE)? else { return Ok(None) };
    let Some(Value::Object(mut item)) = answer.get_mut("cluster").map(Value::take) else {
        return Err(SourceError::failed("the answer to eks:DescribeCluster has no cluster"));
    };
    let arn = text(&item, "arn").to_owned();
    let console = Some(format!("eks/clusters/{name}?region={region}"));
    let tags = tags(item.get("tags"));
    Added { session, region: Some(region), arn, console, tags }.to(&mut item);
    Ok(Some(Value::Object(item)))
}
