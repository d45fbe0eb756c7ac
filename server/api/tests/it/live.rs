//! Subscriptions over WebSocket, protocol `graphql-transport-ws`.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::graphql::filled;
use crate::support::{Server, token};

pub async fn listen(server: &Server) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = server.router.clone();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// A client that speaks just enough of RFC 6455: short frames, masked with zeros.
pub struct Socket(TcpStream);

impl Socket {
    async fn open(address: SocketAddr, path: &str) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let handshake = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
        );
        stream.write_all(handshake.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        assert!(
            head.starts_with("http/1.1 101") && head.contains("sec-websocket-protocol: graphql-transport-ws"),
            "{head}"
        );
        Self(stream)
    }

    async fn send(&mut self, message: &Value) {
        let text = message.to_string();
        let length = u16::try_from(text.len()).unwrap().to_be_bytes();
        let frame = [&[0x81, 0x80 | 126, length[0], length[1], 0, 0, 0, 0], text.as_bytes()].concat();
        self.0.write_all(&frame).await.unwrap();
    }

    /// The next message, or the code of the close.
    async fn next(&mut self) -> Result<Value, u16> {
        loop {
            let Ok(kind) = self.0.read_u8().await else { return Err(0) };
            let length = match self.0.read_u8().await.unwrap() {
                126 => usize::from(self.0.read_u16().await.unwrap()),
                127 => usize::try_from(self.0.read_u64().await.unwrap()).unwrap(),
                short => usize::from(short),
            };
            let mut body = vec![0; length];
            self.0.read_exact(&mut body).await.unwrap();
            match kind & 0x0f {
                1 => return Ok(serde_json::from_slice(&body).unwrap()),
                8 => return Err(body.get(..2).map_or(0, |code| u16::from_be_bytes([code[0], code[1]]))),
                _ => {}
            }
        }
    }

    async fn soon(&mut self) -> Result<Value, u16> {
        tokio::time::timeout(Duration::from_secs(20), self.next()).await.expect("an answer within 20 s")
    }

    pub async fn begin(address: SocketAddr, path: &str, token: &str) -> Self {
        let mut socket = Self::open(address, path).await;
        socket
            .send(
                &json!({"type": "connection_init", "payload": {"Authorization": format!("Bearer {token}")}}),
            )
            .await;
        assert_eq!(socket.soon().await.unwrap()["type"], "connection_ack");
        socket
    }

    pub async fn subscribe(&mut self, id: &str, query: &str) {
        self.send(&json!({"id": id, "type": "subscribe", "payload": {"query": query}})).await;
    }

    /// The data of the next answer.
    pub async fn data(&mut self) -> Value {
        let message = self.soon().await.unwrap();
        assert_eq!(message["type"], "next", "{message}");
        assert!(message["payload"]["errors"].is_null(), "{message}");
        message["payload"]["data"].clone()
    }

    /// The code of the error that is the next answer.
    async fn refusal(&mut self) -> Value {
        let message = self.soon().await.unwrap();
        let error = message["payload"]["errors"].get(0).or_else(|| message["payload"].get(0));
        let code =
            error.map(|error| error["extensions"]["code"].clone()).unwrap_or_else(|| panic!("{message}"));
        // `complete` follows an answer that is not an error message.
        if message["type"] == "next" {
            assert_eq!(self.soon().await.unwrap()["type"], "complete");
        }
        code
    }
}

