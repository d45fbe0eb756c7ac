//! A page in a browser: it keeps cookies, sends the proof with its changes, and comes from an address.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, Request};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::{OPERATOR, Server};

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn code(&self) -> &str {
        self.body["details"]["code"].as_str().unwrap_or("")
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// A header that is a whole number.
    pub fn number(&self, name: &str) -> i64 {
        let text = self.header(name).unwrap_or_else(|| panic!("no {name}: {}", self.body));
        text.parse().unwrap()
    }
}

#[derive(Clone)]
pub struct Page<'a> {
    pub server: &'a Server,
    pub cookies: BTreeMap<String, String>,
    /// Sent with every change; set by whatever answers a session.
    pub csrf: Option<String>,
    pub headers: Vec<(&'static str, String)>,
    pub address: Option<IpAddr>,
}

impl<'a> Page<'a> {
    pub fn new(server: &'a Server) -> Self {
        Self { server, cookies: BTreeMap::new(), csrf: None, headers: Vec::new(), address: None }
    }

    pub fn from(server: &'a Server, address: &str) -> Self {
        Self { address: Some(address.parse().unwrap()), ..Self::new(server) }
    }

    /// Signed in.
    pub async fn of(server: &'a Server, email: &str, password: &str) -> Self {
        let mut page = Self::new(server);
        let answer = page.sign_in(email, password).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        page
    }

    /// Chooses a tenant.
    pub fn within(mut self, tenant: &str) -> Self {
        self.headers.retain(|(name, _)| *name != "x-portolan-tenant");
        self.headers.push(("x-portolan-tenant", tenant.to_owned()));
        self
    }

    pub async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        self.send("POST", "/api/session", json!({"email": email, "password": password})).await
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, Value::Null).await
    }

    /// A query or mutation of the platform API.
    pub async fn platform(&mut self, query: &str) -> Answer {
        self.send("POST", "/api/graphql", json!({"query": query})).await
    }

    pub async fn send(&mut self, method: &str, path: &str, body: Value) -> Answer {
        let mut request =
            Request::builder().method(method).uri(path).header(CONTENT_TYPE, "application/json");
        if !self.cookies.is_empty() {
            let pairs: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, pairs.join("; "));
        }
        if let Some(csrf) = &self.csrf {
            request = request.header("x-csrf-token", csrf);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let mut request = request.body(body).unwrap();
        if let Some(address) = self.address {
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(address, 4_711)));
        }
        let answer = answer(self.server, request).await;
        for cookie in answer.headers.get_all(SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        if let Some(csrf) = answer.body["csrfToken"].as_str() {
            self.csrf = Some(csrf.to_owned());
        }
        answer
    }
}

/// A request of the operator's.
pub async fn operator(server: &Server, method: &str, path: &str, body: Value) -> Answer {
    let mut page = Page::new(server);
    page.headers.push((AUTHORIZATION.as_str(), format!("Bearer {OPERATOR}")));
    page.send(method, path, body).await
}

/// A request with a token.
pub async fn machine(server: &Server, token: &str, method: &str, path: &str, body: Value) -> Answer {
    let mut page = Page::new(server);
    page.headers.push((AUTHORIZATION.as_str(), format!("Bearer {token}")));
    page.send(method, path, body).await
}

async fn answer(server: &Server, request: Request<Body>) -> Answer {
    let response = server.router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let text = || Value::String(String::from_utf8_lossy(&bytes).into());
    let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| text());
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

/// Makes somebody a member by the API, as a person would, and answers the signed-in page.
pub async fn join<'a>(server: &'a Server, email: &str, role: &str) -> Page<'a> {
    let token = invite(server, email, role).await;
    let mut page = Page::new(server);
    let body = json!({"token": token, "password": password(email)});
    let answer = page.send("POST", "/api/invitations/accept", body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    page
}

/// The token of an invitation into `acme`.
pub async fn invite(server: &Server, email: &str, role: &str) -> String {
    let query =
        format!("mutation {{ inviteMember(email: \"{email}\", role: {role}) {{ link errors {{ code }} }} }}");
    let answer = machine(server, &server.admin, "POST", "/api/graphql", json!({"query": query})).await;
    let link = answer.body["data"]["inviteMember"]["link"].as_str();
    let link = link.unwrap_or_else(|| panic!("{}", answer.body));
    link.strip_prefix("http://portal.example/invite/").unwrap().to_owned()
}

/// The password that [`join`] gives.
pub fn password(email: &str) -> String {
    format!("correct horse {email}")
}

/// The id of a member of `acme`.
pub async fn member_id(server: &Server, email: &str) -> String {
    let body = json!({"query": "{ members { id email } }"});
    let answer = machine(server, &server.admin, "POST", "/api/graphql", body).await;
    let members = answer.body["data"]["members"].as_array().unwrap().clone();
    let found = members.iter().find(|member| member["email"] == email);
    found.unwrap_or_else(|| panic!("{email}: {members:?}"))["id"].as_str().unwrap().to_owned()
}
