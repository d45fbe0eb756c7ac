//! Who asks, from the `Authorization` header.

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, USER_AGENT};
use axum::http::request::Parts;
use portolan_identity::OpContext;
use tower_http::request_id::RequestId;

use crate::App;
use crate::answer::Refusal;

/// The context of a request whose token was verified.
pub(crate) struct Authenticated(pub OpContext);

impl FromRequestParts<App> for Authenticated {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let text =
            |name| parts.headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
        let token = text(AUTHORIZATION)
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let token = token.map_or("", |(_, token)| token.trim());
        let request_id = parts.extensions.get::<RequestId>().and_then(|id| id.header_value().to_str().ok());
        let user_agent = text(USER_AGENT).map(str::to_owned);
        let ctx = app.identity.authenticate(token, request_id.unwrap_or("-"), user_agent).await?;
        Ok(Self(ctx))
    }
}
