//! The write path.

use portolan_catalog::{Change, Deletion, Kind, WriteMode, WriteOptions};
use portolan_schema::{Code, Field, Filter, Scalar};
use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::support::{Fixture, blueprints, change};

#[tokio::test]
async fn an_entity_is_created_found_changed_and_left_alone() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        fixture.upsert(json!({"blueprint": "system", "identifier": "commerce"})).await;
        let service = json!({"blueprint": "service", "identifier": "checkout", "title": "Checkout",
            "properties": {"tier": "gold", "openIssues": 3}, "relations": {"system": "commerce"}});
        let created = fixture.upsert(service.clone()).await;
        assert_eq!((created.kind, created.entity.revision), (Kind::Created, 1));
        let again = fixture.upsert(service).await;
        assert_eq!((again.kind, again.entity.revision), (Kind::Unchanged, 1));
        assert_eq!(again.entity.updated_at, created.entity.updated_at);
        let changed = fixture
            .upsert(
                json!({"blueprint": "service", "identifier": "checkout", "properties": {"openIssues": 4}}),
            )
            .await;
        assert_eq!((changed.kind, changed.entity.revision), (Kind::Updated, 2));
        assert_eq!(changed.entity.state.properties["tier"], "gold");
        let model = fixture.catalog.model(&fixture.ctx).await.unwrap();
        let issues = Field::Property(model.get("service").unwrap().property("openIssues").unwrap().no);
        for (value, expected) in [(4.0, vec!["checkout"]), (3.0, vec![])] {
            let found = fixture.identifiers("service", Filter::equal(issues, Scalar::Number(value))).await;
            assert_eq!(found, expected);
        }
        let error = fixture
            .write(WriteMode::Create, json!({"blueprint": "service", "identifier": "checkout"}))
            .await
            .unwrap_err();
        assert_eq!(error.code(), Code::AlreadyExists);
    })
    .await;
}

#[tokio::test]
async fn writes_are_refused_whole_with_every_problem() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let cases = [
            (json!({"blueprint": "nope", "identifier": "a"}), vec!["NOT_FOUND /blueprint"]),
            (json!({"blueprint": "service", "identifier": "a b"}), vec!["INVALID_IDENTIFIER /identifier"]),
            (json!({"blueprint": "service", "identifier": "a".repeat(1001)}), vec!["TOO_LONG /identifier"]),
            (
                json!({"blueprint": "service", "identifier": "a", "properties": {"tier": "lead", "openIssues": "3", "x": 1}}),
                vec!["UNKNOWN_PROPERTY /properties/x", "INVALID_VALUE /properties/tier", "WRONG_TYPE /properties/openIssues"],
            ),
            (
                json!({"blueprint": "service", "identifier": "a", "relations": {"system": "gone", "nope": "x"}}),
                vec!["UNKNOWN_PROPERTY /relations/nope"],
            ),
            (
                json!({"blueprint": "service", "identifier": "a", "relations": {"system": "gone"}}),
                vec!["RELATION_TARGET_NOT_FOUND /relations/system"],
            ),
            (json!({"blueprint": "service", "identifier": "a", "relations": {"system": ["x"]}}), vec!["WRONG_TYPE /relations/system"]),
            (json!({"blueprint": "deployment", "identifier": "a"}), vec!["REQUIRED /relations/service"]),
            (json!({"blueprint": "service", "identifier": "a", "title": "\u{0}"}), vec!["NUL_CHARACTER /title"]),
        ];
        for (entity, expected) in cases {
            let error = fixture.write(WriteMode::Merge, entity.clone()).await.unwrap_err();
            let found: Vec<String> =
                error.public().0.iter().map(|problem| format!("{} {}", problem.code, problem.path)).collect();
            assert_eq!(found, expected, "{entity}");
        }
        assert!(fixture.identifiers("service", Filter::always()).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_batch_is_one_transaction_with_few_statements_and_may_refer_to_itself() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store.clone()).await;
        let changes: Vec<_> = (0..1_000)
            .map(|number| {
                let entity = json!({"blueprint": "service", "identifier": format!("s{number}"),
                    "properties": {"tier": "gold", "openIssues": number},
                    "relations": {"dependsOn": [format!("s{}", (number + 1) % 1_000), format!("s{number}")]}});
                change(WriteMode::Merge, &entity)
            })
            .collect();
        let before = store.transactions();
        let results = fixture.catalog.write(&fixture.ctx, changes.clone(), &WriteOptions::default()).await.unwrap();
        assert!(results.iter().all(|result| matches!(result, Ok(outcome) if outcome.kind == Kind::Created)));
        // One for the batch, at most one for ids.
        assert!(store.transactions() - before <= 2, "{}", store.transactions() - before);
        let again = fixture.catalog.write(&fixture.ctx, changes, &WriteOptions::default()).await.unwrap();
        assert!(again.iter().all(|result| matches!(result, Ok(outcome) if outcome.kind == Kind::Unchanged)));
        let page = fixture.list("service", Filter::always()).await;
        assert_eq!((page.total, page.nodes.len()), (Some(1_000), 500));
    })
    .await;
}

