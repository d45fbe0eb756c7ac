//! Searches: over all blueprints, and in one (port-api.md 2.6).

use axum::Json;
use axum::extract::State;
use portolan_catalog::query::{EntityQuery, NodeQuery, Page};
use portolan_schema::rules::{self, Unknown};
use portolan_schema::{BlueprintModel, CatalogModel, Code, Error, Filter, Pointer};
use serde_json::{Value, json};

use super::blueprints::missing;
use super::entities::all;
use super::flags::Query;
use super::segments::Segments;
use super::view::View;
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
    query: Query,
    JsonBody(body): JsonBody,
) -> Answer {
    let group = rules::parse(&body, &Pointer::root())?;
    let view = View::of(&query);
    let model = app.catalog.model(&ctx).await?;
    let mut entities = Vec::new();
    let mut matching = Vec::new();
    for blueprint in model.blueprints() {
        let filter = group.resolve(&model, blueprint, Unknown::TreatAsAbsent)?;
        // Most searches name their blueprint.
        if filter.is_never() {
            continue;
        }
        let found = all(&app, &ctx, &model, blueprint.no(), &filter, &view).await?;
        if !found.is_empty() {
            matching.push(blueprint.identifier().to_owned());
            entities.extend(found);
        }
    }
    Ok(Json(json!({"ok": true, "entities": entities, "matchingBlueprints": matching})))
}

/// The filter of a body's `query`; none matches all.
fn filter(model: &CatalogModel, blueprint: &BlueprintModel, body: &Value) -> Result<Filter, Error> {
    match body.get("query") {
        None | Some(Value::Null) => Ok(Filter::always()),
        Some(query) => {
            let path = Pointer::root().key("query");
            Ok(rules::parse(query, &path)?.resolve(model, blueprint, Unknown::Refuse)?)
        }
    }
}

pub(crate) async fn count(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Segments(identifier): Segments<String>,
    JsonBody(body): JsonBody,
) -> Answer {
    let model = app.catalog.model(&ctx).await?;
    let blueprint = model.get(&identifier).ok_or_else(|| missing(&identifier))?;
    let filter = filter(&model, blueprint, &body)?;
    let count = app.catalog.count(&ctx, &model, blueprint.no(), &filter).await?;
    Ok(Json(json!({"ok": true, "count": count})))
}

pub(crate) async fn scoped(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Segments(identifier): Segments<String>,
    query: Query,
    JsonBody(body): JsonBody,
) -> Answer {
    let view = View::of(&query).and_of(&body)?;
    let model = app.catalog.model(&ctx).await?;
    let blueprint = model.get(&identifier).ok_or_else(|| missing(&identifier))?;
    let filter = filter(&model, blueprint, &body)?;
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
    let after = match body.get("from") {
        None | Some(Value::Null) => None,
        Some(Value::String(from)) => Some(from.clone()),
        Some(_) => {
            return Err(
                Error::at(Code::WrongType, Pointer::root().key("from"), "\"from\" is a string").into()
            );
        }
    };
    let query = EntityQuery {
        blueprint: blueprint.no(),
        filter,
        order: Vec::new(),
        page: Page { limit, after, ..Page::default() },
        count: false,
        nodes: NodeQuery::whole(),
    };
    let page = app.catalog.list(&ctx, &model, &query).await?;
    let entities: Vec<_> = page.nodes.iter().map(|node| &node.entity).collect();
    let entities = view.show(&app, &ctx, &model, &entities).await?;
    let mut answer = json!({"ok": true, "entities": entities});
    if let Some(last) = page.nodes.last().filter(|_| page.has_next) {
        answer["next"] = json!(last.cursor);
    }
    Ok(Json(answer))
}
