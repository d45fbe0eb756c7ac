//! Refusals in the wire format of `/v1` (port-api.md 0.3), which the other REST routes share.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use portolan_schema::code::Class;
use portolan_schema::{Code, Error, Problems};
use serde_json::{Value, json};

/// An error as the answer of a REST route.
pub(crate) struct Refusal(pub Error);

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<Problems> for Refusal {
    fn from(problems: Problems) -> Self {
        Self(problems.into())
    }
}

impl Refusal {
    /// The status and the body of the answer; a fault is logged here.
    pub(crate) fn parts(self) -> (StatusCode, Value) {
        let Self(error) = self;
        if let Error::Fault { .. } = &error {
            tracing::error!(error = ?error, "a request failed");
        }
        let code = error.code();
        let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, body(&error))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, body) = self.parts();
        (status, Json(body)).into_response()
    }
}

/// `{ok, error, message, details: {code, path, errors}}`; `details` is an object because a client parses it as one.
pub(crate) fn body(error: &Error) -> Value {
    let problems = error.public();
    let first = problems.0.first();
    json!({
        "ok": false,
        "error": word(error.code()),
        "message": first.map_or("", |problem| problem.message.as_str()),
        "details": {"code": error.code(), "path": first.map(|problem| &problem.path), "errors": problems},
    })
}

/// The machine-readable word of the wire format. Clients look for `not_found` (port-api.md 0.3).
pub(crate) fn word(code: Code) -> &'static str {
    match code {
        Code::NotFound | Code::RelationTargetNotFound => "not_found",
        Code::Unauthenticated => "unauthorized",
        Code::Forbidden => "forbidden",
        Code::BodyTooLarge => "payload_too_large",
        Code::AlreadyExists => "conflict",
        other => match other.class() {
            Class::State => "conflict",
            Class::Fault => "internal_error",
            _ => "invalid_request",
        },
    }
}
