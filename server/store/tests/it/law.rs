//! The law: the SQL answer to a filter is the in-memory answer, on both engines.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use portolan_schema::filter::Direction;
use portolan_schema::rules::{World, matches};
use portolan_schema::{BlueprintModel, Code, Filter};
use portolan_store::query::{EntityQuery, NodeQuery, Page};
use portolan_store::testing::{Engine, TestDatabase, walk_only};
use portolan_store::{Store, TenantId};
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use crate::tape::Tape;
use crate::world::Catalog;
use crate::{filters, rules};

/// Catalogs a run; each is asked [`FILTERS`] filters a blueprint on each engine.
const CATALOGS: u32 = 24;
const FILTERS: usize = 40;

#[test]
fn sql_answers_what_memory_answers() {
    on_random_catalogs(CATALOGS, 4_000, |store, tenant, catalog, tape| {
        Box::pin(async move {
            for blueprint in catalog.model.blueprints() {
                for _ in 0..FILTERS {
                    let filter = filters::filter(tape, &catalog.model, blueprint, 3);
                    check(store, tenant, catalog, blueprint, &filter).await?;
                }
            }
            Ok(())
        })
    });
}

/// What rules say, by way of their JSON and the parser: SQL and memory have to take them the same way, too.
#[test]
fn rules_are_answered_alike() {
    on_random_catalogs(CATALOGS, 8_000, |store, tenant, catalog, tape| {
        Box::pin(async move {
            let model = &catalog.model;
            for blueprint in model.blueprints().iter().filter(|one| !one.identifier().starts_with('_')) {
                for _ in 0..FILTERS {
                    let (query, now) = (rules::query(tape, model, blueprint, 2), rules::now(tape));
                    let fail = |problem: String| TestCaseError::fail(format!("{problem} for {query}"));
                    let open = rules::resolve(model, blueprint, &query).map_err(fail)?;
                    let caller = rules::caller(tape, model);
                    let bound = open
                        .for_caller(model, &caller, now)
                        .map_err(|problems| fail(format!("{problems:?} with {caller:?}")))?;
                    let filter = bound.at(now);
                    check(store, tenant, catalog, blueprint, &filter).await.map_err(|error| {
                        TestCaseError::fail(format!("{error}\n  {query} at {now:?} by {caller:?}"))
                    })?;
                    let found =
                        catalog.of(blueprint.no()).filter(|one| matches(catalog, one, &filter)).count();
                    if 0 < found && found < catalog.of(blueprint.no()).count() {
                        TOLD_APART.lock().unwrap().extend(rules::kinds(&query));
                    }
                }
            }
            Ok(())
        })
    });
    let told_apart = TOLD_APART.lock().unwrap();
    let missing: Vec<&str> =
        rules::KINDS.iter().copied().filter(|kind| !told_apart.contains(*kind)).collect();
    assert!(missing.is_empty(), "no query with {missing:?} told entities apart");
}

/// What was in queries that hold for some entities and not for others.
static TOLD_APART: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// A chain is counted by the entities that it leads from, each once, and refused where they are more than allowed.
#[test]
fn chains_are_bounded_by_what_they_lead_to() {
    on_random_catalogs(4, 4_000, |store, tenant, catalog, _| {
        Box::pin(async move {
            let scope = store.read(tenant).await.unwrap();
            for blueprint in catalog.model.blueprints() {
                for direction in [Direction::Forward, Direction::Backward] {
                    let chain = Filter::Chain {
                        relations: None,
                        direction,
                        most: None,
                        blueprint: blueprint.no(),
                        filter: Box::new(Filter::always()),
                    };
                    let all = catalog.model.blueprints().iter().flat_map(|other| catalog.of(other.no()));
                    let reached = all.filter(|one| matches(catalog, one, &chain)).count();
                    // However deep in a filter it is.
                    let filter = Filter::Any(vec![Filter::never(), chain.negate()]);
                    scope.check_chains(&catalog.model, &filter, reached).await.unwrap();
                    if let Some(fewer) = reached.checked_sub(1) {
                        let error = scope.check_chains(&catalog.model, &filter, fewer).await.unwrap_err();
                        assert_eq!(error.code(), Code::QueryTooCostly);
                    }
                }
            }
            Ok(())
        })
    });
}

/// Every comparison of every kind of value with every other: the edges that chance seldom meets.
#[test]
fn every_value_compares_with_every_other() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for engine in Engine::BOTH {
        let database = runtime.block_on(TestDatabase::new(engine));
        let catalog = Catalog::of_every_value();
        runtime.block_on(async {
            catalog.store(&database.store, TenantId(1)).await;
            let blueprint = &catalog.model.blueprints()[0];
            for filter in filters::every_comparison(blueprint) {
                check(&database.store, TenantId(1), &catalog, blueprint, &filter).await.unwrap();
            }
            database.remove().await;
        });
    }
}

/// Fails where the store answers otherwise than memory, by list or by count.
async fn check(
    store: &Store,
    tenant: TenantId,
    catalog: &Catalog,
    blueprint: &BlueprintModel,
    filter: &Filter,
) -> Result<(), TestCaseError> {
    let expected: Vec<&str> = {
        let all = catalog.of(blueprint.no()).filter(|entity| matches(catalog, entity, filter));
        let mut found: Vec<&str> = all.map(|entity| entity.state.identifier.as_str()).collect();
        found.sort_unstable();
        found
    };
    let query = EntityQuery {
        blueprint: blueprint.no(),
        filter: filter.clone(),
        order: Vec::new(),
        page: Page { limit: 1_000, ..Page::default() },
        count: true,
        nodes: NodeQuery::default(),
    };
    for walk in [true, false] {
        walk_only(store, walk);
        let scope = store.read(tenant).await.unwrap();
        let page = scope
            .list(&catalog.model, &query)
            .await
            .map_err(|error| TestCaseError::fail(format!("{error:?} for {filter:?}")))?;
        let found: Vec<&str> = page.nodes.iter().map(|node| node.entity.state.identifier.as_str()).collect();
        if found != expected || page.total != Some(expected.len() as u64) {
            return Err(TestCaseError::fail(format!(
                "{:?}, {}, walking: {walk}: {filter:?}\n  in SQL {found:?} ({:?})\n  in memory {expected:?}",
                store.backend(),
                blueprint.identifier(),
                page.total
            )));
        }
    }
    Ok(())
}

pub type Checked<'a> = std::pin::Pin<Box<dyn Future<Output = Result<(), TestCaseError>> + 'a>>;

/// Runs a test on random catalogs, each in a tenant of its own, on both engines.
pub fn on_random_catalogs(
    cases: u32,
    length: usize,
    test: impl for<'a> Fn(&'a Store, TenantId, &'a Catalog, &'a mut Tape) -> Checked<'a>,
) {
    static NEXT: AtomicI64 = AtomicI64::new(1);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for engine in Engine::BOTH {
        let database = runtime.block_on(TestDatabase::new(engine));
        let config = Config { cases, max_shrink_iters: 400, failure_persistence: None, ..Config::default() };
        let result = TestRunner::new(config).run(&Tape::strategy(length), |choices| {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let mut tape = Tape::new(choices);
            let catalog = Catalog::random(&mut tape, number * 1_000, 9);
            assert_eq!(catalog.model().revision(), 1);
            runtime.block_on(async {
                catalog.store(&database.store, TenantId(number)).await;
                test(&database.store, TenantId(number), &catalog, &mut tape).await
            })
        });
        runtime.block_on(database.remove());
        if let Err(error) = result {
            panic!("{engine:?}: {error}");
        }
    }
}
