//! Kind `sqs-queue`: queues, each with its attributes.

use async_trait::async_trait;
use futures::stream::{self, StreamExt, TryStreamExt};
use portolan_ingestor_contract::{KindDescription, SourceError};
use serde_json::{Map, Value, json};

use super::regional::{ITEMS_AT_ONCE, Page, Place, Regional, items_at, token_at};
use super::unread::Unread;
use crate::item::Added;
use crate::session::Session;
use crate::signed::{self, JsonService};

pub(crate) const KIND: KindDescription = KindDescription {
    name: "sqs-queue",
    title: "SQS queues",
    description: "A queue's QueueUrl and the Attributes of sqs:GetQueueAttributes, all of which are texts, with __Tags \
        from sqs:ListQueueTags.",
    permissions: &["sqs:ListQueues", "sqs:GetQueueAttributes", "sqs:ListQueueTags (optional)"],
};

const SQS: JsonService = JsonService {
    name: "sqs",
    target: "AmazonSQS",
    content_type: "application/x-amz-json-1.0",
    is_terse: true,
};

/// Queues a page, and the bounds AWS sets. AWS gives tokens only to those who set a page size.
const PAGE: (u32, u32, u32) = (100, 1, 1000);
/// The queue was deleted since it was listed.
const GONE: &[&str] = &["QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"];

pub(crate) struct Queues {
    unread: Unread,
}

impl Default for Queues {
    fn default() -> Self {
        Self { unread: Unread::new(KIND.name, "queues") }
    }
}

#[async_trait]
impl Regional for Queues {
    fn kind(&self) -> &str {
        KIND.name
    }

    fn unread(&self) -> Option<&Unread> {
        Some(&self.unread)
    }

    async fn page(&self, at: Place<'_>, token: Option<&str>) -> Result<Page, SourceError> {
        let Place { session, region, .. } = at;
        let (usual, least, most) = PAGE;
        let mut asked = json!({ "MaxResults": session.page_size.unwrap_or(usual).clamp(least, most) });
        if let Some(token) = token {
            asked["NextToken"] = token.into();
        }
        let answer = signed::post_json(session, &SQS, region, "ListQueues", &asked).await?;
        // Where there are no queues, SQS says nothing at all of them.
        let urls = match &answer {
            Value::Object(answer) if !answer.contains_key("QueueUrls") => Vec::new(),
            _ => items_at(&answer, "/QueueUrls", "sqs:ListQueues")?,
        };
        let reads: Vec<_> = urls
            .iter()
            .filter_map(Value::as_str)
            .map(|url| self.describe(session, region, url.to_owned()))
            .collect();
        let items: Vec<Option<Value>> = stream::iter(reads).buffered(ITEMS_AT_ONCE).try_collect().await?;
        Ok(Page { items: items.into_iter().flatten().collect(), next: token_at(&answer, "/NextToken") })
    }
}

impl Queues {
    /// The queue's item; none where it has gone since it was listed.
    async fn describe(
        &self,
        session: &Session,
        region: &str,
        url: String,
    ) -> Result<Option<Value>, SourceError> {
        let asked = json!({ "QueueUrl": url });
        let answer = signed::post_json(session, &SQS, region, "ListQueueTags", &asked).await;
        let tags = match self.unread.optional("sqs:ListQueueTags", &url, GONE, answer)? {
            Some(mut answer) => answer.get_mut("Tags").map(Value::take),
            None => None,
        };
        let Value::Object(tags) = tags.unwrap_or_else(|| json!({})) else {
            return Err(SourceError::failed("the answer to sqs:ListQueueTags has no tags"));
        };
        let asked = json!({ "QueueUrl": url, "AttributeNames": ["All"] });
        let answer = signed::post_json(session, &SQS, region, "GetQueueAttributes", &asked).await;
        let Some(mut answer) = signed::unless_gone(answer, GONE)? else { return Ok(None) };
        let arn =
            answer.pointer("/Attributes/QueueArn").and_then(Value::as_str).unwrap_or_default().to_owned();
        if arn.is_empty() {
            return Err(SourceError::failed("the answer to sqs:GetQueueAttributes has no QueueArn"));
        }
        let mut item = Map::new();
        let place: String = url::form_urlencoded::byte_serialize(url.as_bytes()).collect();
        item.insert("QueueUrl".to_owned(), url.into());
        item.insert("Attributes".to_owned(), answer["Attributes"].take());
        let console = Some(format!("sqs/v3/home?region={region}#/queues/{place}"));
        Added { session, region: Some(region), arn, console, tags }.to(&mut item);
        Ok(Some(Value::Object(item)))
    }
}
