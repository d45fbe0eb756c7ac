//! Exports: complete, safe, and taken in again by the stream.

use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::stream::counts;
use crate::support::Server;

#[tokio::test]
async fn an_export_is_taken_in_again_by_the_stream() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        server.put("system", json!({"identifier": "shop"})).await;
        let first = json!({"identifier": "s0", "title": "Null and void", "icon": "Box", "team": ["a", "b"],
            "properties": {"tier": "gold", "open_issues": null, "live": false, "languages": [], "extra": {"k": [1, null]}},
            "relations": {"system": "shop", "dependsOn": ["s3", "s1"]}});
        let mut lines = vec![json!({"blueprint": "service"})];
        lines[0].as_object_mut().unwrap().extend(first.as_object().unwrap().clone());
        lines.extend((1..1_201).map(|number| {
            json!({"blueprint": "service", "identifier": format!("s{number}"), "properties": {"open_issues": number}})
        }));
        server.streamed("", &lines).await;
        let (status, text) = server.get("/api/blueprints/service/entities.ndjson").await;
        let text = text.as_str().unwrap().to_owned();
        assert_eq!((status, text.lines().count()), (200, 1_201));
        for query in ["", "?merge=false"] {
            let (_, answer) = server.stream(query, &[], text.clone().into_bytes()).await;
            assert_eq!(counts(answer.last().unwrap()), [0, 0, 1_201, 0, 0, 0], "{query}");
        }
        // Into an empty catalog.
        let line = r#"{"delete":{"blueprint":"service","identifier":"s0"}}"#;
        server.stream("", &[], line.as_bytes().to_vec()).await;
        let (_, answer) = server.stream("", &[], text.clone().into_bytes()).await;
        assert_eq!(counts(answer.last().unwrap()), [1, 0, 1_200, 0, 0, 0]);
        let (_, back) = server.get("/api/blueprints/service/entities.ndjson").await;
        assert!(back.as_str() == Some(&text));

        let rules = r#"{"combinator":"and","rules":[{"property":"open_issues","operator":">","value":1199}]}"#;
        let encoded: String = rules.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let (_, found) = server.get(&format!("/api/blueprints/service/entities.ndjson?rules={encoded}")).await;
        let expected = json!({"blueprint": "service", "identifier": "s1200", "title": null, "icon": null, "team": [],
            "properties": {"open_issues": 1200}, "relations": {"system": null, "dependsOn": []}});
        assert_eq!(found, expected);
    })
    .await;
}

#[tokio::test]
async fn a_table_is_safe_to_open() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let extra = json!({"identifier": "note", "title": "Note", "schema": {"properties": {
            "title": {"type": "string"}, "amount": {"type": "number"}, "on": {"type": "boolean"}, "tags": {"type": "array"}}},
            "relations": {"icon": {"target": "system"}, "parts": {"target": "system", "many": true}}});
        let (status, answer) = server.post("/v1/blueprints", &server.admin, &extra).await;
        assert_eq!(status, 201, "{answer}");
        for system in ["x", "y"] {
            server.put("system", json!({"identifier": system})).await;
        }
        server.put("note", json!({"identifier": "=1", "title": "=cmd|'/C calc'!A0", "team": ["t"],
            "properties": {"title": "a \"b\",\nc", "amount": -1.5, "on": true, "tags": ["-1", 2]},
            "relations": {"icon": "x", "parts": ["x", "y"]}})).await;
        let (status, text) = server.get("/api/blueprints/note/entities.csv").await;
        let text = text.as_str().unwrap();
        let (head, row) = text.split_once("\r\n").unwrap();
        assert_eq!(status, 200);
        assert_eq!(head, "identifier,title,icon,team,createdAt,createdBy,updatedAt,updatedBy,properties.title,amount,on,tags,relations.icon,parts");
        assert!(row.starts_with("'=1,'=cmd|'/C calc'!A0,,\"[\"\"t\"\"]\",2"), "{row}");
        let expected = ",\"a \"\"b\"\",\nc\",-1.5,true,\"[\"\"-1\"\",2]\",x,\"[\"\"x\"\",\"\"y\"\"]\"\r\n";
        assert!(row.ends_with(expected), "{row}");

        for (path, status, code) in [
            ("/api/blueprints/nope/entities.csv", 404, "NOT_FOUND"),
            ("/api/blueprints/note/entities.csv?rules=%7B", 422, "MALFORMED_JSON"),
            ("/api/blueprints/note/entities.csv?rule=1", 422, "UNKNOWN_FIELD"),
            ("/api/blueprints/note/entities.csv?rules=1", 422, "WRONG_TYPE"),
        ] {
            let (found, answer) = server.get(path).await;
            let expected_status = if code == "MALFORMED_JSON" { 400 } else { status };
            assert_eq!((found, &answer["details"]["code"]), (expected_status, &Value::from(code)), "{path} {answer}");
        }
    })
    .await;
}
