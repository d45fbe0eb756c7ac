//! The catalog API (api.md 2).

use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::support::Server;

/// Six services, of two systems, with deployments.
pub async fn filled(store: portolan_store::Store) -> Server {
    let server = Server::with_blueprints(store).await;
    for system in ["commerce", "search"] {
        server.put("system", json!({"identifier": system, "title": system.to_uppercase()})).await;
    }
    for (number, (name, tier, live)) in [
        ("a", "gold", json!(true)),
        ("b", "silver", json!(false)),
        ("c", "gold", Value::Null),
        ("d", "bronze", json!(true)),
        ("e", "silver", json!(true)),
        ("f", "gold", json!(false)),
    ]
    .into_iter()
    .enumerate()
    {
        let mut properties = json!({"tier": tier, "live": live, "languages": ["Rust", format!("L{number}")],
            "since": format!("2026-0{}-01T00:00:00Z", number + 1)});
        if number != 3 {
            properties["open_issues"] = json!(number * 10);
        }
        let system = if number < 4 { "commerce" } else { "search" };
        let title = format!("Service {name}");
        server
            .put(
                "service",
                json!({"identifier": name, "title": title, "team": [format!("t{}", number % 2)],
                "properties": properties, "relations": {"system": system}}),
            )
            .await;
    }
    server.put("service", json!({"identifier": "a", "relations": {"dependsOn": ["b", "c"]}})).await;
    for (name, service, env) in [("d1", "a", "prod"), ("d2", "a", "test"), ("d3", "b", "test")] {
        let deployment =
            json!({"identifier": name, "properties": {"env": env}, "relations": {"service": service}});
        server.put("deployment", deployment).await;
    }
    server
}

fn identifiers(answer: &Value, field: &str) -> Vec<String> {
    let nodes = answer["data"][field]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}"));
    nodes.iter().map(|node| node["identifier"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn lists_are_filtered() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        for (filter, expected) in [
            ("{}", "a b c d e f"),
            ("{tier: {eq: GOLD}}", "a c f"),
            ("{tier: {ne: GOLD}}", "b d e"),
            ("{tier: {in: [GOLD, BRONZE]}}", "a c d f"),
            ("{tier: {notIn: [GOLD, BRONZE]}}", "b e"),
            ("{openIssues: {gt: 20}}", "e f"),
            ("{openIssues: {gte: 20, lt: 50}}", "c e"),
            ("{openIssues: {between: [10, 40]}}", "b c e"),
            ("{openIssues: {ne: 10}}", "a c d e f"),
            ("{openIssues: {isNull: true}}", "d"),
            ("{live: {eq: true}}", "a d e"),
            ("{live: {isNull: true}}", "c"),
            ("{not: {live: {eq: true}}}", "b c f"),
            ("{since: {gte: \"2026-05-01T00:00:00Z\"}}", "e f"),
            ("{title: {contains: \"vice A\"}}", ""),
            ("{title: {icontains: \"VICE A\"}}", "a"),
            ("{title: {startsWith: \"Service\"}, identifier: {in: [\"a\", \"f\"]}}", "a f"),
            ("{title: {contains: \"%\"}}", ""),
            ("{team: {has: \"t1\"}}", "b d f"),
            ("{languages: {hasAll: [\"Rust\", \"L2\"]}}", "c"),
            ("{languages: {hasAny: [\"L0\", \"L5\"]}}", "a f"),
            ("{languages: {isEmpty: true}}", ""),
            ("{system: {is: {title: {eq: \"SEARCH\"}}}}", "e f"),
            ("{system: {isNull: true}}", ""),
            ("{deployments: {some: {env: {eq: \"prod\"}}}}", "a"),
            ("{deployments: {none: {}}}", "c d e f"),
            ("{deployments: {every: {env: {eq: \"test\"}}}}", "b c d e f"),
            ("{dependents: {some: {identifier: {eq: \"a\"}}}}", "b c"),
            ("{or: [{tier: {eq: BRONZE}}, {openIssues: {eq: 0}}]}", "a d"),
            ("{and: [{tier: {eq: GOLD}}, {live: {eq: true}}]}", "a"),
        ] {
            let answer = server
                .graphql(&format!("{{ services(where: {filter}) {{ totalCount nodes {{ identifier }} }} }}"))
                .await;
            assert_eq!(identifiers(&answer, "services").join(" "), expected, "{filter}: {answer}");
            let count = expected.split_whitespace().count();
            assert_eq!(answer["data"]["services"]["totalCount"], count, "{filter}");
        }
    })
    .await;
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        for order in ["[]", "[{field: OPEN_ISSUES}]", "[{field: OPEN_ISSUES, direction: DESC}]", "[{field: TIER}, {field: SINCE, direction: DESC}]"] {
            let all = server.graphql(&format!("{{ services(orderBy: {order}) {{ nodes {{ identifier }} }} }}")).await;
            let all = identifiers(&all, "services");
            assert_eq!(all.len(), 6);
            for (size, cursor, next) in [("first", "after", "hasNextPage"), ("last", "before", "hasPreviousPage")] {
                let mut seen: Vec<String> = Vec::new();
                let mut at = Value::Null;
                loop {
                    let query = format!(
                        "query($at: String) {{ services(orderBy: {order}, {size}: 2, {cursor}: $at) {{ nodes {{ identifier }}
                           pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
                    );
                    let answer = server.graphql_as(&server.viewer, &query, json!({"at": at})).await;
                    let page = identifiers(&answer, "services");
                    let info = &answer["data"]["services"]["pageInfo"];
                    if size == "first" {
                        seen.extend(page);
                        at = info["endCursor"].clone();
                    } else {
                        seen.splice(0..0, page);
                        at = info["startCursor"].clone();
                    }
                    if info[next] == false {
                        break;
                    }
                }
                assert_eq!(seen, all, "{order} by {size}");
            }
        }
        let answer = server.graphql("{ services(after: \"nonsense\") { nodes { identifier } } }").await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID_CURSOR", "{answer}");
    })
    .await;
}

