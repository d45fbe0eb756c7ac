//! Rules that depend on when and by whom they are asked, and on what relations lead to.

use std::time::Duration;

use portolan_schema::Instant;
use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::page::join;
use crate::support::{Server, token};

const HOUR: i64 = 3_600_000_000;
const DAY: Duration = Duration::from_secs(86_400);

fn one(rule: Value) -> Value {
    json!({"combinator": "and", "rules": [rule]})
}

fn names(answer: &Value) -> String {
    let found = answer["entities"].as_array().unwrap_or_else(|| panic!("{answer}"));
    found.iter().map(|one| one["identifier"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
}

impl Server {
    /// What a search in a blueprint finds.
    async fn finds(&self, blueprint: &str, rule: Value) -> String {
        let path = format!("/v1/blueprints/{blueprint}/entities/search");
        names(&self.post(&path, &self.viewer, &json!({"query": one(rule)})).await.1)
    }

    async fn blueprint(&self, definition: Value) {
        let (status, answer) = self.post("/v1/blueprints", &self.admin, &definition).await;
        assert_eq!(status, 201, "{answer}");
    }
}

/// Certificates that end so many hours from now.
async fn certificates(server: &Server) {
    let now = server.freeze().0;
    server
        .blueprint(json!({"identifier": "certificate", "title": "Certificate", "schema": {"properties": {
            "until": {"type": "string", "format": "timer"}, "checked": {"type": "string", "format": "date-time"}}}}))
        .await;
    for (name, hours) in [
        ("past", Some(-50)),
        ("soon", Some(12)),
        ("week", Some(100)),
        ("later", Some(1_000)),
        ("never", None),
    ] {
        let until = hours.map(|hours| Instant(now + hours * HOUR).to_rfc3339());
        let properties = json!({"until": until, "checked": until});
        server.put("certificate", json!({"identifier": name, "properties": properties})).await;
    }
}

#[tokio::test]
async fn relative_dates_move_with_the_clock() {
    on_each_engine(|store| async move {
        let mut server = Server::start(store).await;
        certificates(&server).await;
        let checked = |operator: &str, value: Value| json!({"property": "checked", "operator": operator, "value": value});
        let asked = [
            (checked("between", json!({"preset": "lastWeek"})), "past", "past soon"),
            (checked("notBetween", json!({"preset": "lastWeek"})), "later never soon week", "later never week"),
            (checked("=", json!({"preset": "next2Weeks"})), "soon week", "week"),
            (checked("<", json!({"preset": "nextDay"})), "past soon", "past soon"),
            (checked("<=", json!({"relative": "now"})), "past", "past soon"),
            (checked(">", json!({"relative": "next7Days"})), "later", "later"),
            (checked("in", json!([{"preset": "lastMonth"}, {"preset": "nextDay"}])), "past soon", "past soon"),
            (checked("between", json!({"from": {"preset": "lastMonth"}, "to": {"preset": "nextDay"}})), "past soon", "past soon"),
            (json!({"property": "until", "operator": "isExpired"}), "past", "past soon"),
            (json!({"property": "until", "operator": "isNotExpired"}), "later never soon week", "later never week"),
            (json!({"propertySchema": {"type": "string", "format": "timer"}, "operator": "isExpired"}), "past", "past soon"),
        ];
        let typed = [
            ("{between: {relative: \"lastWeek\"}}", "past", "past soon"),
            ("{eq: {relative: \"last7Days\"}}", "past", "past soon"),
            ("{ne: {relative: \"last7Days\"}}", "later never soon week", "later never week"),
            ("{gte: {relative: \"last7Days\"}, lt: {relative: \"nextDay\"}}", "past soon", "past soon"),
            ("{between: [{relative: \"lastMonth\"}, {relative: \"now\"}]}", "past", "past soon"),
            ("{in: [{relative: \"lastMonth\"}]}", "past", "past soon"),
            ("{gt: {relative: \"next7Days\"}}", "later", "later"),
        ];
        for later in [false, true] {
            if later {
                server.pass(DAY);
                // The tokens of yesterday have expired.
                server.viewer = token(&server.identity, &server.made.client_id, &server.made.client_secret).await;
                server.admin.clone_from(&server.viewer);
                server.member.clone_from(&server.viewer);
            }
            for (rule, before, after) in &asked {
                let expected = if later { after } else { before };
                assert_eq!(server.finds("certificate", rule.clone()).await, **expected, "{rule} {later}");
                // People have no such property, so they are not between anything.
                let of = json!({"property": "$blueprint", "operator": "=", "value": "certificate"});
                let global = json!({"combinator": "and", "rules": [of, rule]});
                let (_, answer) = server.post("/v1/entities/search", &server.viewer, &global).await;
                assert_eq!(names(&answer), **expected, "{rule} {later}");
            }
            for (operators, before, after) in &typed {
                let query = format!("{{ certificates(where: {{checked: {operators}}}) {{ totalCount nodes {{ identifier }} }} }}");
                let answer = server.graphql(&query).await;
                let nodes = answer["data"]["certificates"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}"));
                let found: Vec<&str> = nodes.iter().map(|node| node["identifier"].as_str().unwrap()).collect();
                assert_eq!(found.join(" "), *if later { after } else { before }, "{operators} {later}");
                assert_eq!(answer["data"]["certificates"]["totalCount"], found.len());
            }
            let by_variable = server
                .graphql_as(
                    &server.viewer,
                    "query($at: DateTime) { certificatesAggregate(where: {checked: {lt: $at}}) { count } }",
                    json!({"at": {"relative": "now"}}),
                )
                .await;
            let count = &by_variable["data"]["certificatesAggregate"][0]["count"];
            assert_eq!(*count, if later { 2 } else { 1 }, "{by_variable}");
        }
        for (operators, code) in [
            ("{eq: {relative: \"lastDecade\"}}", "INVALID_QUERY"),
            ("{eq: {preset: \"lastWeek\"}}", "INVALID_QUERY"),
            ("{eq: {relative: 7}}", "INVALID_QUERY"),
        ] {
            let answer = server.graphql(&format!("{{ certificates(where: {{checked: {operators}}}) {{ totalCount }} }}")).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{answer}");
        }
        // A date that is written is a date.
        let written = server
            .graphql_as(
                &server.member,
                "mutation($at: DateTime) { upsertCertificate(input: {identifier: \"x\", checked: $at}) { errors { code path } } }",
                json!({"at": {"relative": "now"}}),
            )
            .await;
        assert_eq!(written["data"]["upsertCertificate"]["errors"][0]["code"], "WRONG_TYPE", "{written}");
    })
    .await;
}

#[tokio::test]
async fn rules_know_who_asks() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        let text = || json!({"type": "string"});
        let people = json!({"blueprints": [
            {"identifier": "_team", "schema": {"properties": {"region": text()}}},
            {"identifier": "_user", "schema": {"properties": {"department": text()}},
                "relations": {"squads": {"target": "_team", "many": true}}}]});
        assert_eq!(server.post("/api/apply", &server.admin, &people).await.0, 200);
        server
            .blueprint(json!({"identifier": "service", "title": "Service",
                "schema": {"properties": {"department": text(), "region": text()}},
                "relations": {"owner": {"target": "_user"}}}))
            .await;
        server.put("_team", json!({"identifier": "red", "properties": {"region": "eu"}})).await;
        server.put("_team", json!({"identifier": "blue", "properties": {"region": "us"}})).await;
        for (user, department, team, squads) in [("ana", "pay", Some("green"), json!(["red"])), ("bob", "web", None, json!([]))] {
            let email = format!("{user}@acme.example");
            server
                .put("_user", json!({"identifier": email, "team": team, "properties": {"department": department},
                    "relations": {"squads": squads}}))
                .await;
        }
        // Teams by name, by a relation, and by their members.
        server.put("_team", json!({"identifier": "blue", "relations": {"members": ["bob@acme.example"]}})).await;
        for (name, department, region, team, owner) in [
            ("a", Some("pay"), "eu", "red", "ana@acme.example"),
            ("b", Some("web"), "us", "blue", "bob@acme.example"),
            ("c", None, "eu", "green", "bob@acme.example"),
        ] {
            server
                .put("service", json!({"identifier": name, "team": [team], "relations": {"owner": owner},
                    "properties": {"department": department, "region": region}}))
                .await;
        }
        let user = |property: &str| json!({"context": "user", "property": property});
        let teams = |property: &str| json!({"context": "userTeams", "property": property});
        let rule = |property: Value, operator: &str, value: Value| json!({"property": property, "operator": operator, "value": value});
        let of = |property: &str, operator: &str, value: Value| rule(json!(property), operator, value);
        let mut ana = join(&server, "ana@acme.example", "VIEWER").await;
        let mut bob = join(&server, "bob@acme.example", "VIEWER").await;
        let mut eve = join(&server, "eve@acme.example", "VIEWER").await;
        for (rule, [for_ana, for_bob, for_eve, for_machine]) in [
            (of("department", "=", user("department")), ["a", "b", "", ""]),
            (of("department", "!=", user("department")), ["b c", "a c", "a b c", "a b c"]),
            (of("department", "containsAny", user("department")), ["a", "b", "", ""]),
            (of("$team", "containsAny", teams("$identifier")), ["a c", "b", "", ""]),
            (of("$team", "in", json!(["My Teams", "blue"])), ["a b c", "b", "b", "b"]),
            (of("$team", "notIn", json!(["myTeamsDynamicFilter"])), ["b", "a c", "a b c", "a b c"]),
            (of("region", "=", teams("region")), ["a c", "b", "", ""]),
            (of("owner", "=", user("$identifier")), ["a", "b c", "", ""]),
            (
                rule(json!({"path": ["owner"]}), "matchAny", user("$identifier")),
                ["a", "b c", "", ""],
            ),
            (rule(user("department"), "=", json!("pay")), ["a b c", "", "", ""]),
            (rule(user("department"), "!=", json!("pay")), ["", "a b c", "a b c", "a b c"]),
            (rule(user("$identifier"), "endsWith", json!("@ACME.example")), ["a b c", "a b c", "a b c", ""]),
            (rule(teams("$identifier"), "containsAny", json!(["red"])), ["a b c", "", "", ""]),
            (rule(teams("region"), "isEmpty", json!(null)), ["", "", "a b c", "a b c"]),
            (
                json!({"operator": "relatedTo", "blueprint": "_user", "direction": "downstream", "value": user("$identifier")}),
                ["a", "b c", "", ""],
            ),
        ] {
            let path = "/v1/blueprints/service/entities/search";
            let body = json!({"query": one(rule.clone())});
            for (page, expected) in [(&mut ana, for_ana), (&mut bob, for_bob), (&mut eve, for_eve)] {
                let answer = page.send("POST", path, body.clone()).await;
                assert_eq!(names(&answer.body), expected, "{rule}");
                let rules = one(rule.clone()).to_string().replace("\"rules\":", "rules:");
                let rules = rules.replace("\"combinator\":", "combinator:");
                let query = "query($rules: JSON) { entities(blueprint: \"service\", rules: $rules) { totalCount } }";
                let variables = json!({"rules": one(rule.clone())});
                let answer = page.send("POST", "/api/graphql", json!({"query": query, "variables": variables})).await;
                let count = expected.split_whitespace().count();
                assert_eq!(answer.body["data"]["entities"]["totalCount"], count, "{rules} {}", answer.body);
            }
            assert_eq!(server.finds("service", rule.clone()).await, for_machine, "{rule}");
        }
        let body = json!({"query": one(of("department", "=", user("nope")))});
        let answer = ana.send("POST", "/v1/blueprints/service/entities/search", body).await;
        assert_eq!((answer.status, answer.code()), (422, "UNKNOWN_PROPERTY"), "{}", answer.body);
        assert!(answer.body.to_string().contains("/query/rules/0/value/property"), "{}", answer.body);
    })
    .await;
}