#[tokio::test]
async fn a_deletion_names_its_dependents_and_takes_them_when_told() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        fixture.upsert(json!({"blueprint": "service", "identifier": "a"})).await;
        fixture
            .upsert(json!({"blueprint": "service", "identifier": "b", "relations": {"dependsOn": ["a"]}}))
            .await;
        fixture
            .upsert(json!({"blueprint": "deployment", "identifier": "d", "relations": {"service": "a"}}))
            .await;
        let delete = |dependents| {
            Change::Delete(Deletion {
                blueprint: "service".into(),
                identifier: "a".into(),
                dependents,
                if_revision: None,
            })
        };
        let options = WriteOptions::default();
        let error = fixture.catalog.write_one(&fixture.ctx, delete(false), &options).await.unwrap_err();
        assert_eq!(error.code(), Code::HasDependents);
        let dry = WriteOptions { dry_run: true, ..WriteOptions::default() };
        let planned = fixture.catalog.write_one(&fixture.ctx, delete(true), &dry).await.unwrap();
        let done = fixture.catalog.write_one(&fixture.ctx, delete(true), &options).await.unwrap();
        assert_eq!(planned.deleted, done.deleted);
        assert_eq!(done.deleted, [("service".into(), "a".into()), ("deployment".into(), "d".into())]);
        assert_eq!(fixture.identifiers("service", Filter::always()).await, ["b"]);
        assert!(fixture.identifiers("deployment", Filter::always()).await.is_empty());
        let page = fixture.list("service", Filter::always()).await;
        assert!(page.nodes[0].entity.state.relations["dependsOn"].is_empty());
    })
    .await;
}

#[tokio::test]
async fn tenants_do_not_see_each_other() {
    on_each_engine(|store| async move {
        let one = Fixture::new(store.clone()).await;
        let created = one.upsert(json!({"blueprint": "service", "identifier": "a"})).await;
        let two = Fixture::tenant(store, 2).await;
        two.catalog.apply_blueprints(&two.ctx, &blueprints(), false).await.unwrap();
        assert!(two.identifiers("service", Filter::always()).await.is_empty());
        assert!(two.catalog.by_id(&two.ctx, created.entity.id).await.unwrap().is_none());
        two.upsert(json!({"blueprint": "service", "identifier": "a", "title": "Two"})).await;
        assert_eq!(one.list("service", Filter::always()).await.nodes[0].entity.state.title, None);
    })
    .await;
}

#[tokio::test]
async fn writers_at_the_same_time_lose_nothing() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let writes = (0..8).map(|writer| {
            let fixture = &fixture;
            async move {
                for number in 0..10 {
                    let identifier = format!("w{writer}-{number}");
                    fixture.upsert(json!({"blueprint": "service", "identifier": identifier})).await;
                }
            }
        });
        futures::future::join_all(writes).await;
        assert_eq!(fixture.list("service", Filter::always()).await.total, Some(80));
    })
    .await;
}

#[tokio::test]
async fn entities_are_counted_along() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let model = fixture.catalog.model(&fixture.ctx).await.unwrap();
        let check = async |expected: [u64; 3]| {
            for (name, expected) in ["system", "service", "deployment"].into_iter().zip(expected) {
                let no = model.get(name).unwrap().no();
                let counted = fixture.catalog.count_entities(&fixture.ctx, no).await.unwrap();
                let found = fixture.identifiers(name, Filter::always()).await.len() as u64;
                assert_eq!((counted, found), (expected, expected), "{name}");
            }
        };
        check([0, 0, 0]).await;
        let entity = |blueprint: &str, name: &str, relations: Value| {
            change(
                WriteMode::Merge,
                &json!({"blueprint": blueprint, "identifier": name, "relations": relations}),
            )
        };
        let delete = |dependents| {
            Change::Delete(Deletion {
                blueprint: "service".into(),
                identifier: "a".into(),
                dependents,
                if_revision: None,
            })
        };
        let options = WriteOptions { create_missing: true, ..WriteOptions::default() };
        let batch = vec![
            entity("service", "a", json!({"system": "made"})),
            entity("service", "b", json!({"dependsOn": ["a"]})),
            entity("service", "b", json!({})),
            entity("service", "no identifier", json!({})),
            entity("deployment", "d", json!({"service": "a"})),
        ];
        fixture.catalog.write(&fixture.ctx, batch.clone(), &options).await.unwrap();
        check([1, 2, 1]).await;
        fixture.catalog.write(&fixture.ctx, batch, &options).await.unwrap();
        let refused = vec![entity("service", "c", json!({})), delete(false)];
        let atomic = WriteOptions { atomic: true, ..WriteOptions::default() };
        fixture.catalog.write(&fixture.ctx, refused, &atomic).await.unwrap();
        check([1, 2, 1]).await;
        let passing = vec![entity("service", "c", json!({})), delete(true)];
        fixture.catalog.write(&fixture.ctx, passing, &options).await.unwrap();
        check([1, 2, 0]).await;
    })
    .await;
}
