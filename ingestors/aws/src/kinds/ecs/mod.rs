//! Amazon ECS, whose lists give names only: each page of them is described by one more call, or one each.

pub(crate) mod cluster;
pub(crate) mod service;
pub(crate) mod task_definition;

use portolan_ingestor_contract::SourceError;
use serde_json::{Map, Value};

use super::regional::{Place, items_at, texts_at, token_at};
use crate::signed::{self, JsonService, Refused};

const ECS: JsonService = JsonService {
    name: "ecs",
    target: "AmazonEC2ContainerServiceV20141113",
    content_type: "application/x-amz-json-1.1",
    is_terse: false,
};

/// AWS's largest page of any list.
const LARGEST_PAGE: u32 = 100;

/// The names of one page.
struct Names {
    names: Vec<String>,
    next: Option<String>,
}

/// Asks for a page of a list, `size` names if that is given.
async fn names(
    at: Place<'_>,
    action: &'static str,
    list: &str,
    mut asked: Map<String, Value>,
    size: Option<u32>,
    token: Option<&str>,
) -> Result<Names, Refused> {
    if let Some(size) = size {
        asked.insert("maxResults".to_owned(), size.clamp(1, LARGEST_PAGE).into());
    }
    if let Some(token) = token {
        asked.insert("nextToken".to_owned(), token.into());
    }
    let answer = signed::post_json(at.session, &ECS, at.region, action, &asked.into()).await?;
    let names = texts_at(&answer, &format!("/{list}"), &format!("ecs:{action}"))?;
    Ok(Names { names, next: token_at(&answer, "/nextToken") })
}

/// What a call told of several things; those that have gone since they were listed are left out.
///
/// # Errors
/// Where there is another reason for not telling something.
fn described(answer: &Value, list: &str, call: &str) -> Result<Vec<Value>, SourceError> {
    let failures = answer.get("failures").and_then(Value::as_array).into_iter().flatten();
    let mut reasons = failures.filter_map(|failure| failure.get("reason").and_then(Value::as_str));
    if let Some(reason) = reasons.find(|reason| *reason != "MISSING") {
        return Err(SourceError::failed(format!(
            "{call} does not describe everything that is listed: {reason}"
        )));
    }
    items_at(answer, list, call)
}

/// What stands after the last slash of an ARN.
fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or_default()
}
