//! `relatedTo` and `origins` of both GraphQL APIs.

use std::collections::BTreeMap;

use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::graphql::filled;
use crate::support::Server;

/// As [`filled`], and `c` depends on `a`, which depends on it.
async fn cyclic(store: portolan_store::Store) -> Server {
    let server = filled(store).await;
    server.put("service", json!({"identifier": "c", "relations": {"dependsOn": ["a"]}})).await;
    server
}

async fn ask(server: &Server, path: &str, query: &str) -> Value {
    server.post(path, &server.viewer, &json!({"query": query})).await.1
}

/// `depth:identifier` of the nodes.
fn shown(graph: &Value) -> String {
    let nodes = graph["nodes"].as_array().unwrap_or_else(|| panic!("{graph}"));
    let one = |node: &Value| format!("{}:{}", node["depth"], node["entity"]["identifier"].as_str().unwrap());
    nodes.iter().map(one).collect::<Vec<_>>().join(" ")
}

const PATHS: [&str; 2] = ["/graphql", "/api/graphql"];

#[tokio::test]
async fn each_entity_around_one_comes_once_by_the_shortest_way() {
    on_each_engine(|store| async move {
        let server = cyclic(store).await;
        for (entity, arguments, expected, has_more) in [
            ("service a", "direction: UPSTREAM, depth: 1", "1:b 1:c 1:commerce", false),
            ("service a", "direction: UPSTREAM", "1:b 1:c 1:commerce", false),
            ("deployment d1", "direction: UPSTREAM, depth: 10", "1:a 2:b 2:c 2:commerce", false),
            ("deployment d1", "direction: UPSTREAM, depth: 2, blueprints: [\"system\"]", "2:commerce", false),
            ("deployment d1", "direction: UPSTREAM, depth: 1, blueprints: [\"system\"]", "", false),
            ("service f", "direction: DOWNSTREAM", "", false),
            ("service b", "direction: DOWNSTREAM, depth: 1", "1:d3 1:a", false),
            ("service b", "direction: DOWNSTREAM, depth: 3", "1:d3 1:a 2:d1 2:d2 2:c", false),
            ("system commerce", "direction: DOWNSTREAM, depth: 1", "1:a 1:b 1:c 1:d", false),
            ("system commerce", "direction: DOWNSTREAM, depth: 2", "1:a 1:b 1:c 1:d 2:d1 2:d2 2:d3", false),
            ("system commerce", "direction: DOWNSTREAM, depth: 2, first: 4", "1:a 1:b 1:c 1:d", true),
            ("system commerce", "direction: DOWNSTREAM, depth: 1, first: 4", "1:a 1:b 1:c 1:d", false),
            ("system commerce", "direction: DOWNSTREAM, first: 2", "1:a 1:b", true),
            (
                "system commerce",
                "direction: DOWNSTREAM, blueprints: [\"deployment\", \"system\"], first: 2",
                "2:d1 2:d2",
                true,
            ),
        ] {
            let (blueprint, identifier) = entity.split_once(' ').unwrap();
            for path in PATHS {
                let query = format!(
                    "{{ entity(blueprint: \"{blueprint}\", identifier: \"{identifier}\") {{ relatedTo({arguments}) {{
                       hasMore nodes {{ depth entity {{ identifier }} }} }} }} }}"
                );
                let answer = ask(&server, path, &query).await;
                let graph = &answer["data"]["entity"]["relatedTo"];
                assert_eq!(shown(graph), expected, "{path} {entity} {arguments}: {answer}");
                assert_eq!(graph["hasMore"], has_more, "{path} {entity} {arguments}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_edges_between_the_nodes_make_a_graph() {
    on_each_engine(|store| async move {
        let server = cyclic(store).await;
        let graph = "relatedTo(direction: UPSTREAM, depth: 2) {
            nodes { entity { id identifier } } edges { source relation target } }";
        for path in PATHS {
            let query = format!(
                "{{ entity(blueprint: \"service\", identifier: \"a\") {{ id identifier {graph} }} }}"
            );
            let answer = ask(&server, path, &query).await;
            let entity = &answer["data"]["entity"];
            let nodes = entity["relatedTo"]["nodes"].as_array().unwrap().iter().map(|node| &node["entity"]);
            let names: BTreeMap<&str, &str> = nodes
                .chain([entity])
                .map(|one| (one["id"].as_str().unwrap(), one["identifier"].as_str().unwrap()))
                .collect();
            let edges = entity["relatedTo"]["edges"].as_array().unwrap().iter().map(|edge| {
                let end = |name: &str| names[edge[name].as_str().unwrap()];
                format!("{} {} {}", end("source"), edge["relation"].as_str().unwrap(), end("target"))
            });
            let mut edges: Vec<String> = edges.collect();
            assert!(edges[0].starts_with("a ") && edges.last().unwrap().starts_with("c "), "{edges:?}");
            edges.sort();
            let expected = [
                "a dependsOn b",
                "a dependsOn c",
                "a system commerce",
                "b system commerce",
                "c dependsOn a",
                "c system commerce",
            ];
            assert_eq!(edges, expected, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn graphs_of_a_list_load_together_with_what_is_asked_below() {
    on_each_engine(|store| async move {
        let server = cyclic(store).await;
        let query = "{ services(first: FIRST) { nodes { identifier
            up: relatedTo(direction: UPSTREAM, depth: 2, first: 10) { nodes { depth entity { title relations ...on Service { tier system { title } } } } }
            down: relatedTo(direction: DOWNSTREAM, depth: 1, first: 10) { nodes { entity {
              identifier relatedTo(direction: DOWNSTREAM, depth: 1, first: 10) { nodes { entity { identifier } } } } } } } } }";
        let mut costs = Vec::new();
        for first in ["1", "6"] {
            let query = query.replace("FIRST", first);
            ask(&server, "/graphql", &query).await;
            let before = server.store.statements();
            let answer = ask(&server, "/graphql", &query).await;
            costs.push(server.store.statements() - before);
            let a = &answer["data"]["services"]["nodes"][0];
            let b = &a["up"]["nodes"][0]["entity"];
            assert_eq!(*b, json!({"title": "Service b", "relations": {"system": "commerce", "dependsOn": []},
                "tier": "SILVER", "system": {"title": "COMMERCE"}}), "{answer}");
            let c = &a["down"]["nodes"][2]["entity"];
            assert_eq!(c["identifier"], "c", "{a}");
            assert_eq!(c["relatedTo"]["nodes"], json!([{"entity": {"identifier": "a"}}]));
        }
        // The same statements whatever the number of entities.
        assert_eq!(costs[0], costs[1]);

        let query = "{ entities(blueprint: \"service\", first: 1) { nodes { relatedTo(direction: UPSTREAM, depth: 1) { nodes { entity {
            blueprint properties related(relation: \"system\") { totalCount nodes { identifier } } } } } } } }";
        let answer = server.platform(query).await;
        let nodes = &answer["data"]["entities"]["nodes"][0]["relatedTo"]["nodes"];
        assert_eq!(nodes[0]["entity"]["related"], json!({"totalCount": 1, "nodes": [{"identifier": "commerce"}]}), "{answer}");
        assert_eq!(nodes[0]["entity"]["properties"]["tier"], "silver");
        // A system has no such relation.
        assert_eq!(nodes[2]["entity"]["blueprint"], "system");
        assert_eq!(nodes[2]["entity"]["related"], json!({"totalCount": 0, "nodes": []}));
    })
    .await;
}

#[tokio::test]
async fn a_graph_is_bounded_and_counted() {
    on_each_engine(|store| async move {
        let server = cyclic(store).await;
        let a = "entity(blueprint: \"service\", identifier: \"a\")";
        let graph = |arguments: &str, below: &str| format!("relatedTo({arguments}) {{ nodes {{ depth entity {{ id {below} }} }} }}");
        for path in PATHS {
            for (query, expected) in [
                (format!("{{ {a} {{ {} }} }}", graph("direction: UPSTREAM, depth: 11", "")), "QUERY_TOO_DEEP"),
                (format!("{{ {a} {{ {} }} }}", graph("direction: UPSTREAM, depth: 0", "")), "INVALID_QUERY"),
                (format!("{{ {a} {{ {} }} }}", graph("direction: UPSTREAM, first: 501", "")), "QUERY_TOO_COSTLY"),
                (format!("{{ {a} {{ {} }} }}", graph("direction: UPSTREAM, blueprints: [\"nope\"]", "")), "NOT_FOUND"),
                (format!("{{ {a} {{ {} }} }}", graph("depth: 1", "")), "INVALID_QUERY"),
                (
                    format!("{{ {a} {{ {} }} }}", graph("direction: UPSTREAM, first: 1", &graph("direction: UPSTREAM, first: 1", &graph("direction: UPSTREAM, first: 1", "")))),
                    "QUERY_TOO_DEEP",
                ),
            ] {
                let answer = ask(&server, path, &query).await;
                assert_eq!(answer["errors"][0]["extensions"]["code"], expected, "{path} {query}: {answer}");
            }
            let answer = ask(&server, path, &format!("{{ {a} {{ {} }} }}", graph("direction: UPSTREAM", ""))).await;
            assert_eq!(answer["extensions"]["cost"], 101, "{answer}");
        }
        let answer = server.graphql(&format!("{{ services(first: 10) {{ nodes {{ {} }} }} }}", graph("direction: UPSTREAM, first: 7", ""))).await;
        assert_eq!(answer["extensions"]["cost"], 10 + 70);
        // Through an interface, too; and histories and origins cost what they read.
        let answer = server.graphql(&format!("{{ {a} {{ history(first: 9) {{ nodes {{ kind }} }} ...on Service {{ origins {{ name }} }} }} }}")).await;
        assert_eq!(answer["extensions"]["cost"], 1 + 9 + 50, "{answer}");
        // A dry run's entity has around it what the written one has.
        for dry in [true, false] {
            let query = format!("mutation {{ upsertService(input: {{identifier: \"x\", system: \"commerce\"}}, dryRun: {dry}) {{ created service {{ {} }} }} }}", graph("direction: UPSTREAM", ""));
            let answer = server.graphql(&query).await;
            let written = &answer["data"]["upsertService"];
            assert_eq!((&written["created"], &written["service"]["relatedTo"]["nodes"][0]["depth"]), (&json!(true), &json!(1)), "{answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn values_tell_who_wrote_them_last() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        let member = server.graphql("{ service(identifier: \"a\") { updatedBy } }").await;
        let member = member["data"]["service"]["updatedBy"].as_str().unwrap().to_owned();
        server.graphql("mutation { updateService(input: {identifier: \"a\", openIssues: 7}) { changed } }").await;
        let part = "origins { name actor seq at origin integration run }";
        let mut seen = Vec::new();
        for (path, query) in [
            ("/graphql", format!("{{ services(first: 2) {{ nodes {{ updatedBy {part} history(first: 1) {{ nodes {{ event {{ seq at }} }} }} }} }} }}")),
            ("/api/graphql", format!("{{ services: entities(blueprint: \"service\", first: 2) {{ nodes {{ updatedBy {part} history(first: 1) {{ nodes {{ event {{ seq at }} }} }} }} }} }}")),
        ] {
            let answer = ask(&server, path, &query).await;
            let a = &answer["data"]["services"]["nodes"][0];
            let by = |name: &str| {
                let origins = a["origins"].as_array().unwrap_or_else(|| panic!("{answer}"));
                origins.iter().find(|origin| origin["name"] == name).cloned().unwrap_or_default()
            };
            assert_eq!(by("tier")["actor"], member.as_str());
            assert_eq!(by("dependsOn")["actor"], member.as_str());
            assert!(by("tier")["seq"].as_i64() < by("dependsOn")["seq"].as_i64());
            assert_eq!(by("open_issues")["actor"], a["updatedBy"]);
            assert_ne!(by("open_issues")["actor"], member.as_str());
            assert_eq!(by("open_issues")["seq"], a["history"]["nodes"][0]["event"]["seq"]);
            assert_eq!(by("open_issues")["at"], a["history"]["nodes"][0]["event"]["at"]);
            assert_eq!((by("open_issues")["run"].clone(), by("open_issues")["integration"].clone()), (Value::Null, Value::Null));
            assert_eq!(by("extra"), Value::Null);
            seen.push(answer["data"]["services"]["nodes"].clone());
        }
        assert_eq!(seen[0], seen[1]);
    })
    .await;
}
