//! Kind `eks-node-group`: managed node groups, of which each cluster has a list.

use async_trait::async_trait;
use futures::stream::{self, StreamExt, TryStreamExt};
use portolan_ingestor_contract::{KindDescription, SourceError};
use serde_json::Value;

use super::{EKS, GONE, Names, cluster, names};
use crate::item::{Added, tags, text};
use crate::kinds::regional::{ITEMS_AT_ONCE, Page, Place, Regional};
use crate::session::Session;
use crate::signed;

pub(crate) const KIND: KindDescription = KindDescription {
    name: "eks-node-group",
    title: "EKS node groups",
    description: "A managed node group as eks:DescribeNodegroup describes it, its tags included, with __ClusterArn.",
    permissions: &["eks:ListClusters", "eks:ListNodegroups", "eks:DescribeNodegroup"],
};

pub(crate) struct NodeGroups;

#[async_trait]
impl Regional for NodeGroups {
    fn kind(&self) -> &str {
        KIND.name
    }

    async fn lists(&self, session: &Session, region: &str) -> Result<Vec<String>, SourceError> {
        cluster::all(session, region).await
    }

    async fn page(&self, at: Place<'_>, token: Option<&str>) -> Result<Page, SourceError> {
        let Place { session, within, .. } = at;
        let path = format!("/clusters/{within}/node-groups");
        let Names { names, next } =
            match names(at, "ListNodegroups", &path, "nodegroups", session.page_size, token).await {
                Err(refused) if refused.says(GONE) => return Ok(Page::default()),
                listed => listed?,
            };
        let reads: Vec<_> = names.into_iter().map(|name| describe(at, name)).collect();
        let items: Vec<Option<Value>> = stream::iter(reads).buffered(ITEMS_AT_ONCE).try_collect().await?;
        Ok(Page { items: items.into_iter().flatten().collect(), next })
    }
}

/// The group's item; none where it has gone since it was listed.
async fn describe(at: Place<'_>, name: String) -> Result<Option<Value>, SourceError> {
    let Place { session, region, within } = at;
    let path = format!("/clusters/{within}/node-groups/{name}");
    let answer = signed::get_json(session, EKS, region, "DescribeNodegroup", &path, &[]).await;
    let Some(mut answer) = signed::unless_gone(answer, GONE)? else { return Ok(None) };
    let Some(Value::Object(mut item)) = answer.get_mut("nodegroup").map(Value::take) else {
        return Err(SourceError::failed("the answer to eks:DescribeNodegroup has no node group"));
    };
    let (partition, account) = (session.partition(), &session.identity.account);
    let cluster = format!("arn:{partition}:eks:{region}:{account}:cluster/{within}");
    item.insert("__ClusterArn".to_owned(), cluster.into());
    let arn = text(&item, "nodegroupArn").to_owned();
    let console = Some(format!("eks/clusters/{within}/nodegroups/{name}?region={region}"));
    let tags = tags(item.get("tags"));
    Added { session, region: Some(region), arn, console, tags }.to(&mut item);
    Ok(Some(Value::Object(item)))
}
