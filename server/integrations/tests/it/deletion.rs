//! What a run deletes, and what it never does.

use portolan_catalog::{Change, Deletion, WriteOptions};
use portolan_integrations::RunStatus;
use portolan_schema::Code;
use serde_json::{Value, json};

use crate::support::{Fixture, fill, mapping, on_each_engine, resource};

fn services(names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| json!({"id": name, "title": name})).collect()
}

pub async fn the_guard_stops_a_run_until_it_is_approved() {
    on_each_engine(|fixture| async move {
        fixture
            .integrate("main", json!({"resources": [resource("services", "service", &["tier"], &[])]}))
            .await;
        fill(&fixture.source, 40);
        let runner = fixture.work();
        fixture.run("main", false).await;
        let mut left: Vec<Value> = services(&["s00000", "s00001", "new"]);
        left[0]["title"] = json!("Renamed");
        fixture.source.set("services", left.clone());
        let (before, reads) = (fixture.changes().await, fixture.source.reads());
        let planned = fixture.run("main", true).await;
        planned.check(RunStatus::Succeeded, &[("services", [3, 1, 2, 0, 38, 0])]);
        assert_eq!(planned.run.blocked.as_ref().unwrap().deletions, 38);
        let blocked = fixture.run("main", false).await;
        blocked.check(RunStatus::Blocked, &[("services", [3, 1, 2, 0, 38, 0])]);
        let why = blocked.run.blocked.clone().unwrap();
        assert_eq!((why.deletions, why.share, why.threshold), (38, 0.95, 0.5));
        assert_eq!(fixture.changes().await, before, "nothing is committed");
        assert!(fixture.staged(blocked.run.id).await > 0);
        // What is approved is what was planned, whatever the source has by now.
        fixture.source.set("services", Vec::new());
        let error = fixture.integrations.approve(&fixture.ctx, planned.run.id).await.unwrap_err();
        assert_eq!(error.code(), Code::WrongRunState);
        let approved = fixture.integrations.approve(&fixture.ctx, blocked.run.id).await.unwrap();
        assert_eq!((approved.id, approved.status), (blocked.run.id, RunStatus::Running));
        let done = fixture.ended(blocked.run.id).await;
        done.check(RunStatus::Succeeded, &[("services", [3, 1, 2, 0, 38, 0])]);
        assert!(
            done.logged("approved by ada@acme.example") && done.run.approved && done.run.blocked.is_none()
        );
        assert_eq!(fixture.identifiers("service").await, ["new", "s00000", "s00001"]);
        assert_eq!(fixture.source.reads(), reads + 2, "an approved run does not read again");
        fixture.tidied(blocked.run.id).await;
        // A later run takes the place of one that waits.
        fixture.source.set("services", (0..30).map(|n| json!({"id": format!("x{n}")})).collect());
        fixture.run("main", false).await;
        fixture.source.set("services", services(&["x1"]));
        let waiting = fixture.run("main", false).await;
        waiting.check(RunStatus::Blocked, &[]);
        fixture.source.set("services", (0..30).map(|n| json!({"id": format!("x{n}")})).collect());
        fixture.run("main", false).await.check(RunStatus::Succeeded, &[]);
        let error = fixture.integrations.approve(&fixture.ctx, waiting.run.id).await.unwrap_err();
        assert_eq!(error.code(), Code::WrongRunState);
        fixture.until(waiting.run.id, |run, _| run.status == RunStatus::Cancelled).await;
        runner.stop().await;
    })
    .await;
}

