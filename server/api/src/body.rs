//! A JSON body: bounded in size and depth, with errors in our words.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use portolan_schema::{Code, Error};
use serde_json::Value;

use crate::App;
use crate::answer::Refusal;
use crate::limits::BodyLimit;

/// A body that is one JSON value. `serde_json` refuses nesting beyond 128 and numbers such as `NaN`.
pub(crate) struct JsonBody(pub Value);

impl FromRequest<App> for JsonBody {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let mut request = request;
        if let Some(BodyLimit(bytes)) = request.extensions().get::<BodyLimit>().copied() {
            DefaultBodyLimit::max(bytes).apply(&mut request);
        }
        let bytes = Bytes::from_request(request, app).await.map_err(|rejection| {
            if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
                Error::problem(Code::BodyTooLarge, "the body is larger than this address takes")
            } else {
                Error::problem(Code::MalformedJson, "the body could not be read")
            }
        })?;
        if bytes.is_empty() {
            return Ok(Self(Value::Null));
        }
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            Error::problem(Code::MalformedJson, format!("the body is not JSON: {error}")).into()
        })
    }
}
