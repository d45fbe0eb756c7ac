//! Who asks: from the `Authorization` header, or from the portal's cookie.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use portolan_identity::{Caller, OpContext, Wanted};
use portolan_schema::Result;

use crate::App;
use crate::answer::Refusal;
use crate::client::{header, is_https, origin};
use crate::limits;
use crate::session::cookie;

/// Names the tenant where an account has several.
const TENANT: &str = "x-portolan-tenant";
/// Shows that a change comes from the portal's own pages.
pub(crate) const CSRF: &str = "x-csrf-token";

/// The context of a request whose token or session was verified, and whose tenant has not asked too often.
pub(crate) struct Authenticated(pub OpContext);

impl FromRequestParts<App> for Authenticated {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let caller = caller(parts, app).await?;
        limits::admit(parts, app, &caller)?;
        Ok(Self(caller.ctx))
    }
}

/// A header decides alone; the cookie counts where there is none, and for changes only beside the proof that goes with it.
async fn caller(parts: &Parts, app: &App) -> Result<Caller> {
    let origin = origin(parts, app);
    let tenant = parts.headers.get(TENANT).map(|slug| String::from_utf8_lossy(slug.as_bytes()).into_owned());
    let wanted = Wanted { tenant };
    if !parts.headers.contains_key(AUTHORIZATION)
        && let Some(session) = cookie::session(&parts.headers, is_https(parts, app))
    {
        let csrf = (!parts.method.is_safe()).then(|| header(parts, CSRF).unwrap_or_default());
        return app.identity.authenticate_session(session, csrf, &wanted, &origin).await;
    }
    app.identity.authenticate_token(bearer(parts), &wanted, &origin).await
}

/// Empty where there is none.
pub(crate) fn bearer(parts: &Parts) -> &str {
    let value = header(parts, AUTHORIZATION.as_str()).and_then(|value| value.split_once(' '));
    let token = value.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    token.map_or("", |(_, token)| token.trim())
}