pub async fn only_what_is_its_own_goes() {
    on_each_engine(|fixture| async move {
        let mapping = |kind: &str| json!({"resources": [resource(kind, "service", &[], &[])]});
        fixture.integrate("one", mapping("ones")).await;
        fixture.integrate("two", mapping("twos")).await;
        fixture.upsert("service", json!({"identifier": "mine", "title": "mine"})).await;
        fixture.source.set("ones", services(&["a", "b", "shared", "mine"]));
        fixture.source.set("twos", services(&["c", "shared"]));
        let runner = fixture.work();
        fixture.run("one", false).await.check(RunStatus::Succeeded, &[("ones", [4, 3, 0, 1, 0, 0])]);
        // The second run finds "shared", which stays the first one's.
        fixture.run("two", false).await;
        // So does what a person edits.
        fixture.upsert("service", json!({"identifier": "b", "title": "Edited"})).await;
        fixture.source.set("ones", services(&["a"]));
        fixture.source.set("twos", Vec::new());
        fixture.run("two", false).await.check(RunStatus::Succeeded, &[("twos", [0, 0, 0, 0, 1, 0])]);
        assert_eq!(fixture.identifiers("service").await, ["a", "b", "mine", "shared"]);
        fixture.run("one", false).await.check(RunStatus::Succeeded, &[("ones", [1, 0, 0, 1, 2, 0])]);
        assert_eq!(fixture.identifiers("service").await, ["a", "mine"]);
        runner.stop().await;
    })
    .await;
}

pub async fn what_others_require_stays() {
    on_each_engine(|fixture| async move {
        fixture.integrate("main", json!({"resources": [resource("services", "service", &[], &[])]})).await;
        fixture.source.set("services", services(&["a", "b", "c"]));
        let runner = fixture.work();
        fixture.run("main", false).await;
        fixture.upsert("deployment", json!({"identifier": "theirs", "relations": {"service": "a"}})).await;
        fixture.source.set("services", services(&["c"]));
        for plan in [true, false] {
            let done = fixture.run("main", plan).await;
            done.check(RunStatus::Partial, &[("services", [1, 0, 0, 1, 1, 1])]);
            assert!(done.logged("deployment \"theirs\" requires it"), "{done:#?}");
        }
        assert_eq!(fixture.identifiers("service").await, ["a", "c"]);
        delete(&fixture, "deployment", "theirs").await;
        fixture.run("main", false).await.check(RunStatus::Succeeded, &[("services", [1, 0, 0, 1, 1, 0])]);
        runner.stop().await;
    })
    .await;
}

async fn delete(fixture: &Fixture, blueprint: &str, identifier: &str) {
    let (blueprint, identifier) = (blueprint.to_owned(), identifier.to_owned());
    let change = Change::Delete(Deletion { blueprint, identifier, dependents: false, if_revision: None });
    fixture.catalog.write_one(&fixture.ctx, change, &WriteOptions::default()).await.unwrap();
}

pub async fn what_items_point_at_stays() {
    on_each_engine(|fixture| async move {
        for create_missing in [true, false] {
            let mut mapping = json!({"createMissingRelatedEntities": create_missing, "resources": [
                resource("systems", "system", &[], &[]), resource("services", "service", &[], &["system"])]});
            mapping["createMissingRelatedEntities"] = json!(create_missing);
            let name = format!("main-{create_missing}");
            fixture.integrate(&name, mapping).await;
            let id = |text: &str| format!("{text}-{create_missing}");
            fixture.source.set("systems", vec![json!({"id": id("kept")}), json!({"id": id("gone")})]);
            fixture.source.set("services", vec![json!({"id": id("s"), "system": id("kept")})]);
            let runner = fixture.work();
            fixture.run(&name, false).await.check(RunStatus::Succeeded, &[("systems", [2, 2, 0, 0, 0, 0])]);
            fixture.source.set("systems", Vec::new());
            let before = fixture.entity("service", &id("s")).await;
            for deleted in [1, 0] {
                let done = fixture.run(&name, false).await;
                done.check(
                    RunStatus::Succeeded,
                    &[("systems", [0, 0, 0, 0, deleted, 0]), ("services", [1, 0, 0, 1, 0, 0])],
                );
            }
            assert_eq!(fixture.entity("service", &id("s")).await, before, "it does not go to and fro");
            // Once nothing points at it, it goes.
            fixture.source.set("services", vec![json!({"id": id("s")})]);
            let done = fixture.run(&name, false).await;
            done.check(
                RunStatus::Succeeded,
                &[("systems", [0, 0, 0, 0, 1, 0]), ("services", [1, 0, 1, 0, 0, 0])],
            );
            runner.stop().await;
        }
    })
    .await;
}

