//! Kind `lambda-function`: functions, each with its tags.

use async_trait::async_trait;
use futures::stream::{self, StreamExt, TryStreamExt};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use portolan_ingestor_contract::{KindDescription, SourceError};
use serde_json::Value;

use super::regional::{ITEMS_AT_ONCE, Page, Place, Regional, items_at, token_at};
use super::unread::Unread;
use crate::item::{Added, tags, text};
use crate::signed;

pub(crate) const KIND: KindDescription = KindDescription {
    name: "lambda-function",
    title: "Lambda functions",
    description: "A function as lambda:ListFunctions lists it, without the values of its environment variables, which \
        often are secrets: their names stay, with null. __Tags are from lambda:ListTags.",
    permissions: &["lambda:ListFunctions", "lambda:ListTags (optional)"],
};

/// AWS's largest page, which is also what it gives unasked.
const LARGEST_PAGE: u32 = 50;

/// What a part of a path has to encode.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// The function was deleted since it was listed.
const GONE: &[&str] = &["ResourceNotFoundException"];

pub(crate) struct Functions {
    unread: Unread,
}

impl Default for Functions {
    fn default() -> Self {
        Self { unread: Unread::new(KIND.name, "functions") }
    }
}

#[async_trait]
impl Regional for Functions {
    fn kind(&self) -> &str {
        KIND.name
    }

    fn unread(&self) -> Option<&Unread> {
        Some(&self.unread)
    }

    async fn page(&self, at: Place<'_>, token: Option<&str>) -> Result<Page, SourceError> {
        let Place { session, region, .. } = at;
        let mut parameters = Vec::new();
        if let Some(size) = session.page_size {
            parameters.push(("MaxItems", size.clamp(1, LARGEST_PAGE).to_string()));
        }
        parameters.extend(token.map(|token| ("Marker", token.to_owned())));
        let path = "/2015-03-31/functions/";
        let answer = signed::get_json(session, "lambda", region, "ListFunctions", path, &parameters).await?;
        let functions = items_at(&answer, "/Functions", "lambda:ListFunctions")?;
        let reads: Vec<_> = functions.into_iter().map(|function| self.complete(at, function)).collect();
        let items: Vec<Option<Value>> = stream::iter(reads).buffered(ITEMS_AT_ONCE).try_collect().await?;
        Ok(Page { items: items.into_iter().flatten().collect(), next: token_at(&answer, "/NextMarker") })
    }
}

impl Functions {
    /// The function's item; none where it has gone since it was listed.
    async fn complete(&self, at: Place<'_>, function: Value) -> Result<Option<Value>, SourceError> {
        let Place { session, region, .. } = at;
        let Value::Object(mut item) = without_nulls(function) else {
            return Err(SourceError::failed(
                "the answer to lambda:ListFunctions has a function that is none",
            ));
        };
        if let Some(Value::Object(variables)) =
            item.get_mut("Environment").and_then(|environment| environment.get_mut("Variables"))
        {
            variables.values_mut().for_each(|value| *value = Value::Null);
        }
        let (name, arn) = (text(&item, "FunctionName").to_owned(), text(&item, "FunctionArn").to_owned());
        let path = format!("/2017-03-31/tags/{}", utf8_percent_encode(&arn, RESERVED));
        let answer = signed::get_json(session, "lambda", region, "ListTags", &path, &[]).await;
        if answer.as_ref().is_err_and(|refused| refused.says(GONE)) {
            return Ok(None);
        }
        let answer = self.unread.optional("lambda:ListTags", &arn, &[], answer)?;
        let tags = tags(answer.as_ref().and_then(|answer| answer.get("Tags")));
        let console = Some(format!("lambda/home?region={region}#/functions/{name}"));
        Added { session, region: Some(region), arn, console, tags }.to(&mut item);
        Ok(Some(Value::Object(item)))
    }
}

/// Lambda sends null for what is not there; AWS's command line leaves it out.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(entries) => {
            let there = entries.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(there.map(|(key, value)| (key, without_nulls(value))).collect())
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}
