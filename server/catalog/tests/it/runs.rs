//! Batches of a run: relations to entities of later batches, and deletions of what is its own.

use std::collections::HashSet;
use std::sync::Mutex;

use async_trait::async_trait;
use portolan_catalog::{
    Change, Companion, Deletion, Kind, Outcome, RunOrigin, Target, WriteMode, WriteOptions,
};
use portolan_schema::{Code, Error, Filter, Result};
use portolan_store::TenantScope;
use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::support::{Fixture, change};

/// Expects some identifiers; remembers how many results it was shown, and refuses them where told.
#[derive(Default)]
struct Run {
    expected: Vec<&'static str>,
    concluded: Mutex<Vec<usize>>,
    refuses: bool,
}

#[async_trait]
impl Companion for Run {
    async fn expects(&self, _: &TenantScope, missing: &[Target]) -> Result<HashSet<Target>> {
        let expected = |target: &&Target| self.expected.contains(&target.1.as_str());
        Ok(missing.iter().filter(expected).cloned().collect())
    }

    async fn conclude(&self, _: &TenantScope, results: &[Result<Outcome>]) -> Result<()> {
        self.concluded.lock().unwrap().push(results.len());
        if self.refuses { Err(Error::unavailable("no")) } else { Ok(()) }
    }
}

fn options(integration: i64) -> WriteOptions {
    WriteOptions { run: Some(RunOrigin { run: 9, integration }), ..WriteOptions::default() }
}

fn delete(blueprint: &str, identifier: &str) -> Change {
    let (blueprint, identifier) = (blueprint.to_owned(), identifier.to_owned());
    Change::Delete(Deletion { blueprint, identifier, dependents: true, if_revision: None })
}

impl Fixture {
    async fn run(&self, run: &Run, entities: &[Value]) -> Vec<Result<Outcome>> {
        let changes = entities.iter().map(|entity| change(WriteMode::Merge, entity)).collect();
        self.catalog.write_with(&self.ctx, changes, &options(7), run).await.unwrap()
    }

    async fn run_deletes(&self, changes: Vec<Change>) -> Vec<Result<Vec<(String, String)>>> {
        let results = self.catalog.write(&self.ctx, changes, &options(7)).await.unwrap();
        results.into_iter().map(|result| result.map(|outcome| outcome.deleted)).collect()
    }
}

#[tokio::test]
async fn an_edge_waits_for_an_entity_of_a_later_batch() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let run = Run { expected: vec!["late", "never"], ..Run::default() };
        let early =
            json!({"blueprint": "deployment", "identifier": "early", "relations": {"service": "late"}});
        let lost = json!({"blueprint": "deployment", "identifier": "lost", "relations": {"service": "gone"}});
        let idle =
            json!({"blueprint": "deployment", "identifier": "idle", "relations": {"service": "never"}});
        let results = fixture.run(&run, &[early.clone(), lost, idle]).await;
        let codes: Vec<_> = results.iter().map(|result| result.as_ref().err().map(Error::code)).collect();
        assert_eq!(codes, [None, Some(Code::RelationTargetNotFound), None]);
        // While it waits, the entity can be changed, and the edge stays.
        fixture.upsert(json!({"blueprint": "deployment", "identifier": "early", "title": "Early"})).await;
        let late =
            json!({"blueprint": "service", "identifier": "late", "relations": {"dependsOn": ["late"]}});
        let results = fixture.run(&run, &[late]).await;
        assert_eq!(results[0].as_ref().unwrap().kind, Kind::Created);
        let error =
            fixture.catalog.write_one(&fixture.ctx, delete_alone("late"), &WriteOptions::default()).await;
        assert_eq!(error.unwrap_err().code(), Code::HasDependents, "the edge points at it now");
        let results = fixture.run(&run, &[early]).await;
        assert_eq!(results[0].as_ref().unwrap().kind, Kind::Unchanged);
        assert_eq!(*run.concluded.lock().unwrap(), [3, 1, 1]);
        let ensure = Change::Ensure { blueprint: "service".into(), identifier: "never".into() };
        let made = fixture.catalog.write_one(&fixture.ctx, ensure.clone(), &options(7)).await.unwrap();
        assert_eq!((made.kind, made.entity.integration), (Kind::Created, Some(7)));
        let again = fixture.catalog.write_one(&fixture.ctx, ensure, &options(7)).await.unwrap();
        assert_eq!(again.kind, Kind::Unchanged);
        let error =
            fixture.catalog.write_one(&fixture.ctx, delete_alone("never"), &WriteOptions::default()).await;
        assert_eq!(error.unwrap_err().code(), Code::HasDependents);
    })
    .await;
}

fn delete_alone(identifier: &str) -> Change {
    let identifier = identifier.to_owned();
    Change::Delete(Deletion { blueprint: "service".into(), identifier, dependents: false, if_revision: None })
}

#[tokio::test]
async fn what_the_companion_refuses_is_not_kept() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let run = Run { refuses: true, ..Run::default() };
        let changes = vec![change(WriteMode::Merge, &json!({"blueprint": "system", "identifier": "a"}))];
        let error = fixture.catalog.write_with(&fixture.ctx, changes, &options(7), &run).await.unwrap_err();
        assert_eq!(error.code(), Code::Unavailable);
        assert!(fixture.identifiers("system", Filter::always()).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_run_deletes_only_what_is_its_own() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let service = |identifier: &str| json!({"blueprint": "service", "identifier": identifier});
        let deployment =
            |identifier: &str, of: &str| json!({"blueprint": "deployment", "identifier": identifier, "relations": {"service": of}});
        let run = Run::default();
        fixture.run(&run, &[service("own"), service("used"), service("loose"), deployment("own-d", "own")]).await;
        fixture.upsert(service("foreign")).await;
        fixture.upsert(deployment("foreign-d", "used")).await;
        // Somebody's edit does not take an entity over.
        fixture.upsert(json!({"blueprint": "service", "identifier": "own", "title": "Edited"})).await;
        let done = fixture.run_deletes(vec![delete("service", "foreign"), delete("service", "used"), delete("service", "own")]).await;
        let codes: Vec<_> = done.iter().map(|result| result.as_ref().err().map(Error::code)).collect();
        // The dependent of "own" is the run's own too, but not deleted by this batch.
        assert_eq!(codes, [Some(Code::NotFound), Some(Code::HasDependents), Some(Code::HasDependents)]);
        let done = fixture.run_deletes(vec![delete("service", "own"), delete("deployment", "own-d"), delete("service", "loose")]).await;
        let expected = [("service".to_owned(), "own".to_owned()), ("deployment".to_owned(), "own-d".to_owned())];
        assert_eq!(*done[0].as_ref().unwrap(), expected);
        assert_eq!(done[1].as_ref().unwrap_err().code(), Code::NotFound, "it went with the one before");
        assert!(done[2].is_ok());
        assert_eq!(fixture.identifiers("service", Filter::always()).await, ["foreign", "used"]);
    })
    .await;
}
