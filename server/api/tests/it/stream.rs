//! The stream: what each line comes to, in which order, and what it costs nobody else.

use std::io::Write;

use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::Server;

impl Server {
    /// Sends a stream whole; answers the status and the lines of the answer.
    pub async fn stream(&self, query: &str, headers: &[(&str, &str)], body: Vec<u8>) -> (u16, Vec<Value>) {
        let mut request = Request::post(format!("/api/entities/stream{query}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.member))
            .header(header::CONTENT_TYPE, "application/x-ndjson");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        (status, text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    }

    /// A stream that is taken: the last line of its answer.
    pub async fn streamed(&self, query: &str, lines: &[Value]) -> Value {
        let (status, answer) = self.stream(query, &[], body(lines)).await;
        assert_eq!(status, 200, "{answer:?}");
        answer.last().unwrap().clone()
    }

    pub async fn entity(&self, blueprint: &str, identifier: &str) -> Value {
        let (_, answer) = self.get(&format!("/v1/blueprints/{blueprint}/entities/{identifier}")).await;
        answer["entity"].clone()
    }
}

pub fn body(lines: &[Value]) -> Vec<u8> {
    lines.iter().map(|line| format!("{line}\n")).collect::<String>().into_bytes()
}

pub fn system(identifier: &str) -> Value {
    json!({"blueprint": "system", "identifier": identifier})
}

/// Counts of a `done` line: created, updated, unchanged, deleted, failed, pendingCount.
pub fn counts(done: &Value) -> [i64; 6] {
    assert_eq!(done["done"], true, "{done}");
    ["created", "updated", "unchanged", "deleted", "failed", "pendingCount"]
        .map(|key| done[key].as_i64().unwrap())
}

fn codes(answer: &[Value]) -> Vec<(i64, String)> {
    let failed = answer.iter().filter(|line| line["errors"].is_array());
    failed
        .map(|line| {
            let first = &line["errors"][0];
            let said = format!("{} {}", first["code"].as_str().unwrap(), first["path"].as_str().unwrap());
            (line["line"].as_i64().unwrap(), said)
        })
        .collect()
}

#[tokio::test]
async fn lines_are_applied_in_order_and_bad_ones_are_told() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let long = format!("{{\"blueprint\":\"service\",\"identifier\":\"{}\"}}", "x".repeat(2 << 20));
        let lines: Vec<&[u8]> = vec![
            br#"{"blueprint":"service","identifier":"a","title":"One","properties":{"tier":"gold","open_issues":1}}"#,
            b"",
            b"{",
            br#"{"blueprint":"service","identifier":"a","properties":{"tier":"silver"}}"#,
            br#"{"blueprint":"nope","identifier":"a"}"#,
            long.as_bytes(),
            b"{\"blueprint\":\"service\",\"identifier\":\"\xff\"}",
            br#"{"blueprint":"service","identifier":"b","title":"\u0000"}"#,
            br#"{"blueprint":"service","identifier":"c","properties":{"tier":"lead"}}"#,
            br#"{"blueprint":"service","identifier":"d"}"#,
            br#"{"delete":{"blueprint":"service","identifier":"d"}}"#,
            br#"{"delete":{"blueprint":"service","identifier":"never"}}"#,
            br#"{"delete":{"blueprint":"service","identifier":"\u0000"}}"#,
            br#"{"blueprint":"service","identifier":"a","properties":{"tier":"silver"}}"#,
            br#"{"blueprint":"service","identifier":"e"}"#,
        ];
        let (status, answer) = server.stream("", &[], lines.join(&b'\n')).await;
        assert_eq!(status, 200);
        let expected = [
            (3, "MALFORMED_JSON "),
            (5, "NOT_FOUND /blueprint"),
            (6, "TOO_LONG "),
            (7, "MALFORMED_JSON "),
            (8, "NUL_CHARACTER /title"),
            (9, "INVALID_VALUE /properties/tier"),
            (12, "NOT_FOUND /delete/identifier"),
            (13, "INVALID_IDENTIFIER /delete/identifier"),
        ];
        assert_eq!(codes(&answer), expected.map(|(line, said)| (line, said.to_owned())));
        let committed: Vec<_> = answer.iter().filter_map(|line| line["committed"].as_i64()).collect();
        assert_eq!(committed.last(), Some(&15));
        let done = answer.last().unwrap();
        assert_eq!((counts(done), &done["lines"]), ([3, 1, 1, 1, 8, 0], &json!(15)));
        let a = server.entity("service", "a").await;
        assert_eq!((&a["title"], &a["properties"]), (&json!("One"), &json!({"tier": "silver", "open_issues": 1})));
        assert_eq!(server.get("/v1/blueprints/service/entities-count").await.1["count"], 2);

        // Replacing unsets what a line does not name.
        let line = json!({"blueprint": "service", "identifier": "a", "properties": {"tier": "gold"}});
        let done = server.streamed("?merge=false", &[line]).await;
        assert_eq!(counts(&done), [0, 1, 0, 0, 0, 0]);
        let a = server.entity("service", "a").await;
        assert_eq!((&a["title"], &a["properties"]), (&Value::Null, &json!({"tier": "gold"})));
        // Nothing waits in a compressor.
        let (_, answer) = server.stream("", &[("accept-encoding", "gzip")], Vec::new()).await;
        assert_eq!(counts(&answer[0]), [0; 6]);
    })
    .await;
}

