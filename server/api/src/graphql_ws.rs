//! Subscriptions: both GraphQL APIs over WebSocket, protocol `graphql-transport-ws`.
//!
//! The token comes in `connection_init` (`{"Authorization": "Bearer …"}`), in the header of the handshake, or as the
//! portal's cookie; beside it `X-Portolan-Tenant`, where an account has several tenants. It is checked again while the
//! socket is open: a revoked one ends it with 4403.

use std::any::TypeId;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use async_graphql::futures_util::stream::BoxStream;
use async_graphql::{Data, Executor, Request as Query, Response as Answer};
use async_graphql_axum::{GraphQLProtocol, GraphQLWebSocket};
use axum::Router;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::get;
use futures::channel::mpsc;
use futures::{SinkExt, StreamExt, stream};
use portolan_identity::{OpContext, Origin, Wanted};
use portolan_schema::{Code, Error, Problem, Result};
use serde_json::Value;

use crate::App;
use crate::answer::Refusal;
use crate::authenticated::bearer;
use crate::client::{is_https, origin};
use crate::graphql::refusal::{refused, sign};
use crate::session::cookie;

/// Largest message from a client, in bytes.
const MAX_MESSAGE: usize = 1 << 20;
/// Most subscriptions of one socket at a time.
const MAX_OPEN: usize = 100;
/// Answers that wait for a slow client; while there are so many, no more changes are read for it.
const MAX_WAITING: usize = 8;
/// How long a client may take to say who it is.
const TIME_TO_INIT: Duration = Duration::from_secs(10);
/// Between looks whether the client still may, and whether it is still there.
const CHECK: Duration = Duration::from_secs(5);
/// A check that is no older is trusted when a change is sent.
const FRESH: Duration = Duration::from_secs(1);
/// Codes of the protocol.
const INIT_TIMEOUT: u16 = 4408;
const FORBIDDEN: u16 = 4403;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/graphql/ws", get(catalog)).route("/api/graphql/ws", get(platform))
}

async fn catalog(State(app): State<App>, request: Request) -> Result<Response, Refusal> {
    upgrade(app, Api::Catalog, request).await
}

async fn platform(State(app): State<App>, request: Request) -> Result<Response, Refusal> {
    upgrade(app, Api::Platform, request).await
}

#[derive(Debug, Clone, Copy)]
enum Api {
    Catalog,
    Platform,
}

/// What a client showed, to be checked again.
#[derive(Clone)]
enum Proof {
    Token(String),
    Session(String),
}

/// The key of `connection_init` that names the tenant: browsers send no headers with a handshake.
const TENANT: &str = "X-Portolan-Tenant";

/// One socket's client.
#[derive(Clone)]
struct Client {
    app: App,
    origin: Arc<Origin>,
    proof: Arc<OnceLock<(Proof, Wanted)>>,
}

impl Client {
    async fn check(&self, proof: &Proof, wanted: &Wanted) -> Result<OpContext> {
        let caller = match proof {
            Proof::Token(token) => self.app.identity.authenticate_token(token, wanted, &self.origin).await?,
            // A handshake of another site has no cookie: it is SameSite.
            Proof::Session(session) => {
                self.app.identity.authenticate_session(session, None, wanted, &self.origin).await?
            }
        };
        Ok(caller.ctx)
    }

    /// Whether the client still may. While the database is away nobody is sent off.
    async fn still_may(&self) -> bool {
        match self.proof.get() {
            Some((proof, wanted)) => !matches!(self.check(proof, wanted).await, Err(Error::Problems(_))),
            None => true,
        }
    }
}

async fn upgrade(app: App, api: Api, request: Request) -> Result<Response, Refusal> {
    let (mut parts, _) = request.into_parts();
    let wrong = |what: &str| Refusal(Error::problem(Code::BadRequest, what));
    let protocol = GraphQLProtocol::from_request_parts(&mut parts, &()).await;
    let protocol =
        protocol.map_err(|_| wrong("this address speaks WebSocket, protocol graphql-transport-ws"))?;
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &()).await;
    let upgrade = upgrade.map_err(|_| wrong("this address speaks WebSocket"))?;
    let shown = shown(&parts, &app);
    let client = Client { origin: Arc::new(origin(&parts, &app)), app, proof: Arc::default() };
    Ok(upgrade
        .protocols(["graphql-transport-ws"])
        .max_message_size(MAX_MESSAGE)
        .on_upgrade(move |socket| serve(socket, protocol, client, api, shown)))
}

