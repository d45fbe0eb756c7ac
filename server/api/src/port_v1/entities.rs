//! Entities, one and in bulk.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{MethodRouter, get};
use portolan_catalog::query::{EntityQuery, NodeQuery, Page};
use portolan_catalog::{Change, Deletion, EntityWrite, Kind, OpContext, Outcome, WriteMode, WriteOptions};
use portolan_schema::{BlueprintNo, CatalogModel, Code, Error, Filter, Pointer};
use serde_json::{Value, json};

use super::blueprints::missing;
use super::flags::Query;
use super::segments::Segments;
use super::view::View;
use crate::App;
use crate::answer::{Refusal, body as error_body};
use crate::authenticated::Authenticated;
use crate::body::JsonBody;

type Answer = Result<Json<Value>, Refusal>;

/// Most entities of one bulk upsert and of one bulk deletion (port-api.md 2.4).
const MAX_BULK: usize = 20;
const MAX_BULK_DELETE: usize = 100;
/// Rows read at a time where a route answers all.
const PAGE: usize = 500;

fn options(query: &Query) -> WriteOptions {
    WriteOptions {
        dry_run: query.is_on("validation_only"),
        create_missing: query.is_on("create_missing_related_entities"),
        ..WriteOptions::default()
    }
}

fn mode(query: &Query) -> WriteMode {
    match (query.is_on("upsert"), query.is_on("merge")) {
        (false, _) => WriteMode::Create,
        (true, false) => WriteMode::Replace,
        (true, true) => WriteMode::Merge,
    }
}

async fn write(
    app: &App,
    ctx: &OpContext,
    mode: WriteMode,
    write: EntityWrite,
    query: &Query,
) -> Result<(Outcome, Value), Refusal> {
    let change = Change::Write(mode, Box::new(write));
    let outcome = app.catalog.write_one(ctx, change, &options(query)).await?;
    let model = app.catalog.model(ctx).await?;
    let entity = View::of(query).show(app, ctx, &model, &[&outcome.entity]).await?.pop();
    Ok((outcome, entity.unwrap_or_default()))
}

pub(crate) async fn create(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Segments(blueprint): Segments<String>,
    query: Query,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let parsed = EntityWrite::from_json(&blueprint, &body)?;
    let (outcome, entity) = write(&app, &ctx, mode(&query), parsed, &query).await?;
    let status = if outcome.kind == Kind::Created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(json!({"ok": true, "entity": entity}))))
}

pub(crate) async fn replace(
    state: State<App>,
    who: Authenticated,
    path: Segments<(String, String)>,
    query: Query,
    body: JsonBody,
) -> Answer {
    change(state, who, path, query, body, WriteMode::Replace).await
}

pub(crate) async fn merge(
    state: State<App>,
    who: Authenticated,
    path: Segments<(String, String)>,
    query: Query,
    body: JsonBody,
) -> Answer {
    change(state, who, path, query, body, WriteMode::Update).await
}

async fn change(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Segments((blueprint, identifier)): Segments<(String, String)>,
    query: Query,
    JsonBody(body): JsonBody,
    mode: WriteMode,
) -> Answer {
    let mut parsed = EntityWrite::from_json(&blueprint, &body)?;
    parsed.search = None;
    // Another identifier in the body renames the entity that the path names.
    parsed.rename = parsed.identifier.replace(identifier.clone()).filter(|name| *name != identifier);
    let (_, entity) = write(&app, &ctx, mode, parsed, &query).await?;
    Ok(Json(json!({"ok": true, "entity": entity})))
}

pub(crate) async fn read(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Segments((blueprint, identifier)): Segments<(String, String)>,
    query: Query,
) -> Answer {
    let model = app.catalog.model(&ctx).await?;
    let no = model.get(&blueprint).ok_or_else(|| missing(&blueprint))?.no();
    let found = app.catalog.entity(&ctx, no, &identifier).await?;
    let entity = found.ok_or_else(|| Error::not_found(format!("the {blueprint} \"{identifier}\"")))?;
    let shown = View::of(&query).show(&app, &ctx, &model, &[&entity]).await?.pop();
    Ok(Json(json!({"ok": true, "entity": shown})))
}

pub(crate) async fn list(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Segments(blueprint): Segments<String>,
    query: Query,
) -> Answer {
    let model = app.catalog.model(&ctx).await?;
    let no = model.get(&blueprint).ok_or_else(|| missing(&blueprint))?.no();
    let entities = all(&app, &ctx, &model, no, &Filter::always(), &View::of(&query)).await?;
    Ok(Json(json!({"ok": true, "entities": entities})))
}

/// The routes of one entity whose identifier is also the name of a route that takes other methods.
pub(crate) fn named(name: &'static str) -> MethodRouter<App> {
    let at = move |Segments(blueprint): Segments<String>| Segments((blueprint, name.to_owned()));
    get(move |state, who, path: Segments<String>, query| read(state, who, at(path), query))
        .put(move |state, who, path: Segments<String>, query, body| {
            replace(state, who, at(path), query, body)
        })
        .patch(move |state, who, path: Segments<String>, query, body| {
            merge(state, who, at(path), query, body)
        })
        .delete(move |state, who, path: Segments<String>, query| delete(state, who, at(path), query))
}

