//! How many statements reads and writes cost: in proportion to the depth of a read, not to its rows; a handful for a batch.

use portolan_catalog::query::{EntityQuery, NodeQuery, Page, RelationQuery};
use portolan_catalog::{WriteMode, WriteOptions};
use portolan_schema::Filter;
use portolan_schema::filter::Direction;
use portolan_store::Store;
use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::support::{Fixture, change};

/// A system with services that depend on each other and are deployed.
async fn fill(fixture: &Fixture) {
    let mut entities = vec![json!({"blueprint": "system", "identifier": "s"})];
    for n in 0..60 {
        entities.push(json!({"blueprint": "service", "identifier": format!("a{n}"),
            "relations": {"system": "s", "dependsOn": [format!("a{}", (n + 1) % 60), format!("a{}", (n + 7) % 60)]}}));
        entities.push(json!({"blueprint": "deployment", "identifier": format!("d{n}"),
            "relations": {"service": format!("a{n}")}}));
    }
    let changes = entities.iter().map(|entity| change(WriteMode::Merge, entity)).collect();
    let options = WriteOptions { create_missing: true, ..WriteOptions::default() };
    for result in fixture.catalog.write(&fixture.ctx, changes, &options).await.unwrap() {
        result.unwrap();
    }
}

#[tokio::test]
async fn a_read_costs_statements_by_its_depth() {
    on_each_engine(async |store: Store| {
        let fixture = Fixture::new(store.clone()).await;
        fill(&fixture).await;
        let model = fixture.catalog.model(&fixture.ctx).await.unwrap();
        let relation = |blueprint: &str, name: &str| model.get(blueprint).unwrap().relation(name).unwrap().no;
        let (depends, deployed) = (relation("service", "dependsOn"), relation("deployment", "service"));
        // Each level asks for what a service depends on and for its deployments.
        let nested = |depth: usize, limit: usize| {
            let query = |key: &str, relation, direction, relations| RelationQuery {
                key: key.to_owned(),
                relation,
                direction,
                filter: Filter::always(),
                order: Vec::new(),
                page: Page { limit, ..Page::default() },
                count: false,
                nodes: NodeQuery { relations, ..NodeQuery::default() },
            };
            (0..depth).fold(Vec::new(), |inner, _| {
                vec![
                    query("depends", depends, Direction::Forward, inner),
                    query("deployed", deployed, Direction::Backward, Vec::new()),
                ]
            })
        };
        let mut costs = Vec::new();
        for depth in 0..4 {
            let mut seen = Vec::new();
            for limit in [3, 50] {
                let query = EntityQuery {
                    blueprint: model.get("service").unwrap().no(),
                    filter: Filter::always(),
                    order: Vec::new(),
                    page: Page { limit, ..Page::default() },
                    count: true,
                    nodes: NodeQuery { relations: nested(depth, limit), ..NodeQuery::whole() },
                };
                let before = store.statements();
                let page = fixture.catalog.list(&fixture.ctx, &model, &query).await.unwrap();
                seen.push(store.statements() - before);
                assert_eq!(page.nodes.len(), limit);
                let last = (0..depth).fold(page, |mut page, _| {
                    let mut node = page.nodes.remove(0);
                    assert_eq!(node.related["deployed"].nodes.len(), 1);
                    node.related.remove("depends").unwrap()
                });
                assert!(!last.nodes.is_empty());
            }
            assert_eq!(seen[0], seen[1], "the number of rows decides at depth {depth}");
            costs.push(seen[0]);
        }
        // The list, its count and its relations' identifiers; then two a level.
        assert_eq!(costs, [3, 5, 7, 9]);
    })
    .await;
}

#[tokio::test]
async fn a_batch_of_a_thousand_is_a_handful_of_statements() {
    on_each_engine(async |store: Store| {
        let fixture = Fixture::new(store.clone()).await;
        fill(&fixture).await;
        let entity = |n: usize, round: usize| -> Value {
            json!({"blueprint": "service", "identifier": format!("b{n}"), "title": format!("Service {n}"),
                "properties": {"tier": "gold", "openIssues": n + round, "live": true, "languages": ["Rust", "Go"],
                    "since": "2026-01-01T00:00:00Z"},
                "relations": {"system": "s", "dependsOn": ["a1", "a2"]}})
        };
        let write = async |count: usize, round: usize| {
            let changes = (0..count).map(|n| change(WriteMode::Merge, &entity(n, round))).collect();
            let before = (store.statements(), store.transactions());
            let results = fixture.catalog.write(&fixture.ctx, changes, &WriteOptions::default()).await.unwrap();
            assert!(results.iter().all(Result::is_ok));
            (store.statements() - before.0, store.transactions() - before.1)
        };
        // What a database takes in one statement is bounded, so larger batches take some more.
        for (count, round, most) in [(1, 0, 14), (100, 0, 14), (1_000, 0, 50), (1_000, 1, 50), (1_000, 1, 10)] {
            let (statements, transactions) = write(count, round).await;
            assert!(statements <= most, "{count} entities, {round}: {statements} statements, {transactions} transactions");
            assert!(transactions <= 3, "{count} entities: {transactions} transactions");
        }
    })
    .await;
}
