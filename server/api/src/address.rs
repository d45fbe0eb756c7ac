//! Addresses as some clients write them: `//v1/…`, a slash too many after the host (port-api.md 0.1).

use axum::extract::Request;
use http::uri::{PathAndQuery, Uri};

/// Takes surplus slashes off the beginning of a request's path.
pub(crate) fn straighten(mut request: Request) -> Request {
    let text = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
    if !text.starts_with("//") {
        return request;
    }
    let straight = format!("/{}", text.trim_start_matches('/'));
    if let Ok(path) = PathAndQuery::try_from(straight) {
        let mut parts = request.uri().clone().into_parts();
        parts.path_and_query = Some(path);
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
    request
}
