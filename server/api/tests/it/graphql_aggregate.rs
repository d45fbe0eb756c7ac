//! Aggregates of the catalog API.

use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::graphql::filled;

#[tokio::test]
async fn entities_are_counted_and_summed_by_group() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        for (arguments, selection, expected) in [
            ("", "count", json!([{"count": 6}])),
            ("(where: {tier: {eq: GOLD}})", "count", json!([{"count": 3}])),
            ("(where: {tier: {eq: GOLD}, live: {eq: false}, openIssues: {lt: 0}})", "count sum { openIssues }",
                json!([{"count": 0, "sum": {"openIssues": null}}])),
            ("", "sum { openIssues } avg { openIssues } min { openIssues } max { openIssues } median { openIssues }",
                json!([{"sum": {"openIssues": 120.0}, "avg": {"openIssues": 24.0}, "min": {"openIssues": 0.0},
                    "max": {"openIssues": 50.0}, "median": {"openIssues": 20.0}}])),
            ("(groupBy: [{field: TIER}])", "key { tier title } count sum { openIssues } median { openIssues }", json!([
                {"key": {"tier": "GOLD", "title": null}, "count": 3, "sum": {"openIssues": 70.0}, "median": {"openIssues": 20.0}},
                {"key": {"tier": "SILVER", "title": null}, "count": 2, "sum": {"openIssues": 50.0}, "median": {"openIssues": 25.0}},
                {"key": {"tier": "BRONZE", "title": null}, "count": 1, "sum": {"openIssues": null}, "median": {"openIssues": null}}])),
            ("(groupBy: [{field: LIVE}, {field: TIER}], where: {tier: {ne: BRONZE}}, first: 2)", "key { live tier } count", json!([
                {"key": {"live": false, "tier": "GOLD"}, "count": 1}, {"key": {"live": false, "tier": "SILVER"}, "count": 1}])),
            ("(groupBy: [{field: TEAM}])", "key { team } count",
                json!([{"key": {"team": "t0"}, "count": 3}, {"key": {"team": "t1"}, "count": 3}])),
            ("(groupBy: [{field: LANGUAGES}], first: 1)", "key { languages } count max { openIssues }",
                json!([{"key": {"languages": "Rust"}, "count": 6, "max": {"openIssues": 50.0}}])),
            ("(groupBy: [{date: {field: SINCE, interval: QUARTER}}])", "key { since } count", json!([
                {"key": {"since": "2026-01-01T00:00:00.000Z"}, "count": 3}, {"key": {"since": "2026-04-01T00:00:00.000Z"}, "count": 3}])),
            ("(groupBy: [{date: {field: SINCE, interval: YEAR}}, {field: LIVE}])", "key { since live } count", json!([
                {"key": {"since": "2026-01-01T00:00:00.000Z", "live": true}, "count": 3},
                {"key": {"since": "2026-01-01T00:00:00.000Z", "live": false}, "count": 2},
                {"key": {"since": "2026-01-01T00:00:00.000Z", "live": null}, "count": 1}])),
            ("(groupBy: [])", "count", json!([{"count": 6}])),
        ] {
            let answer = server.graphql(&format!("{{ servicesAggregate{arguments} {{ {selection} }} }}")).await;
            let (mut found, mut expected) = (answer["data"]["servicesAggregate"].clone(), expected);
            // Groups of one size come in the engine's order of nulls.
            for list in [&mut found, &mut expected] {
                if let Some(list) = list.as_array_mut() {
                    list.sort_by_key(Value::to_string);
                }
            }
            assert_eq!(found, expected, "{arguments}: {answer}");
        }
        // The same by month of what the server itself stamps.
        let answer = server.graphql("{ servicesAggregate(groupBy: [{date: {field: CREATED_AT, interval: MONTH}}]) { key { createdAt } count } }").await;
        let groups = answer["data"]["servicesAggregate"].as_array().unwrap();
        assert!(groups.iter().all(|group| group["key"]["createdAt"].as_str().unwrap().ends_with("-01T00:00:00.000Z")), "{answer}");
        assert_eq!(groups.iter().map(|group| group["count"].as_u64().unwrap()).sum::<u64>(), 6);
    })
    .await;
}

#[tokio::test]
async fn aggregates_are_bounded_and_say_so() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        let answer = server.graphql("{ servicesAggregate(groupBy: [{field: IDENTIFIER}], first: 4) { count } }").await;
        assert_eq!(answer["data"]["servicesAggregate"].as_array().unwrap().len(), 4);
        let warning = &answer["extensions"]["warnings"][0];
        assert_eq!(warning["path"], json!(["servicesAggregate"]));
        assert!(warning["message"].as_str().unwrap().contains("more than 4 groups"), "{answer}");
        assert_eq!(answer["extensions"]["cost"], 4);
        let answer = server.graphql("{ servicesAggregate { count } }").await;
        assert_eq!((&answer["extensions"]["cost"], &answer["extensions"]["warnings"]), (&json!(1), &Value::Null));
        for (arguments, code) in [
            ("(groupBy: [{field: TIER}, {field: TIER}])", "INVALID_QUERY"),
            ("(groupBy: [{field: TIER, date: {field: SINCE, interval: DAY}}])", "INVALID_QUERY"),
            ("(groupBy: [{}])", "INVALID_QUERY"),
            ("(groupBy: [{field: EXTRA}])", "INVALID_QUERY"),
            ("(groupBy: [{date: {field: TIER, interval: DAY}}])", "INVALID_QUERY"),
            ("(groupBy: [{date: {field: SINCE, interval: DECADE}}])", "INVALID_QUERY"),
            ("(groupBy: [{field: TIER}], first: 1001)", "QUERY_TOO_COSTLY"),
            ("(groupBy: [{field: TIER}, {field: LIVE}, {field: SINCE}, {field: TEAM}, {field: TITLE}, {field: ICON}, {field: SOURCE}, {field: LANGUAGES}, {field: CREATED_BY}])", "TOO_MANY_ITEMS"),
        ] {
            let answer = server.graphql(&format!("{{ servicesAggregate{arguments} {{ count }} }}")).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{arguments}: {answer}");
        }
        // A blueprint without number properties has counts all the same.
        let answer = server.graphql("{ systemsAggregate(groupBy: [{field: TITLE}]) { key { title } count } }").await;
        assert_eq!(answer["data"]["systemsAggregate"].as_array().unwrap().len(), 2, "{answer}");
    })
    .await;
}
