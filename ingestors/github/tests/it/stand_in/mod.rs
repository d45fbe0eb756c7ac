//! A server that answers as GitHub's REST API does, of what it was filled with.

pub mod access;
pub mod data;
pub mod limits;
mod lists;

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Request, StatusCode, Uri};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use self::access::Access;
use self::data::Data;
use self::limits::Limits;

/// Tests have a runtime each; servers outlive them.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
});

/// A request that came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// With the names of organizations and repositories instead of their numbers.
    pub path: String,
    pub status: u16,
}

/// What the server knows.
#[derive(Default)]
pub struct Known {
    pub data: Data,
    pub access: Access,
    pub limits: Limits,
    /// Parts of paths that are answered with 403, each with its message.
    pub denied: Vec<(String, &'static str)>,
    /// The host that `Link` headers lead to, instead of the server's own.
    pub astray: Option<String>,
    /// Whether answers carry GitHub's mark.
    pub unmarked: bool,
    pub asked: Vec<Asked>,
}

/// The server. It stops with the process.
#[derive(Clone)]
pub struct StandIn {
    pub address: String,
    known: Arc<Mutex<Known>>,
}

impl StandIn {
    pub async fn start(known: Known) -> Self {
        let known = Arc::new(Mutex::new(known));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&known));
        let listening = RUNTIME.spawn(async move {
            let listener =
                tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
            let address = listener.local_addr().unwrap();
            RUNTIME.spawn(async move { axum::serve(listener, router).await });
            address
        });
        Self { address: format!("http://{}", listening.await.unwrap()), known }
    }

    pub fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap()
    }

    /// The requests so far, and forgets them.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.known().asked)
    }
}

/// An answer in the making.
pub struct Said {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Value,
}

impl Said {
    pub fn new(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body }
    }

    /// What GitHub says instead of what was asked for.
    pub fn error(status: u16, message: &str) -> Self {
        let docs = "https://docs.github.com/rest";
        Self::new(
            status,
            json!({ "message": message, "documentation_url": docs, "status": status.to_string() }),
        )
    }

    #[must_use]
    pub fn with(mut self, header: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((header, value.into()));
        self
    }
}

async fn answer(State(known): State<Arc<Mutex<Known>>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    drop::<Result<Bytes, _>>(axum::body::to_bytes(body, 1 << 20).await);
    let mut known = known.lock().unwrap();
    let said = known.say(&parts.method, &parts.uri, &parts.headers);
    let mut response = Response::builder().status(StatusCode::from_u16(said.status).unwrap());
    for (name, value) in &said.headers {
        response = response.header(*name, value);
    }
    if !known.unmarked {
        response = response
            .header("x-github-request-id", "A1B2:3C4D:5E6F")
            .header("x-github-media-type", "github.v3");
    }
    let body = if said.status == 304 { String::new() } else { said.body.to_string() };
    response.header("content-type", "application/json; charset=utf-8").body(Body::from(body)).unwrap()
}

impl Known {
    fn say(&mut self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Said {
        let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
        let (prefix, path) = match uri.path().strip_prefix("/api/v3") {
            Some(path) => ("/api/v3", path),
            None => ("", uri.path()),
        };
        let path = self.data.named(path);
        let query: Vec<(String, String)> =
            url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let origin = match &self.astray {
            Some(astray) => astray.clone(),
            None => format!("http://{host}{prefix}"),
        };
        let said = self.decide(method, &path, &query, headers, &origin);
        let counted = !matches!(said.status, 304 | 401);
        let said = self.limits.told(said, counted);
        let asked = Asked { path, status: said.status };
        self.asked.push(asked);
        said
    }

    fn decide(
        &mut self,
        method: &Method,
        path: &str,
        query: &[(String, String)],
        headers: &HeaderMap,
        origin: &str,
    ) -> Said {
        if let Some(said) = self.limits.refuse() {
            return said;
        }
        if let Some(said) = self.access.refuse(method, path, headers) {
            return said;
        }
        if let Some((_, message)) = self.denied.iter().find(|(part, _)| path.contains(part.as_str())) {
            return Said::error(403, message);
        }
        if let Some(said) = self.access.sign_in(method, path) {
            return said;
        }
        if let Some(target) = self.data.moved(path) {
            let body = Said::error(301, "Moved Permanently");
            return body.with("location", format!("{origin}{target}"));
        }
        let said = lists::list(&self.data, path, query, origin)
            .or_else(|| Some(Said::new(200, self.data.objects.get(path)?.clone())));
        let Some(said) = said else { return Said::error(404, "Not Found") };
        tagged(said, headers)
    }
}

/// With a tag, and as 304 where it is known.
fn tagged(said: Said, headers: &HeaderMap) -> Said {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    said.body.to_string().hash(&mut hasher);
    let tag = format!("W/\"{:016x}\"", hasher.finish());
    let known = headers.get("if-none-match").is_some_and(|value| value.as_bytes() == tag.as_bytes());
    let status = if known { 304 } else { said.status };
    Said { status, ..said }.with("etag", tag)
}
