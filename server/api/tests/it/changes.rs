//! Bulk writes of the catalog API, histories, and the log of changes.

use std::time::{Duration, Instant};

use portolan_store::testing::{Engine, TestDatabase, on_each_engine};
use serde_json::{Value, json};

use crate::graphql::filled;
use crate::support::Server;

#[tokio::test]
async fn services_are_written_in_bulk() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let query = "mutation($input: [ServiceInput!]!, $onError: EntityOnError, $create: Boolean) { bulkUpsertServices(input: $input, onError: $onError, createMissingRelations: $create) {
            created updated unchanged failed errors { code path } results { created changed service { identifier tier system { identifier } } errors { code path } } } }";
        let run = async |variables: Value| {
            let answer = server.graphql_as(&server.member, query, variables).await;
            assert!(answer["errors"].is_null(), "{answer}");
            answer["data"]["bulkUpsertServices"].clone()
        };
        let input = json!([{"identifier": "a", "tier": "GOLD"}, {"identifier": "b", "system": "gone"}, {"identifier": "c", "openIssues": 3}]);
        let aborted = run(json!({"input": input})).await;
        assert_eq!((&aborted["failed"], &aborted["created"]), (&json!(3), &json!(0)));
        assert_eq!(aborted["results"][1]["errors"], json!([{"code": "RELATION_TARGET_NOT_FOUND", "path": "/input/1/system"}]));
        assert_eq!(aborted["results"][0]["errors"], json!([{"code": "ABORTED", "path": "/input/0"}]));
        assert_eq!(server.get("/v1/blueprints/service/entities-count").await.1["count"], 0);
        let skipped = run(json!({"input": input, "onError": "SKIP"})).await;
        assert_eq!((&skipped["failed"], &skipped["created"]), (&json!(1), &json!(2)));
        let all = run(json!({"input": input, "create": true})).await;
        assert_eq!((&all["created"], &all["unchanged"], &all["failed"]), (&json!(1), &json!(2), &json!(0)));
        assert_eq!(all["results"][1]["service"], json!({"identifier": "b", "tier": null, "system": {"identifier": "gone"}}));
        let many: Vec<Value> = (0..1_000).map(|at| json!({"identifier": format!("m{at}"), "openIssues": at})).collect();
        assert_eq!(run(json!({"input": many})).await["created"], 1_000);
        let too_many: Vec<Value> = (0..1_001).map(|at| json!({"identifier": format!("m{at}")})).collect();
        assert_eq!(run(json!({"input": too_many})).await["errors"], json!([{"code": "TOO_MANY_ITEMS", "path": "/input"}]));
    })
    .await;
}

#[tokio::test]
async fn histories_tell_what_was_before_and_after() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        for tier in ["silver", "bronze", "bronze", "gold"] {
            server.put("service", json!({"identifier": "a", "properties": {"tier": tier}})).await;
        }
        let part = "nodes { kind before after event { seq actor origin at run } } hasNextPage endCursor";
        let answer = server.graphql(&format!("{{ service(identifier: \"a\") {{ history(first: 2) {{ {part} }} }} }}")).await;
        let history = &answer["data"]["service"]["history"];
        let tiers = |history: &Value, side: &str| {
            let nodes = history["nodes"].as_array().unwrap_or_else(|| panic!("{answer}"));
            nodes.iter().map(|node| node[side]["properties"]["tier"].as_str().unwrap_or("-").to_owned()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!((tiers(history, "after"), tiers(history, "before")), ("gold bronze".into(), "bronze silver".into()));
        assert_eq!((&history["hasNextPage"], &history["nodes"][0]["kind"]), (&json!(true), &json!("UPDATED")));
        // The rest, by the cursor, in the generic API: the creation is last.
        let after = history["endCursor"].as_str().unwrap();
        let rest = server.platform(&format!("{{ entity(blueprint: \"service\", identifier: \"a\") {{ history(first: 10, after: \"{after}\") {{ {part} }} }} }}")).await;
        let rest = &rest["data"]["entity"]["history"];
        assert_eq!(tiers(rest, "after"), "silver gold gold");
        let first = rest["nodes"].as_array().unwrap().last().unwrap();
        assert_eq!((&first["kind"], &first["before"], &rest["hasNextPage"]), (&json!("CREATED"), &Value::Null, &json!(false)));
        // The histories of a whole list are one read.
        let query = "{ services { nodes { identifier history(first: 1) { nodes { after } } } } }";
        server.graphql(query).await;
        let before = server.store.transactions();
        let answer = server.graphql(query).await;
        assert_eq!(server.store.transactions() - before, 3, "who asks, the list, all histories");
        for node in answer["data"]["services"]["nodes"].as_array().unwrap() {
            assert_eq!(node["history"]["nodes"][0]["after"]["identifier"], node["identifier"]);
        }
        let answer = server.graphql("{ service(identifier: \"a\") { history(after: \"x\") { endCursor } } }").await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID_CURSOR", "{answer}");
    })
    .await;
}

