//! What every request leaves behind: measures and one line in the log. Routes are named by their template, so that
//! neither holds what a caller wrote.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::request_id::RequestId;

/// The route of a request that no route takes.
const NO_ROUTE: &str = "none";
/// Asked every few seconds by machines: not worth a line each.
const PROBES: &[&str] = &["/healthz", "/readyz"];

/// Counts a request as open until it is answered, or given up by its caller.
struct Open;

impl Open {
    fn begin() -> Self {
        metrics::gauge!("portolan_http_requests_in_flight").increment(1);
        Self
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        metrics::gauge!("portolan_http_requests_in_flight").decrement(1);
    }
}

pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let open = Open::begin();
    let method = method(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let id = request.extensions().get::<RequestId>().cloned();
    let response = next.run(request).await;
    drop(open);
    let route = route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
    let took = began.elapsed();
    let status = response.status();
    metrics::counter!("portolan_http_requests_total", "route" => route.to_owned(), "method" => method,
        "status" => status.as_str().to_owned())
    .increment(1);
    metrics::histogram!("portolan_http_request_duration_seconds", "route" => route.to_owned(), "method" => method)
        .record(took);
    let id = id.as_ref().and_then(|id| id.header_value().to_str().ok()).unwrap_or("-");
    log(id, method, route, status, took.as_secs_f64() * 1_000.0);
    response
}

fn log(id: &str, method: &str, route: &str, status: StatusCode, milliseconds: f64) {
    let status = status.as_u16();
    // Three digits after the point are microseconds.
    let milliseconds = (milliseconds * 1_000.0).round() / 1_000.0;
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                target: "portolan::request",
                { request.id = id, method = method, route = route, status = status, duration.ms = milliseconds },
                "{method} {route} was answered {status}"
            )
        };
    }
    match status {
        500.. => line!(warn),
        _ if PROBES.contains(&route) => line!(debug),
        _ => line!(info),
    }
}

/// The method, one of those that mean something here: a caller can send any word.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

/// Measures one GraphQL operation. `api` is `catalog` or `platform`.
pub(crate) fn operation(api: &'static str, began: Instant, answer: &async_graphql::Response) {
    let is_fault = |error: &async_graphql::ServerError| {
        let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
        matches!(code, Some(async_graphql::Value::String(code)) if code == "INTERNAL" || code == "UNAVAILABLE")
    };
    let outcome = match () {
        () if answer.errors.is_empty() => "answered",
        () if answer.errors.iter().any(is_fault) => "failed",
        () => "refused",
    };
    metrics::counter!("portolan_graphql_operations_total", "api" => api, "outcome" => outcome).increment(1);
    metrics::histogram!("portolan_graphql_operation_duration_seconds", "api" => api).record(began.elapsed());
}
