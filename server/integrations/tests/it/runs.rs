//! What a run does with what it reads.

use portolan_integrations::{KindStatus, LogLevel, RunStatus};
use serde_json::{Value, json};

use crate::support::{fill, mapping, on_each_engine, resource};

pub async fn items_may_point_at_each_other_whatever_their_order() {
    on_each_engine(|fixture| async move {
        fixture.integrate("main", mapping()).await;
        fill(&fixture.source, 1_250);
        let runner = fixture.work();
        let done = fixture.run("main", false).await;
        let new = [1_250, 1_250, 0, 0, 0, 0];
        done.check(RunStatus::Succeeded, &[("services", new), ("deployments", new)]);
        for (entities, relation) in [
            (fixture.entities("service").await, "deployments"),
            (fixture.entities("deployment").await, "service"),
        ] {
            assert_eq!(entities.len(), 1_250);
            for entity in &entities {
                let targets: Vec<&str> = entity.state.relations[relation].identifiers().collect();
                assert_eq!(targets.len(), 1, "{entity:?}");
                assert_eq!(targets[0][1..], entity.state.identifier[1..]);
                // Each was written once, whichever came first.
                assert_eq!(entity.revision, 1);
            }
        }
        assert_eq!(fixture.changes().await, 2_500);
        // Edges that waited point at their targets: a service cannot be deleted any more.
        let scope = fixture.store.read(fixture.ctx.tenant()).await.unwrap();
        let model = fixture.catalog.model(&fixture.ctx).await.unwrap();
        let integration = done.run.integration;
        assert!(scope.waiting_targets(integration, &model, 10).await.unwrap().is_empty());
        let services = fixture.entities("service").await;
        assert_eq!(scope.edges_to(&[services[7].id]).await.unwrap().len(), 1);
        drop(scope);
        fixture.tidied(done.run.id).await;
        runner.stop().await;
    })
    .await;
}

pub async fn a_plan_counts_what_the_commit_does() {
    on_each_engine(|fixture| async move {
        fixture.integrate("main", mapping()).await;
        fill(&fixture.source, 1_100);
        let runner = fixture.work();
        fixture.run("main", false).await;
        // Something of everything: changed, new, gone, wrong, pointing at what is new or not there.
        let mut services: Vec<Value> = Vec::new();
        for n in 0..1_300 {
            let mut item = json!({"id": format!("s{n:05}"), "title": format!("Service {n}"), "tier": "gold", "deployments": [format!("d{n:05}")]});
            match n {
                0..100 => item["title"] = json!("Changed"),
                100..110 => item["tier"] = json!("lead"),
                110..120 => item["system"] = json!(format!("new-{n}")),
                200..300 => continue,
                1_100.. => item["deployments"] = json!([]),
                _ => {}
            }
            services.push(item);
        }
        // The same service once more.
        services.push(json!({"id": "s00500", "title": "Twice", "tier": "silver"}));
        services.push(json!({"id": "s01299", "title": "Service 1299", "tier": "gold"}));
        fixture.source.set("services", services);
        let deployments = (0..1_300).filter(|n| !(100..150).contains(n) || *n >= 140).map(|n| {
            let service = if (200..300).contains(&n) { "s00001".to_owned() } else { format!("s{n:05}") };
            json!({"id": format!("d{n:05}"), "title": "D", "service": service})
        });
        fixture.source.set("deployments", deployments.collect());
        let before = fixture.changes().await;
        let planned = fixture.run("main", true).await;
        assert_eq!(planned.run.status, RunStatus::Partial, "{planned:#?}");
        assert_eq!(fixture.changes().await, before, "a plan writes nothing");
        fixture.tidied(planned.run.id).await;
        let samples = fixture.integrations.run_samples(&fixture.ctx, planned.run.id).await.unwrap();
        for change in ["CREATED", "UPDATED", "DELETED"] {
            let sample = samples.iter().find(|sample| sample["change"] == change).unwrap_or_else(|| panic!("{change} {samples:#?}"));
            assert_eq!(sample["before"].is_null(), change == "CREATED", "{sample}");
            assert_eq!(sample["after"].is_null(), change == "DELETED", "{sample}");
        }
        let done = fixture.run("main", false).await;
        assert_eq!(planned.run.status, done.run.status);
        for kind in ["services", "deployments"] {
            assert_eq!(planned.counts(kind), done.counts(kind), "{kind}: {done:#?}");
        }
        // 100 new titles, one title twice, ten systems; the wrong ones keep services from being deleted.
        assert_eq!(done.counts("services"), [1_202, 200, 111, 881, 0, 10], "{done:#?}");
        assert_eq!(done.run.status, RunStatus::Partial);
        assert_eq!(fixture.entity("service", "s00500").await.unwrap().state.title.as_deref(), Some("Twice"));
        runner.stop().await;
    })
    .await;
}