/// cluster ← service (each with a parent and dependencies) ← deployment
async fn graph(server: &Server) {
    server
        .blueprint(json!({"identifier": "cluster", "title": "Cluster", "schema": {"properties": {}}}))
        .await;
    server
        .blueprint(json!({"identifier": "service", "title": "Service",
            "schema": {"properties": {"contact": {"type": "string", "format": "user"}, "note": {"type": "string"}}},
            "relations": {"parent": {"target": "service"}, "cluster": {"target": "cluster", "required": true}}}))
        .await;
    server
        .blueprint(json!({"identifier": "deployment", "title": "Deployment", "schema": {"properties": {}},
            "relations": {"service": {"target": "service", "required": true}}}))
        .await;
    for cluster in ["east", "west"] {
        server.put("cluster", json!({"identifier": cluster, "title": format!("The {cluster}")})).await;
    }
    for (name, parent, cluster) in [
        ("group", None, "east"),
        ("domain", Some("group"), "east"),
        ("tribe", Some("domain"), "west"),
        ("squad", Some("tribe"), "west"),
        ("lone", None, "west"),
    ] {
        let contact = (name == "squad").then_some("ana@x.io");
        server
            .put(
                "service",
                json!({"identifier": name, "properties": {"contact": contact, "note": "ana@x.io"},
                "relations": {"parent": parent, "cluster": cluster}}),
            )
            .await;
    }
    for (name, service) in [("d1", "squad"), ("d2", "lone")] {
        server.put("deployment", json!({"identifier": name, "relations": {"service": service}})).await;
    }
}

