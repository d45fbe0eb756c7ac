//! Which index answers each hot query, on a filled table, and that nothing is scanned: on PostgreSQL as the plain role
//! under row-level security, without statistics, with those of a nearly empty table, and with fresh ones.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use portolan_schema::filter::{Comparison, Direction, Quantifier, TextMatch};
use portolan_schema::{CatalogModel, Field, Filter, Instant, Meta, Result, Scalar};
use portolan_store::TenantScope;
use portolan_store::query::{
    Course, EntityQuery, GraphQuery, MixedQuery, NodeQuery, Order, Page, RelationQuery, SearchQuery,
};
use portolan_store::testing::{Engine, Plan, TestDatabase, plans, record};

use crate::filled::{self, TENANT};

type Run = Box<dyn for<'a> Fn(&'a TenantScope, &'a CatalogModel) -> BoxFuture<'a, Result<()>>>;

struct Case {
    what: &'static str,
    run: Run,
    /// What is walked; everything else is found by key.
    walks: &'static [&'static str],
    /// Indexes that have to be used.
    uses: &'static [&'static str],
    /// Most rows that may be looked at.
    touched: u64,
}

#[tokio::test]
async fn hot_queries_use_their_indexes() {
    let model = filled::model();
    let cases = cases(&model);
    let mut wrong = Vec::new();
    for engine in Engine::BOTH {
        for early in [false, true] {
            let database = TestDatabase::new(engine).await;
            database.stop_autovacuum().await.unwrap();
            let mut changes = filled::changes(&model);
            filled::start(&database.store).await;
            let mut states = vec!["no statistics", "fresh statistics"];
            if early {
                let few = changes.drain(..50).collect();
                filled::write(&database.store, &model, few).await;
                database.analyze().await.unwrap();
                states = vec!["statistics of a nearly empty table"];
            }
            filled::write(&database.store, &model, changes).await;
            for statistics in states {
                if statistics == "fresh statistics" {
                    database.analyze().await.unwrap();
                }
                for case in &cases {
                    let scope = database.store.read(TENANT).await.unwrap();
                    let told = check(&scope, &model, case).await;
                    wrong.extend(told.into_iter().map(|told| format!("{engine:?}, {statistics}: {told}")));
                }
            }
            database.remove().await;
            if engine == Engine::Sqlite {
                // It takes no statistics.
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

async fn check(scope: &TenantScope, model: &CatalogModel, case: &Case) -> Option<String> {
    record(scope);
    (case.run)(scope, model).await.unwrap();
    let plans = plans(scope).await.unwrap();
    assert!(!plans.is_empty(), "{} ran nothing", case.what);
    let plans: Vec<&Plan> = plans.iter().filter(|plan| !plan.is_estimate()).collect();
    let union = |of: fn(&Plan) -> &BTreeSet<String>| -> BTreeSet<&str> {
        plans.iter().flat_map(|plan| of(plan)).map(String::as_str).collect()
    };
    let (walks, indexes, scans) =
        (union(|plan| &plan.walks), union(|plan| &plan.indexes), union(|plan| &plan.scans));
    let touched: u64 = plans.iter().filter_map(|plan| plan.touched).sum();
    let well = walks == case.walks.iter().copied().collect()
        && case.uses.iter().all(|index| indexes.contains(index))
        && scans.is_empty()
        && touched <= case.touched;
    if well {
        return None;
    }
    let texts: Vec<String> = plans.iter().map(|plan| format!("{}\n{}", plan.sql, plan.text)).collect();
    Some(format!(
        "{} walks {walks:?} (expected {:?}), uses {indexes:?} (expected {:?}), scans {scans:?}, touches {touched} (of {})\n{}",
        case.what,
        case.walks,
        case.uses,
        case.touched,
        texts.join("\n")
    ))
}

fn list(
    what: &'static str,
    walks: &'static [&'static str],
    uses: &'static [&'static str],
    touched: u64,
    query: EntityQuery,
) -> Case {
    let run: Run = Box::new(move |scope, model| {
        let query = query.clone();
        async move { scope.list(model, &query).await.map(drop) }.boxed()
    });
    Case { what, run, walks, uses, touched }
}

fn count(
    what: &'static str,
    walks: &'static [&'static str],
    uses: &'static [&'static str],
    touched: u64,
    query: EntityQuery,
) -> Case {
    let run: Run = Box::new(move |scope, model| {
        let query = query.clone();
        async move { scope.count(model, query.blueprint, &query.filter).await.map(drop) }.boxed()
    });
    Case { what, run, walks, uses, touched }
}

fn search(what: &'static str, text: &'static str, uses: &'static [&'static str], touched: u64) -> Case {
    let run: Run = Box::new(move |scope, model| {
        let query = SearchQuery {
            text: text.to_owned(),
            blueprints: model.blueprints().iter().map(|blueprint| blueprint.no()).collect(),
            limit: 20,
            after: None,
            nodes: MixedQuery::default(),
        };
        async move { scope.search(model, &query).await.map(drop) }.boxed()
    });
    Case { what, run, walks: &["entity_words.key"], uses, touched }
}

