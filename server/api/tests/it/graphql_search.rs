//! `search` of both GraphQL APIs, and that every way to write keeps its index in step.

use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::graphql::filled;
use crate::support::Server;

/// What a text finds, by both APIs, as `blueprint/identifier`.
async fn find(server: &Server, arguments: &str) -> String {
    let query = format!("{{ search({arguments}) {{ nodes {{ blueprint identifier }} }} }}");
    let mut found = Vec::new();
    for path in ["/graphql", "/api/graphql"] {
        let answer = server.post(path, &server.viewer, &json!({"query": query})).await.1;
        let nodes = answer["data"]["search"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}"));
        let name = |node: &Value| {
            format!("{}/{}", node["blueprint"].as_str().unwrap(), node["identifier"].as_str().unwrap())
        };
        found.push(nodes.iter().map(name).collect::<Vec<_>>().join(" "));
    }
    assert_eq!(found[0], found[1]);
    found.remove(0)
}

#[tokio::test]
async fn the_best_hits_come_first() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        for (blueprint, identifier, title) in [
            ("service", "pay", "Money"),
            ("system", "pay-all", "X"),
            ("service", "Pay-Later", "The Pay Later Service"),
            ("system", "s1", "pay systems"),
            ("service", "s2", "Payments API"),
            ("service", "s3", "Gateway to payments"),
            ("service", "s4", "Repay"),
            ("service", "straße", "Über Pay"),
        ] {
            server.put(blueprint, json!({"identifier": identifier, "title": title})).await;
        }
        for (arguments, expected) in [
            ("text: \"pay\"", "service/pay system/pay-all service/Pay-Later system/s1 service/s2 service/straße service/s3"),
            ("text: \" PAY \"", "service/pay system/pay-all service/Pay-Later system/s1 service/s2 service/straße service/s3"),
            ("text: \"pay\", blueprints: [\"system\"]", "system/pay-all system/s1"),
            ("text: \"pay\", blueprints: []", ""),
            ("text: \"pay-l\"", "service/Pay-Later"),
            ("text: \"pay later\"", "service/Pay-Later"),
            ("text: \"payments a\"", "service/s2"),
            ("text: \"über\"", "service/straße"),
            ("text: \"STRASSE\"", ""),
            ("text: \"ayments\"", ""),
            ("text: \"pay\", first: 2", "service/pay system/pay-all"),
            ("text: \"\"", ""),
            ("text: \"%\"", ""),
        ] {
            assert_eq!(find(&server, arguments).await, expected, "{arguments}");
        }
        // What is asked of entities is read by their own types.
        let query = "{ search(text: \"service a\") { pageInfo { hasNextPage } edges { cursor node { title ...on Service { tier system { title } } } } } }";
        let answer = server.graphql(query).await;
        let edges = &answer["data"]["search"]["edges"];
        assert_eq!(edges[0]["node"], json!({"title": "Service a", "tier": "GOLD", "system": {"title": "COMMERCE"}}), "{answer}");
        assert_eq!(answer["extensions"]["cost"], 50 + 50);
        let query = "{ search(text: \"a\", blueprints: [\"nope\"]) { nodes { id } } }";
        for path in ["/graphql", "/api/graphql"] {
            let answer = server.post(path, &server.viewer, &json!({"query": query})).await.1;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_FOUND", "{answer}");
            let query = query.replace("blueprints: [\"nope\"]", "after: \"x\"");
            let answer = server.post(path, &server.viewer, &json!({"query": query})).await.1;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID_CURSOR", "{answer}");
        }
        // Nobody finds what is another tenant's.
        let answer = server.post("/api/graphql", &server.stranger, &json!({"query": "{ search(text: \"pay\") { nodes { id } } }"})).await.1;
        assert_eq!(answer["data"]["search"]["nodes"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn pages_of_hits_stay_whole_while_others_write() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        for number in 0..10 {
            server.put("service", json!({"identifier": format!("x{number}"), "title": format!("x pay {}", number % 3)})).await;
        }
        let mut seen: Vec<String> = Vec::new();
        let mut after = Value::Null;
        for round in 0.. {
            let query = "query($after: String) { search(text: \"pay\", first: 3, after: $after) { nodes { identifier } pageInfo { hasNextPage hasPreviousPage endCursor } } }";
            let answer = server.platform_as(&server.viewer, query, json!({"after": after})).await;
            let page = &answer["data"]["search"];
            seen.extend(page["nodes"].as_array().unwrap().iter().map(|node| node["identifier"].as_str().unwrap().to_owned()));
            assert_eq!(page["pageInfo"]["hasPreviousPage"], round > 0);
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            // One before the cursor goes, another comes.
            server.platform(&format!("mutation {{ deleteEntity(blueprint: \"service\", identifier: \"{}\") {{ errors {{ code }} }} }}", seen[0])).await;
            server.put("service", json!({"identifier": format!("new{round}"), "title": "a pay 0"})).await;
        }
        let survivors = ["x0", "x3", "x6", "x9", "x1", "x4", "x7", "x2", "x5", "x8"];
        let found: Vec<&str> = seen.iter().map(String::as_str).filter(|name| name.starts_with('x')).collect();
        assert_eq!(found, survivors);
    })
    .await;
}