#[tokio::test]
async fn changes_arrive_once_and_are_resumed_without_a_gap() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        let address = listen(&server).await;
        let part = "kind before after event { seq actor }";
        let rules = "rules: {combinator: \"and\", rules: [{property: \"tier\", operator: \"=\", value: \"gold\"}]}";
        let mut live = Socket::begin(address, "/api/graphql/ws", &server.viewer).await;
        live.subscribe("1", &format!("subscription {{ entityChanged(blueprint: \"service\", {rules}) {{ {part} }} }}")).await;
        // Nothing tells when it has begun, so the first change is made until it arrives.
        let mut number = 0;
        let first = loop {
            number += 1;
            server.put("service", json!({"identifier": "g", "title": format!("G{number}"), "properties": {"tier": "gold"}})).await;
            if let Ok(message) = tokio::time::timeout(Duration::from_millis(300), live.next()).await {
                break message.unwrap()["payload"]["data"]["entityChanged"].clone();
            }
        };
        assert_eq!(first["after"]["identifier"], "g", "{first}");
        server.put("service", json!({"identifier": "quiet", "properties": {"tier": "silver"}})).await;
        server.put("deployment", json!({"identifier": "d9", "properties": {"env": "x"}, "relations": {"service": "g"}})).await;
        server.put("service", json!({"identifier": "g", "properties": {"tier": "silver"}})).await;
        server.put("service", json!({"identifier": "h", "properties": {"tier": "gold"}, "relations": {"system": "search"}})).await;
        server.send("DELETE", "/v1/blueprints/service/entities/h", &server.member, Vec::new()).await;
        let mut seen = vec![first.clone()];
        while seen.last().unwrap()["kind"] != "DELETED" {
            seen.push(live.data().await["entityChanged"].clone());
        }
        let kinds: Vec<_> = seen.iter().rev().take(3).map(|change| change["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["DELETED", "CREATED", "UPDATED"], "{seen:?}");
        let left = &seen[seen.len() - 3];
        assert_eq!((&left["before"]["properties"]["tier"], &left["after"]["properties"]["tier"]), (&json!("gold"), &json!("silver")));
        // Another socket, from the first on: the same changes, each once; in the catalog API too, with what is related.
        let mut again = Socket::begin(address, "/api/graphql/ws", &server.member).await;
        again.subscribe("x", &format!("subscription {{ entityChanged(blueprint: \"service\", {rules}, afterSeq: {}) {{ {part} }} }}", first["event"]["seq"])).await;
        for expected in &seen[1..] {
            assert_eq!(again.data().await["entityChanged"], *expected);
        }
        let mut typed = Socket::begin(address, "/graphql/ws", &server.viewer).await;
        typed.subscribe("t", &format!("subscription {{ serviceChanged(where: {{tier: {{eq: GOLD}}}}, afterSeq: {}) {{ kind
            before {{ identifier tier createdAt updatedAt revision }} after {{ identifier tier system {{ title }} deployments {{ nodes {{ identifier }} }} }} event {{ seq }} }} }}", first["event"]["seq"])).await;
        for expected in &seen[1..] {
            let change = typed.data().await["serviceChanged"].clone();
            assert_eq!((&change["kind"], &change["event"]["seq"]), (&expected["kind"], &expected["event"]["seq"]), "{change}");
            if change["kind"] == "UPDATED" && change["after"]["tier"] == "SILVER" {
                assert_eq!((&change["before"]["tier"], &change["after"]["deployments"]["nodes"][0]["identifier"]), (&json!("GOLD"), &json!("d9")), "{change}");
            }
            if change["kind"] == "DELETED" {
                assert_eq!((&change["before"]["identifier"], &change["after"]), (&json!("h"), &Value::Null), "{change}");
                assert!(change["before"]["createdAt"].is_string(), "{change}");
            }
        }
        typed.subscribe("g", &format!("subscription {{ entityChanged(blueprint: \"service\", afterSeq: {}) {{ kind event {{ seq }} }} }}", first["event"]["seq"])).await;
        assert!(typed.data().await["entityChanged"]["event"]["seq"].as_i64() > first["event"]["seq"].as_i64());
    })
    .await;
}

#[tokio::test]
async fn a_change_of_the_model_is_told() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let address = listen(&server).await;
        for path in ["/api/graphql/ws", "/graphql/ws"] {
            let mut socket = Socket::begin(address, path, &server.viewer).await;
            socket.subscribe("1", "subscription { modelChanged { revision } }").await;
            let mut title = 0;
            let revision = loop {
                title += 1;
                server
                    .json(
                        "PATCH",
                        "/v1/blueprints/system",
                        &server.admin,
                        &json!({"title": format!("S{title} {path}")}),
                    )
                    .await;
                if let Ok(message) = tokio::time::timeout(Duration::from_millis(300), socket.next()).await {
                    break message.unwrap()["payload"]["data"]["modelChanged"]["revision"].clone();
                }
            };
            assert!(revision.as_i64() > Some(3), "{revision}");
            // Each revision comes once, also those that were made while nobody looked.
            let last = revision.as_i64().unwrap();
            socket
                .subscribe(
                    "2",
                    &format!("subscription {{ modelChanged(afterRevision: {}) {{ revision }} }}", last - 3),
                )
                .await;
            for expected in last - 2..=last {
                let message = loop {
                    let message = socket.soon().await.unwrap();
                    if message["id"] == "2" {
                        break message;
                    }
                };
                assert_eq!(message["payload"]["data"]["modelChanged"]["revision"], expected, "{message}");
            }
        }
    })
    .await;
}

