//! Kind `lambda-function`.

use async_trait::async_trait;
use portolan_ingestor_contract::{KindDescription, SourceError};
use serde_json::{Map, Value};

use super::regional::{Page, Regional, items_at, token_at};
use crate::item::{Added, text};
use crate::session::Session;
use crate::signed;

pub(crate) const KIND: KindDescription = KindDescription {
    name: "lambda-function",
    title: "Lambda functions",
    description: "A function as lambda:ListFunctions lists it, without the values of its environment variables, which \
        often are secrets: their names stay, with null.",
    permissions: &["lambda:ListFunctions"],
};

/// AWS's largest page, which is also what it gives unasked.
const LARGEST_PAGE: u32 = 50;

pub(crate) struct Functions;

#[async_trait]
impl Regional for Functions {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    async fn page(&self, session: &Session, region: &str, token: Option<&str>) -> Result<Page, SourceError> {
        let mut parameters = Vec::new();
        if let Some(size) = session.page_size {
            parameters.push(("MaxItems", size.clamp(1, LARGEST_PAGE).to_string()));
        }
        parameters.extend(token.map(|token| ("Marker", token.to_owned())));
        let path = "/2015-03-31/functions/";
        let answer = signed::get_json(session, "lambda", region, "ListFunctions", path, &parameters).await?;
        let functions = items_at(&answer, "/Functions", "lambda:ListFunctions")?;
        let items = functions.into_iter().map(|function| complete(session, region, function)).collect();
        Ok(Page { items, next: token_at(&answer, "/NextMarker") })
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

fn complete(session: &Session, region: &str, function: Value) -> Value {
    let Value::Object(mut item) = without_nulls(function) else { return Value::Null };
    if let Some(Value::Object(variables)) =
        item.get_mut("Environment").and_then(|environment| environment.get_mut("Variables"))
    {
        variables.values_mut().for_each(|value| *value = Value::Null);
    }
    let name = text(&item, "FunctionName").to_owned();
    let arn = text(&item, "FunctionArn").to_owned();
    let console = Some(format!("lambda/home?region={region}#/functions/{name}"));
    Added { session, region: Some(region), arn, console, tags: Map::new() }.to(&mut item);
    Value::Object(item)
}
