//! Entities in the platform API: generic, with the rights, checks and speed of the typed ones.

use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::graphql::filled;
use crate::support::Server;

fn identifiers(list: &Value) -> String {
    let nodes = list["nodes"].as_array().unwrap_or_else(|| panic!("{list}"));
    nodes.iter().map(|node| node["identifier"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn lists_follow_rules_orders_and_pages() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        let rule = |property: &str, operator: &str, value: &str| {
            format!("rules: {{combinator: \"and\", rules: [{{property: \"{property}\", operator: \"{operator}\", value: {value}}}]}}")
        };
        for (arguments, expected) in [
            (String::new(), "a b c d e f"),
            (rule("tier", "=", "\"gold\""), "a c f"),
            (rule("open_issues", ">", "20"), "e f"),
            (rule("$team", "containsAny", "[\"t1\"]"), "b d f"),
            (rule("system", "=", "\"search\""), "e f"),
            ("orderBy: [{property: \"open_issues\", direction: DESC}]".into(), "f e c b a d"),
            ("orderBy: [{property: \"tier\"}, {property: \"$title\", direction: DESC}]".into(), "d f c a e b"),
            ("first: 2, offset: 1".into(), "b c"),
            ("last: 2".into(), "e f"),
        ] {
            let joint = if arguments.is_empty() { "" } else { ", " };
            let query = format!("{{ entities(blueprint: \"service\"{joint}{arguments}) {{ totalCount nodes {{ identifier }} }} }}");
            let answer = server.platform(&query).await;
            assert_eq!(identifiers(&answer["data"]["entities"]), expected, "{arguments}: {answer}");
        }
        let mut seen = Vec::new();
        let mut after = Value::Null;
        loop {
            let query = "query($after: String) { entities(blueprint: \"service\", first: 4, after: $after,
                orderBy: [{property: \"tier\", direction: DESC}]) { nodes { identifier } edges { cursor node { identifier } } pageInfo { hasNextPage endCursor } } }";
            let answer = server.platform_as(&server.viewer, query, json!({"after": after})).await;
            let page = &answer["data"]["entities"];
            seen.push(identifiers(page));
            after = page["pageInfo"]["endCursor"].clone();
            assert_eq!(page["edges"].as_array().unwrap().last().unwrap()["cursor"], after);
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(seen.join(" ").split_whitespace().count(), 6, "{seen:?}");
        for (arguments, code, path) in [
            ("blueprint: \"nope\"", "NOT_FOUND", json!("/blueprint")),
            ("blueprint: \"service\", rules: {combinator: \"and\", rules: [{property: \"nope\", operator: \"=\", value: 1}]}", "UNKNOWN_PROPERTY", json!("/rules/rules/0/property")),
            ("blueprint: \"service\", rules: {combinator: \"xor\", rules: []}", "REQUIRED", json!("/rules/combinator")),
            ("blueprint: \"service\", orderBy: [{property: \"nope\"}]", "UNKNOWN_PROPERTY", json!("/orderBy/0/property")),
            ("blueprint: \"service\", orderBy: [{property: \"extra\"}]", "INVALID_OPERATOR", Value::Null),
            ("blueprint: \"service\", first: 501", "QUERY_TOO_COSTLY", Value::Null),
            ("blueprint: \"service\", after: \"nonsense\"", "INVALID_CURSOR", Value::Null),
        ] {
            let answer = server.platform(&format!("{{ entities({arguments}) {{ nodes {{ identifier }} }} }}")).await;
            let extensions = &answer["errors"][0]["extensions"];
            assert_eq!((&extensions["code"], &extensions["path"]), (&json!(code), &path), "{arguments}: {answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn related_entities_load_both_ways_in_few_transactions() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        let query = "{ entities(blueprint: \"service\", first: 2) { nodes { identifier blueprint relations
            system: related(relation: \"system\") { nodes { title services: related(relation: \"system\", direction: BACKWARD) { totalCount } } }
            tested: related(relation: \"service\", direction: BACKWARD, rules: {combinator: \"and\", rules: [{property: \"env\", operator: \"=\", value: \"test\"}]}) { nodes { identifier } }
            last: related(relation: \"service\", direction: BACKWARD, blueprint: \"deployment\", first: 1, orderBy: [{property: \"$identifier\", direction: DESC}]) { totalCount nodes { identifier } pageInfo { hasNextPage } }
            dependsOn: related(relation: \"dependsOn\") { nodes { identifier dependents: related(relation: \"dependsOn\", direction: BACKWARD) { nodes { identifier } } } } } } }";
        server.platform(query).await;
        let before = server.store.transactions();
        let answer = server.platform(query).await;
        // Who asks, and the list with everything below it; the model is at hand.
        assert_eq!(server.store.transactions() - before, 2);
        let nodes = &answer["data"]["entities"]["nodes"];
        assert_eq!(nodes[0], json!({"identifier": "a", "blueprint": "service", "relations": {"system": "commerce", "dependsOn": ["b", "c"]},
            "system": {"nodes": [{"title": "COMMERCE", "services": {"totalCount": 4}}]},
            "tested": {"nodes": [{"identifier": "d2"}]},
            "last": {"totalCount": 2, "nodes": [{"identifier": "d2"}], "pageInfo": {"hasNextPage": true}},
            "dependsOn": {"nodes": [{"identifier": "b", "dependents": {"nodes": [{"identifier": "a"}]}}, {"identifier": "c", "dependents": {"nodes": [{"identifier": "a"}]}}]}}), "{answer}");
        assert_eq!(nodes[1]["dependsOn"]["nodes"], json!([]));
        let answer = server.platform("{ entity(blueprint: \"service\", identifier: \"a\") { id title team revision createdAt source related(relation: \"system\") { nodes { identifier } } } none: entity(blueprint: \"service\", identifier: \"x\") { id } no: entity(blueprint: \"x\", identifier: \"x\") { id } }").await;
        let typed = server.graphql("{ service(identifier: \"a\") { id title team revision createdAt source } }").await;
        let mut entity = answer["data"]["entity"].clone();
        assert_eq!(entity.as_object_mut().unwrap().remove("related"), Some(json!({"nodes": [{"identifier": "commerce"}]})));
        assert_eq!(entity, typed["data"]["service"]);
        assert_eq!((&answer["data"]["none"], &answer["data"]["no"]), (&Value::Null, &Value::Null));
        let answer = server.platform("{ entities(blueprint: \"system\") { nodes { related(relation: \"nope\", direction: BACKWARD) { nodes { id } } } } }").await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNKNOWN_PROPERTY", "{answer}");
    })
    .await;
}

#[tokio::test]
async fn groups_are_counted() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        let query = "{ entitiesAggregate(blueprint: \"service\", groupBy: [{property: \"tier\"}],
            rules: {combinator: \"and\", rules: [{property: \"tier\", operator: \"!=\", value: \"bronze\"}]},
            funcs: [{func: SUM, property: \"open_issues\"}, {func: MEDIAN, property: \"open_issues\"}]) { hasMore groups { key count values { func property value } } } }";
        let answer = server.platform(query).await;
        let value = |func: &str, value: f64| json!({"func": func, "property": "open_issues", "value": value});
        assert_eq!(answer["data"]["entitiesAggregate"], json!({"hasMore": false, "groups": [
            {"key": {"tier": "gold"}, "count": 3, "values": [value("SUM", 70.0), value("MEDIAN", 20.0)]},
            {"key": {"tier": "silver"}, "count": 2, "values": [value("SUM", 50.0), value("MEDIAN", 25.0)]}]}), "{answer}");
        let answer = server.platform("{ entitiesAggregate(blueprint: \"service\", groupBy: [{property: \"since\", interval: QUARTER}], first: 1) { hasMore groups { key count } } }").await;
        assert_eq!(answer["data"]["entitiesAggregate"], json!({"hasMore": true, "groups": [{"key": {"since": "2026-01-01T00:00:00.000Z"}, "count": 3}]}));
        let answer = server.platform("{ entitiesAggregate(blueprint: \"service\") { groups { key count } } }").await;
        assert_eq!((&answer["data"]["entitiesAggregate"]["groups"], &answer["extensions"]["cost"]), (&json!([{"key": {}, "count": 6}]), &json!(1)));
        for (arguments, code) in [
            ("groupBy: [{property: \"extra\"}]", "INVALID_OPERATOR"),
            ("groupBy: [{property: \"tier\", interval: DAY}]", "INVALID_OPERATOR"),
            ("funcs: [{func: SUM, property: \"tier\"}]", "INVALID_OPERATOR"),
            ("groupBy: [{property: \"nope\"}]", "UNKNOWN_PROPERTY"),
            ("groupBy: [{property: \"tier\"}], first: 1001", "QUERY_TOO_COSTLY"),
        ] {
            let answer = server.platform(&format!("{{ entitiesAggregate(blueprint: \"service\", {arguments}) {{ groups {{ count }} }} }}")).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{arguments}: {answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn one_entity_is_written() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let run = async |text: &str| {
            let payload = "{ entity { identifier title properties relations revision } created changed errors { code path } }";
            let answer = server.platform(&format!("mutation {{ r: {text} {payload} }}")).await;
            assert!(answer["errors"].is_null(), "{text}: {answer}");
            answer["data"]["r"].clone()
        };
        let made = run("upsertEntity(input: {blueprint: \"service\", identifier: \"a\", title: \"A\", properties: {tier: \"gold\", open_issues: 1}}, ifRevision: 0)").await;
        assert_eq!(made, json!({"created": true, "changed": true, "errors": [], "entity": {"identifier": "a", "title": "A", "revision": 1,
            "properties": {"tier": "gold", "open_issues": 1}, "relations": {"system": null, "dependsOn": []}}}));
        for (text, code, path) in [
            ("upsertEntity(input: {blueprint: \"service\", identifier: \"a\"}, ifRevision: 0)", "CONFLICT", "/ifRevision"),
            ("upsertEntity(input: {blueprint: \"service\", identifier: \"a\", properties: {tier: \"tin\"}})", "INVALID_VALUE", "/input/properties/tier"),
            ("upsertEntity(input: {blueprint: \"service\", identifier: \"a\", properties: {nope: 1}})", "UNKNOWN_PROPERTY", "/input/properties/nope"),
            ("upsertEntity(input: {blueprint: \"service\", identifier: \"a\", properties: [1]})", "WRONG_TYPE", "/input/properties"),
            ("upsertEntity(input: {blueprint: \"service\", identifier: \"a b\"})", "INVALID_IDENTIFIER", "/input/identifier"),
            ("upsertEntity(input: {blueprint: \"service\", identifier: \"a\", relations: {system: \"s\"}})", "RELATION_TARGET_NOT_FOUND", "/input/relations/system"),
            ("upsertEntity(input: {blueprint: \"nope\", identifier: \"a\"})", "NOT_FOUND", "/input/blueprint"),
            ("updateEntity(input: {blueprint: \"service\", identifier: \"zzz\"})", "NOT_FOUND", "/input/identifier"),
        ] {
            let answer = run(text).await;
            assert_eq!(answer["errors"], json!([{"code": code, "path": path}]), "{text}");
        }
        let same = run("upsertEntity(input: {blueprint: \"service\", identifier: \"a\", title: \"A\"})").await;
        assert_eq!((&same["changed"], &same["entity"]["revision"]), (&json!(false), &json!(1)));
        let dry = run("upsertEntity(input: {blueprint: \"service\", identifier: \"a\", title: null}, dryRun: true)").await;
        assert_eq!((&dry["changed"], &dry["entity"]["title"]), (&json!(true), &Value::Null));
        let related = run("updateEntity(input: {blueprint: \"service\", identifier: \"a\", relations: {system: \"s\"}}, createMissingRelations: true, ifRevision: 1)").await;
        assert_eq!((&related["entity"]["relations"]["system"], &related["entity"]["title"]), (&json!("s"), &json!("A")));
        let answer = server.platform("mutation { updateEntity(input: {blueprint: \"service\", identifier: \"a\"}, newIdentifier: \"b\") { entity { identifier related(relation: \"system\") { totalCount nodes { identifier } } } } }").await;
        assert_eq!(answer["data"]["updateEntity"]["entity"], json!({"identifier": "b", "related": {"totalCount": 1, "nodes": [{"identifier": "s"}]}}), "{answer}");
        let replaced = run("upsertEntity(input: {blueprint: \"service\", identifier: \"b\", title: \"B\"}, merge: false)").await;
        assert_eq!((&replaced["entity"]["properties"], &replaced["entity"]["relations"]["system"]), (&json!({}), &Value::Null));
        let answer = server.platform("mutation { a: deleteEntity(blueprint: \"service\", identifier: \"b\", ifRevision: 1) { deleted { identifier } errors { code } } b: deleteEntity(blueprint: \"service\", identifier: \"b\") { deleted { blueprint identifier } errors { code } } c: deleteEntity(blueprint: \"service\", identifier: \"b\") { deleted { identifier } errors { code path } } }").await;
        assert_eq!(answer["data"], json!({"a": {"deleted": [], "errors": [{"code": "CONFLICT"}]}, "b": {"deleted": [{"blueprint": "service", "identifier": "b"}], "errors": []},
            "c": {"deleted": [], "errors": [{"code": "NOT_FOUND", "path": "/identifier"}]}}), "{answer}");
    })
    .await;
}

#[tokio::test]
async fn many_entities_are_written_and_deleted() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let upsert = "mutation($input: [EntityInput!]!, $onError: OnError, $dry: Boolean = false) { upsertEntities(input: $input, onError: $onError, dryRun: $dry) {
            results { entity { identifier } created changed errors { code path } } created updated unchanged failed errors { code path } } }";
        let entity = |identifier: &str, issues: Value| json!({"blueprint": "service", "identifier": identifier, "properties": {"open_issues": issues}});
        let mixed = json!([entity("a", json!(1)), entity("b", json!("x")), {"blueprint": "service", "identifier": "c", "properties": 1}, entity("d", json!(4))]);
        let run = async |variables: Value| {
            let answer = server.platform_as(&server.member, upsert, variables).await;
            assert!(answer["errors"].is_null(), "{answer}");
            answer["data"]["upsertEntities"].clone()
        };
        let count = async || server.get("/v1/blueprints/service/entities-count").await.1["count"].clone();
        let aborted = run(json!({"input": mixed, "onError": "ABORT"})).await;
        let codes = |answer: &Value| -> Vec<String> {
            let results = answer["results"].as_array().unwrap();
            results.iter().map(|one| format!("{}{}", one["errors"][0]["code"].as_str().unwrap_or_default(), one["errors"][0]["path"].as_str().unwrap_or_default())).collect()
        };
        let wrong = ["WRONG_TYPE/input/1/properties/open_issues", "WRONG_TYPE/input/2/properties"];
        assert_eq!(codes(&aborted), ["ABORTED/input/0", wrong[0], wrong[1], "ABORTED/input/3"]);
        assert_eq!((&aborted["failed"], count().await), (&json!(4), json!(0)));
        let skipped = run(json!({"input": mixed, "onError": "SKIP"})).await;
        assert_eq!(codes(&skipped), ["", wrong[0], wrong[1], ""]);
        assert_eq!((&skipped["created"], &skipped["failed"], count().await), (&json!(2), &json!(2), json!(2)));
        let many: Vec<Value> = (0..1_000).map(|at| entity(&format!("m{at}"), json!(at))).collect();
        let dry = run(json!({"input": many, "dry": true})).await;
        assert_eq!((&dry["created"], count().await), (&json!(1_000), json!(2)));
        let before = server.store.transactions();
        let made = run(json!({"input": many})).await;
        assert_eq!((&made["created"], count().await), (&json!(1_000), json!(1_002)));
        assert!(server.store.transactions() - before < 10, "a list is one transaction");
        let again = run(json!({"input": many})).await;
        assert_eq!((&again["unchanged"], &again["created"]), (&json!(1_000), &json!(0)));
        let too_many: Vec<Value> = (0..1_001).map(|at| entity(&format!("m{at}"), json!(at))).collect();
        let refused = run(json!({"input": too_many})).await;
        assert_eq!((&refused["errors"], &refused["results"]), (&json!([{"code": "TOO_MANY_ITEMS", "path": "/input"}]), &json!([])));

        let delete = async |arguments: &str| {
            let answer = server.platform(&format!("mutation {{ deleteEntities(blueprint: \"service\", {arguments}) {{ deleted {{ identifier }} remaining errors {{ code path }} }} }}")).await;
            let found = answer["data"]["deleteEntities"].clone();
            (found["deleted"].as_array().map_or(0, Vec::len), found["remaining"].clone(), found["errors"].clone())
        };
        let rule = "rules: {combinator: \"and\", rules: [{property: \"open_issues\", operator: \"<\", value: 100}]}";
        let none = json!([]);
        assert_eq!(delete(&format!("{rule}, dryRun: true")).await, (102, json!(0), none.clone()));
        assert_eq!(delete("identifiers: [\"a\", \"zzz\"]").await, (0, json!(0), json!([{"code": "NOT_FOUND", "path": "/identifiers/1/identifier"}])));
        assert_eq!(delete("identifiers: [\"a\", \"zzz\"], onError: SKIP").await.0, 1);
        assert_eq!(delete(rule).await, (101, json!(0), none.clone()));
        assert_eq!(count().await, json!(900));
        let everything = "rules: {combinator: \"and\", rules: []}";
        run(json!({"input": many})).await;
        run(json!({"input": [entity("last", json!(0))]})).await;
        assert_eq!(delete(everything).await, (1_000, json!(1), none.clone()));
        assert_eq!(delete(everything).await, (1, json!(0), none.clone()));
        assert_eq!(delete(everything).await, (0, json!(0), none));
        for arguments in ["dryRun: true", "identifiers: [\"a\"], rules: {combinator: \"and\", rules: []}"] {
            assert_eq!(delete(arguments).await.2[0]["code"], "BAD_REQUEST", "{arguments}");
        }
        assert_eq!(delete("rules: {combinator: \"and\", rules: [{property: \"nope\", operator: \"=\", value: 1}]}").await.2[0]["path"], "/rules/rules/0/property");
    })
    .await;
}

#[tokio::test]
async fn blueprints_are_counted_renamed_and_guarded_by_revision() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        let query = "{ blueprints { identifier entityCount } }";
        let before = server.store.transactions();
        let answer = server.platform(query).await;
        // Who asks, and all counts; the model is at hand.
        assert_eq!(server.store.transactions() - before, 2);
        assert_eq!(answer["data"]["blueprints"], json!([{"identifier": "_user", "entityCount": 1},
            {"identifier": "_team", "entityCount": 0}, {"identifier": "system", "entityCount": 2},
            {"identifier": "service", "entityCount": 6}, {"identifier": "deployment", "entityCount": 3}]));
        assert_eq!(server.platform("{ blueprint(identifier: \"service\") { entityCount } }").await["data"]["blueprint"]["entityCount"], 6);
        let run = async |text: &str| {
            let answer = server.platform(&format!("mutation {{ r: {text} {{ blueprint {{ identifier revision }} errors {{ code path }} }} }}")).await;
            assert!(answer["errors"].is_null(), "{text}: {answer}");
            answer["data"]["r"].clone()
        };
        let fine = |identifier: &str, revision: u64| json!({"blueprint": {"identifier": identifier, "revision": revision}, "errors": []});
        let failed = |code: &str, path: &str| json!({"blueprint": null, "errors": [{"code": code, "path": path}]});
        for (text, expected) in [
            ("renameProperty(blueprint: \"service\", identifier: \"tier\", to: \"level\")", fine("service", 2)),
            ("renameProperty(blueprint: \"service\", identifier: \"tier\", to: \"level\")", failed("NOT_FOUND", "")),
            ("renameProperty(blueprint: \"service\", identifier: \"live\", to: \"level\")", failed("ALREADY_EXISTS", "")),
            ("renameRelation(blueprint: \"service\", identifier: \"system\", to: \"part_of\")", fine("service", 3)),
            ("renameRelation(blueprint: \"service\", identifier: \"system\", to: \"x\")", failed("NOT_FOUND", "")),
            ("updateBlueprint(identifier: \"system\", input: {title: \"S\", schema: {properties: {}}}, ifRevision: 7)", failed("CONFLICT", "/ifRevision")),
            ("updateBlueprint(identifier: \"system\", input: {title: \"S\", schema: {properties: {}}}, ifRevision: 1)", fine("system", 2)),
            ("updateBlueprint(identifier: \"system\", input: {title: 1, schema: {properties: {}}})", failed("WRONG_TYPE", "/input/title")),
            ("createBlueprint(input: {identifier: \"service\", title: \"S\", schema: {properties: {}}})", failed("ALREADY_EXISTS", "/input/identifier")),
            ("deleteBlueprint(identifier: \"service\")", json!({"blueprint": null, "errors": [
                {"code": "IN_USE", "path": ""}, {"code": "IN_USE", "path": "/deployment/relations/service/target"}]})),
            ("createBlueprint(input: {identifier: \"x\", title: \"X\", schema: {properties: {}}})", fine("x", 1)),
            ("renameBlueprint(identifier: \"x\", to: \"y\")", fine("y", 2)),
            ("deleteBlueprint(identifier: \"y\")", fine("y", 2)),
            ("deleteBlueprint(identifier: \"y\")", failed("NOT_FOUND", "")),
        ] {
            assert_eq!(run(text).await, expected, "{text}");
        }
        // What was renamed kept its values.
        let answer = server.platform("{ entity(blueprint: \"service\", identifier: \"a\") { properties related(relation: \"part_of\") { nodes { identifier } } } }").await;
        assert_eq!(answer["data"]["entity"]["properties"]["level"], "gold", "{answer}");
        assert_eq!(answer["data"]["entity"]["related"]["nodes"][0]["identifier"], "commerce");
    })
    .await;
}