#[tokio::test]
async fn relations_load_both_ways_in_few_transactions() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        let query = "{ services(where: {identifier: {in: [\"a\", \"b\"]}}) { nodes { identifier
            system { title services { totalCount nodes { identifier } } }
            one: deployments(where: {env: {eq: \"test\"}}) { nodes { identifier service { identifier } } }
            all: deployments(orderBy: [{field: IDENTIFIER, direction: DESC}], first: 1) { totalCount nodes { identifier } pageInfo { hasNextPage } }
            dependsOn { nodes { identifier dependents { nodes { identifier } } } } } } }";
        server.graphql(query).await;
        let before = server.store.transactions();
        let answer = server.graphql(query).await;
        // Who asks, and the list with everything below it; the model is at hand.
        assert_eq!(server.store.transactions() - before, 2);
        let nodes = &answer["data"]["services"]["nodes"];
        assert_eq!(nodes[0]["system"], json!({"title": "COMMERCE", "services": {"totalCount": 4, "nodes": [
            {"identifier": "a"}, {"identifier": "b"}, {"identifier": "c"}, {"identifier": "d"}]}}), "{answer}");
        assert_eq!(nodes[0]["one"]["nodes"], json!([{"identifier": "d2", "service": {"identifier": "a"}}]));
        assert_eq!(nodes[0]["all"], json!({"totalCount": 2, "nodes": [{"identifier": "d2"}], "pageInfo": {"hasNextPage": true}}));
        assert_eq!(nodes[0]["dependsOn"]["nodes"][1], json!({"identifier": "c", "dependents": {"nodes": [{"identifier": "a"}]}}));
        assert_eq!(nodes[1]["dependsOn"]["nodes"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn one_entity_is_found_by_identifier_and_by_id() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        let answer = server.graphql("{ service(identifier: \"a\") { id title system { title } } none: service(identifier: \"x\") { id } }").await;
        let service = &answer["data"]["service"];
        assert_eq!((&service["title"], &service["system"]["title"]), (&json!("Service a"), &json!("COMMERCE")));
        assert_eq!(answer["data"]["none"], Value::Null);
        let query = "query($id: ID!) { node(id: $id) { id ... on Service { system { title } } } entity(blueprint: \"service\", identifier: \"b\") { title } }";
        let answer = server.graphql_as(&server.viewer, query, json!({"id": service["id"]})).await;
        assert_eq!(answer["data"]["node"], json!({"id": service["id"], "system": {"title": "COMMERCE"}}), "{answer}");
        assert_eq!(answer["data"]["entity"]["title"], "Service b");
        // Another tenant's ids are nothing here.
        for blueprint in crate::support::blueprints() {
            server.post("/v1/blueprints", &server.stranger, &blueprint).await;
        }
        let query = "query($id: ID!) { node(id: $id) { id } }";
        let answer = server.graphql_as(&server.stranger, query, json!({"id": service["id"]})).await;
        assert_eq!(answer["data"]["node"], Value::Null, "{answer}");
    })
    .await;
}

