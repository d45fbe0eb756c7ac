//! What is written again as it is stored: recognised, and only then.

use indexmap::IndexMap;
use portolan_catalog::{Change, Deletion, EntityWrite, Kind, WriteMode, WriteOptions};
use portolan_schema::Code;
use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::support::{Fixture, change};

fn service(more: &Value) -> Value {
    let mut service = json!({"blueprint": "service", "identifier": "checkout"});
    for (key, value) in more.as_object().unwrap() {
        service[key] = value.clone();
    }
    service
}

fn whole() -> Value {
    service(&json!({"title": "Checkout", "team": ["a", "b"],
        "properties": {"tier": "gold", "openIssues": 3, "live": null, "extra": {"x": [1, 2.5], "y": null}},
        "relations": {"system": "commerce", "dependsOn": ["ledger"]}}))
}

async fn fill(fixture: &Fixture) {
    fixture.upsert(json!({"blueprint": "system", "identifier": "commerce"})).await;
    fixture.upsert(json!({"blueprint": "service", "identifier": "ledger"})).await;
    fixture.upsert(whole()).await;
}

#[tokio::test]
async fn only_what_says_the_same_is_unchanged() {
    use Kind::{Unchanged, Updated};
    use WriteMode::{Merge, Replace, Update};
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        fill(&fixture).await;
        let properties =
            json!({"tier": "gold", "openIssues": 3, "live": null, "extra": {"x": [1, 2.5], "y": null}});
        let turned =
            json!({"extra": {"y": null, "x": [1, 2.5]}, "live": null, "openIssues": 3, "tier": "gold"});
        let relations = json!({"system": "commerce", "dependsOn": ["ledger"]});
        let all = |key: &str, value: Value| {
            let mut all = whole();
            all[key] = value;
            all
        };
        let cases = [
            (Merge, whole(), Unchanged),
            (Update, whole(), Unchanged),
            (Replace, whole(), Unchanged),
            (Merge, service(&json!({})), Unchanged),
            (Replace, service(&json!({})), Updated),
            (Merge, service(&json!({"title": "Checkout"})), Unchanged),
            (Merge, service(&json!({"title": "Till"})), Updated),
            (Merge, service(&json!({"title": null})), Updated),
            (
                Replace,
                service(&json!({"properties": properties, "relations": relations, "title": "Checkout"})),
                Updated,
            ),
            (Merge, service(&json!({"team": ["a", "b"]})), Unchanged),
            (Merge, service(&json!({"team": ["a", "b", "a"]})), Unchanged),
            (Merge, service(&json!({"team": ["b", "a"]})), Updated),
            (Merge, all("properties", turned.clone()), Unchanged),
            (Replace, all("properties", turned), Unchanged),
            (Merge, all("properties", json!({"tier": "gold"})), Unchanged),
            (Replace, all("properties", json!({"tier": "gold"})), Updated),
            (Merge, all("properties", json!({"tier": "silver"})), Updated),
            (Merge, all("properties", json!({"openIssues": 3.5})), Updated),
            (Merge, all("properties", json!({"tier": null})), Updated),
            // A null that was never written is not the same as none.
            (Merge, all("properties", json!({"since": null})), Updated),
            (Merge, all("relations", json!({"dependsOn": "ledger"})), Unchanged),
            (Merge, all("relations", json!({"dependsOn": ["ledger", "ledger"]})), Unchanged),
            (Merge, all("relations", json!({"dependsOn": ["ledger", "checkout"]})), Updated),
            (Merge, all("relations", json!({"dependsOn": []})), Updated),
            (Merge, all("relations", json!({"system": null})), Updated),
            (Replace, all("relations", json!({"system": "commerce"})), Updated),
        ];
        let dry = WriteOptions { dry_run: true, ..WriteOptions::default() };
        for (mode, entity, expected) in cases {
            let change = change(mode, &entity);
            let outcome = fixture.catalog.write_one(&fixture.ctx, change, &dry).await.unwrap();
            assert_eq!(outcome.kind, expected, "{mode:?} {entity}");
            if expected == Unchanged {
                assert_eq!(outcome.entity.state.title.as_deref(), Some("Checkout"));
                assert_eq!(Value::Object(outcome.entity.state.properties), properties, "{mode:?} {entity}");
                assert_eq!(json!(outcome.entity.state.relations), relations, "{mode:?} {entity}");
            }
        }
        for (mode, entity, expected) in [
            (WriteMode::Create, whole(), Code::AlreadyExists),
            (Merge, all("properties", json!({"nope": 1})), Code::UnknownProperty),
            (Merge, all("relations", json!({"system": ["commerce"]})), Code::WrongType),
        ] {
            let error = fixture.write(mode, entity.clone()).await.unwrap_err();
            assert_eq!(error.code(), expected, "{mode:?} {entity}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_happens_to_a_target_counts_though_nothing_happened_to_the_entity() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        fill(&fixture).await;
        let rename = EntityWrite {
            blueprint: "system".to_owned(),
            identifier: Some("commerce".to_owned()),
            rename: Some("trade".to_owned()),
            relations: IndexMap::new(),
            ..EntityWrite::default()
        };
        let options = WriteOptions::default();
        let renaming = Change::Write(WriteMode::Update, Box::new(rename));
        fixture.catalog.write_one(&fixture.ctx, renaming, &options).await.unwrap();
        let error = fixture.write(WriteMode::Merge, whole()).await.unwrap_err();
        assert_eq!(error.code(), Code::RelationTargetNotFound);
        let mut renamed = whole();
        renamed["relations"]["system"] = json!("trade");
        assert_eq!(fixture.upsert(renamed.clone()).await.kind, Kind::Unchanged);
        // What a deletion before it took away is written again.
        let deletion = Deletion {
            blueprint: "service".to_owned(),
            identifier: "ledger".to_owned(),
            dependents: false,
            if_revision: None,
        };
        let ledger = json!({"blueprint": "service", "identifier": "ledger"});
        let batch = vec![
            Change::Delete(deletion),
            change(WriteMode::Merge, &ledger),
            change(WriteMode::Merge, &renamed),
        ];
        let results = fixture.catalog.write(&fixture.ctx, batch, &options).await.unwrap();
        let kinds: Vec<Kind> = results.into_iter().map(|result| result.unwrap().kind).collect();
        assert_eq!(kinds, [Kind::Deleted, Kind::Created, Kind::Updated]);
        assert_eq!(fixture.upsert(renamed).await.kind, Kind::Unchanged);
    })
    .await;
}

#[tokio::test]
async fn of_two_writes_of_a_batch_the_later_one_is_compared_with_the_earlier() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        fill(&fixture).await;
        let issues =
            |count: i64| change(WriteMode::Merge, &service(&json!({"properties": {"openIssues": count}})));
        let batch = vec![issues(3), issues(4), issues(3)];
        let results = fixture.catalog.write(&fixture.ctx, batch, &WriteOptions::default()).await.unwrap();
        let kinds: Vec<Kind> = results.iter().map(|result| result.as_ref().unwrap().kind).collect();
        assert_eq!(kinds, [Kind::Unchanged, Kind::Updated, Kind::Updated]);
        let batch = vec![
            issues(5),
            change(WriteMode::Merge, &json!({"blueprint": "service", "identifier": "ledger"})),
        ];
        let results = fixture.catalog.write(&fixture.ctx, batch, &WriteOptions::default()).await.unwrap();
        let found: Vec<_> = results
            .into_iter()
            .map(Result::unwrap)
            .map(|found| (found.kind, found.entity.state.identifier))
            .collect();
        assert_eq!(found, [(Kind::Updated, "checkout".to_owned()), (Kind::Unchanged, "ledger".to_owned())]);
    })
    .await;
}
