//! Kind `ecs-task-definition`: of each family the latest revision. There may be any number of older ones.

use async_trait::async_trait;
use futures::stream::{self, StreamExt, TryStreamExt};
use portolan_ingestor_contract::{KindDescription, SourceError};
use serde_json::{Map, Value, json};

use super::{ECS, Names, names};
use crate::item::{Added, tags, text};
use crate::kinds::regional::{ITEMS_AT_ONCE, Page, Place, Regional};
use crate::session::Session;
use crate::signed;

pub(crate) const KIND: KindDescription = KindDescription {
    name: "ecs-task-definition",
    title: "ECS task definitions",
    description: "The latest active revision of each family, as ecs:DescribeTaskDefinition describes it, with __FamilyArn, \
        the ARN without the revision. Of environment variables only the names are kept: their values, which often are \
        secrets, are null.",
    permissions: &["ecs:ListTaskDefinitionFamilies", "ecs:DescribeTaskDefinition"],
};

/// What AWS says of a family that has no active revision any more, together with the code of any mistake.
const GONE: (&[&str], &str) = (&["ClientException"], "Unable to describe task definition");

pub(crate) struct Families;

#[async_trait]
impl Regional for Families {
    fn kind(&self) -> &str {
        KIND.name
    }

    async fn page(&self, at: Place<'_>, token: Option<&str>) -> Result<Page, SourceError> {
        let Place { session, region, .. } = at;
        let asked = Map::from_iter([("status".to_owned(), "ACTIVE".into())]);
        let Names { names, next } =
            names(at, "ListTaskDefinitionFamilies", "families", asked, session.page_size, token).await?;
        let reads: Vec<_> = names.into_iter().map(|family| describe(session, region, family)).collect();
        let items: Vec<Option<Value>> = stream::iter(reads).buffered(ITEMS_AT_ONCE).try_collect().await?;
        Ok(Page { items: items.into_iter().flatten().collect(), next })
    }
}

/// The family's item; none where it has gone since it was listed.
async fn describe(session: &Session, region: &str, family: String) -> Result<Option<Value>, SourceError> {
    let asked = json!({ "taskDefinition": family, "include": ["TAGS"] });
    let answer = signed::post_json(session, &ECS, region, "DescribeTaskDefinition", &asked).await;
    let mut answer = match answer {
        Err(refused) if refused.says(GONE.0) && refused.mentions(GONE.1) => return Ok(None),
        answer => answer?,
    };
    let tags = tags(answer.get("tags"));
    let Some(Value::Object(mut item)) = answer.get_mut("taskDefinition").map(Value::take) else {
        return Err(SourceError::failed("the answer to ecs:DescribeTaskDefinition has no task definition"));
    };
    for container in item.get_mut("containerDefinitions").and_then(Value::as_array_mut).into_iter().flatten()
    {
        let variables = container.get_mut("environment").and_then(Value::as_array_mut);
        for variable in variables.into_iter().flatten() {
            variable["value"] = Value::Null;
        }
    }
    let arn = text(&item, "taskDefinitionArn").to_owned();
    let family_arn = arn.rsplit_once(':').map_or(arn.as_str(), |(family, _)| family).to_owned();
    item.insert("__FamilyArn".to_owned(), family_arn.into());
    let console = Some(format!("ecs/v2/task-definitions/{family}?region={region}"));
    Added { session, region: Some(region), arn, console, tags }.to(&mut item);
    Ok(Some(Value::Object(item)))
}