#[tokio::test]
async fn edges_wait_for_later_lines_and_are_left_out_at_the_end() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let service = |identifier: &str, system: &str| {
            json!({"blueprint": "service", "identifier": identifier, "relations": {"system": system}})
        };
        let lost = json!({"blueprint": "deployment", "identifier": "d", "properties": {"env": "prod"}, "relations": {"service": "gone"}});
        // More lines than are written together lie between an edge and its target.
        let mut lines: Vec<Value> = (0..1_100).map(|number| service(&format!("s{number}"), "late")).collect();
        lines.extend([service("lonely", "never"), lost.clone(), system("late")]);
        let done = server.streamed("", &lines).await;
        assert_eq!(counts(&done), [1_103, 0, 0, 0, 0, 2]);
        let pending = json!([
            {"blueprint": "service", "identifier": "lonely", "relation": "system", "target": "never"},
            {"blueprint": "deployment", "identifier": "d", "relation": "service", "target": "gone"},
        ]);
        assert_eq!(done["pending"], pending);
        assert_eq!(server.entity("service", "s7").await["relations"]["system"], "late");
        assert_eq!(server.entity("service", "lonely").await["relations"]["system"], Value::Null);
        assert_eq!(server.entity("deployment", "d").await["relations"]["service"], Value::Null);
        let answer = server.graphql("{ system(identifier: \"late\") { services(first: 1) { totalCount } } }").await;
        assert_eq!(answer["data"]["system"]["services"]["totalCount"], 1_100, "{answer}");
        // What was left out has left nothing behind.
        assert_eq!(counts(&server.streamed("", &[system("never")]).await), [1, 0, 0, 0, 0, 0]);
        assert_eq!(server.entity("service", "lonely").await["relations"]["system"], Value::Null);

        // The same lines again: only what lacks its relation changes, and waits again.
        let done = server.streamed("", &lines).await;
        assert_eq!(counts(&done), [0, 2, 1_101, 0, 0, 1]);
        assert_eq!(server.entity("service", "lonely").await["relations"]["system"], "never");

        let done = server.streamed("?createMissingRelations=true", &[lost, service("x", "made")]).await;
        assert_eq!(counts(&done), [1, 1, 0, 0, 0, 0]);
        assert_eq!(server.entity("deployment", "d").await["relations"]["service"], "gone");
        assert_eq!(server.entity("system", "made").await["identifier"], "made");
    })
    .await;
}

