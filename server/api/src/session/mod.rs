//! Sign-in of people: `/api/session`, sign-up, invitations and resets (api.md 4).

pub(crate) mod cookie;
mod fields;
mod link;
mod own_page;
mod sign_in;

pub(crate) use fields::Fields;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use portolan_identity::Refused;

use crate::App;
use crate::answer::Refusal;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/session", get(sign_in::show).post(sign_in::sign_in).delete(sign_in::sign_out))
        .route("/api/session/password", post(sign_in::change_password))
        .route("/api/sign-up", post(sign_in::sign_up))
        .route("/api/invitations/accept", post(link::accept))
        .route("/api/invitations/{token}", get(link::invitation))
        .route("/api/password-reset", post(link::reset))
        .route("/api/password-reset/{token}", get(link::password_reset))
}

/// Somebody who was not let in, as an answer.
pub(crate) struct NotLetIn(pub Refused);

impl<E: Into<Refused>> From<E> for NotLetIn {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for NotLetIn {
    fn into_response(self) -> Response {
        let seconds = self.0.retry_after();
        let mut response = Refusal(self.0.into_error()).into_response();
        if let Some(seconds) = seconds {
            debug_assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}
