//! `POST /api/entities/stream`: NDJSON in, NDJSON out, both at once and of any length (docs/stream.md).

pub(crate) mod decode;
pub(crate) mod spool;
mod verdict;

use axum::Router;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, Version};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures::StreamExt;
use portolan_catalog::stream::StreamOptions;
use portolan_schema::{Code, Pointer, Problems, Result};

use crate::App;
use crate::answer::Refusal;
use crate::authenticated::Authenticated;
use crate::stream::decode::{Encoding, decoded};

pub(crate) const NDJSON: &str = "application/x-ndjson";
const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Tells a proxy in between not to keep the answer back.
pub(crate) const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/api/entities/stream", post(stream))
}

/// An answer that comes while its request runs must not wait in a compressor for more.
pub(crate) fn may_compress(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    !headers.contains_key(UNBUFFERED)
}

async fn stream(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    Query(parameters): Query<Vec<(String, String)>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let options = options(&parameters, &headers)?;
    let encoding = match headers.get(CONTENT_ENCODING) {
        None => Encoding::Identity,
        Some(value) => Encoding::parse(value.to_str().unwrap_or_default())?,
    };
    let opened = app.catalog.open_stream(&ctx, options).await?;
    let (mut sink, verdicts) = spool::spool();
    let lines = Box::pin(decoded(body.into_data_stream(), encoding)?);
    // By itself, so that what was sent whole is applied even where nobody waits for the answer.
    tokio::spawn(async move { opened.run(lines, &mut sink).await });
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(NDJSON)),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (UNBUFFERED, HeaderValue::from_static("no")),
    ];
    // Whoever compresses it asks once more after the end.
    Ok((headers, Body::from_stream(verdicts.into_stream().fuse())).into_response())
}

fn options(parameters: &[(String, String)], headers: &HeaderMap) -> Result<StreamOptions> {
    let mut options = StreamOptions { merge: true, create_missing: false, key: None };
    let mut problems = Problems::default();
    for (name, value) in parameters {
        let path = Pointer::root().key(name);
        let flag = match name.as_str() {
            "merge" => &mut options.merge,
            "createMissingRelations" => &mut options.create_missing,
            _ => {
                problems.add(Code::UnknownField, path, format!("there is no parameter \"{name}\""));
                continue;
            }
        };
        match value.as_str() {
            "true" => *flag = true,
            "false" => *flag = false,
            _ => problems.add(Code::InvalidValue, path, format!("\"{name}\" is true or false")),
        }
    }
    if let Some(key) = headers.get(IDEMPOTENCY_KEY) {
        // What is not ASCII is refused as a key.
        options.key = Some(String::from_utf8_lossy(key.as_bytes()).into_owned());
    }
    Ok(problems.into_result(options)?)
}
