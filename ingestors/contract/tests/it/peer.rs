//! An inventory that knows one token and gives out at most 25 hosts a page.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use portolan_ingestor_contract::conformance::{Answer, Failure, Peer, Seen};
use portolan_ingestor_contract::{Ingestor, Settings};
use serde_json::{Value, json};

use crate::inventory::Inventory;

const TOKEN: &str = "good-token-of-the-tests";
const HOSTS: usize = 120;

pub struct Server {
    address: String,
}

pub async fn shared() -> Arc<Server> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let routes = Router::new().route("/me", get(me)).route("/hosts", get(hosts));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Arc::new(Server { address })
}

fn refused(headers: &HeaderMap) -> Option<Response> {
    let known = headers.get("authorization").is_some_and(|token| token == &format!("Bearer {TOKEN}"));
    (!known).then(|| StatusCode::UNAUTHORIZED.into_response())
}

async fn me(headers: HeaderMap) -> Response {
    refused(&headers).unwrap_or_else(|| Json(json!({"name": "tests"})).into_response())
}

async fn hosts(Query(query): Query<HashMap<String, String>>, headers: HeaderMap) -> Response {
    if let Some(refusal) = refused(&headers) {
        return refusal;
    }
    let from: usize = query["after"].parse().unwrap_or_default();
    let to = HOSTS.min(from + query["limit"].parse::<usize>().unwrap().min(25));
    let hosts: Vec<Value> =
        (from..to).map(|n| json!({"name": format!("web-{n}"), "address": "10.0.0.1"})).collect();
    Json(json!({"hosts": hosts, "next": (to < HOSTS).then(|| to.to_string())})).into_response()
}

impl Peer for Server {
    fn ingestor(&self) -> Arc<dyn Ingestor> {
        Arc::new(Inventory::default())
    }

    fn address(&self) -> String {
        self.address.clone()
    }

    fn settings(&self, address: &str) -> Settings {
        Settings::new(json!({"url": address}), json!({"token": TOKEN}))
    }

    fn strange_settings(&self, address: &str) -> Settings {
        Settings::new(json!({"url": address}), json!({"token": "strange-token-of-the-tests"}))
    }

    fn holds(&self, _kind: &str) -> usize {
        HOSTS
    }

    fn pages(&self, _kind: &str) -> bool {
        true
    }

    fn small_page(&self) -> u32 {
        10
    }

    fn lists(&self, seen: &Seen) -> Option<&'static str> {
        seen.target.starts_with("/hosts").then_some("host")
    }

    fn says(&self, failure: Failure, _request: &Seen, message: &str) -> Vec<Answer> {
        let say = |status| Answer::new(status, "text/plain", message.to_owned());
        match failure {
            Failure::Refused | Failure::Expired => vec![say(401)],
            Failure::Denied => vec![say(403)],
            Failure::Busy => vec![say(429).with("retry-after", "0"), say(503)],
        }
    }
}
