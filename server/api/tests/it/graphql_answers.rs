//! What both GraphQL APIs put into their answers: each field the same whatever is asked beside it, and in its place.

use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::graphql::filled;

/// The names of an object's fields.
fn names(value: &Value) -> String {
    let names = value.as_object().unwrap_or_else(|| panic!("{value}")).keys();
    names.map(String::as_str).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn each_field_reads_what_it_needs() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        let catalog = [
            "id", "identifier", "title", "icon", "blueprint", "team", "createdAt", "createdBy", "updatedAt", "updatedBy",
            "revision", "source", "properties", "relations", "computed", "tier", "openIssues", "live", "since", "languages",
            "extra", "system { identifier team properties }",
            "dependsOn { totalCount nodes { identifier tier team } }", "deployments { nodes { env service { live } } }",
            "history { nodes { kind after } }",
        ];
        let platform = [
            "id", "identifier", "title", "icon", "blueprint", "team", "createdAt", "createdBy", "updatedAt", "updatedBy",
            "revision", "source", "properties", "relations", "computed",
            "related(relation: \"dependsOn\") { totalCount nodes { identifier properties team } }",
            "history { nodes { kind after } }",
        ];
        let roots = [
            ("/graphql", &catalog[..], "services(orderBy: [{field: OPEN_ISSUES}])", "services"),
            ("/graphql", &catalog[..], "services(where: {tier: {eq: GOLD}}, orderBy: [{field: SINCE}])", "services"),
            ("/api/graphql", &platform[..], "entities(blueprint: \"service\", orderBy: [{property: \"open_issues\"}])", "entities"),
        ];
        for (path, fields, root, name) in roots {
            let ask = async |fields: &str| {
                let query = format!("{{ {root} {{ nodes {{ {fields} }} }} }}");
                let answer = server.post(path, &server.viewer, &json!({"query": query})).await.1;
                assert!(answer["errors"].is_null(), "{query}: {answer}");
                answer["data"][name]["nodes"].as_array().cloned().unwrap()
            };
            let whole = ask(&fields.join(" ")).await;
            assert!(whole.len() > 2 && whole[0]["team"] == json!(["t0"]), "{whole:?}");
            for field in fields {
                let key = field.split([' ', '(']).next().unwrap();
                for (alone, whole) in ask(field).await.iter().zip(&whole) {
                    assert_eq!(alone[key], whole[key], "{field}");
                }
            }
        }
        // Through an interface, and of what a mutation wrote.
        let query = "{ entity(blueprint: \"service\", identifier: \"a\") { team ...on Service { tier } } }";
        let answer = server.graphql(query).await;
        assert_eq!(answer["data"]["entity"], json!({"team": ["t0"], "tier": "GOLD"}));
        let query = "mutation { updateService(input: {identifier: \"a\", openIssues: 9}) { service { tier system { title } openIssues } } }";
        let answer = server.graphql(query).await;
        let expected = json!({"tier": "GOLD", "system": {"title": "COMMERCE"}, "openIssues": 9});
        assert_eq!(answer["data"]["updateService"]["service"], expected, "{answer}");
    })
    .await;
}

#[tokio::test]
async fn answers_come_in_the_order_of_the_query() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        let entity = "blueprint: \"service\", identifier: \"a\"";
        for (path, query, expected) in [
            ("/graphql", "{ services { totalCount } modelRevision }".to_owned(), "services modelRevision"),
            ("/graphql", "{ z: services { totalCount } a: modelRevision }".to_owned(), "z a"),
            (
                "/graphql",
                format!("query {{ ...F modelRevision b: __typename }} fragment F on Query {{ one: service(identifier: \"a\") {{ id }} entity({entity}) {{ id }} }}"),
                "one entity modelRevision b",
            ),
            ("/api/graphql", format!("{{ entity({entity}) {{ id }} ingestors {{ name }} model {{ revision }} }}"), "entity ingestors model"),
        ] {
            let answer = server.post(path, &server.viewer, &json!({"query": query})).await.1;
            assert_eq!(names(&answer["data"]), expected, "{query}: {answer}");
        }
        // A history is read while the other fields are there already.
        let query = "{ services(first: 2) { nodes { identifier history { nodes { kind } } title } totalCount } }";
        let answer = server.graphql(query).await;
        assert_eq!(names(&answer["data"]["services"]), "nodes totalCount");
        assert_eq!(names(&answer["data"]["services"]["nodes"][1]), "identifier history title");
        let query = format!("{{ entity({entity}) {{ history {{ nodes {{ kind }} }} title properties }} }}");
        let answer = server.platform(&query).await;
        assert_eq!(names(&answer["data"]["entity"]), "history title properties");
        // JSON is no selection: it stays as it is.
        assert_eq!(names(&answer["data"]["entity"]["properties"]).split(' ').next(), Some("tier"), "{answer}");
    })
    .await;
}

#[tokio::test]
async fn a_query_that_is_known_is_checked_like_a_new_one() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        let query = "query($first: Int, $with: Boolean = false) { services(first: $first) { nodes { identifier tier @include(if: $with) } } }";
        let ask = async |token: &str, variables: Value| server.graphql_as(token, query, variables).await;
        for _ in 0..2 {
            let answer = ask(&server.viewer, json!({"first": 1})).await;
            assert_eq!(answer["data"]["services"]["nodes"], json!([{"identifier": "a"}]));
            let answer = ask(&server.viewer, json!({"first": 2, "with": true})).await;
            assert_eq!(answer["data"]["services"]["nodes"][1], json!({"identifier": "b", "tier": "SILVER"}));
            let answer = ask(&server.viewer, json!({"first": "1"})).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID_QUERY", "{answer}");
            let answer = ask(&server.viewer, json!({"first": 501})).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "QUERY_TOO_COSTLY", "{answer}");
            // Another tenant has no such blueprint.
            let answer = ask(&server.stranger, json!({"first": 1})).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID_QUERY", "{answer}");
        }
        // The model changes: what was valid is so no more.
        let blueprint = json!({"schema": {"properties": {"open_issues": {"type": "number"}}, "required": []}});
        let (status, answer) = server.json("PATCH", "/v1/blueprints/deployment", &server.admin, &json!({"title": "D"})).await;
        assert_eq!(status, 200, "{answer}");
        assert!(ask(&server.viewer, json!({"first": 1})).await["errors"].is_null());
        let mut service = crate::support::blueprints()[1].clone();
        service["schema"] = blueprint["schema"].clone();
        let (status, answer) = server.json("PUT", "/v1/blueprints/service", &server.admin, &service).await;
        assert_eq!(status, 200, "{answer}");
        let answer = ask(&server.viewer, json!({"first": 1})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID_QUERY", "{answer}");
    })
    .await;
}

#[tokio::test]
async fn readiness_asks_the_database_for_nothing_it_holds() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        assert_eq!(server.get("/readyz").await.0, 200);
        server.store.close().await;
        let (status, answer) = server.get("/readyz").await;
        assert!(status >= 500, "{status} {answer}");
        assert_eq!(server.get("/healthz").await.0, 200);
    })
    .await;
}
