//! Kind `dynamodb-table`: tables, each as its own call describes it.

use async_trait::async_trait;
use futures::stream::{self, StreamExt, TryStreamExt};
use portolan_ingestor_contract::{KindDescription, SourceError};
use serde_json::{Map, Value, json};

use super::regional::{ITEMS_AT_ONCE, Page, Place, Regional, items_at, token_at};
use super::unread::Unread;
use crate::item::{Added, tags};
use crate::session::Session;
use crate::signed::{self, JsonService};

pub(crate) const KIND: KindDescription = KindDescription {
    name: "dynamodb-table",
    title: "DynamoDB tables",
    description: "A table as dynamodb:DescribeTable describes it, with __Tags from dynamodb:ListTagsOfResource.",
    permissions: &["dynamodb:ListTables", "dynamodb:DescribeTable", "dynamodb:ListTagsOfResource (optional)"],
};

const DYNAMODB: JsonService = JsonService {
    name: "dynamodb",
    target: "DynamoDB_20120810",
    content_type: "application/x-amz-json-1.0",
    is_terse: false,
};

/// AWS's largest page, which is also what it gives unasked.
const LARGEST_PAGE: u32 = 100;
/// Pages of one table's tags that are read: a table has 50 tags at most.
const TAG_PAGES: usize = 50;
/// The table was deleted since it was listed.
const GONE: &[&str] = &["ResourceNotFoundException", "TableNotFoundException"];

pub(crate) struct Tables {
    unread: Unread,
}

impl Default for Tables {
    fn default() -> Self {
        Self { unread: Unread::new(KIND.name, "tables") }
    }
}

#[async_trait]
impl Regional for Tables {
    fn kind(&self) -> &str {
        KIND.name
    }

    fn unread(&self) -> Option<&Unread> {
        Some(&self.unread)
    }

    async fn page(&self, at: Place<'_>, token: Option<&str>) -> Result<Page, SourceError> {
        let Place { session, region, .. } = at;
        let mut parameters = Map::new();
        if let Some(size) = session.page_size {
            parameters.insert("Limit".to_owned(), size.clamp(1, LARGEST_PAGE).into());
        }
        if let Some(token) = token {
            parameters.insert("ExclusiveStartTableName".to_owned(), token.into());
        }
        let answer = signed::post_json(session, &DYNAMODB, region, "ListTables", &parameters.into()).await?;
        let names = items_at(&answer, "/TableNames", "dynamodb:ListTables")?;
        let reads: Vec<_> = names
            .iter()
            .filter_map(Value::as_str)
            .map(|name| self.describe(session, region, name.to_owned()))
            .collect();
        let items: Vec<Option<Value>> = stream::iter(reads).buffered(ITEMS_AT_ONCE).try_collect().await?;
        Ok(Page {
            items: items.into_iter().flatten().collect(),
            next: token_at(&answer, "/LastEvaluatedTableName"),
        })
    }
}

impl Tables {
    /// The table's item; none where it has gone since it was listed.
    async fn describe(
        &self,
        session: &Session,
        region: &str,
        name: String,
    ) -> Result<Option<Value>, SourceError> {
        let account = &session.identity.account;
        let arn = format!("arn:{}:dynamodb:{region}:{account}:table/{name}", session.partition());
        let tags = self.tags(session, region, &name, &arn).await?;
        let asked = json!({ "TableName": name });
        let answer = signed::post_json(session, &DYNAMODB, region, "DescribeTable", &asked).await;
        let Some(mut answer) = signed::unless_gone(answer, GONE)? else { return Ok(None) };
        let Some(Value::Object(mut item)) = answer.get_mut("Table").map(Value::take) else {
            return Err(SourceError::failed("the answer to dynamodb:DescribeTable has no table"));
        };
        let console = Some(format!("dynamodbv2/home?region={region}#table?name={name}"));
        Added { session, region: Some(region), arn, console, tags }.to(&mut item);
        Ok(Some(Value::Object(item)))
    }

    async fn tags(
        &self,
        session: &Session,
        region: &str,
        name: &str,
        arn: &str,
    ) -> Result<Map<String, Value>, SourceError> {
        let mut all = Map::new();
        let mut asked = json!({ "ResourceArn": arn });
        for _ in 0..TAG_PAGES {
            let answer = signed::post_json(session, &DYNAMODB, region, "ListTagsOfResource", &asked).await;
            let answer = self.unread.optional("dynamodb:ListTagsOfResource", name, GONE, answer)?;
            let Some(answer) = answer else { break };
            all.extend(tags(answer.get("Tags")));
            match token_at(&answer, "/NextToken").filter(|next| !next.is_empty()) {
                Some(next) => asked["NextToken"] = next.into(),
                None => break,
            }
        }
        Ok(all)
    }
}