/// What the handshake itself shows.
fn shown(parts: &Parts, app: &App) -> Option<Proof> {
    if parts.headers.contains_key(AUTHORIZATION) {
        return Some(Proof::Token(bearer(parts).to_owned()));
    }
    cookie::session(&parts.headers, is_https(parts, app)).map(|session| Proof::Session(session.to_owned()))
}

/// The token of `connection_init`.
fn told(payload: &Value) -> Option<Proof> {
    let header = payload.get("Authorization").or_else(|| payload.get("authorization"))?.as_str()?;
    let token = header.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    Some(Proof::Token(token.map_or(header, |(_, token)| token).trim().to_owned()))
}

async fn serve(socket: WebSocket, protocol: GraphQLProtocol, client: Client, api: Api, shown: Option<Proof>) {
    let (mut out, input) = socket.split();
    let (sender, mut waiting) = mpsc::channel(MAX_WAITING);
    let asking = client.clone();
    let executor = Subscriptions { app: client.app.clone(), api, open: Arc::default() };
    let serving = GraphQLWebSocket::new_with_pair(sender, input, executor, protocol)
        .on_connection_init(move |payload| async move {
            let proof = told(&payload).or(shown).unwrap_or_else(|| Proof::Token(String::new()));
            let wanted = Wanted { tenant: payload.get(TENANT).and_then(Value::as_str).map(str::to_owned) };
            let ctx = asking.check(&proof, &wanted).await.map_err(crate::graphql::refusal::refuse)?;
            drop(asking.proof.set((proof, wanted)));
            let mut data = Data::default();
            // What is asked over the socket is asked later.
            data.insert(ctx.with_asked_at(None));
            Ok(data)
        })
        .serve();
    let guarding = async {
        let (began, mut checked) = (Instant::now(), Instant::now());
        let mut ticks = tokio::time::interval(CHECK);
        let close =
            |code, reason: &'static str| Message::Close(Some(CloseFrame { code, reason: reason.into() }));
        loop {
            let message = tokio::select! {
                message = waiting.next() => match message {
                    Some(message) => message,
                    None => return,
                },
                _ = ticks.tick() => Message::Ping(Default::default()),
            };
            let is_tick = matches!(message, Message::Ping(_));
            if client.proof.get().is_none() && began.elapsed() > TIME_TO_INIT {
                drop(out.send(close(INIT_TIMEOUT, "Connection initialisation timeout")).await);
                return;
            }
            if is_tick || checked.elapsed() > FRESH {
                if !client.still_may().await {
                    drop(out.send(close(FORBIDDEN, "Forbidden")).await);
                    return;
                }
                checked = Instant::now();
            }
            if out.send(message).await.is_err() {
                return;
            }
        }
    };
    tokio::pin!(serving, guarding);
    tokio::select! {
        () = &mut guarding => {}
        // What is left to be sent is sent.
        () = &mut serving => guarding.await,
    }
}

/// Runs the operations of one socket.
#[derive(Clone)]
struct Subscriptions {
    app: App,
    api: Api,
    open: Arc<AtomicUsize>,
}

/// Counts an operation for as long as it lives.
struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Executor for Subscriptions {
    async fn execute(&self, _request: Query) -> Answer {
        refused(Error::internal("a socket runs streams only"))
    }

    fn execute_stream(&self, request: Query, session: Option<Arc<Data>>) -> BoxStream<'static, Answer> {
        let ctx = session.as_ref().and_then(|data| data.get(&TypeId::of::<OpContext>()));
        let Some(ctx) = ctx.and_then(|ctx| ctx.downcast_ref::<OpContext>()).cloned() else {
            return alone(refused(Error::problem(Code::Unauthenticated, "say connection_init first")));
        };
        let open = self.open.fetch_add(1, Ordering::Relaxed) + 1;
        let counted = Open(self.open.clone());
        let answers = if open > MAX_OPEN {
            let what = "the operations of this socket are too many";
            let over = Problem::over(Code::TooManyItems, Default::default(), what, MAX_OPEN, open);
            alone(refused(over.into()))
        } else {
            match self.api {
                Api::Catalog => self.app.graphql.subscribe(ctx.clone(), request),
                Api::Platform => self.app.platform.subscribe(ctx.clone(), request),
            }
        };
        answers
            .map(move |mut answer| {
                let _ = &counted;
                sign(&mut answer, ctx.request_id());
                answer
            })
            .boxed()
    }
}

fn alone(answer: Answer) -> BoxStream<'static, Answer> {
    stream::once(async move { answer }).boxed()
}