#[tokio::test]
async fn a_hundred_of_many_edges_are_listed() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let line = |number: usize| {
            json!({"blueprint": "service", "identifier": format!("s{number}"),
                "relations": {"dependsOn": [format!("x{number}"), format!("y{number}")]}})
        };
        let lines: Vec<Value> = (0..700).map(line).collect();
        let done = server.streamed("", &lines).await;
        assert_eq!(counts(&done), [700, 0, 0, 0, 0, 1_400]);
        assert_eq!(done["pending"].as_array().unwrap().len(), 100);
        assert_eq!(server.entity("service", "s699").await["relations"]["dependsOn"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn bodies_may_be_compressed() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let lines: Vec<Value> = (0..3_000).map(|number| system(&format!("s{number}"))).collect();
        let plain = body(&lines);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&plain[..20_000]).unwrap();
        let mut gzip = gzip.finish().unwrap();
        // A second member, as of files that were put together.
        let mut rest = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        rest.write_all(&plain[20_000..]).unwrap();
        gzip.extend(rest.finish().unwrap());
        let half = plain.len() / 2;
        let mut zstd = zstd::bulk::compress(&plain[..half], 1).unwrap();
        zstd.extend(zstd::bulk::compress(&plain[half..], 1).unwrap());
        for (encoding, bytes) in [("gzip", &gzip), ("zstd", &zstd)] {
            let (status, answer) = server.stream("", &[("content-encoding", encoding)], bytes.clone()).await;
            assert_eq!((status, &answer.last().unwrap()["lines"]), (200, &json!(3_000)), "{encoding}");
            let cut = bytes[..bytes.len() - 9].to_vec();
            let (status, answer) = server.stream("", &[("content-encoding", encoding)], cut).await;
            let last = answer.last().unwrap();
            assert_eq!((status, &last["errors"][0]["code"]), (200, &json!("BAD_REQUEST")), "{encoding}");
            assert_eq!(last["aborted"], true);
        }
        let (status, answer) = server.stream("", &[("content-encoding", "br")], gzip).await;
        assert_eq!((status, &answer[0]["details"]["code"]), (415, &json!("UNSUPPORTED_ENCODING")));
        // A few kilobytes that would be gigabytes are read as they come, and no line of theirs is kept.
        let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        let zeros = vec![b'0'; 1 << 20];
        for _ in 0..200 {
            bomb.write_all(&zeros).unwrap();
        }
        let (_, answer) = server.stream("", &[("content-encoding", "gzip")], bomb.finish().unwrap()).await;
        assert_eq!(answer[0]["errors"][0]["actual"], 200 << 20, "{answer:?}");
        assert_eq!(counts(answer.last().unwrap()), [0, 0, 0, 0, 1, 0]);
    })
    .await;
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused_before_it_is_read() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        type Headers = &'static [(&'static str, &'static str)];
        let cases: [(&str, Headers, u16, &str); 6] = [
            ("?merge=perhaps", &[], 422, "INVALID_VALUE"),
            ("?mergee=true", &[], 422, "UNKNOWN_FIELD"),
            ("", &[("idempotency-key", "")], 422, "INVALID_VALUE"),
            ("", &[("idempotency-key", "two words")], 422, "INVALID_VALUE"),
            ("", &[("content-encoding", "deflate")], 415, "UNSUPPORTED_ENCODING"),
            ("", &[("authorization", "Bearer nonsense")], 401, "UNAUTHENTICATED"),
        ];
        for (query, headers, status, code) in cases {
            let mut body = Request::post(format!("/api/entities/stream{query}"));
            if !headers.iter().any(|(name, _)| *name == "authorization") {
                body = body.header(header::AUTHORIZATION, format!("Bearer {}", server.member));
            }
            for (name, value) in headers {
                body = body.header(*name, *value);
            }
            // A body that never comes.
            let never = Body::from_stream(futures::stream::pending::<std::io::Result<Vec<u8>>>());
            let response = server.router.clone().oneshot(body.body(never).unwrap()).await.unwrap();
            assert_eq!(response.status().as_u16(), status, "{query} {headers:?}");
            let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
            let answer: Value = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(answer["details"]["code"], code, "{query} {headers:?}");
        }
    })
    .await;
}
