//! What a dry run answers is what the write answers, computed values and related entities included, and nothing is stored.

use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::graphql::filled;
use crate::support::Server;

/// Services mirror, count and inherit; systems count what their services count.
async fn computing(store: portolan_store::Store) -> Server {
    let server = filled(store).await;
    let count = json!({"calculationBy": "entities", "func": "count"});
    for (blueprint, change) in [
        (
            "system",
            json!({"ownership": {"type": "Direct"},
                "aggregationProperties": {"size": {"target": "service", "calculationSpec": count}}}),
        ),
        (
            "service",
            json!({"mirrorProperties": {"systemTitle": {"path": "system.$title"}, "systemSize": {"path": "system.size"}},
                "ownership": {"type": "Inherited", "path": "system"},
                "aggregationProperties": {"deploymentCount": {"target": "deployment", "calculationSpec": count}}}),
        ),
    ] {
        let path = format!("/v1/blueprints/{blueprint}");
        let (status, answer) = server.json("PATCH", &path, &server.admin, &change).await;
        assert_eq!(status, 200, "{answer}");
    }
    server.put("system", json!({"identifier": "search", "team": ["finders"]})).await;
    settle(&server).await;
    server
}

async fn settle(server: &Server) {
    let ctx = server.identity.authenticate(&server.admin, "test", None).await.unwrap();
    server.catalog.settle_computed(&ctx).await.unwrap();
}

/// Everything of a tenant: what is stored, and how far its log goes.
async fn stored(server: &Server) -> Value {
    let query = "{ services { nodes { identifier title team properties relations computed revision } }
        systems { nodes { identifier computed revision } } }";
    json!([server.graphql(query).await["data"], server.get("/api/changes?limit=1000").await.1["next"]])
}

#[tokio::test]
async fn a_dry_run_answers_as_the_write_does() {
    on_each_engine(|store| async move {
        let server = computing(store).await;
        let typed = "created changed errors { code path } service { identifier team systemTitle systemSize deploymentCount
            computed system { identifier size } dependsOn { totalCount nodes { identifier systemTitle } } deployments { totalCount } }";
        let generic = "created changed errors { code path } entity { identifier team computed relations
            related(relation: \"system\") { totalCount nodes { identifier computed } } }";
        let bulk_typed = format!("created updated unchanged failed results {{ {typed} }}");
        let bulk_generic = format!("created updated unchanged failed results {{ {generic} }}");
        let input = "{identifier: \"n\", tier: GOLD, system: \"search\", dependsOn: [\"a\", \"n\"]}";
        let again = "{identifier: \"n\", title: \"N\", system: \"brand-new\"}";
        let entity = |blueprint: &str, rest: &str| format!("{{blueprint: \"{blueprint}\", {rest}}}");
        let moved = entity("service", "identifier: \"a\", relations: {system: \"search\", dependsOn: [\"b\"]}");
        let fresh = entity("service", "identifier: \"p\", relations: {system: \"search\"}");
        let system = entity("system", "identifier: \"search\", title: \"Found\"");
        for (path, mutation, arguments, answer) in [
            ("/graphql", "createService", format!("input: {input}"), typed),
            ("/graphql", "updateService", format!("input: {again}, createMissingRelations: true"), typed),
            ("/graphql", "upsertService", "input: {identifier: \"b\", system: null}, merge: false".to_owned(), typed),
            ("/graphql", "upsertService", "input: {identifier: \"b\", system: \"nowhere\"}".to_owned(), typed),
            ("/graphql", "bulkUpsertServices", "input: [{identifier: \"q\", system: \"search\"}, {identifier: \"c\", title: \"C\", system: \"search\"}]".to_owned(), &bulk_typed),
            ("/api/graphql", "upsertEntity", format!("input: {moved}"), generic),
            ("/api/graphql", "updateEntity", format!("input: {moved}, newIdentifier: \"a2\""), generic),
            ("/api/graphql", "upsertEntities", format!("input: [{fresh}, {fresh}]"), &bulk_generic),
            ("/api/graphql", "upsertEntity", format!("input: {system}"), "changed entity { identifier computed team }"),
        ] {
            let run = async |dry: bool| {
                let query = format!("mutation {{ {mutation}({arguments}, dryRun: {dry}) {{ {answer} }} }}");
                let body = json!({"query": query});
                server.post(path, &server.member, &body).await.1
            };
            let before = stored(&server).await;
            let dry = run(true).await;
            assert!(dry["errors"].is_null(), "{dry}");
            assert_eq!(stored(&server).await, before, "{mutation} stores nothing");
            let mut written = run(false).await;
            written["extensions"] = dry["extensions"].clone();
            assert_eq!(dry, written, "{mutation} {arguments}");
            settle(&server).await;
        }
        // On `/v1`, where a dry run is called validation.
        let path = "/v1/blueprints/service/entities?upsert=true&merge=true";
        let body = json!({"identifier": "v", "relations": {"system": "search"}});
        let before = stored(&server).await;
        let (_, dry) = server.post(&format!("{path}&validation_only=true"), &server.member, &body).await;
        assert_eq!(stored(&server).await, before);
        let (_, written) = server.post(path, &server.member, &body).await;
        for part in ["team", "properties", "relations"] {
            assert_eq!(dry["entity"][part], written["entity"][part], "{dry}");
        }
        assert_eq!((&dry["entity"]["properties"]["systemTitle"], &dry["entity"]["team"]), (&json!("Found"), &json!(["finders"])));
    })
    .await;
}

#[tokio::test]
async fn dry_runs_leave_writers_their_turn() {
    on_each_engine(|store| async move {
        let server = computing(store).await;
        let dry = async |number: usize| {
            let query = format!("mutation {{ upsertService(input: {{identifier: \"x{number}\", system: \"search\"}}, dryRun: true) {{ errors {{ code }} service {{ systemTitle }} }} }}");
            let answer = server.graphql_as(&server.member, &query, json!({})).await;
            assert_eq!(answer["data"]["upsertService"], json!({"errors": [], "service": {"systemTitle": "SEARCH"}}), "{answer}");
        };
        let write = async |number: usize| server.put("service", json!({"identifier": format!("w{number}")})).await;
        futures::future::join_all((0..10).map(async |number| match number % 2 {
            0 => dry(number).await,
            _ => write(number).await,
        }))
        .await;
        let answer = server.graphql("{ written: services(where: {identifier: {startsWith: \"w\"}}) { totalCount } dry: services(where: {identifier: {startsWith: \"x\"}}) { totalCount } }").await;
        assert_eq!(answer["data"], json!({"written": {"totalCount": 5}, "dry": {"totalCount": 0}}), "{answer}");
    })
    .await;
}
