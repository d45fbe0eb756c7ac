//! Searches: over all blueprints, and in one (port-api.md 2.6).

use axum::Json;
use axum::extract::{Path, State};
use portolan_catalog::query::{EntityQuery, Page};
use portolan_schema::rules::{self, Unknown};
use portolan_schema::{Code, Error, Pointer};
use serde_json::{Value, json};

use super::blueprints::missing;
use super::entities::all;
use super::entity_body;
use crate::App;
use crate::answer::Refusal;
use crate::authenticated::Authenticated;
use crate::body::JsonBody;

type Answer = Result<Json<Value>, Refusal>;

const DEFAULT_LIMIT: usize = 200;
const MAX_LIMIT: usize = 1_000;

pub(crate) async fn global(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    JsonBody(body): JsonBody,
) -> Answer {
    let group = rules::parse(&body, &Pointer::root())?;
    let model = app.catalog.model(&ctx).await?;
    let mut entities = Vec::new();
    let mut matching = Vec::new();
    for blueprint in model.blueprints() {
        let filter = group.resolve(&model, blueprint, Unknown::TreatAsAbsent)?;
        let found = all(&app, &ctx, &model, blueprint.no(), &filter).await?;
        if !found.is_empty() {
            matching.push(blueprint.identifier().to_owned());
            entities.extend(found);
        }
    }
    Ok(Json(json!({"ok": true, "entities": entities, "matchingBlueprints": matching})))
}

pub(crate) async fn scoped(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Path(identifier): Path<String>,
    JsonBody(body): JsonBody,
) -> Answer {
    let model = app.catalog.model(&ctx).await?;
    let blueprint = model.get(&identifier).ok_or_else(|| missing(&identifier))?;
    let path = Pointer::root().key("query");
    let filter = match body.get("query") {
        None | Some(Value::Null) => portolan_schema::Filter::always(),
        Some(query) => rules::parse(query, &path)?.resolve(&model, blueprint, Unknown::Refuse)?,
    };
    let limit = match body.get("limit") {
        None | Some(Value::Null) => DEFAULT_LIMIT,
        Some(limit) => {
            let wanted = limit.as_u64().and_then(|limit| usize::try_from(limit).ok());
            wanted.filter(|limit| (1..=MAX_LIMIT).contains(limit)).ok_or_else(|| {
                let message = format!("\"limit\" is a number from 1 to {MAX_LIMIT}");
                Error::at(Code::InvalidValue, Pointer::root().key("limit"), message)
            })?
        }
    };
    let query = EntityQuery {
        blueprint: blueprint.no(),
        filter,
        order: Vec::new(),
        page: Page { limit, after: body["from"].as_str().map(str::to_owned), ..Page::default() },
        count: false,
        relation_identifiers: true,
        relations: Vec::new(),
    };
    let page = app.catalog.list(&ctx, &model, &query).await?;
    let entities: Vec<Value> =
        page.nodes.iter().map(|node| entity_body::json(&model, &node.entity)).collect();
    let mut answer = json!({"ok": true, "entities": entities});
    if let Some(last) = page.nodes.last().filter(|_| page.has_next) {
        answer["next"] = json!(last.cursor);
    }
    Ok(Json(answer))
}