pub async fn dependents_go_along_only_where_nobody_fills_them() {
    on_each_engine(|fixture| async move {
        for take_along in [true, false] {
            // A mapping that once filled deployments too.
            let name = format!("main-{take_along}");
            let mut both = mapping();
            both["deleteDependentEntities"] = json!(take_along);
            let mut services = both.clone();
            services["resources"].as_array_mut().unwrap().pop();
            fixture.integrate(&name, both).await;
            fill(&fixture.source, 4);
            let runner = fixture.work();
            fixture.run(&name, false).await.check(RunStatus::Succeeded, &[]);
            let change = portolan_integrations::IntegrationChange { mapping: Some(Some(services)), ..Default::default() };
            fixture.integrations.update(&fixture.ctx, &name, &change).await.unwrap();
            let left = [0, 1].map(|n| json!({"id": format!("s{n:05}"), "title": format!("Service {n}"), "tier": "gold", "deployments": []}));
            fixture.source.set("services", left.to_vec());
            let (deleted, failed) = if take_along { (4, 0) } else { (0, 2) };
            let planned = fixture.run(&name, true).await;
            let done = fixture.run(&name, false).await;
            assert_eq!(planned.counts("services"), done.counts("services"));
            assert_eq!(done.counts("services"), [2, 0, 2, 0, deleted, failed], "{done:#?}");
            let kept = if take_along { vec!["d00000", "d00001"] } else { vec!["d00000", "d00001", "d00002", "d00003"] };
            assert_eq!(fixture.identifiers("deployment").await, kept);
            fixture.integrations.delete(&fixture.ctx, &name, true).await.unwrap();
            runner.stop().await;
        }
        // What goes together goes together, either way round.
        let mut both = mapping();
        both["deleteDependentEntities"] = json!(false);
        fixture.integrate("all", both).await;
        fill(&fixture.source, 3);
        let runner = fixture.work();
        fixture.run("all", false).await;
        fill(&fixture.source, 1);
        let done = fixture.run("all", false).await;
        done.check(RunStatus::Succeeded, &[("services", [1, 0, 0, 1, 2, 0]), ("deployments", [1, 0, 0, 1, 2, 0])]);
        runner.stop().await;
    })
    .await;
}

pub async fn failed_items_keep_their_blueprints() {
    on_each_engine(|fixture| async move {
        let mapping = json!({"resources": [
            resource("services", "service", &["tier"], &[]),
            resource("more", "service", &["tier"], &[]),
            resource("systems", "system", &[], &[])]});
        fixture.integrate("main", mapping).await;
        fixture.source.set("services", services(&["a", "b"]));
        fixture.source.set("more", services(&["c"]));
        fixture.source.set("systems", services(&["x", "y"]));
        let runner = fixture.work();
        fixture.run("main", false).await;
        // A wrong item of one kind keeps what the other kind of the same blueprint lost.
        fixture.source.set("more", vec![json!({"id": "c", "tier": "lead"})]);
        fixture.source.set("services", services(&["a"]));
        fixture.source.set("systems", services(&["x"]));
        let done = fixture.run("main", false).await;
        done.check(
            RunStatus::Partial,
            &[
                ("services", [1, 0, 0, 1, 0, 0]),
                ("more", [1, 0, 0, 0, 0, 1]),
                ("systems", [1, 0, 0, 1, 1, 0]),
            ],
        );
        assert_eq!(fixture.identifiers("service").await, ["a", "b", "c"]);
        runner.stop().await;
    })
    .await;
}