#[tokio::test]
async fn entities_are_written() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let payload = "{ created changed service { identifier tier openIssues system { identifier } revision } errors { code path } }";
        let run = async |text: &str| {
            let answer = server.graphql(&format!("mutation {{ r: {text} {payload} }}")).await;
            assert!(answer["errors"].is_null(), "{text}: {answer}");
            answer["data"]["r"].clone()
        };
        let made = run("createService(input: {identifier: \"a\", tier: GOLD, openIssues: 1})").await;
        assert_eq!(made, json!({"created": true, "changed": true, "errors": [],
            "service": {"identifier": "a", "tier": "GOLD", "openIssues": 1, "system": null, "revision": 1}}));
        let again = run("createService(input: {identifier: \"a\"})").await;
        assert_eq!(again["errors"], json!([{"code": "ALREADY_EXISTS", "path": "/input/identifier"}]));
        let same = run("upsertService(input: {identifier: \"a\", tier: GOLD})").await;
        assert_eq!((&same["changed"], &same["service"]["revision"]), (&json!(false), &json!(1)));
        let missing = run("upsertService(input: {identifier: \"a\", system: \"s\"})").await;
        assert_eq!(missing["errors"], json!([{"code": "RELATION_TARGET_NOT_FOUND", "path": "/input/system"}]));
        let related = run("upsertService(input: {identifier: \"a\", system: \"s\"}, createMissingRelations: true)").await;
        assert_eq!(related["service"]["system"], json!({"identifier": "s"}));
        let dry = run("updateService(input: {identifier: \"a\", tier: null}, dryRun: true)").await;
        assert_eq!((&dry["changed"], &dry["service"]["tier"]), (&json!(true), &Value::Null));
        let conflict = run("updateService(input: {identifier: \"a\", tier: SILVER}, ifRevision: 1)").await;
        assert_eq!(conflict["errors"][0]["code"], "CONFLICT");
        let gone = run("updateService(input: {identifier: \"zzz\", tier: SILVER})").await;
        assert_eq!(gone["errors"][0]["code"], "NOT_FOUND");
        let replaced = run("upsertService(input: {identifier: \"a\", tier: BRONZE}, merge: false)").await;
        assert_eq!((&replaced["service"]["openIssues"], &replaced["service"]["system"]), (&Value::Null, &Value::Null));
        let deleted = run("deleteService(identifier: \"a\")").await;
        assert_eq!(deleted["errors"], json!([]));
        assert_eq!(server.get("/v1/blueprints/service/entities-count").await.1["count"], 0);
    })
    .await;
}

#[tokio::test]
async fn a_variable_that_is_not_given_changes_nothing() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        let query = "mutation($title: String, $issues: Float, $dry: Boolean) { updateService(dryRun: $dry,
            input: {identifier: \"a\", title: $title, openIssues: $issues}) { service { title openIssues } errors { code } } }";
        for (variables, expected) in [
            (json!({}), json!({"title": "Service a", "openIssues": 0})),
            (json!({"issues": 7}), json!({"title": "Service a", "openIssues": 7})),
            (json!({"title": null}), json!({"title": null, "openIssues": 7})),
        ] {
            let answer = server.graphql_as(&server.member, query, variables.clone()).await;
            assert_eq!(answer["data"]["updateService"], json!({"service": expected, "errors": []}), "{variables}: {answer}");
        }
        let query = "query($tier: ServiceTierEnum) { services(where: {tier: {eq: $tier}}) { totalCount } }";
        let answer = server.graphql_as(&server.viewer, query, json!({})).await;
        assert_eq!(answer["data"]["services"]["totalCount"], 6, "{answer}");
    })
    .await;
}

#[tokio::test]
async fn the_schema_follows_the_blueprints() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        let (status, sdl) = server.get("/graphql/schema.graphql").await;
        let sdl = sdl.as_str().unwrap_or_default();
        assert_eq!(status, 200);
        for part in ["type Service implements Node & Entity", "openIssues: Float", "enum ServiceTierEnum", "dependents("] {
            assert!(sdl.contains(part), "{part} is missing in {sdl}");
        }
        // A value that no longer fits its type reads as null, with a warning.
        let tier = json!({"schema": {"properties": {
            "tier": {"type": "string", "enum": ["silver", "bronze"]}, "risk": {"type": "number"}}, "required": []}});
        let (status, answer) = server.json("PATCH", "/v1/blueprints/service", &server.admin, &tier).await;
        assert_eq!(status, 200, "{answer}");
        let answer = server.graphql("{ service(identifier: \"a\") { tier risk properties } }").await;
        assert_eq!(answer["data"]["service"]["tier"], Value::Null, "{answer}");
        assert_eq!(answer["extensions"]["warnings"][0]["path"], json!(["service", "tier"]), "{answer}");
    })
    .await;
}
