//! Streams with an `Idempotency-Key`: gone on with, repeated, and never applied twice.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use futures::{SinkExt, StreamExt};
use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::stream::{body, counts, system};
use crate::support::Server;

type Pieces = futures::channel::mpsc::Sender<std::io::Result<Vec<u8>>>;

/// A request that sends while its answer is read.
struct Open {
    pieces: Pieces,
    answer: axum::body::BodyDataStream,
    text: String,
}

impl Open {
    async fn new(server: &Server, key: &str) -> Self {
        let (pieces, body) = futures::channel::mpsc::channel(1);
        let request = Request::post("/api/entities/stream")
            .header(header::AUTHORIZATION, format!("Bearer {}", server.member))
            .header("idempotency-key", key)
            .body(Body::from_stream(body))
            .unwrap();
        let response = server.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        Self { pieces, answer: response.into_body().into_data_stream(), text: String::new() }
    }

    async fn send(&mut self, piece: impl Into<Vec<u8>>) {
        self.pieces.send(Ok(piece.into())).await.unwrap();
    }

    /// The next line of the answer.
    async fn line(&mut self) -> Value {
        loop {
            if let Some((line, rest)) = self.text.split_once('\n') {
                let line = serde_json::from_str(line).unwrap();
                self.text = rest.to_owned();
                return line;
            }
            let piece = tokio::time::timeout(Duration::from_secs(20), self.answer.next()).await;
            let piece = piece.expect("an answer in time").expect("another line").unwrap();
            self.text.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }

    /// The client goes away in the middle.
    async fn break_off(mut self) {
        self.pieces.send(Err(std::io::Error::other("gone"))).await.unwrap();
        let rest = to_bytes(Body::from_stream(self.answer), usize::MAX).await.unwrap();
        let rest = String::from_utf8(rest.to_vec()).unwrap();
        assert!(rest.contains("\"aborted\":true"), "{rest}");
    }
}

/// As soon as the request before has let go.
async fn again(server: &Server, key: &str, body: Vec<u8>) -> Vec<Value> {
    for _ in 0..200 {
        let (status, answer) = server.stream("", &[("idempotency-key", key)], body.clone()).await;
        if status == 200 {
            return answer;
        }
        assert_eq!(answer[0]["details"]["code"], "STREAM_IN_PROGRESS");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the stream was never let go");
}

#[tokio::test]
async fn a_stream_goes_on_where_it_was_broken_off() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let first = br#"{"blueprint":"service","identifier":"a","relations":{"system":"late"}}"#;
        let mut open = Open::new(&server, "k").await;
        open.send(*first).await;
        open.send("\n{\"bad\n").await;
        // Whatever has come is written without waiting for more.
        loop {
            let line = open.line().await;
            if line["committed"] == 2 {
                break;
            }
        }
        let (status, answer) = server.stream("", &[("idempotency-key", "k")], Vec::new()).await;
        assert_eq!((status, &answer[0]["details"]["code"]), (409, &json!("STREAM_IN_PROGRESS")));
        // Half a line is none.
        open.send("{\"blueprint\":\"system\",\"identifier\":\"half\"").await;
        open.break_off().await;
        server.put("service", json!({"identifier": "a", "title": "Edited"})).await;

        let rest = body(&[
            system("late"),
            json!({"blueprint": "service", "identifier": "b", "relations": {"system": "gone"}}),
        ]);
        let whole = [&first[..], b"\n{\"bad\n", &rest].concat();
        let other = [&first[..], b" \n{\"bad\n", &rest].concat();
        let answer = again(&server, "k", other).await;
        assert_eq!(answer[0], json!({"resumeFrom": 2}));
        assert_eq!(answer[1]["errors"][0]["code"], "IDEMPOTENCY_KEY_REUSED");
        assert_eq!((answer.len(), &answer[1]["aborted"]), (2, &json!(true)));
        let answer = again(&server, "k", first.to_vec()).await;
        assert_eq!(answer[1]["errors"][0]["code"], "IDEMPOTENCY_KEY_REUSED", "a part of it is another body");

        let answer = again(&server, "k", whole.clone()).await;
        assert_eq!(answer[0], json!({"resumeFrom": 2}));
        let done = answer.last().unwrap().clone();
        assert_eq!(counts(&done), [3, 0, 0, 0, 1, 1]);
        let a = server.entity("service", "a").await;
        assert_eq!((&a["title"], &a["relations"]["system"]), (&json!("Edited"), &json!("late")));
        assert_eq!(server.entity("system", "half").await, Value::Null);

        // Once more: the same words, and nothing is done.
        server.put("service", json!({"identifier": "b", "title": "Mine"})).await;
        let answer = again(&server, "k", whole.clone()).await;
        assert_eq!(answer, [json!({"resumeFrom": 4}), done.clone()]);
        let longer = [&whole[..], b"{}\n"].concat();
        let answer = again(&server, "k", longer).await;
        assert_eq!(answer[1]["errors"][0]["code"], "IDEMPOTENCY_KEY_REUSED");
        let (status, answer) =
            server.stream("?merge=false", &[("idempotency-key", "k")], whole.clone()).await;
        assert_eq!((status, &answer[0]["details"]["code"]), (422, &json!("IDEMPOTENCY_KEY_REUSED")));
        // Another key is another stream.
        let answer = again(&server, "other", whole).await;
        assert_eq!(counts(answer.last().unwrap()), [0, 1, 2, 0, 1, 1]);
    })
    .await;
}

#[tokio::test]
async fn a_stream_without_a_key_that_breaks_off_keeps_what_it_committed() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let (mut pieces, sent) = futures::channel::mpsc::channel::<std::io::Result<Vec<u8>>>(1);
        let request = Request::post("/api/entities/stream")
            .header(header::AUTHORIZATION, format!("Bearer {}", server.member))
            .body(Body::from_stream(sent))
            .unwrap();
        let response = server.router.clone().oneshot(request).await.unwrap();
        let waits = json!({"blueprint": "service", "identifier": "a", "relations": {"system": "late"}});
        pieces.send(Ok(body(std::slice::from_ref(&waits)))).await.unwrap();
        pieces.send(Err(std::io::Error::other("gone"))).await.unwrap();
        let text = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert!(String::from_utf8_lossy(&text).starts_with("{\"committed\":1}\n"));
        // Its edge waits; a later stream that names it takes care of it.
        let done = server.streamed("", &[waits]).await;
        assert_eq!(counts(&done), [0, 0, 1, 0, 0, 1]);
        assert_eq!(server.entity("service", "a").await["relations"]["system"], Value::Null);
    })
    .await;
}
