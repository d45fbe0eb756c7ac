//! Functions over everything that a search finds (port-api.md 2.8). The shape of the answer is ours: nobody has published one.

use axum::Json;
use axum::extract::State;
use portolan_schema::computed::AggregationFunction;
use portolan_schema::{Code, Error, Instant, Pointer, Problems, rules};
use serde_json::{Map, Value, json};

use crate::App;
use crate::answer::Refusal;
use crate::authenticated::Authenticated;
use crate::body::JsonBody;

pub(crate) async fn aggregate(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Refusal> {
    let root = Pointer::root();
    let Value::Object(object) = &body else {
        return Err(Error::at(Code::WrongType, root, "the body is an object").into());
    };
    let query = object.get("query").filter(|query| !query.is_null()).ok_or_else(|| {
        let message = "a \"query\" says which entities are meant; one without rules means all";
        Error::at(Code::Required, root.key("query"), message)
    })?;
    let rules = rules::parse(query, &root.key("query"))?;
    let result = if object.get("func").and_then(Value::as_str) == Some("countValues") {
        let counts = app.catalog.count_values_across(&ctx, &rules, counted(object)?).await?;
        counts.into_iter().map(|(value, count)| json!({"value": value, "count": count})).collect()
    } else {
        let now: Instant = chrono::Utc::now().into();
        app.catalog.aggregate_across(&ctx, &rules, &function(object)?, now).await?
    };
    Ok(Json(json!({"ok": true, "result": result})))
}

fn counted(object: &Map<String, Value>) -> Result<&str, Error> {
    let root = Pointer::root();
    for key in ["relation", "scorecard"] {
        if object.get(key).is_some_and(|value| !value.is_null()) {
            let message = format!("values are counted of a \"property\"; of a {key} they are not");
            return Err(Error::at(Code::NotSupported, root.key(key), message));
        }
    }
    object
        .get("property")
        .and_then(Value::as_str)
        .ok_or_else(|| Error::at(Code::Required, root.key("property"), "\"property\" names what is counted"))
}

/// What the body leaves out follows from the rest.
fn function(object: &Map<String, Value>) -> Result<AggregationFunction, Problems> {
    let mut spec = object.clone();
    let has = |spec: &Map<String, Value>, key: &str| spec.get(key).is_some_and(|value| !value.is_null());
    if !has(&spec, "calculationBy") {
        let by = if has(&spec, "property") { "property" } else { "entities" };
        spec.insert("calculationBy".to_owned(), by.into());
    }
    if !has(&spec, "averageOf") {
        spec.insert("averageOf".to_owned(), "total".into());
    }
    let mut problems = Problems::default();
    let function = AggregationFunction::parse(&spec, &Pointer::root(), &mut problems);
    match function {
        Some(function) => problems.into_result(function),
        None => Err(problems),
    }
}