fn cases(model: &CatalogModel) -> Vec<Case> {
    let blueprint = |name: &str| model.get(name).unwrap();
    let service = blueprint("service");
    let property = |name: &str| Field::Property(service.property(name).unwrap().no);
    let text = |text: &str| Scalar::Text(text.to_owned());
    let is = |field: Field, value: &str| Filter::equal(field, text(value));
    let query = |filter: Filter, order: &[(Field, bool)]| EntityQuery {
        blueprint: service.no(),
        filter,
        order: order
            .iter()
            .map(|(field, descending)| Order { field: *field, descending: *descending })
            .collect(),
        page: Page { limit: 20, ..Page::default() },
        count: false,
        nodes: NodeQuery::default(),
    };
    let meta = Field::Meta;
    let all = Filter::always;
    let gold = || is(property("tier"), "gold");
    let rare = || is(property("owner"), "owner-3");
    let system = service.relation("system").unwrap().no;
    let deploys = blueprint("deployment").relation("service").unwrap().no;
    let env = Field::Property(blueprint("deployment").property("env").unwrap().no);
    let area = Field::Property(blueprint("system").property("area").unwrap().no);
    let beginning = |field, value: &str| Filter::Text {
        field,
        matching: TextMatch::StartsWith,
        value: value.into(),
        fold: false,
    };
    let live = Filter::equal(property("live"), Scalar::Boolean(true));
    let two =
        Filter::In { field: meta(Meta::Identifier), values: vec![text("service-7"), text("service-8")] };
    let related = |relation, direction, filter| Filter::Related {
        relation,
        direction,
        quantifier: Quantifier::Some,
        filter: Box::new(filter),
    };
    let at_least = |field, value| Filter::Compare { field, comparison: Comparison::GreaterOrEqual, value };
    let batch = |relation, direction, order: &[(Field, bool)]| {
        let mut query = query(all(), &[]);
        query.nodes.relations.push(RelationQuery {
            key: "r".into(),
            relation,
            direction,
            filter: all(),
            order: order
                .iter()
                .map(|(field, descending)| Order { field: *field, descending: *descending })
                .collect(),
            page: Page { limit: 10, ..Page::default() },
            count: true,
            nodes: NodeQuery::default(),
        });
        query
    };
    let around = |course| {
        let mut query = query(is(meta(Meta::Identifier), "service-7"), &[]);
        let nodes = Arc::new(MixedQuery::default());
        query.nodes.graphs.push(GraphQuery {
            key: "g".into(),
            course,
            depth: 3,
            blueprints: None,
            limit: 50,
            edges: true,
            nodes,
        });
        query
    };
    let number = || property("issues");
    let by_title = meta(Meta::Title);
    vec![
        search("search: identifiers", "service-7", &["entities.key"], 400),
        search("search: titles", "service 1", &["entities.key"], 400),
        search("search: words", "1", &["entities.key"], 400),
        list("upstream", &[], &["relations.key", "entities.key"], 200, around(Course::Upstream)),
        list("downstream", &[], &["relations.by_target", "entities.key"], 1_000, around(Course::Downstream)),
        list(
            "by identifier",
            &[],
            &["entities.by_identifier"],
            2,
            query(is(meta(Meta::Identifier), "service-7"), &[]),
        ),
        list("by identifiers", &[], &["entities.by_identifier"], 6, query(two, &[(by_title, false)])),
        list("all", &["entities.by_identifier"], &[], 21, query(all(), &[])),
        list("by title", &["entities.by_title"], &[], 21, query(all(), &[(by_title, false)])),
        list("by title, descending", &["entities.by_title"], &[], 21, query(all(), &[(by_title, true)])),
        list("newest", &["entities.by_created"], &[], 21, query(all(), &[(meta(Meta::CreatedAt), true)])),
        list(
            "last changed",
            &["entities.by_updated"],
            &[],
            21,
            query(all(), &[(meta(Meta::UpdatedAt), true)]),
        ),
        list("by a number", &["entity_values.number"], &[], 42, query(all(), &[(number(), false)])),
        list(
            "by a number, descending",
            &["entity_values.number"],
            &[],
            42,
            query(all(), &[(number(), true)]),
        ),
        list("by a text", &["entity_values.text"], &[], 42, query(all(), &[(property("owner"), false)])),
        list("by a date", &["entity_values.instant"], &[], 42, query(all(), &[(property("since"), true)])),
        list(
            "by a number, then identifier",
            &["entity_values.number"],
            &[],
            60,
            query(all(), &[(number(), false), (meta(Meta::Identifier), false)]),
        ),
        list("common, by identifier", &["entities.by_identifier"], &[], 200, query(gold(), &[])),
        list("common, by a number", &["entity_values.number"], &[], 300, query(gold(), &[(number(), true)])),
        list(
            "two common ones, by a date",
            &["entity_values.instant"],
            &[],
            800,
            query(Filter::All(vec![gold(), live]), &[(property("since"), true)]),
        ),
        list("rare, by identifier", &[], &["entity_values.text"], 300, query(rare(), &[])),
        list("rare, by a number", &[], &["entity_values.text"], 400, query(rare(), &[(number(), true)])),
        list(
            "rare and common",
            &[],
            &["entity_values.text"],
            400,
            query(Filter::All(vec![gold(), rare()]), &[(number(), true)]),
        ),
        list(
            "rare or rare",
            &[],
            &["entity_values.text"],
            600,
            query(Filter::Any(vec![rare(), is(property("owner"), "owner-4")]), &[]),
        ),
        list(
            "a range of the order",
            &["entity_values.number"],
            &[],
            42,
            query(at_least(number(), Scalar::Number(9_000.0)), &[(number(), false)]),
        ),
        list(
            "the newest days, by title",
            &["entities.by_created"],
            &[],
            600,
            query(
                at_least(meta(Meta::CreatedAt), Scalar::Instant(Instant(1_060_000_000))),
                &[(by_title, false)],
            ),
        ),
        list("a tag", &[], &["entity_values.text"], 200, query(is(property("tags"), "tag-3"), &[])),
        list(
            "beginning of an identifier",
            &["entities.by_identifier"],
            &[],
            42,
            query(beginning(meta(Meta::Identifier), "service-123"), &[]),
        ),
        list(
            "beginning of a text",
            &["entity_values.text"],
            &["entities.key"],
            300,
            query(beginning(property("owner"), "owner-19"), &[(property("owner"), false)]),
        ),
        list(
            "through a relation, few",
            &[],
            &["entities.by_identifier", "relations.by_target"],
            600,
            query(related(system, Direction::Forward, is(meta(Meta::Identifier), "system-3")), &[]),
        ),
        list(
            "through a relation, many",
            &["entities.by_identifier"],
            &["relations.key"],
            1_000,
            query(related(system, Direction::Forward, is(area, "area-3")), &[]),
        ),
        list(
            "backward through a relation",
            &["entities.by_identifier"],
            &["relations.by_target"],
            1_000,
            query(related(deploys, Direction::Backward, is(env, "prod")), &[]),
        ),
        list(
            "by a relation's identifier",
            &[],
            &["entities.by_identifier", "relations.by_target"],
            400,
            query(Filter::RelatedIdentifiers { relation: system, identifiers: vec!["system-3".into()] }, &[]),
        ),
        list(
            "forward batch",
            &["entities.by_identifier"],
            &["relations.key"],
            120,
            batch(system, Direction::Forward, &[]),
        ),
        list(
            "backward batch",
            &["entities.by_identifier"],
            &["relations.by_target"],
            120,
            batch(deploys, Direction::Backward, &[]),
        ),
        list(
            "backward batch by a text",
            &["entities.by_identifier"],
            &["relations.by_target"],
            120,
            batch(deploys, Direction::Backward, &[(env, false)]),
        ),
        count("how many common", &[], &["entity_values.text"], 6_000, query(gold(), &[])),
        count(
            "how many rare and common",
            &[],
            &["entity_values.text"],
            300,
            query(Filter::All(vec![gold(), rare()]), &[]),
        ),
        call("owned by an integration", &[], &["entities.by_integration"], 2_700, {
            let no = service.no();
            move |scope, _| async move { scope.owned_ids(5, no, 0, 1_000).await.map(drop) }.boxed()
        }),
        call("an entity", &[], &["entities.by_identifier"], 10, {
            let no = service.no();
            move |scope, model| {
                async move { scope.entities_by_identifier(model, no, &["service-1"]).await.map(drop) }.boxed()
            }
        }),
        call("a batch's entities", &[], &["entities.by_identifier", "relations.key", "entities.key"], 20, {
            let no = service.no();
            move |scope, model| {
                async move {
                    scope.stored_entities(model, no, &["service-1", "service-2", "none"]).await.map(drop)
                }
                .boxed()
            }
        }),
        call("a batch's targets", &[], &["entities.by_identifier"], 10, {
            let no = service.no();
            move |scope, _| {
                async move { scope.entity_ids(no, &["service-1", "none"]).await.map(drop) }.boxed()
            }
        }),
        call(
            "entities by id, with their relations",
            &[],
            &["entities.key", "relations.key"],
            20,
            |scope, model| {
                async move {
                    let mut found = scope.entities_by_id(model, &[1_001, 1_002]).await?;
                    let mut found: Vec<_> = found.iter_mut().collect();
                    scope.fill_relations(model, &mut found).await.map(drop)
                }
                .boxed()
            },
        ),
        call("edges to what goes away", &[], &["relations.by_target"], 20, |scope, _| {
            async move { scope.edges_to(&[1_001, 1_002]).await.map(drop) }.boxed()
        }),
        call("the log", &["versions.key"], &[], 60, |scope, model| {
            async move { scope.log_after(model, 100, 20).await.map(drop) }.boxed()
        }),
    ]
}

fn call(
    what: &'static str,
    walks: &'static [&'static str],
    uses: &'static [&'static str],
    touched: u64,
    run: impl for<'a> Fn(&'a TenantScope, &'a CatalogModel) -> BoxFuture<'a, Result<()>> + 'static,
) -> Case {
    Case { what, run: Box::new(run), walks, uses, touched }
}
