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

/// What the portal's table shows is what it exports: its rules, its order, its columns.
#[tokio::test]
async fn a_table_is_exported_as_it_is_shown() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        server.put("system", json!({"identifier": "shop"})).await;
        let mut lines: Vec<Value> = (0..1_100)
            .map(|number| json!({"blueprint": "service", "identifier": format!("s{number}"), "title": format!("S {number}"),
                "properties": {"open_issues": number / 2, "tier": "gold"}}))
            .collect();
        lines.push(json!({"blueprint": "service", "identifier": "none", "properties": {"tier": "gold"}, "relations": {"system": "shop"}}));
        lines.push(json!({"blueprint": "service", "identifier": "silver", "properties": {"tier": "silver"}}));
        server.streamed("", &lines).await;
        let encode = |value: Value| -> String { value.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect() };
        let rules = encode(json!({"combinator": "and", "rules": [{"property": "tier", "operator": "=", "value": "gold"}]}));
        let order = encode(json!([{"property": "open_issues", "direction": "DESC"}, {"property": "$title"}]));
        let columns = encode(json!(["open_issues", "$identifier", "system"]));
        let query = format!("rules={rules}&orderBy={order}&columns={columns}");
        let (status, text) = server.get(&format!("/api/blueprints/service/entities.csv?{query}")).await;
        let text = text.as_str().unwrap();
        assert_eq!((status, text.lines().count()), (200, 1_102));
        let mut expected = "open_issues,identifier,system\r\n549,s1098,\r\n549,s1099,\r\n548,s1096,\r\n".to_owned();
        assert!(text.starts_with(&expected), "{}", &text[..200]);
        assert!(text.ends_with("0,s0,\r\n0,s1,\r\n,none,shop\r\n"));
        let (_, lines) = server.get(&format!("/api/blueprints/service/entities.ndjson?{query}")).await;
        let lines = lines.as_str().unwrap();
        expected = "{\"open_issues\":549,\"identifier\":\"s1098\",\"system\":null}\n".into();
        assert!(lines.starts_with(&expected), "{}", &lines[..200]);
        assert!(lines.ends_with("{\"open_issues\":null,\"identifier\":\"none\",\"system\":\"shop\"}\n"));

        for (parameter, value, code, path) in [
            ("columns", json!(["nope", 1]), "UNKNOWN_PROPERTY", "/columns/0"),
            ("columns", json!([]), "WRONG_TYPE", "/columns"),
            ("orderBy", json!([{"property": "nope"}]), "UNKNOWN_PROPERTY", "/orderBy/0/property"),
            ("orderBy", json!([{"property": "tier", "direction": "UP"}]), "INVALID_VALUE", "/orderBy/0/direction"),
            ("orderBy", json!([{}]), "REQUIRED", "/orderBy/0/property"),
            ("orderBy", json!([{"property": "extra"}]), "INVALID_OPERATOR", ""),
        ] {
            let path_ = format!("/api/blueprints/service/entities.csv?{parameter}={}", encode(value));
            let (status, answer) = server.get(&path_).await;
            assert_eq!(status, 422, "{answer}");
            let details = &answer["details"];
            assert_eq!((&details["code"], details["path"].as_str().unwrap_or_default()), (&json!(code), path), "{answer}");
        }
    })
    .await;
}

/// A tenant's export, applied to another one, makes the same.
#[tokio::test]
async fn a_tenant_is_exported_as_documents() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        server.put("system", json!({"identifier": "shop", "title": "yes"})).await;
        let mut lines: Vec<Value> = (0..600)
            .map(|number| json!({"blueprint": "service", "identifier": format!("s{number}")}))
            .collect();
        lines[7]["properties"] =
            json!({"since": "2026-01-01T00:00:00Z", "languages": ["no", "1"], "extra": {"a": null}});
        lines[7]["relations"] = json!({"system": "shop", "dependsOn": ["s599"]});
        server.streamed("", &lines).await;
        let (status, text) = server.get("/api/export").await;
        assert_eq!(status, 200);
        let text = text.as_str().unwrap();
        let mut body = json!({"blueprints": [], "entities": []});
        for document in serde_norway::Deserializer::from_str(text) {
            let mut document = <Value as serde::Deserialize>::deserialize(document).unwrap();
            let Some(object) = document.as_object_mut() else { continue };
            let list = match object.shift_remove("kind").unwrap().as_str().unwrap() {
                "Blueprint" => "blueprints",
                "Entity" => "entities",
                other => panic!("{other}"),
            };
            body[list].as_array_mut().unwrap().push(document);
        }
        // Three of the test's and the system's two; 601 entities, and the tenant's admin.
        let counts = ["blueprints", "entities"].map(|list| body[list].as_array().unwrap().len());
        assert_eq!(counts, [5, 602]);
        assert!(!text.contains("status: Active"), "{text}");
        let (status, answer) = server.post("/api/apply", &server.stranger, &body).await;
        assert_eq!((status, &answer["created"]), (200, &json!(602)), "{answer}");
        for path in ["service", "system"].map(|name| format!("/api/blueprints/{name}/entities.ndjson")) {
            let (_, there) = server.send("GET", &path, &server.stranger, Vec::new()).await;
            assert_eq!(server.get(&path).await.1, there);
        }
    })
    .await;
}
