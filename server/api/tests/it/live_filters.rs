//! Filters of subscriptions: on stamps, computed values and related entities.

use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::graphql::filled;
use crate::live::{Socket, listen};
use crate::support::Server;

/// `service` with a mirror and an aggregation, filled.
async fn computing(store: portolan_store::Store) -> Server {
    let server = filled(store).await;
    let change = json!({"mirrorProperties": {"systemTitle": {"path": "system.$title"}},
        "aggregationProperties": {"deploymentCount": {"target": "deployment",
            "calculationSpec": {"calculationBy": "entities", "func": "count"}}}});
    let (status, answer) = server.json("PATCH", "/v1/blueprints/service", &server.admin, &change).await;
    assert_eq!(status, 200, "{answer}");
    settle(&server).await;
    server
}

async fn settle(server: &Server) {
    let ctx = server.identity.authenticate(&server.admin, "test", None).await.unwrap();
    server.catalog.settle_computed(&ctx).await.unwrap();
}

/// Every subscription hears of this service, so that one knows when to stop.
const FENCE: &str = "fence";

impl Socket {
    /// The kinds of the changes that come before the fence's.
    async fn kinds(&mut self, field: &str) -> String {
        let mut kinds = Vec::new();
        loop {
            let change = self.data().await[field].clone();
            if change["after"]["identifier"] == FENCE {
                return kinds.join(" ");
            }
            kinds.push(change["kind"].as_str().unwrap()[..1].to_owned());
        }
    }
}

#[tokio::test]
async fn filters_look_at_stamps_and_at_what_is_computed_and_related() {
    on_each_engine(|store| async move {
        let server = computing(store).await;
        let address = listen(&server).await;
        let (_, log) = server.get("/api/changes?limit=1000").await;
        let from = log["next"].as_i64().unwrap();
        server.put("service", json!({"identifier": "h", "properties": {"tier": "gold"}, "relations": {"system": "commerce"}})).await;
        server.put("deployment", json!({"identifier": "dh", "properties": {"env": "prod"}, "relations": {"service": "h"}})).await;
        server.put("service", json!({"identifier": "h", "relations": {"system": "search"}})).await;
        let path = "/v1/blueprints/service/entities/h";
        server.json("PATCH", path, &server.admin, &json!({"title": "H"})).await;
        settle(&server).await;
        let (status, _) = server.send("DELETE", &format!("{path}?delete_dependents=true"), &server.member, Vec::new()).await;
        assert_eq!(status, 200);
        server.put("service", json!({"identifier": FENCE})).await;
        // It was made, moved to another system, given a title by somebody else, and deleted.
        let member = log["changes"].as_array().unwrap().last().unwrap()["actor"].clone();
        let mut typed = Socket::begin(address, "/graphql/ws", &server.viewer).await;
        for (at, (filter, expected)) in [
            // Where the relation points is of the change, what is there is of now.
            ("system: {is: {title: {eq: \"COMMERCE\"}}}".to_owned(), "C U"),
            ("system: {is: {title: {eq: \"SEARCH\"}}}".to_owned(), "U U D"),
            ("system: {is: {title: {eq: \"GONE\"}}}".to_owned(), ""),
            ("system: {isNull: true}".to_owned(), ""),
            ("not: {system: {is: {title: {eq: \"COMMERCE\"}}}}".to_owned(), "U U D"),
            (format!("createdBy: {{eq: {member}}}"), "C U U D"),
            (format!("updatedBy: {{ne: {member}}}"), "U D"),
            ("createdAt: {lt: \"2100-01-01T00:00:00Z\"}, updatedAt: {gt: \"2020-01-01T00:00:00Z\"}".to_owned(), "C U U D"),
            ("updatedAt: {gt: \"2100-01-01T00:00:00Z\"}".to_owned(), ""),
            // Of what is gone the last computed values are known, and nothing points at it.
            ("deploymentCount: {eq: 1}".to_owned(), "C U U D"),
            ("deploymentCount: {eq: 0}".to_owned(), ""),
            ("systemTitle: {eq: \"SEARCH\"}, tier: {eq: GOLD}".to_owned(), "C U U D"),
            ("deployments: {some: {env: {eq: \"prod\"}}}".to_owned(), ""),
            ("deployments: {none: {env: {eq: \"prod\"}}}".to_owned(), "C U U D"),
        ]
        .into_iter()
        .enumerate()
        {
            let query = format!(
                "subscription {{ serviceChanged(afterSeq: {from}, where: {{or: [{{{filter}}}, {{identifier: {{eq: \"{FENCE}\"}}}}]}}) {{
                    kind before {{ deploymentCount systemTitle }} after {{ identifier }} }} }}"
            );
            typed.subscribe(&at.to_string(), &query).await;
            assert_eq!(typed.kinds("serviceChanged").await, expected, "{filter}");
        }
        let mut generic = Socket::begin(address, "/api/graphql/ws", &server.viewer).await;
        for (at, (property, operator, value, expected)) in [
            ("$createdAt", "<", json!("2100-01-01T00:00:00Z"), "C U U D"),
            ("$updatedBy", "!=", member.clone(), "U D"),
            ("deploymentCount", "=", json!(1), "C U U D"),
            ("systemTitle", "=", json!("COMMERCE"), ""),
            ("system", "=", json!("commerce"), "C U"),
        ]
        .into_iter()
        .enumerate()
        {
            let query = format!(
                "subscription {{ entityChanged(blueprint: \"service\", afterSeq: {from}, rules: {{combinator: \"or\", rules: [
                    {{property: \"{property}\", operator: \"{operator}\", value: {value}}},
                    {{property: \"$identifier\", operator: \"=\", value: \"{FENCE}\"}}]}}) {{ kind after }} }}"
            );
            generic.subscribe(&at.to_string(), &query).await;
            assert_eq!(generic.kinds("entityChanged").await, expected, "{property}");
        }
        // The last computed values are shown, too.
        let query = format!("subscription {{ serviceChanged(afterSeq: {from}, where: {{deploymentCount: {{eq: 1}}}}) {{
            kind before {{ deploymentCount systemTitle revision updatedBy }} after {{ deploymentCount }} }} }}");
        typed.subscribe("last", &query).await;
        let mut seen: Vec<Value> = Vec::new();
        for _ in 0..4 {
            seen.push(typed.data().await["serviceChanged"].clone());
        }
        assert_eq!((&seen[0]["before"], &seen[3]["after"]), (&Value::Null, &Value::Null));
        let (last, third) = (&seen[3]["before"], &seen[2]["before"]);
        assert_eq!((&last["deploymentCount"], &last["systemTitle"], &last["revision"]), (&json!(1), &json!("SEARCH"), &json!(3)));
        assert_eq!((&third["revision"], &third["updatedBy"]), (&json!(2), &member));
    })
    .await;
}

