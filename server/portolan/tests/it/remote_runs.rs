//! A client that reads a source where the server cannot (docs/remote-runs.md), over HTTP and with a Member's credential.

use std::io::Write;

use portolan_store::testing::{Engine, TestDatabase};
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE};
use serde_json::{Value, json};

use crate::program::Program;
use crate::resync::{counts, ended};

struct Client<'p> {
    program: &'p Program,
    token: String,
}

impl<'p> Client<'p> {
    async fn new(program: &'p Program) -> Self {
        let create = "mutation { createCredential(name: \"agent\", role: MEMBER) { clientId clientSecret errors { message } } }";
        let made = program.platform(create, json!({})).await["createCredential"].clone();
        let answer = program.post("/v1/auth/access_token", &made).await;
        Self { program, token: answer["accessToken"].as_str().unwrap().to_owned() }
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request =
            reqwest::Client::new().post(format!("{}{path}", self.program.url)).bearer_auth(&self.token);
        let answer = request.json(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn open(&self) -> Value {
        let (status, opened) = self.post("/api/runs", &json!({"integration": "far"})).await;
        assert_eq!(status, 201, "{opened}");
        opened["run"]["id"].clone()
    }

    /// Sends lines; answers the lines that were said.
    async fn send(&self, run: &Value, encoding: &str, lines: &str) -> Vec<Value> {
        let body = match encoding {
            "gzip" => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(lines.as_bytes()).unwrap();
                encoder.finish().unwrap()
            }
            "zstd" => zstd::encode_all(lines.as_bytes(), 1).unwrap(),
            _ => lines.as_bytes().to_vec(),
        };
        let path = format!("{}/api/runs/{}/items", self.program.url, run.as_str().unwrap());
        let request = reqwest::Client::new()
            .post(path)
            .bearer_auth(&self.token)
            .header(CONTENT_TYPE, "application/x-ndjson")
            .header(CONTENT_ENCODING, encoding)
            .body(body);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        answer.text().await.unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    async fn close(&self, run: &Value) -> Value {
        let closing = json!({"kinds": {"machine": "COMPLETE"}});
        let (status, closed) =
            self.post(&format!("/api/runs/{}/close", run.as_str().unwrap()), &closing).await;
        assert_eq!(status, 200, "{closed}");
        ended(self.program, run).await
    }
}

fn lines(numbers: impl Iterator<Item = usize>) -> String {
    let line = |n: usize| json!({"kind": "machine", "item": {"serial": format!("m{n}"), "name": format!("Machine {n}")}});
    numbers.map(|n| format!("{}\n", line(n))).collect()
}

#[tokio::test]
async fn a_client_fills_the_catalog_from_elsewhere() {
    for engine in Engine::BOTH {
        let database = TestDatabase::new(engine).await;
        let program = Program::start(&database).await;
        let blueprint = json!({"identifier": "machine", "title": "Machine", "schema": {"properties": {}}});
        assert_eq!(program.post("/v1/blueprints", &blueprint).await["ok"], true);
        let mapping = json!({"identifier": ".serial", "title": ".name", "blueprint": "\"machine\""});
        let config = json!({"resources": [{"kind": "machine", "selector": {"query": "true", "hall": "b"},
            "port": {"entity": {"mappings": mapping}}}]});
        let integration = json!({"installationId": "far", "installationAppType": "agent", "config": config});
        assert_eq!(program.post("/v1/integration", &integration).await["ok"], true);
        let client = Client::new(&program).await;
        let run = client.open().await;
        let (status, again) = client.post("/api/runs", &json!({"integration": "far", "plan": true})).await;
        assert_eq!((status, &again["run"]["id"], &again["run"]["phase"]), (200, &run, &json!("COLLECT")));
        assert_eq!(again["wanted"], json!([{"kind": "machine", "selector": {"hall": "b"}}]));
        for (encoding, numbers) in [("identity", 0..1_200), ("gzip", 1_200..1_500), ("zstd", 1_500..1_800)] {
            let count = numbers.len();
            let said = client.send(&run, encoding, &lines(numbers)).await;
            let done = json!({"done": true, "lines": count, "items": count, "failed": 0});
            assert_eq!(said.last(), Some(&done), "{encoding}: {said:?}");
            assert_eq!(said[said.len() - 2], json!({"committed": count}), "{encoding}: {said:?}");
        }
        let said = client.send(&run, "gzip", "{\"kind\": \"machine\"}\nnot JSON\n").await;
        let codes: Vec<&Value> = said.iter().map(|line| &line["errors"][0]["code"]).collect();
        assert_eq!(
            codes,
            [&json!("REQUIRED"), &json!("MALFORMED_JSON"), &Value::Null, &Value::Null],
            "{said:?}"
        );
        let first = client.close(&run).await;
        assert_eq!(
            (&first["status"], counts(&first, "machine")),
            (&json!("PARTIAL"), [1_801, 1_800, 0, 0, 0, 1])
        );
        // The next one reads everything but two, and says so.
        let run = client.open().await;
        client.send(&run, "zstd", &lines(2..1_800)).await;
        let second = client.close(&run).await;
        assert_eq!(
            (&second["status"], counts(&second, "machine")),
            (&json!("SUCCEEDED"), [1_798, 0, 0, 1_798, 2, 0])
        );
        let answer = program.catalog("{ machines { totalCount } }").await;
        assert_eq!(answer["machines"]["totalCount"], 1_798);
        // It may do nothing else of an admin's.
        assert_eq!(client.post("/v1/integration", &integration).await.0, 403);
        let url = format!("{}/api/runs/{}", program.url, run.as_str().unwrap());
        let read: Value = reqwest::Client::new()
            .get(url)
            .bearer_auth(&client.token)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!(
            (&read["run"]["phase"], &read["run"]["kinds"][0]["deleted"]),
            (&json!("ENDED"), &json!(2))
        );
        program.stop().await;
        database.remove().await;
    }
}