#[tokio::test]
async fn rules_follow_relations() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        graph(&server).await;
        let path = |path: Value, value: Value| json!({"property": path, "operator": "matchAny", "value": value});
        let up = |most: u64| json!({"relation": "parent", "maxHops": most});
        for (blueprint, rule, expected) in [
            ("service", json!({"relation": "cluster", "operator": "=", "value": "east"}), "domain group"),
            (
                "service",
                json!({"relation": "cluster", "targetProperty": "$title", "operator": "contains", "value": "WEST"}),
                "lone squad tribe",
            ),
            ("service", json!({"relation": "parent", "targetProperty": "$title", "operator": "isEmpty"}), "domain group lone squad tribe"),
            ("service", json!({"relation": "parent", "operator": "isNotEmpty"}), "domain squad tribe"),
            ("deployment", path(json!({"path": ["service", "cluster"]}), json!("west")), "d1 d2"),
            ("deployment", path(json!({"path": ["service", "parent"]}), json!(["tribe", "x"])), "d1"),
            ("cluster", path(json!({"path": ["service", "cluster"], "fromBlueprint": "deployment"}), json!("d1")), "west"),
            ("service", path(json!({"path": ["parent", "parent"], "fromBlueprint": "service"}), json!("squad")), "domain"),
            ("service", path(json!({"path": [up(2)], "fromBlueprint": "service"}), json!("squad")), "domain tribe"),
            ("service", path(json!({"path": [up(3)], "fromBlueprint": "service"}), json!("squad")), "domain group tribe"),
            ("service", path(json!({"path": ["parent", "parent", up(3)], "fromBlueprint": "service"}), json!("squad")), "domain group"),
            ("service", path(json!({"path": [up(15)]}), json!("group")), "domain squad tribe"),
            ("deployment", path(json!({"path": ["service", up(2)]}), json!("tribe")), "d1"),
        ] {
            assert_eq!(server.finds(blueprint, rule.clone()).await, expected, "{rule}");
        }
        for (rule, expected) in [
            (json!({"direction": "upstream", "blueprint": "deployment", "value": "d1"}), "domain east group squad tribe west"),
            (json!({"direction": "upstream", "required": true, "blueprint": "deployment", "value": "d1"}), "squad west"),
            (json!({"direction": "downstream", "blueprint": "cluster", "value": "east"}), "d1 domain group squad tribe"),
            (json!({"blueprint": "service", "value": ["tribe"]}), "d1 domain east group squad west"),
            (json!({"blueprint": "service", "value": ["lone", "domain"]}), "d1 d2 east group squad tribe west"),
            (json!({"blueprint": "cluster", "value": []}), ""),
        ] {
            let mut rule = rule;
            rule["operator"] = "relatedTo".into();
            let (_, answer) = server.post("/v1/entities/search", &server.viewer, &one(rule.clone())).await;
            let mut found: Vec<&str> =
                answer["entities"].as_array().unwrap_or_else(|| panic!("{answer}")).iter().map(|one| one["identifier"].as_str().unwrap()).collect();
            found.sort_unstable();
            assert_eq!(found.join(" "), expected, "{rule}");
        }
        // Properties of a shape are looked at wherever they are.
        let shape = |shape: Value| one(json!({"propertySchema": shape, "operator": "=", "value": "ana@x.io"}));
        for (shape, expected) in [
            (shape(json!({"type": "string", "format": "user"})), "squad"),
            (shape(json!({"type": "string"})), "domain group lone squad tribe"),
        ] {
            let (_, answer) = server.post("/v1/entities/search", &server.viewer, &shape).await;
            assert_eq!(names(&answer), expected, "{shape}");
            assert_eq!(answer["matchingBlueprints"], json!(["service"]));
        }
        // A circle is gone round once.
        server.put("service", json!({"identifier": "group", "relations": {"parent": "squad"}})).await;
        let circle = json!({"operator": "relatedTo", "blueprint": "service", "value": "tribe", "direction": "upstream"});
        assert_eq!(server.finds("service", circle).await, "domain group squad tribe");
    })
    .await;
}

#[tokio::test]
async fn kept_rules_cannot_ask_for_somebody() {
    on_each_engine(|store| async move {
        let server = Server::start(store).await;
        graph(&server).await;
        for (rule, at) in [
            (json!({"property": "$team", "operator": "in", "value": ["My Teams"]}), "value"),
            (json!({"operator": "relatedTo", "blueprint": "cluster", "value": "east"}), "operator"),
            (
                json!({"property": {"path": [{"relation": "parent", "maxHops": 2}]}, "operator": "matchAny", "value": "x"}),
                "property/path/0/maxHops",
            ),
        ] {
            let aggregation = json!({"target": "service", "calculationSpec": {"calculationBy": "entities", "func": "count"},
                "query": one(rule)});
            let change = json!({"aggregationProperties": {"some": aggregation}});
            let (status, answer) = server.json("PATCH", "/v1/blueprints/cluster", &server.admin, &change).await;
            assert_eq!(status, 422, "{answer}");
            let text = answer.to_string();
            let path = format!("/aggregationProperties/some/query/rules/0/{at}");
            assert!(text.contains("NOT_SUPPORTED") && text.contains(&path), "{answer}");
        }
    })
    .await;
}
