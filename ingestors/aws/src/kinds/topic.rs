//! Kind `sns-topic`: topics, each with its attributes.

use async_trait::async_trait;
use futures::stream::{self, StreamExt, TryStreamExt};
use portolan_ingestor_contract::{KindDescription, SourceError};
use serde_json::{Map, Value};

use super::regional::{ITEMS_AT_ONCE, Page, Place, Regional, items_at, token_at};
use super::unread::Unread;
use crate::fields;
use crate::item::{Added, tags};
use crate::session::Session;
use crate::signed::{self, QueryService};

pub(crate) const KIND: KindDescription = KindDescription {
    name: "sns-topic",
    title: "SNS topics",
    description: "A topic's TopicArn and the Attributes of sns:GetTopicAttributes, all of which are texts, with __Tags \
        from sns:ListTagsForResource.",
    permissions: &["sns:ListTopics", "sns:GetTopicAttributes", "sns:ListTagsForResource (optional)"],
};

const SNS: QueryService = QueryService { name: "sns", version: "2010-03-31", fields: &fields::SNS };

/// The topic was deleted since it was listed.
const GONE: &[&str] = &["NotFound", "NotFoundException", "ResourceNotFound", "ResourceNotFoundException"];

pub(crate) struct Topics {
    unread: Unread,
}

impl Default for Topics {
    fn default() -> Self {
        Self { unread: Unread::new(KIND.name, "topics") }
    }
}

#[async_trait]
impl Regional for Topics {
    fn kind(&self) -> &str {
        KIND.name
    }

    fn unread(&self) -> Option<&Unread> {
        Some(&self.unread)
    }

    /// AWS decides how many topics a page has: 100 at most.
    async fn page(&self, at: Place<'_>, token: Option<&str>) -> Result<Page, SourceError> {
        let Place { session, region, .. } = at;
        let parameters: Vec<_> = token.map(|token| ("NextToken", token.to_owned())).into_iter().collect();
        let answer = signed::query(session, &SNS, region, "ListTopics", &parameters).await?;
        let topics = items_at(&answer, "/ListTopicsResult/Topics", "sns:ListTopics")?;
        let reads: Vec<_> = topics
            .iter()
            .filter_map(|topic| topic.get("TopicArn")?.as_str())
            .map(|arn| self.describe(session, region, arn.to_owned()))
            .collect();
        let items: Vec<Option<Value>> = stream::iter(reads).buffered(ITEMS_AT_ONCE).try_collect().await?;
        Ok(Page {
            items: items.into_iter().flatten().collect(),
            next: token_at(&answer, "/ListTopicsResult/NextToken"),
        })
    }
}

impl Topics {
    /// The topic's item; none where it has gone since it was listed.
    async fn describe(
        &self,
        session: &Session,
        region: &str,
        arn: String,
    ) -> Result<Option<Value>, SourceError> {
        let asked = [("ResourceArn", arn.clone())];
        let answer = signed::query(session, &SNS, region, "ListTagsForResource", &asked).await;
        let answer = self.unread.optional("sns:ListTagsForResource", &arn, GONE, answer)?;
        let tags = tags(answer.as_ref().and_then(|it| it.pointer("/ListTagsForResourceResult/Tags")));
        let asked = [("TopicArn", arn.clone())];
        let answer = signed::query(session, &SNS, region, "GetTopicAttributes", &asked).await;
        let Some(mut answer) = signed::unless_gone(answer, GONE)? else { return Ok(None) };
        let Some(attributes @ Value::Object(_)) = answer.pointer_mut("/GetTopicAttributesResult/Attributes")
        else {
            return Err(SourceError::failed("the answer to sns:GetTopicAttributes has no attributes"));
        };
        let mut item = Map::new();
        item.insert("TopicArn".to_owned(), arn.clone().into());
        item.insert("Attributes".to_owned(), attributes.take());
        let console = Some(format!("sns/v3/home?region={region}#/topic/{arn}"));
        Added { session, region: Some(region), arn, console, tags }.to(&mut item);
        Ok(Some(Value::Object(item)))
    }
}
