//! A list reads the parts of entities that it is asked for, and no others.

use portolan_schema::{Field, Filter, Scalar};
use portolan_store::query::{EntityQuery, NodeQuery, Order, Page, Parts, Properties};
use portolan_store::testing::{on_each_engine, walk_only};

use crate::filled::{TENANT, changes, model, start, write};

#[tokio::test]
async fn what_is_not_asked_for_is_not_read() {
    on_each_engine(|store| async move {
        let model = model();
        start(&store).await;
        let some = changes(&model).into_iter().filter(|change| change.after.id < 1_100);
        write(&store, &model, some.collect()).await;
        let service = model.get("service").unwrap();
        let no = |name: &str| service.property(name).unwrap().no;
        let these = |names: &[&str]| Properties::These(names.iter().map(|name| no(name)).collect());
        let none = Parts::none;
        let all = &["tier", "owner", "issues", "live", "since", "tags"][..];
        let cases: [(Parts, Option<&str>, bool, &[&str]); 7] = [
            (Parts::default(), None, true, all),
            (none(), None, false, &[]),
            (Parts { team: true, ..none() }, None, true, &[]),
            (Parts { properties: Properties::All, ..none() }, None, false, all),
            (Parts { properties: these(&["tier", "issues"]), ..none() }, None, false, &["tier", "issues"]),
            // What the list is ordered by is read: cursors hold it.
            (none(), Some("issues"), false, &["issues"]),
            (Parts { properties: these(&["issues"]), ..none() }, Some("issues"), false, &["issues"]),
        ];
        for (parts, order, team, properties) in cases {
            for walks in [true, false] {
                walk_only(&store, walks);
                let order = order.map(|name| Order { field: Field::Property(no(name)), descending: false });
                let mut query = EntityQuery {
                    blueprint: service.no(),
                    filter: Filter::equal(Field::Property(no("live")), Scalar::Boolean(true)),
                    order: order.into_iter().collect(),
                    page: Page { limit: 2, ..Page::default() },
                    count: false,
                    nodes: NodeQuery { parts: parts.clone(), ..NodeQuery::default() },
                };
                let scope = store.read(TENANT).await.unwrap();
                let page = scope.list(&model, &query).await.unwrap();
                for node in &page.nodes {
                    let state = &node.entity.state;
                    assert_eq!(!state.team.is_empty(), team, "{parts:?}");
                    let read: Vec<&str> = state.properties.keys().map(String::as_str).collect();
                    assert_eq!(read, properties, "{parts:?}");
                    assert!(state.title.is_some() && node.entity.revision == 1);
                }
                // The cursor is right whatever was read.
                query.page.after = Some(page.nodes[1].cursor.clone());
                let next = scope.list(&model, &query).await.unwrap();
                query.page = Page { limit: 4, ..Page::default() };
                query.nodes = NodeQuery::default();
                let whole = scope.list(&model, &query).await.unwrap();
                let ids = |nodes: &[portolan_store::query::EntityNode]| {
                    nodes.iter().map(|node| node.entity.id).collect::<Vec<_>>()
                };
                assert_eq!([ids(&page.nodes), ids(&next.nodes)].concat(), ids(&whole.nodes), "{parts:?}");
            }
        }
        walk_only(&store, false);
    })
    .await;
}
