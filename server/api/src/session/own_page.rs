//! Requests that set a cookie come from the portal's own pages or from no page at all, so that no other site signs a
//! browser in as somebody else.

use axum::extract::FromRequestParts;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use portolan_identity::{Browser, Origin};
use portolan_schema::{Code, Error};

use crate::App;
use crate::answer::Refusal;
use crate::client::{header, is_https, origin};
use crate::session::cookie;

/// A request that is not another site's.
pub(crate) struct OwnPage {
    pub origin: Origin,
    pub browser: Browser,
    pub is_https: bool,
    pub headers: HeaderMap,
}

impl FromRequestParts<App> for OwnPage {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        if header(parts, "sec-fetch-site").is_some_and(|site| site == "cross-site") {
            return Err(Error::problem(Code::Forbidden, "another site's page may not do this").into());
        }
        // A form of another site can send neither JSON nor another method without being asked first.
        let kind = header(parts, CONTENT_TYPE.as_str()).and_then(|kind| kind.split(';').next());
        let is_json = kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
        if parts.method == Method::POST && !is_json {
            return Err(Error::problem(Code::BadRequest, "the body is sent as application/json").into());
        }
        let is_https = is_https(parts, app);
        Ok(Self {
            origin: origin(parts, app),
            browser: cookie::browser(&parts.headers, is_https),
            is_https,
            headers: parts.headers.clone(),
        })
    }
}