#[tokio::test]
async fn a_change_is_told_of_once_computed_values_have_followed_it() {
    on_each_engine(|store| async move {
        let server = computing(store).await;
        let address = listen(&server).await;
        let mut socket = Socket::begin(address, "/graphql/ws", &server.viewer).await;
        let query = format!("subscription {{ serviceChanged(where: {{or: [{{systemTitle: {{eq: \"SEARCH\"}}}}, {{identifier: {{eq: \"{FENCE}\"}}}}]}}) {{
            kind after {{ identifier systemTitle }} }} }}");
        socket.subscribe("1", &query).await;
        // The socket listens from some moment on.
        let mut beats = 0;
        loop {
            beats += 1;
            server.put("service", json!({"identifier": FENCE, "title": format!("beat {beats}")})).await;
            let told = tokio::time::timeout(std::time::Duration::from_millis(300), socket.data()).await;
            if told.is_ok() {
                break;
            }
        }
        // Written in bulk, so that nobody computes its values before it is told of.
        let query = "mutation($input: [ServiceInput!]!) { bulkUpsertServices(input: $input) { failed } }";
        let input = json!([{"identifier": "m1", "system": "search"}, {"identifier": "m2", "system": "commerce"},
            {"identifier": "m3", "system": "search"}]);
        let answer = server.graphql_as(&server.member, query, json!({"input": input})).await;
        assert_eq!(answer["data"]["bulkUpsertServices"]["failed"], 0, "{answer}");
        let mut told = Vec::new();
        while told.len() < 2 {
            let change = socket.data().await["serviceChanged"]["after"].clone();
            if change["identifier"] != FENCE {
                told.push(change);
            }
        }
        assert_eq!(told, [json!({"identifier": "m1", "systemTitle": "SEARCH"}), json!({"identifier": "m3", "systemTitle": "SEARCH"})]);
        // A system's title changes what is computed of its services, which is no change of theirs.
        server.put("system", json!({"identifier": "commerce", "title": "SEARCH"})).await;
        settle(&server).await;
        server.put("service", json!({"identifier": "m2", "title": "M2"})).await;
        let change = loop {
            let change = socket.data().await["serviceChanged"].clone();
            if change["after"]["identifier"] != FENCE {
                break change;
            }
        };
        assert_eq!(change, json!({"kind": "UPDATED", "after": {"identifier": "m2", "systemTitle": "SEARCH"}}));
    })
    .await;
}
