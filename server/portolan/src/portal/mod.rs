//! The web portal: files that are part of the program, served beside the API.
//!
//! Addresses that are neither the API's nor a file's are the portal's own pages: they answer its `index.html`, and the
//! browser finds the page. Nothing here looks at who asks; all data comes from the API.

mod files;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use files::{File, content_type};

static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/portal_files.rs"));

/// What the API answers itself; everything else is the portal's.
const API: &[&str] = &["/api", "/graphql", "/v1", "/.well-known", "/healthz", "/readyz", "/metrics"];
/// Scripts, connections and workers of our own origin only. Styles may be inline: components place floating layers by
/// them.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      font-src 'self'; connect-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none'; \
                      form-action 'self'; frame-src 'self'; frame-ancestors 'none'";
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_FIRST: HeaderValue = HeaderValue::from_static("no-cache");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
/// Shown where the program was built without the portal.
const PLACEHOLDER: &str = include_str!("placeholder.html");

/// The API, with the portal at all other addresses.
pub fn beside(api: Router) -> Router {
    api.layer(axum::middleware::from_fn(|request: Request, next: Next| async move {
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        if is_read && !is_api(request.uri().path()) {
            return answer(FILES, request.uri().path(), request.headers());
        }
        let mut response = next.run(request).await;
        response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }))
}

fn is_api(path: &str) -> bool {
    let path = format!("/{}", path.trim_start_matches('/'));
    API.iter()
        .any(|prefix| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// A file, or the page that stands for all addresses of the portal.
fn answer(files: &[File], path: &str, asked: &HeaderMap) -> Response {
    let find = |address: &str| files.iter().find(|file| file.address == address);
    let mut response = if let Some(file) = find(path).filter(|file| file.address != "/index.html") {
        send(file, asked)
    } else if path.starts_with("/assets/") {
        // A page of an earlier version asks for what is gone; another page is no answer to that.
        (StatusCode::NOT_FOUND, "there is no such file; load the page again\n").into_response()
    } else if let Some(index) = find("/index.html") {
        send(index, asked)
    } else {
        ([(CONTENT_TYPE, "text/html; charset=utf-8")], PLACEHOLDER).into_response()
    };
    protect(response.headers_mut());
    response
}

fn send(file: &File, asked: &HeaderMap) -> Response {
    let is_fresh = asked.get(IF_NONE_MATCH).is_some_and(|seen| seen.as_bytes() == file.etag.as_bytes());
    let (encoding, bytes) =
        file.best(asked.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default());
    let mut response =
        if is_fresh { StatusCode::NOT_MODIFIED.into_response() } else { Body::from(bytes).into_response() };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(file.address)));
    headers.insert(CACHE_CONTROL, if file.address.starts_with("/assets/") { FOR_EVER } else { ASK_FIRST });
    headers.insert(ETAG, HeaderValue::from_static(file.etag));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding.filter(|_| !is_fresh) {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// What keeps foreign scripts, frames and guesses out of a page.
fn protect(headers: &mut HeaderMap) {
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "same-origin"),
        (OPENER_POLICY, "same-origin"),
        (PERMISSIONS_POLICY, "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOME: &[File] = &[
        File {
            address: "/assets/main-1a2b.js",
            etag: "\"1\"",
            plain: b"plain",
            brotli: Some(b"br"),
            gzip: Some(b"gz"),
        },
        File { address: "/index.html", etag: "\"2\"", plain: b"<html>", brotli: None, gzip: None },
        File { address: "/theme.js", etag: "\"3\"", plain: b"theme", brotli: None, gzip: None },
    ];

    /// Status, `Cache-Control`, `Content-Encoding` and body of the answer.
    async fn got(
        files: &[File],
        path: &str,
        headers: &[(HeaderName, &str)],
    ) -> (u16, String, String, String) {
        let asked = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        let response = answer(files, path, &asked);
        let text = |name| {
            response.headers().get(name).map_or("", |value: &HeaderValue| value.to_str().unwrap()).to_owned()
        };
        let (status, cache, encoding) =
            (response.status().as_u16(), text(CACHE_CONTROL), text(CONTENT_ENCODING));
        assert!(text(CONTENT_SECURITY_POLICY).contains("script-src 'self';"), "{path}");
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, cache, encoding, String::from_utf8(body.to_vec()).unwrap())
    }

    fn is(status: u16, cache: &str, encoding: &str, body: &str) -> (u16, String, String, String) {
        (status, cache.to_owned(), encoding.to_owned(), body.to_owned())
    }

    #[tokio::test]
    async fn assets_are_kept_for_ever_and_pages_are_asked_for_again() {
        let for_ever = "public, max-age=31536000, immutable";
        let brotli = [(ACCEPT_ENCODING, "gzip, deflate, br")];
        assert_eq!(got(SOME, "/assets/main-1a2b.js", &brotli).await, is(200, for_ever, "br", "br"));
        assert_eq!(
            got(SOME, "/assets/main-1a2b.js", &[(ACCEPT_ENCODING, "gzip")]).await,
            is(200, for_ever, "gzip", "gz")
        );
        assert_eq!(
            got(SOME, "/assets/main-1a2b.js", &[(ACCEPT_ENCODING, "br;q=0")]).await,
            is(200, for_ever, "", "plain")
        );
        assert_eq!(got(SOME, "/theme.js", &brotli).await, is(200, "no-cache", "", "theme"));
        for page in ["/", "/t/demo/catalog/service", "/invite/x%2Fy", "/index.html", "/apiary"] {
            assert_eq!(got(SOME, page, &[]).await, is(200, "no-cache", "", "<html>"), "{page}");
        }
        assert_eq!(got(SOME, "/t/demo", &[(IF_NONE_MATCH, "\"2\"")]).await, is(304, "no-cache", "", ""));
        assert_eq!(got(SOME, "/assets/main-old.js", &[]).await.0, 404);
    }

    #[tokio::test]
    async fn without_the_portal_a_page_says_how_to_build_it() {
        let (status, _, _, body) = got(&[], "/", &[]).await;
        assert_eq!(status, 200);
        assert!(body.contains("npm run build"), "{body}");
    }

    #[test]
    fn the_api_keeps_its_addresses() {
        for path in
            ["/api", "/api/session", "//api/session", "/graphql", "/graphql/ws", "/v1/blueprints", "/healthz"]
        {
            assert!(is_api(path), "{path}");
        }
        for path in ["/", "/t/api", "/apiary", "/v10", "/catalog"] {
            assert!(!is_api(path), "{path}");
        }
    }
}
