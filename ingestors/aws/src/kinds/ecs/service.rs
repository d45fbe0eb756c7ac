//! Kind `ecs-service`: services, of which each cluster has a list.

use async_trait::async_trait;
use portolan_ingestor_contract::{KindDescription, SourceError};
use serde_json::{Map, Value, json};

use super::{ECS, Names, cluster, described, last, names};
use crate::item::{Added, tags, text};
use crate::kinds::regional::{Page, Place, Regional};
use crate::session::Session;
use crate::signed;

pub(crate) const KIND: KindDescription = KindDescription {
    name: "ecs-service",
    title: "ECS services",
    description: "A service as ecs:DescribeServices describes it, with its tags; the services of every cluster.",
    permissions: &["ecs:ListClusters", "ecs:ListServices", "ecs:DescribeServices"],
};

/// Services that one call describes.
const DESCRIBED_AT_ONCE: usize = 10;
/// The cluster was deleted since it was listed.
const GONE: &[&str] = &["ClusterNotFoundException"];

pub(crate) struct Services;

#[async_trait]
impl Regional for Services {
    fn kind(&self) -> &str {
        KIND.name
    }

    async fn lists(&self, session: &Session, region: &str) -> Result<Vec<String>, SourceError> {
        cluster::all(session, region).await
    }

    async fn page(&self, at: Place<'_>, token: Option<&str>) -> Result<Page, SourceError> {
        let Place { session, region, within } = at;
        let asked = Map::from_iter([("cluster".to_owned(), within.into())]);
        let Names { names, next } =
            match names(at, "ListServices", "serviceArns", asked, session.page_size, token).await {
                Err(refused) if refused.says(GONE) => return Ok(Page::default()),
                listed => listed?,
            };
        let mut items = Vec::with_capacity(names.len());
        for names in names.chunks(DESCRIBED_AT_ONCE) {
            let asked = json!({ "cluster": within, "services": names, "include": ["TAGS"] });
            let answer = signed::post_json(session, &ECS, region, "DescribeServices", &asked).await;
            let Some(answer) = signed::unless_gone(answer, GONE)? else { return Ok(Page::default()) };
            for service in described(&answer, "/services", "ecs:DescribeServices")? {
                items.push(complete(at, service));
            }
        }
        Ok(Page { items, next })
    }
}

fn complete(at: Place<'_>, service: Value) -> Value {
    let Place { session, region, within } = at;
    let Value::Object(mut item) = service else { return service };
    let arn = text(&item, "serviceArn").to_owned();
    let console = Some(format!("ecs/v2/clusters/{}/services/{}?region={region}", last(within), last(&arn)));
    let tags = tags(item.get("tags"));
    Added { session, region: Some(region), arn, console, tags }.to(&mut item);
    Value::Object(item)
}