#[tokio::test]
async fn every_way_to_write_keeps_the_index_in_step() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        let find = async |text: &str| find(&server, &format!("text: \"{text}\"")).await;
        server.put("service", json!({"identifier": "one", "title": "First thing"})).await;
        assert_eq!((find("one").await, find("thing").await), ("service/one".into(), "service/one".into()));
        // Another title, then another name.
        server.graphql("mutation { updateService(input: {identifier: \"one\", title: \"Second\"}) { changed } }").await;
        assert_eq!((find("thing").await, find("second").await), (String::new(), "service/one".into()));
        let rename = "mutation { updateEntity(input: {blueprint: \"service\", identifier: \"one\"}, newIdentifier: \"two\") { errors { code } } }";
        server.platform(rename).await;
        assert_eq!((find("one").await, find("two").await, find("second").await), (String::new(), "service/two".into(), "service/two".into()));
        // A title that goes.
        server.graphql("mutation { updateService(input: {identifier: \"two\", title: null}) { changed } }").await;
        assert_eq!(find("second").await, "");
        // A dry run leaves nothing.
        server.graphql("mutation { upsertService(input: {identifier: \"dry\"}, dryRun: true) { changed } }").await;
        assert_eq!(find("dry").await, "");
        // A batch, with entities that are only pointed at.
        let batch = "mutation { bulkUpsertServices(createMissingRelations: true, input: [{identifier: \"batch1\", system: \"made\"}, {identifier: \"batch2\"}]) { results { changed } } }";
        server.graphql(batch).await;
        assert_eq!((find("batch").await, find("made").await), ("service/batch1 service/batch2".into(), "system/made".into()));
        // A stream: it makes, changes and deletes.
        let lines = [
            json!({"blueprint": "service", "identifier": "flow", "title": "Streamed thing"}),
            json!({"blueprint": "service", "identifier": "batch2", "title": "Streamed too"}),
            json!({"delete": {"blueprint": "service", "identifier": "batch1"}}),
        ];
        let body = lines.map(|line| format!("{line}\n")).concat();
        let (status, answer) = server.send("POST", "/api/entities/stream", &server.member, body.into_bytes()).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!((find("streamed").await, find("batch").await), ("service/flow service/batch2".into(), "service/batch2".into()));
        // Deletion, with what depends on it.
        server.platform("mutation { deleteEntities(blueprint: \"service\", identifiers: [\"two\", \"flow\"]) { errors { code } } }").await;
        assert_eq!((find("two").await, find("streamed").await), (String::new(), "service/batch2".into()));
        // A blueprint with another name finds its entities; one that goes takes them with it.
        server.platform("mutation { renameBlueprint(identifier: \"deployment\", to: \"rollout\") { errors { code } } }").await;
        assert_eq!(find("d1").await, "rollout/d1");
    })
    .await;
}
