//! Changes of the model over the wire: plans, misfits, history, and deletions of everything.

use std::time::Duration;

use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::support::Server;

async fn filled(store: portolan_store::Store) -> Server {
    let server = Server::with_blueprints(store).await;
    for (name, tier) in [("a", "gold"), ("b", "bronze"), ("c", "bronze")] {
        server
            .put("service", json!({"identifier": name, "properties": {"tier": tier, "open_issues": 1}}))
            .await;
    }
    server
}

#[tokio::test]
async fn a_plan_tells_what_breaks_and_the_change_does_it() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        let definition = json!({"identifier": "service", "title": "Service",
            "schema": {"properties": {"tier": {"type": "string", "enum": ["gold", "silver"]}, "live": {"type": "boolean"},
                "since": {"type": "string"}, "languages": {"type": "array", "items": {"type": "string"}}, "extra": {"type": "object"}},
                "required": ["live"]},
            "relations": {"system": {"target": "system"}, "dependsOn": {"target": "service", "many": true, "inverse": "dependents"}}});
        let query = "query($input: JSON!) { planBlueprintChange(input: $input) { revision entitiesAffected failingCount
            failing { entity path rule } droppedValues looked: lookedAt complete breaksGraphql { change field }
            brokenReferences { kind identifier path } errors { code } } }";
        let answer = server.platform_as(&server.admin, query, json!({"input": definition})).await;
        let plan = &answer["data"]["planBlueprintChange"];
        assert_eq!((&plan["entitiesAffected"], &plan["failingCount"], &plan["droppedValues"]), (&json!(3), &json!(3), &json!(3)), "{answer}");
        let failing = plan["failing"].as_array().unwrap();
        assert!(failing.contains(&json!({"entity": "b", "path": "/properties/tier", "rule": "INVALID_VALUE"})), "{answer}");
        assert!(failing.contains(&json!({"entity": "a", "path": "/properties/live", "rule": "REQUIRED"})));
        let breaks: Vec<String> = plan["breaksGraphql"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| format!("{} {}", one["change"].as_str().unwrap(), one["field"].as_str().unwrap()))
            .collect();
        for expected in [
            "FIELD_REMOVED Service.openIssues",
            "TYPE_CHANGED Service.since",
            "ENUM_VALUE_REMOVED ServiceTierEnum.BRONZE",
            "INPUT_REQUIRED ServiceCreateInput.live",
            "INPUT_FIELD_REMOVED ServiceFilter.openIssues",
        ] {
            assert!(breaks.iter().any(|one| one == expected), "{expected}: {breaks:?}");
        }
        assert_eq!(plan["errors"], json!([]));
        let (status, answer) = server.json("PUT", "/v1/blueprints/service", &server.admin, &definition).await;
        assert_eq!(status, 200, "{answer}");
        let query = "{ blueprint(identifier: \"service\") { invalidCount } invalidEntities(blueprint: \"service\", first: 2)
            { totalCount next nodes { identifier problems { code path } } } }";
        let answer = server.platform(query).await;
        assert_eq!(answer["data"]["blueprint"]["invalidCount"], 3, "{answer}");
        let page = &answer["data"]["invalidEntities"];
        assert_eq!((&page["totalCount"], page["nodes"].as_array().unwrap().len()), (&json!(3), 2));
        let rest = format!("{{ invalidEntities(blueprint: \"service\", after: {}) {{ nodes {{ identifier }} next }} }}", page["next"]);
        let answer = server.platform(&rest).await;
        assert_eq!(answer["data"]["invalidEntities"], json!({"nodes": [{"identifier": "c"}], "next": null}), "{answer}");
        let answer = server.platform("{ modelRevisions(first: 2) { next nodes { revision blueprint before after actor } } }").await;
        let nodes = answer["data"]["modelRevisions"]["nodes"].as_array().unwrap();
        assert_eq!((nodes.len(), &nodes[0]["blueprint"], &nodes[1]["before"]), (2, &json!("service"), &json!(null)), "{answer}");
        assert_eq!(nodes[0]["after"]["schema"]["required"], json!(["live"]));
        assert_eq!(nodes[0]["before"]["schema"]["required"], json!([]));
        let older = format!("{{ modelRevisions(after: {}) {{ next nodes {{ blueprint }} }} }}", answer["data"]["modelRevisions"]["next"]);
        let answer = server.platform(&older).await;
        assert_eq!(answer["data"]["modelRevisions"]["next"], Value::Null, "{answer}");
        for query in ["{ modelRevisions(after: \"x\") { next } }", "{ invalidEntities(blueprint: \"service\", first: 0) { next } }"] {
            assert!(server.platform(query).await["errors"][0]["extensions"]["code"].is_string());
        }
    })
    .await;
}

