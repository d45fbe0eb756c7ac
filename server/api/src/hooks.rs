//! `/api/hooks/{key}`: where sources tell what happened. The key is who is meant; the ingestor looks at the signature.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Query, Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, RequestExt};
use portolan_integrations::MAX_BODY;
use portolan_schema::{Code, Error};
use serde_json::json;

use crate::App;
use crate::answer::Refusal;
use crate::port_v1::Segments;

/// Seconds after which a source may come back where too much waits.
const BACK_OFF: HeaderValue = HeaderValue::from_static("60");

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/api/hooks/{key}", post(receive).layer(DefaultBodyLimit::max(MAX_BODY)))
}

async fn receive(State(app): State<App>, Segments(key): Segments<String>, request: Request) -> Response {
    match keep(&app, &key, request).await {
        Ok(delivery) => {
            let answer = json!({"ok": true, "delivery": delivery.to_string()});
            (StatusCode::ACCEPTED, Json(answer)).into_response()
        }
        Err(error) => {
            let is_flood = error.code() == Code::RateLimited;
            let mut response = Refusal(error).into_response();
            if is_flood {
                response.headers_mut().insert(RETRY_AFTER, BACK_OFF);
            }
            response
        }
    }
}

async fn keep(app: &App, key: &str, mut request: Request) -> Result<i64, Error> {
    let headers = request.headers().clone();
    let Query(query) = request
        .extract_parts::<Query<Vec<(String, String)>>>()
        .await
        .map_err(|_| Error::problem(Code::InvalidValue, "the query could not be read"))?;
    let body = Bytes::from_request(request, &()).await.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Error::problem(Code::BodyTooLarge, format!("a delivery has at most {MAX_BODY} bytes"))
        } else {
            Error::problem(Code::MalformedJson, "the body could not be read")
        }
    })?;
    app.integrations.receive(key, headers, query, body).await
}
