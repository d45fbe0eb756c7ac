//! An API with one list in four styles of paging. It knows one token, and gives out at most [`MOST`] items a page.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use portolan_ingestor_contract::conformance::{Answer, Failure, Peer, Seen};
use portolan_ingestor_contract::{Ingestor, Settings};
use portolan_ingestor_http::HttpPull;
use serde_json::{Value, json};

const TOKEN: &str = "Bearer good-token-of-the-tests";
/// Items of the list.
pub const ITEMS: usize = 33;
/// Items a page where nothing is asked for.
const USUAL: usize = 10;
/// Items a page at most.
const MOST: usize = 25;

/// The API, and the style in which its list is read.
pub struct Api {
    ingestor: Arc<HttpPull>,
    address: String,
    style: &'static str,
}

/// Settings' `paging` for a style.
pub fn paging(style: &str) -> Value {
    match style {
        "link" => json!({"style": "link", "sizeParameter": "size"}),
        "cursor" => {
            json!({"style": "cursor", "parameter": "after", "cursor": ".meta.next", "sizeParameter": "size"})
        }
        "page" => json!({"style": "page", "more": ".meta.more", "sizeParameter": "size"}),
        "offset" => json!({"style": "offset", "total": ".meta.total", "sizeParameter": "size"}),
        other => panic!("{other}"),
    }
}

pub async fn link() -> Arc<Api> {
    Api::start("link").await
}

pub async fn cursor() -> Arc<Api> {
    Api::start("cursor").await
}

pub async fn page() -> Arc<Api> {
    Api::start("page").await
}

pub async fn offset() -> Arc<Api> {
    Api::start("offset").await
}

impl Api {
    async fn start(style: &'static str) -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new().route("/me", get(me)).route("/items/{style}", get(items));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Arc::new(Self { ingestor: Arc::new(HttpPull::new()), address, style })
    }
}

pub fn settings(address: &str, style: &str, token: &str) -> Settings {
    let config = json!({
        "url": format!("{address}/items/{style}?of=tests"), "check": "/me", "items": ".data", "paging": paging(style),
    });
    Settings::new(config, json!({"headers": [{"name": "Authorization", "value": token}]}))
}

impl Peer for Api {
    fn ingestor(&self) -> Arc<dyn Ingestor> {
        Arc::clone(&self.ingestor) as Arc<dyn Ingestor>
    }

    fn address(&self) -> String {
        self.address.clone()
    }

    fn settings(&self, address: &str) -> Settings {
        settings(address, self.style, TOKEN)
    }

    fn strange_settings(&self, address: &str) -> Settings {
        settings(address, self.style, "Bearer strange-token-of-the-tests")
    }

    fn holds(&self, _kind: &str) -> usize {
        ITEMS
    }

    fn pages(&self, _kind: &str) -> bool {
        true
    }

    fn small_page(&self) -> u32 {
        5
    }

    fn lists(&self, seen: &Seen) -> Option<&'static str> {
        seen.target.starts_with("/items/").then_some("item")
    }

    fn says(&self, failure: Failure, _request: &Seen, message: &str) -> Vec<Answer> {
        let body = json!({"message": message}).to_string();
        let say = |status| Answer::new(status, "application/json", body.clone());
        match failure {
            Failure::Refused | Failure::Expired => vec![say(401)],
            Failure::Denied => vec![say(403)],
            Failure::Busy => {
                vec![say(429).with("retry-after", "0"), say(403).with("retry-after", "0"), say(503), say(429)]
            }
        }
    }
}

fn known(headers: &HeaderMap) -> bool {
    headers.get("authorization").is_some_and(|value| value == TOKEN)
}

fn refusal() -> Response {
    (StatusCode::UNAUTHORIZED, Json(json!({"message": "no such token"}))).into_response()
}

async fn me(headers: HeaderMap) -> Response {
    if known(&headers) { Json(json!({"name": "tests"})).into_response() } else { refusal() }
}

async fn items(
    Path(style): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if !known(&headers) {
        return refusal();
    }
    if query.get("of").is_none_or(|of| of != "tests") {
        return (StatusCode::BAD_REQUEST, "of is missing").into_response();
    }
    let number = |name: &str| query.get(name).map(|text| text.parse::<usize>().unwrap());
    let size = number("size").unwrap_or(USUAL).min(MOST);
    let from = match style.as_str() {
        "cursor" => query.get("after").map_or(0, |after| after.strip_prefix("c =").unwrap().parse().unwrap()),
        "offset" => number("offset").unwrap_or_default(),
        _ => (number("page").unwrap_or(1) - 1) * size,
    };
    let to = ITEMS.min(from + size);
    let data: Vec<Value> = (from..to).map(|id| json!({"id": id, "name": format!("item {id}")})).collect();
    let next = (style == "cursor" && to < ITEMS).then(|| format!("c ={to}"));
    let mut answer = Json(json!({"data": data, "meta": {"next": next, "total": ITEMS, "more": to < ITEMS}}))
        .into_response();
    if style == "link" && to < ITEMS {
        let page = from / size + 2;
        let link = format!(
            "</items/link?of=tests&size={size}&page=1>; rel=\"first\", </items/link?of=tests&size={size}&page={page}>; rel=\"next\""
        );
        answer.headers_mut().insert("link", link.parse().unwrap());
    }
    answer
}
