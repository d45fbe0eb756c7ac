//! A server in the test's process, and everybody who may ask it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use portolan_api::{App, router};
use portolan_catalog::Catalog;
use portolan_foundation::jq::{JqConfig, JqPool};
use portolan_foundation::outbound::{Outbound, OutboundPolicy};
use portolan_foundation::secrets::Sealer;
use portolan_identity::{Clock, Identity, NewTenant, NewTenantRequest, OperatorToken, Role, Settings};
use portolan_ingestor_webhook::Webhook;
use portolan_integrations::Integrations;
use portolan_portal::{Portal, Supplies};
use portolan_schema::Instant;
use portolan_store::Store;
use serde_json::{Value, json};
use tower::ServiceExt;

pub struct Server {
    pub router: Router,
    pub identity: Identity,
    pub store: Store,
    pub catalog: Catalog,
    pub made: NewTenant,
    pub admin: String,
    pub member: String,
    pub viewer: String,
    /// An admin of another tenant.
    pub stranger: String,
    /// How far the clock of identities is ahead, in microseconds.
    ahead: Arc<AtomicI64>,
    /// Where that clock stands; 0 while it goes.
    frozen: Arc<AtomicI64>,
}

/// What opens `/api/operator`.
pub const OPERATOR: &str = "the operator's own token";

fn settings(ahead: Arc<AtomicI64>, frozen: Arc<AtomicI64>) -> Settings {
    let now = move || {
        let now = match frozen.load(Ordering::Relaxed) {
            0 => chrono::Utc::now().timestamp_micros(),
            at => at,
        };
        Instant(now + ahead.load(Ordering::Relaxed))
    };
    Settings {
        sign_up: true,
        public_url: "http://portal.example".to_owned(),
        operator: Some(OperatorToken::new(OPERATOR).unwrap()),
        clock: Clock::new(now),
        ..Settings::default()
    }
}

impl Server {
    pub async fn start(store: Store) -> Self {
        let sealer = Sealer::from_key([1; 32]);
        let (ahead, frozen) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicI64::new(0)));
        let catalog = Catalog::new(store.clone(), None).patient(Duration::from_secs(30));
        let settings = settings(ahead.clone(), frozen.clone());
        let identity = Identity::open_with(store.clone(), catalog.clone(), &sealer, settings).await.unwrap();
        // No run is started by these tests, so no worker ever is.
        let jq = JqPool::new(JqConfig {
            program: "no-worker".into(),
            arguments: Vec::new(),
            workers: 1,
            deadline: Duration::from_secs(1),
        });
        let outbound = Outbound::new(OutboundPolicy::default()).unwrap();
        let integrations = Integrations::new(
            store.clone(),
            catalog.clone(),
            sealer,
            jq,
            outbound,
            vec![Box::new(Webhook::new())],
        );
        let portal = Portal::new(store.clone(), catalog.clone(), Supplies::default());
        let app = App::new(catalog.clone(), identity.clone(), integrations, portal);
        let made = tenant(&identity, "acme").await;
        let other = tenant(&identity, "other").await;
        let admin = token(&identity, &made.client_id, &made.client_secret).await;
        let ctx = identity.authenticate(&admin, "test", None).await.unwrap();
        let mut tokens = Vec::new();
        for role in [Role::Member, Role::Viewer] {
            let issued = identity.create_credential(&ctx, role.as_str(), role).await.unwrap();
            tokens.push(token(&identity, &issued.credential.client_id, &issued.client_secret).await);
        }
        let viewer = tokens.pop().unwrap();
        let member = tokens.pop().unwrap();
        let stranger = token(&identity, &other.client_id, &other.client_secret).await;
        Self {
            router: router(app),
            identity,
            store,
            catalog,
            made,
            admin,
            member,
            viewer,
            stranger,
            ahead,
            frozen,
        }
    }

    /// Stops the clock of identities: from now on only [`Server::pass`] moves it, however long a test takes.
    /// Answers where it stands.
    pub fn freeze(&self) -> Instant {
        let now = chrono::Utc::now().timestamp_micros();
        self.frozen.store(now, Ordering::Relaxed);
        Instant(now + self.ahead.load(Ordering::Relaxed))
    }

    /// Lets time pass for identities.
    pub fn pass(&self, time: Duration) {
        self.ahead.fetch_add(i64::try_from(time.as_micros()).unwrap(), Ordering::Relaxed);
    }

    /// With the blueprints `system`, `service` and `deployment`.
    pub async fn with_blueprints(store: Store) -> Self {
        let server = Self::start(store).await;
        for blueprint in blueprints() {
            let (status, answer) = server.post("/v1/blueprints", &server.admin, &blueprint).await;
            assert_eq!(status, 201, "{answer}");
        }
        server
    }

    pub async fn send(&self, method: &str, path: &str, token: &str, body: Vec<u8>) -> (u16, Value) {
        let mut request =
            Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Body::from(body)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (
            status,
            serde_json::from_slice(&bytes)
                .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into())),
        )
    }

    pub async fn json(&self, method: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
        self.send(method, path, token, body.to_string().into_bytes()).await
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        self.send("GET", path, &self.admin, Vec::new()).await
    }

    pub async fn post(&self, path: &str, token: &str, body: &Value) -> (u16, Value) {
        self.json("POST", path, token, body).await
    }

    /// Upserts an entity by `/v1`.
    pub async fn put(&self, blueprint: &str, entity: Value) {
        let path = format!("/v1/blueprints/{blueprint}/entities?upsert=true&merge=true");
        let (status, answer) = self.post(&path, &self.member, &entity).await;
        assert!(status == 200 || status == 201, "{answer}");
    }

    pub async fn graphql(&self, query: &str) -> Value {
        self.graphql_as(&self.admin, query, json!({})).await
    }

    pub async fn platform(&self, query: &str) -> Value {
        self.platform_as(&self.admin, query, json!({})).await
    }

    pub async fn platform_as(&self, token: &str, query: &str, variables: Value) -> Value {
        let body = json!({"query": query, "variables": variables});
        self.post("/api/graphql", token, &body).await.1
    }

    pub async fn graphql_as(&self, token: &str, query: &str, variables: Value) -> Value {
        let body = json!({"query": query, "variables": variables});
        self.post("/graphql", token, &body).await.1
    }
}

async fn tenant(identity: &Identity, slug: &str) -> NewTenant {
    let request =
        NewTenantRequest { slug: slug.to_owned(), title: None, admin_email: format!("admin@{slug}.example") };
    identity.create_tenant(&request).await.unwrap()
}

pub async fn token(identity: &Identity, id: &str, secret: &str) -> String {
    identity.issue_token(id, secret).await.unwrap().access_token
}

pub fn blueprints() -> Vec<Value> {
    vec![
        json!({"identifier": "system", "title": "System", "schema": {"properties": {}, "required": []}}),
        json!({"identifier": "service", "title": "Service",
        "schema": {"properties": {
            "tier": {"type": "string", "enum": ["gold", "silver", "bronze"]},
            "open_issues": {"type": "number"},
            "live": {"type": "boolean"},
            "since": {"type": "string", "format": "date-time"},
            "languages": {"type": "array", "items": {"type": "string"}},
            "extra": {"type": "object"}
        }, "required": []},
        "relations": {
            "system": {"target": "system", "title": "System", "many": false, "required": false},
            "dependsOn": {"target": "service", "many": true, "inverse": "dependents"}
        }}),
        json!({"identifier": "deployment", "title": "Deployment",
            "schema": {"properties": {"env": {"type": "string"}}, "required": ["env"]},
            "relations": {"service": {"target": "service", "required": true}}}),
    ]
}