/// Relative dates are counted from each change, also where it is read later.
#[tokio::test]
async fn changes_are_filtered_by_relative_dates() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let now = chrono::Utc::now();
        for (name, days) in [("old", 30), ("new", 2), ("future", -2), ("last", 1)] {
            let since = (now - chrono::TimeDelta::days(days)).to_rfc3339();
            server.put("service", json!({"identifier": name, "properties": {"since": since}})).await;
        }
        let address = listen(&server).await;
        let mut socket = Socket::begin(address, "/graphql/ws", &server.viewer).await;
        let filter = "{since: {between: {relative: \"lastWeek\"}}, not: {since: {gt: {relative: \"now\"}}}}";
        socket.subscribe("t", &format!("subscription {{ serviceChanged(where: {filter}, afterSeq: 0) {{ after {{ identifier }} }} }}")).await;
        for expected in ["new", "last"] {
            assert_eq!(socket.data().await["serviceChanged"]["after"]["identifier"], expected);
        }
        let mut socket = Socket::begin(address, "/api/graphql/ws", &server.viewer).await;
        let rules = "{combinator: \"and\", rules: [{property: \"since\", operator: \"<\", value: {preset: \"lastWeek\"}}]}";
        socket.subscribe("t", &format!("subscription {{ entityChanged(blueprint: \"service\", rules: {rules}, afterSeq: 0) {{ after }} }}")).await;
        assert_eq!(socket.data().await["entityChanged"]["after"]["identifier"], "old");
        // A machine has no teams.
        let rules = "{combinator: \"and\", rules: [{property: \"$team\", operator: \"notIn\", value: [\"My Teams\"]}]}";
        socket.subscribe("u", &format!("subscription {{ entityChanged(blueprint: \"service\", rules: {rules}, afterSeq: 0) {{ after }} }}")).await;
        assert_eq!(socket.data().await["entityChanged"]["after"]["identifier"], "old");
    })
    .await;
}

#[tokio::test]
async fn sockets_are_guarded() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        let address = listen(&server).await;
        for payload in [json!({}), json!({"Authorization": "Bearer nonsense"})] {
            let mut socket = Socket::open(address, "/graphql/ws").await;
            socket.send(&json!({"type": "connection_init", "payload": payload})).await;
            assert!(socket.soon().await.is_err(), "{payload}");
        }
        let mut socket = Socket::begin(address, "/api/graphql/ws", &server.viewer).await;
        for (query, code) in [
            ("subscription { entityChanged(blueprint: \"nope\") { kind } }", "NOT_FOUND"),
            ("subscription { nope }", "INVALID_QUERY"),
            ("subscription { entityChanged(blueprint: \"service\", rules: {combinator: \"and\", rules: [{property: \"nope\", operator: \"=\", value: 1}]}) { kind } }", "UNKNOWN_PROPERTY"),
            ("mutation { deleteBlueprint(identifier: \"service\") { errors { code } } }", "FORBIDDEN"),
        ] {
            socket.subscribe("q", query).await;
            assert_eq!(socket.refusal().await, code, "{query}");
        }
        // Another tenant hears nothing of it: its log has no such change.
        // A credential that is revoked ends the socket.
        let ctx = server.identity.authenticate(&server.admin, "test", None).await.unwrap();
        let issued = server.identity.create_credential(&ctx, "live", portolan_identity::Role::Viewer).await.unwrap();
        let live = token(&server.identity, &issued.credential.client_id, &issued.client_secret).await;
        let mut socket = Socket::begin(address, "/api/graphql/ws", &live).await;
        socket.subscribe("1", "subscription { entityChanged(blueprint: \"service\") { kind } }").await;
        server.identity.revoke_credential(&ctx, &issued.credential.client_id).await.unwrap();
        let began = Instant::now();
        assert_eq!(socket.soon().await, Err(4403));
        assert!(began.elapsed() < Duration::from_secs(15));
        // The tenant that is named is the token's own, or there is none.
        for (tenant, is_let_in) in [("acme", true), ("globex", false)] {
            let mut socket = Socket::open(address, "/api/graphql/ws").await;
            let payload = json!({"Authorization": format!("Bearer {}", server.viewer), "X-Portolan-Tenant": tenant});
            socket.send(&json!({"type": "connection_init", "payload": payload})).await;
            assert_eq!(socket.soon().await.is_ok(), is_let_in, "{tenant}");
        }
        // What is no handshake is refused in words.
        let (status, answer) = server.get("/graphql/ws").await;
        assert_eq!((status, &answer["details"]["code"]), (422, &json!("BAD_REQUEST")), "{answer}");
    })
    .await;
}