#[tokio::test]
async fn all_entities_of_a_blueprint_go_in_the_background() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        for number in 0..250 {
            server.put("deployment", json!({"identifier": format!("d{number}"), "properties": {"env": "x"}, "relations": {"service": "a"}})).await;
        }
        let work = tokio::spawn(server.catalog.migrating().work());
        let go = async |path: &str| {
            let (status, answer) = server.json("DELETE", path, &server.admin, &Value::Null).await;
            if status != 200 {
                return answer;
            }
            let path = format!("/v1/migrations/{}", answer["migrationId"].as_str().unwrap());
            loop {
                let (status, answer) = server.get(&path).await;
                assert_eq!(status, 200, "{answer}");
                let migration = answer["migration"].clone();
                for key in ["id", "actor", "sourceBlueprint", "mapping", "status"] {
                    assert!(!migration[key].is_null(), "{key}: {migration}");
                }
                if !matches!(migration["status"].as_str().unwrap(), "PENDING" | "RUNNING") {
                    return migration;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        // What others require stays, and the migration says so.
        let done = go("/v1/blueprints/service/all-entities").await;
        assert_eq!((&done["status"], &done["successCount"], &done["failureCount"]), (&json!("FAILURE"), &json!(2), &json!(1)), "{done}");
        let used = go("/v1/blueprints/service/all-entities?delete_blueprint=true").await;
        assert_eq!(used["details"]["code"], "IN_USE", "{used}");
        let done = go("/v1/blueprints/deployment/all-entities?delete_blueprint=true").await;
        assert_eq!((&done["status"], &done["successCount"], &done["failureCount"]), (&json!("COMPLETED"), &json!(250), &json!(0)), "{done}");
        assert_eq!(server.get("/v1/blueprints/deployment").await.0, 404);
        let done = go("/v1/blueprints/service/all-entities").await;
        assert_eq!((&done["status"], &done["successCount"]), (&json!("COMPLETED"), &json!(1)));
        assert_eq!(server.get("/v1/blueprints/service/entities-count").await.1["count"], 0);
        work.abort();
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_computed_is_refused_when_it_is_saved() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let count = json!({"calculationBy": "entities", "func": "count"});
        let sum = json!({"calculationBy": "property", "func": "sum", "property": "all"});
        let total = |spec: &Value| json!({"aggregationProperties": {"total": {"target": "deployment", "calculationSpec": spec}}});
        let service = json!({"target": "service", "required": true});
        for (blueprint, change, refused) in [
            ("service", total(&count), None),
            ("deployment", json!({"mirrorProperties": {"all": {"path": "service.total"}}}), None),
            // The sum of what shows the sum.
            ("service", total(&sum), Some(("CYCLIC_COMPUTATION", "/aggregationProperties/total"))),
            // A second way makes the first one ambiguous, for another blueprint.
            ("deployment", json!({"relations": {"service": service, "other": {"target": "service"}}}), Some(("AMBIGUOUS_PATH", "/service/aggregationProperties/total/pathFilter"))),
            ("system", total(&count), None),
            ("deployment", json!({"relations": {"service": service, "system": {"target": "system"}}}), Some(("AMBIGUOUS_PATH", "/system/aggregationProperties/total/pathFilter"))),
            ("service", json!({"mirrorProperties": {"own": {"path": "dependsOn.own"}}}), Some(("CYCLIC_COMPUTATION", "/mirrorProperties/own/path"))),
        ] {
            let path = format!("/v1/blueprints/{blueprint}");
            let before = server.get(&path).await.1;
            let (status, answer) = server.json("PATCH", &path, &server.admin, &change).await;
            match refused {
                None => assert_eq!(status, 200, "{answer}"),
                Some((code, at)) => {
                    let details = &answer["details"];
                    assert_eq!((status, &details["code"], &details["path"]), (422, &json!(code), &json!(at)), "{answer}");
                    assert_eq!(server.get(&path).await.1, before);
                }
            }
        }
    })
    .await;
}
