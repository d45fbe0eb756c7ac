//! Which entities a client has made: what exporters reconcile with (port-api.md 2.7).

use axum::Json;
use axum::extract::State;
use portolan_catalog::DatasourceQuery;
use portolan_schema::{Code, Instant, Pointer, Problems};
use serde_json::{Map, Value, json};

use crate::App;
use crate::answer::Refusal;
use crate::authenticated::Authenticated;
use crate::body::JsonBody;

/// Most entities of one page.
const MAX_LIMIT: u64 = 5_000;

pub(crate) async fn entities(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Refusal> {
    let (query, limit) = read(&body)?;
    let model = app.catalog.model(&ctx).await?;
    let (found, more) = app.catalog.of_datasource(&ctx, &query, limit).await?;
    let next = found.last().filter(|_| more).map(|last| last.id.to_string());
    let shown: Vec<Value> = found
        .iter()
        .filter_map(|entity| {
            let blueprint = model.by_no(entity.blueprint)?.identifier();
            let updated = entity.updated_at.to_rfc3339();
            Some(json!({"identifier": entity.identifier, "blueprint": blueprint, "updatedAt": updated}))
        })
        .collect();
    let mut answer = json!({"ok": true, "entities": shown});
    if let Some(next) = next {
        answer["next"] = next.into();
    }
    Ok(Json(answer))
}

fn read(body: &Value) -> Result<(DatasourceQuery, Option<usize>), Problems> {
    let root = Pointer::root();
    let mut problems = Problems::default();
    let empty = Map::new();
    let object = body.as_object().unwrap_or_else(|| {
        problems.add(Code::WrongType, root.clone(), "the body is an object");
        &empty
    });
    let mut text = |key: &str| match object.get(key) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) if text.contains('\0') => {
            problems.add(Code::NulCharacter, root.key(key), "a text may not hold a NUL character");
            String::new()
        }
        Some(Value::String(text)) => text.clone(),
        Some(_) => {
            problems.add(Code::WrongType, root.key(key), format!("\"{key}\" is a string"));
            String::new()
        }
    };
    let (prefix, suffix) = (text("datasource_prefix"), text("datasource_suffix"));
    let (before, from) = (text("before"), text("from"));
    if prefix.is_empty() && suffix.is_empty() {
        let message = "a \"datasource_prefix\" or a \"datasource_suffix\" says whose entities are meant";
        problems.add(Code::Required, root.key("datasource_prefix"), message);
    }
    let before = (!before.is_empty()).then(|| Instant::parse(&before).ok_or(before));
    let before = before.transpose().unwrap_or_else(|text| {
        problems.add(Code::InvalidValue, root.key("before"), format!("\"{text}\" is no ISO date"));
        None
    });
    let after = if from.is_empty() { Ok(0) } else { from.parse() };
    let after = after.unwrap_or_else(|_| {
        problems.add(Code::InvalidCursor, root.key("from"), "this is no \"next\" of an earlier answer");
        0
    });
    let limit = match object.get("limit") {
        None | Some(Value::Null) => None,
        Some(limit) => {
            let limit = limit.as_u64().filter(|limit| *limit > 0);
            if limit.is_none() {
                problems.add(Code::InvalidValue, root.key("limit"), "\"limit\" is a whole number from 1");
            }
            limit.and_then(|limit| usize::try_from(limit.min(MAX_LIMIT)).ok())
        }
    };
    problems.into_result((DatasourceQuery { prefix, suffix, before, after }, limit))
}