/// Everything that matches, by identifier.
pub(crate) async fn all(
    app: &App,
    ctx: &OpContext,
    model: &CatalogModel,
    blueprint: BlueprintNo,
    filter: &Filter,
    view: &View,
) -> Result<Vec<Value>, Refusal> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let query = EntityQuery {
            blueprint,
            filter: filter.clone(),
            order: Vec::new(),
            page: Page { limit: PAGE, after, ..Page::default() },
            count: false,
            nodes: NodeQuery::whole(),
        };
        let page = app.catalog.list(ctx, model, &query).await?;
        let entities: Vec<_> = page.nodes.iter().map(|node| &node.entity).collect();
        found.extend(view.show(app, ctx, model, &entities).await?);
        after = page.nodes.last().map(|node| node.cursor.clone());
        if !page.has_next {
            return Ok(found);
        }
    }
}

pub(crate) async fn count(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Segments(blueprint): Segments<String>,
) -> Answer {
    let model = app.catalog.model(&ctx).await?;
    let no = model.get(&blueprint).ok_or_else(|| missing(&blueprint))?.no();
    let count = app.catalog.count_entities(&ctx, no).await?;
    Ok(Json(json!({"ok": true, "count": count})))
}

pub(crate) async fn delete(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Segments((blueprint, identifier)): Segments<(String, String)>,
    query: Query,
) -> Answer {
    let deletion =
        Deletion { blueprint, identifier, dependents: query.is_on("delete_dependents"), if_revision: None };
    app.catalog.write_one(&ctx, Change::Delete(deletion), &options(&query)).await?;
    Ok(Json(json!({"ok": true})))
}

pub(crate) async fn bulk(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Segments(blueprint): Segments<String>,
    query: Query,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let items = list_of(&body, MAX_BULK)?;
    let mut changes = Vec::new();
    let mut places = Vec::new();
    let mut errors = Vec::new();
    for (index, item) in items.iter().enumerate() {
        match EntityWrite::from_json(&blueprint, item) {
            Ok(write) => {
                places.push(index);
                changes.push(Change::Write(mode(&query), Box::new(write)));
            }
            Err(problems) => errors.push(bulk_error(item, index, &problems.into())),
        }
    }
    let results = app.catalog.write(&ctx, changes, &options(&query)).await?;
    let mut entities = Vec::new();
    for (index, result) in places.into_iter().zip(results) {
        match result {
            Ok(outcome) => entities.push(json!({
                "created": outcome.kind == Kind::Created,
                "identifier": outcome.entity.state.identifier,
                "index": index,
                "additionalData": {},
            })),
            Err(error) => errors.push(bulk_error(&items[index], index, &error)),
        }
    }
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::MULTI_STATUS };
    Ok((status, Json(json!({"ok": true, "entities": entities, "errors": errors}))))
}

/// `identifier` is the literal `unknown` where a search query stood in its place: a client looks for that.
fn bulk_error(item: &Value, index: usize, error: &Error) -> Value {
    let body = error_body(error);
    json!({
        "identifier": item["identifier"].as_str().unwrap_or("unknown"),
        "index": index,
        "statusCode": error.code().status(),
        "error": body["error"],
        "message": body["message"],
        "details": body["details"],
    })
}

pub(crate) async fn bulk_delete(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Segments(blueprint): Segments<String>,
    query: Query,
    JsonBody(body): JsonBody,
) -> Answer {
    let items = list_of(&body, MAX_BULK_DELETE)?;
    let dependents = query.is_on("delete_dependents");
    let mut changes = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let path = Pointer::root().key("entities").index(index);
        let identifier =
            item.as_str().ok_or_else(|| Error::at(Code::WrongType, path, "an identifier is a string"))?;
        changes.push(Change::Delete(Deletion {
            blueprint: blueprint.clone(),
            identifier: identifier.to_owned(),
            dependents,
            if_revision: None,
        }));
    }
    let options = WriteOptions { atomic: true, ..options(&query) };
    let results = app.catalog.write(&ctx, changes, &options).await?;
    let mut deleted = Vec::new();
    for result in results {
        match result {
            Ok(outcome) => deleted.push(outcome.entity.state.identifier),
            Err(error) if error.code() == Code::Aborted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Json(json!({"ok": true, "deletedEntities": deleted})))
}

fn list_of(body: &Value, most: usize) -> Result<&[Value], Error> {
    let path = Pointer::root().key("entities");
    match body.get("entities").and_then(Value::as_array) {
        Some(items) if items.is_empty() || items.len() > most => {
            let message = format!("{} entities; 1 to {most} are allowed", items.len());
            Err(Error::at(Code::TooManyItems, path, message))
        }
        Some(items) => Ok(items),
        None => Err(Error::at(Code::Required, path, "\"entities\" is a list")),
    }
}