pub async fn an_unchanged_source_writes_nothing() {
    on_each_engine(|fixture| async move {
        fixture.integrate("main", mapping()).await;
        fill(&fixture.source, 1_000);
        let runner = fixture.work();
        fixture.run("main", false).await;
        let (changes, entities) = (fixture.changes().await, fixture.entities("service").await);
        let (transactions, began) = (fixture.store.transactions(), std::time::Instant::now());
        let run = fixture.integrations.start(&fixture.ctx, "main", false).await.unwrap();
        // This test looks seldom: every look is a transaction too.
        while fixture.integrations.run(&fixture.ctx, run.id).await.unwrap().0.status.is_open() {
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
        let (transactions, elapsed) = (fixture.store.transactions() - transactions, began.elapsed());
        let done = fixture.ended(run.id).await;
        let same = [1_000, 0, 0, 1_000, 0, 0];
        done.check(RunStatus::Succeeded, &[("services", same), ("deployments", same)]);
        assert_eq!(fixture.changes().await, changes);
        assert_eq!(fixture.entities("service").await, entities);
        // Staging and planning go in batches; the rest is the queue, looked at every 50 ms, and heartbeats.
        let most = 100 + elapsed.as_millis() / 15;
        assert!((transactions as u128) < most, "{transactions} in {elapsed:?}");
        runner.stop().await;
    })
    .await;
}

pub async fn what_two_entries_make_is_merged_in_their_order() {
    on_each_engine(|fixture| async move {
        let mapping = json!({"resources": [
            resource("late", "service", &["tier"], &[]),
            resource("early", "service", &["size"], &[]),
        ]});
        fixture.integrate("main", mapping).await;
        fixture.source.set("early", vec![json!({"id": "a", "title": "Second", "size": 3})]);
        fixture.source.set("late", vec![json!({"id": "a", "title": "First", "tier": "gold"})]);
        let runner = fixture.work();
        let done = fixture.run("main", false).await;
        done.check(RunStatus::Succeeded, &[("late", [1, 1, 0, 0, 0, 0]), ("early", [1, 0, 1, 0, 0, 0])]);
        let entity = fixture.entity("service", "a").await.unwrap();
        assert_eq!(entity.state.title.as_deref(), Some("Second"));
        assert_eq!(json!(entity.state.properties), json!({"tier": "gold", "size": 3}));
        // One version for both; and none where the two say what they said before.
        assert_eq!(entity.revision, 1);
        let done = fixture.run("main", false).await;
        assert_eq!(fixture.entity("service", "a").await.unwrap().revision, 1, "{done:#?}");
        runner.stop().await;
    })
    .await;
}

pub async fn kinds_fail_by_themselves() {
    on_each_engine(|fixture| async move {
        fixture.integrate("main", mapping()).await;
        fill(&fixture.source, 4);
        let runner = fixture.work();
        fixture.run("main", false).await;
        fixture.source.break_off("deployments", true);
        fixture.source.set("deployments", Vec::new());
        fixture.source.remove("services", "s00003");
        let done = fixture.run("main", false).await;
        done.check(RunStatus::Partial, &[("deployments", [0, 0, 0, 0, 0, 0])]);
        assert_eq!(done.kinds[1].status, KindStatus::Failed);
        assert_eq!(done.kinds[1].error.as_ref().unwrap().0, "UPSTREAM_FAILED");
        assert!(
            done.logs
                .iter()
                .any(|line| line.level == LogLevel::Error && line.kind.as_deref() == Some("deployments"))
        );
        // A deployment that may still be there requires the service that is gone.
        assert_eq!(done.counts("services"), [3, 0, 0, 3, 0, 1], "{done:#?}");
        assert_eq!(fixture.identifiers("deployment").await.len(), 4);
        fixture.source.break_off("services", true);
        let failed = fixture.run("main", false).await;
        failed.check(RunStatus::Failed, &[]);
        fixture.source.go_away(true);
        let failed = fixture.run("main", false).await;
        failed.check(RunStatus::Failed, &[]);
        assert_eq!(failed.run.error.as_ref().unwrap().0, "UPSTREAM_UNREACHABLE");
        assert_eq!(fixture.identifiers("service").await.len(), 4);
        runner.stop().await;
    })
    .await;
}

pub async fn a_run_that_is_open_is_answered() {
    on_each_engine(|fixture| async move {
        fixture.integrate("main", mapping()).await;
        fill(&fixture.source, 150);
        let first = fixture.integrations.start(&fixture.ctx, "main", false).await.unwrap();
        assert_eq!(first.status, RunStatus::Queued);
        let gate = fixture.source.hold();
        let runner = fixture.work();
        // While it goes on it shows how far it has come.
        let running = fixture.until(first.id, |_, kinds| kinds[0].mapped == 150).await;
        assert_eq!((running.run.status, running.kinds[0].status), (RunStatus::Running, KindStatus::Running));
        let starts = (0..5).map(|_| fixture.integrations.start(&fixture.ctx, "main", true));
        for started in futures::future::join_all(starts).await {
            assert_eq!(started.unwrap().id, first.id);
        }
        gate.add_permits(2);
        fixture.ended(first.id).await.check(RunStatus::Succeeded, &[]);
        fixture.source.let_go();
        let starts = (0..5).map(|_| fixture.integrations.start(&fixture.ctx, "main", false));
        let ids: std::collections::HashSet<i64> =
            futures::future::join_all(starts).await.into_iter().map(|run| run.unwrap().id).collect();
        assert_eq!(ids.len(), 1);
        runner.stop().await;
    })
    .await;
}

pub async fn the_log_names_item_and_expression() {
    on_each_engine(|fixture| async move {
        let mut mapping = mapping();
        mapping["resources"][0]["port"]["entity"]["mappings"]["properties"]["size"] = json!(".title.x");
        fixture.integrate("main", mapping).await;
        fixture.source.set("services", (0..100).map(|n| json!({"id": format!("s{n}"), "title": "S", "tier": if n == 3 { "lead" } else { "gold" }})).collect());
        let runner = fixture.work();
        let done = fixture.run("main", false).await;
        done.check(RunStatus::Partial, &[("services", [100, 99, 0, 0, 0, 1])]);
        let about_size: Vec<_> = done.logs.iter().filter(|line| line.message.contains("/properties/size")).collect();
        assert_eq!(about_size.len(), 21, "{about_size:#?}");
        assert_eq!(about_size[0].item.as_deref(), Some("s0"));
        assert!(about_size[0].message.starts_with("/resources/0/port/entity/mappings/properties/size (.title.x): JQ_FAILED"), "{about_size:?}");
        assert!(about_size[20].message.contains("80 more items"), "{about_size:?}");
        let wrong = done.logs.iter().find(|line| line.item.as_deref() == Some("s3") && line.message.contains("tier")).unwrap();
        assert!(wrong.message.contains("/resources/0/port/entity/mappings/properties/tier (.tier): service: INVALID_VALUE"), "{wrong:?}");
        assert_eq!(done.kinds[0].error.as_ref().unwrap().0, "INVALID_VALUE");
        // Page by page.
        let (first, more) = fixture.integrations.run_logs(&fixture.ctx, done.run.id, 0, 3).await.unwrap();
        assert_eq!((first.len(), more, first[2].no), (3, true, 3));
        let (rest, more) = fixture.integrations.run_logs(&fixture.ctx, done.run.id, 3, 500).await.unwrap();
        assert_eq!((rest.len() + 3, more), (done.logs.len(), false));
        runner.stop().await;
    })
    .await;
}

pub async fn payloads_are_recorded_masked() {
    on_each_engine(|fixture| async move {
        fixture.integrate("main", mapping()).await;
        fixture
            .source
            .set("services", (0..9).map(|n| json!({"id": format!("s{n}"), "apiToken": "x"})).collect());
        let runner = fixture.work();
        fixture.run("main", true).await;
        let recorded = fixture.integrations.recorded_samples(&fixture.ctx, "main", "services").await.unwrap();
        assert_eq!(recorded.len(), 5);
        assert_eq!(recorded[0], json!({"id": "s0", "apiToken": "***"}));
        // A run that sees nothing of a kind leaves what is known of it.
        fixture.source.set("services", Vec::new());
        fixture.run("main", true).await;
        let recorded = fixture.integrations.recorded_samples(&fixture.ctx, "main", "services").await.unwrap();
        assert_eq!(recorded.len(), 5);
        runner.stop().await;
    })
    .await;
}
