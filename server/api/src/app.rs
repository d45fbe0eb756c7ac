//! All routes, and what every request passes through.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use portolan_catalog::Catalog;
use portolan_identity::Identity;
use portolan_integrations::Integrations;
use portolan_portal::Portal;
use portolan_schema::{Code, Error};
use tower::Layer;
use tower::util::MapRequestLayer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate};
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::timeout::TimeoutLayer;

use crate::address::straighten;
use crate::answer::Refusal;
use crate::catalog_graphql::CatalogGraphql;
use crate::client::TrustedProxies;
use crate::limits::{self, RateLimiter};
use crate::platform_graphql::PlatformGraphql;
use crate::{
    changes, documents, export, graphql_http, graphql_ws, hooks, metrics, openapi, operator, port_v1, runs,
    session, stream,
};

/// Largest request body, in bytes (port-api.md 8).
const MAX_BODY: usize = 1 << 20;
/// Longest request; queries have shorter limits of their own.
const MAX_TIME: Duration = Duration::from_secs(60);
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the edges stand on. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub catalog: Catalog,
    pub identity: Identity,
    pub graphql: CatalogGraphql,
    pub platform: PlatformGraphql,
    pub(crate) proxies: Arc<TrustedProxies>,
    pub(crate) rates: Arc<RateLimiter>,
    pub integrations: Integrations,
}

impl App {
    pub fn new(catalog: Catalog, identity: Identity, integrations: Integrations, portal: Portal) -> Self {
        let (proxies, rates): (_, Arc<RateLimiter>) = (Arc::default(), Arc::default());
        let platform = PlatformGraphql::new(
            catalog.clone(),
            identity.clone(),
            integrations.clone(),
            portal,
            rates.clone(),
        );
        let graphql = CatalogGraphql::new(catalog.clone());
        Self { graphql, platform, catalog, identity, integrations, proxies, rates }
    }

    /// The same, behind proxies that say where a request comes from.
    #[must_use]
    pub fn behind(self, proxies: TrustedProxies) -> Self {
        Self { proxies: Arc::new(proxies), ..self }
    }
}

/// Every route there is; what tests compare their tables with.
pub fn routes() -> Router<App> {
    Router::new()
        .nest("/v1", port_v1::routes())
        .merge(graphql_http::routes())
        .merge(graphql_ws::routes())
        .merge(changes::routes())
        .merge(documents::routes())
        .merge(session::routes())
        .merge(operator::routes())
        .merge(export::routes())
        .merge(stream::routes())
        .merge(runs::routes())
        .merge(hooks::routes())
        .merge(openapi::routes())
        .route("/.well-known/jwks.json", get(jwks))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
}

/// The whole HTTP surface.
pub fn router(app: App) -> Router {
    let routes = routes()
        .fallback(|| async { Refusal(Error::problem(Code::NotFound, "there is nothing at this address")) })
        .method_not_allowed_fallback(|| async {
            Refusal(Error::problem(Code::MethodNotAllowed, "this address does not take this method"))
        })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(axum::middleware::from_fn(limits::tell))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, MAX_TIME))
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            Refusal(Error::internal("a handler panicked")).into_response()
        }))
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(stream::may_compress)))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(axum::middleware::from_fn(metrics::observe))
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
        .with_state(app);
    // Before anything is routed, so it stands outside of the router.
    Router::new().fallback_service(MapRequestLayer::new(straighten).layer(routes))
}

async fn jwks(axum::extract::State(app): axum::extract::State<App>) -> Result<Response, Refusal> {
    Ok(axum::Json(app.identity.jwks().await?).into_response())
}

async fn ready(axum::extract::State(app): axum::extract::State<App>) -> Result<&'static str, Refusal> {
    app.catalog.ping().await?;
    Ok("ready\n")
}