#[tokio::test]
async fn the_log_is_read_from_where_one_was() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        let (_, all) = server.get("/api/changes?limit=1000").await;
        let all = all["changes"].as_array().unwrap().clone();
        assert_eq!(
            (all.len(), &all[0]["kind"], &all[0]["blueprint"]),
            (13, &json!("CREATED"), &json!("_user"))
        );
        // In parts, nothing is skipped or repeated; a part is resumed by `next`.
        let (mut seen, mut after) = (Vec::new(), json!(0));
        loop {
            let (_, page) = server.get(&format!("/api/changes?after={after}&limit=5")).await;
            after = page["next"].clone();
            let part = page["changes"].as_array().unwrap().clone();
            if part.is_empty() {
                break;
            }
            seen.extend(part);
        }
        assert_eq!(seen, all);
        server.send("DELETE", "/v1/blueprints/deployment/entities/d1", &server.member, Vec::new()).await;
        let (_, page) = server.get(&format!("/api/changes?after={after}")).await;
        let change = &page["changes"][0];
        assert_eq!(
            (
                &change["kind"],
                &change["identifier"],
                &change["after"],
                &change["before"]["properties"]["env"]
            ),
            (&json!("DELETED"), &json!("d1"), &Value::Null, &json!("prod"))
        );
        let after = page["next"].clone();
        // One who waits hears of the next commit at once, and of nothing else's.
        let began = Instant::now();
        let waiting = async { server.get(&format!("/api/changes?after={after}&wait=30s")).await.1 };
        let writing = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            server.post("/v1/blueprints", &server.stranger, &crate::support::blueprints()[0]).await;
            tokio::time::sleep(Duration::from_millis(200)).await;
            server.put("system", json!({"identifier": "late"})).await;
        };
        let (page, ()) = tokio::join!(waiting, writing);
        assert_eq!(page["changes"][0]["identifier"], "late");
        assert!(began.elapsed() < Duration::from_secs(10));
        let (_, page) = server.get(&format!("/api/changes?after={}&wait=1", page["next"])).await;
        assert_eq!(page["changes"], json!([]));
        let (_, page) = server.send("GET", "/api/changes", &server.stranger, Vec::new()).await;
        let theirs: Vec<&Value> =
            page["changes"].as_array().unwrap().iter().map(|change| &change["identifier"]).collect();
        assert_eq!(theirs, ["admin@other.example"]);
        for query in ["after=x", "after=-1", "limit=0", "limit=1001", "limit=x", "wait=soon"] {
            let (status, answer) = server.get(&format!("/api/changes?{query}")).await;
            let path = format!("/{}", query.split('=').next().unwrap());
            assert_eq!(
                (status, &answer["details"]["code"], &answer["details"]["path"]),
                (422, &json!("INVALID_VALUE"), &json!(path)),
                "{query}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn another_server_on_the_same_database_wakes_who_waits() {
    let database = TestDatabase::new(Engine::Postgres).await;
    let other = portolan_store::Store::open(&database.config).await.unwrap();
    let server = filled(database.store.clone()).await;
    let catalog = portolan_catalog::Catalog::new(other.clone(), None);
    let ctx = server.identity.authenticate(&server.viewer, "test", None).await.unwrap();
    let mut follower = catalog.follow(&ctx, None).await.unwrap();
    // The listener is connecting; what it does not hear is found by looking again.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let began = Instant::now();
    let (found, ()) = tokio::join!(
        follower.next(10, Duration::from_secs(20)),
        server.put("system", json!({"identifier": "x"}))
    );
    assert_eq!(found.unwrap()[0].identifier, "x");
    assert!(
        began.elapsed() < Duration::from_millis(1_900),
        "heard, not found by looking again: {:?}",
        began.elapsed()
    );
    other.close().await;
    database.remove().await;
}
