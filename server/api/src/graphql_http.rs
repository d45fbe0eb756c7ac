//! The two GraphQL APIs over HTTP, and the catalog schema's SDL.

use std::time::Instant;

use axum::Router;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use portolan_identity::OpContext;
use portolan_schema::{Code, Error};
use serde_json::json;

use crate::App;
use crate::answer::Refusal;
use crate::authenticated::Authenticated;
use crate::body::JsonBody;
use crate::metrics;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/graphql", post(catalog))
        .route("/api/graphql", post(platform))
        .route("/graphql/schema.graphql", get(sdl))
}

type Who = Result<Authenticated, Refusal>;
type Body = Result<JsonBody, Refusal>;

async fn catalog(State(app): State<App>, who: Who, body: Body) -> Result<Response, QueryRefusal> {
    let (ctx, request) = read(who, body)?;
    let began = Instant::now();
    let answer = app.graphql.execute(&ctx, request).await;
    metrics::operation("catalog", began, &answer);
    Ok(axum::Json(answer).into_response())
}

async fn platform(State(app): State<App>, who: Who, body: Body) -> Result<Response, QueryRefusal> {
    let (ctx, request) = read(who, body)?;
    let began = Instant::now();
    let answer = app.platform.execute(&ctx, request).await;
    metrics::operation("platform", began, &answer);
    Ok(axum::Json(answer).into_response())
}

fn read(who: Who, body: Body) -> Result<(OpContext, async_graphql::Request), QueryRefusal> {
    let (Authenticated(ctx), JsonBody(body)) = (who?, body?);
    let request = serde_json::from_value(body).map_err(|error| {
        Error::problem(Code::BadRequest, format!("a GraphQL request has a query and variables: {error}"))
    })?;
    Ok((ctx, request))
}

/// A request that is no query: the answer of the other REST routes, and `errors` for clients that look there.
struct QueryRefusal(Error);

impl From<Refusal> for QueryRefusal {
    fn from(Refusal(error): Refusal) -> Self {
        Self(error)
    }
}

impl From<Error> for QueryRefusal {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for QueryRefusal {
    fn into_response(self) -> Response {
        let (status, mut body) = Refusal(self.0).parts();
        body["errors"] =
            json!([{"message": body["message"], "extensions": {"code": body["details"]["code"]}}]);
        (status, axum::Json(body)).into_response()
    }
}

async fn sdl(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let (revision, text) = app.graphql.sdl(&ctx).await?;
    let etag = format!("\"{revision}\"");
    if headers.get(IF_NONE_MATCH).is_some_and(|seen| seen.as_bytes() == etag.as_bytes()) {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()), (ETAG, etag)], text).into_response())
}
