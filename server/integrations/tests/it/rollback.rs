//! Runs that are taken back.

use portolan_catalog::{Change, Deletion, WriteOptions};
use portolan_integrations::{LogLevel, Run, RunStatus};
use portolan_schema::{Code, EntityState};
use serde_json::{Value, json};

use crate::interruption::stop_within_commit;
use crate::support::{Done, Fixture, fill, mapping, on_each_engine, resource};

impl Fixture {
    /// Takes a run back and waits for the end.
    pub async fn roll_back(&self, run: i64, plan: bool) -> Done {
        let run = self.integrations.roll_back(&self.ctx, run, plan).await.unwrap();
        self.ended(run.id).await
    }

    async fn refused(&self, run: i64) -> (Code, String) {
        let error = self.integrations.roll_back(&self.ctx, run, false).await.unwrap_err();
        (error.code(), error.public().to_string())
    }

    pub async fn delete(&self, blueprint: &str, identifier: &str) {
        let (blueprint, identifier) = (blueprint.to_owned(), identifier.to_owned());
        let deletion = Deletion { blueprint, identifier, dependents: true, if_revision: None };
        self.catalog.write_one(&self.ctx, Change::Delete(deletion), &WriteOptions::default()).await.unwrap();
    }

    /// All states of some blueprints.
    pub async fn states(&self) -> Vec<(i64, EntityState)> {
        let mut all = Vec::new();
        for blueprint in ["system", "service", "deployment"] {
            all.extend(self.entities(blueprint).await.into_iter().map(|entity| (entity.id, entity.state)));
        }
        all
    }
}

fn services(items: &[(&str, &str, &str)]) -> Vec<Value> {
    let item = |(id, title, system): &(&str, &str, &str)| json!({"id": id, "title": title, "tier": "gold", "system": system});
    items.iter().map(item).collect()
}

fn deployments(items: &[(&str, &str)]) -> Vec<Value> {
    items.iter().map(|(id, service)| json!({"id": id, "title": "D", "service": service})).collect()
}

pub async fn a_run_is_taken_back_and_what_came_after_stays() {
    on_each_engine(|fixture| async move {
        fixture.integrate("main", mapping()).await;
        let source = &fixture.source;
        source.set(
            "services",
            services(&[("a", "A", "y1"), ("b", "B", "y1"), ("gone", "Gone", "y1"), ("lost", "Lost", "y1")]),
        );
        source.set("deployments", deployments(&[("d1", "gone"), ("d2", "a")]));
        let runner = fixture.work();
        fixture.run("main", false).await.check(RunStatus::Succeeded, &[]);
        // Somebody else's, that points at what the run is going to delete.
        fixture
            .upsert(
                "service",
                json!({"identifier": "mine", "title": "Mine", "relations": {"deployments": ["d1"]}}),
            )
            .await;
        let before = fixture.states().await;
        let born = fixture.entity("service", "gone").await.unwrap();
        source.set(
            "services",
            services(&[("a", "A2", "y2"), ("b", "B2", "y2"), ("new", "New", "y2"), ("kept", "Kept", "y2")]),
        );
        source.set("deployments", deployments(&[("d2", "b"), ("d3", "new")]));
        let run = fixture.run("main", false).await;
        run.check(
            RunStatus::Succeeded,
            &[("services", [4, 2, 2, 0, 2, 0]), ("deployments", [2, 1, 1, 0, 1, 0])],
        );
        fixture
            .upsert(
                "service",
                json!({"identifier": "b", "properties": {"size": 7}, "relations": {"system": "y1"}}),
            )
            .await;
        fixture.upsert("service", json!({"identifier": "kept", "properties": {"tier": "silver"}})).await;
        fixture.upsert("service", json!({"identifier": "lost", "title": "Made anew"})).await;

        let planned = fixture.roll_back(run.run.id, true).await;
        let after = fixture.states().await;
        let done = fixture.roll_back(run.run.id, false).await;
        // gone comes back; a, b and mine go back; new goes; kept and the new lost stay.
        let expected = [
            ("service", [7, 1, 3, 2, 1, 0]),
            ("deployment", [3, 1, 1, 0, 1, 0]),
            ("system", [1, 0, 0, 1, 0, 0]),
        ];
        planned.check(RunStatus::Succeeded, &expected);
        done.check(RunStatus::Succeeded, &expected);
        assert_ne!(after, before);
        assert!(planned.run.plan_only && !done.run.plan_only);
        let samples = fixture.integrations.run_samples(&fixture.ctx, planned.run.id).await.unwrap();
        let shown: Vec<&Value> = samples.iter().filter(|sample| sample["change"] == "CREATED").collect();
        assert_eq!(shown.len(), 2, "{samples:#?}");

        let identifiers = fixture.identifiers("service").await;
        assert_eq!(identifiers, ["a", "b", "gone", "kept", "lost", "mine"]);
        assert_eq!(fixture.identifiers("deployment").await, ["d1", "d2"]);
        for (id, state) in &before {
            let (blueprint, untouched) = match state.identifier.as_str() {
                name @ ("a" | "gone" | "mine") => (("service", name), true),
                name @ ("d1" | "d2") => (("deployment", name), true),
                name @ ("y1" | "y2") => (("system", name), true),
                name => (("service", name), false),
            };
            let entity = fixture.entity(blueprint.0, blueprint.1).await.unwrap();
            assert_eq!(entity.state == *state && entity.id == *id, untouched, "{state:?} {entity:?}");
        }
        // It came back as itself.
        let back = fixture.entity("service", "gone").await.unwrap();
        assert_eq!(
            (back.id, back.integration, back.created_at),
            (born.id, born.integration, born.created_at)
        );
        assert!(back.revision > born.revision);
        // What was edited stays, beside what goes back.
        let edited = fixture.entity("service", "b").await.unwrap().state;
        assert_eq!(
            (edited.title.as_deref(), &edited.properties),
            (Some("B"), json!({"tier": "gold", "size": 7}).as_object().unwrap())
        );
        assert_eq!(edited.relations["system"].identifiers().collect::<Vec<_>>(), ["y1"]);
        assert_eq!(
            fixture.entity("service", "lost").await.unwrap().state.title.as_deref(),
            Some("Made anew")
        );
        // The log says what stays, and why.
        let said = |item: &str, message: &str| {
            done.logs.iter().any(|line| {
                line.level == LogLevel::Warning
                    && line.item.as_deref() == Some(item)
                    && line.message.contains(message)
            })
        };
        assert!(said("b", "others have written system since the run"), "{done:#?}");
        assert!(said("kept", "others have written it since the run made it"), "{done:#?}");
        assert!(said("lost", "another one in its place"), "{done:#?}");
        assert!(said("y2", "service \"kept\" points at it"), "{done:#?}");
        fixture.tidied(done.run.id).await;
        let by = fixture.integrations.rolled_back_by(&fixture.ctx, run.run.id).await.unwrap();
        assert_eq!(by, Some(done.run.id));
        // The next run reads the source, and says again what it says.
        fixture.run("main", false).await.check(RunStatus::Succeeded, &[]);
        assert_eq!(fixture.entity("service", "a").await.unwrap().state.title.as_deref(), Some("A2"));
        runner.stop().await;
    })
    .await;
}

pub async fn what_stays_points_at_what_stays() {
    on_each_engine(|fixture| async move {
        fixture.integrate("main", mapping()).await;
        let source = &fixture.source;
        source.set("services", services(&[("old", "Old", "y0")]));
        source.set("deployments", Vec::new());
        let runner = fixture.work();
        fixture.run("main", false).await;
        // A chain of what the run makes: d1 → s1 → y1, and s2 by itself.
        source.set(
            "services",
            services(&[("old", "Old", "y0"), ("s1", "S1", "y1"), ("s2", "S2", "y2"), ("s3", "S3", "y2")]),
        );
        source.set("deployments", deployments(&[("d1", "s1"), ("d2", "s2")]));
        let run = fixture.run("main", false).await;
        fixture.upsert("deployment", json!({"identifier": "own", "relations": {"service": "s3"}})).await;
        fixture.upsert("service", json!({"identifier": "old", "relations": {"deployments": ["d1"]}})).await;
        let planned = fixture.roll_back(run.run.id, true).await;
        let done = fixture.roll_back(run.run.id, false).await;
        let expected = [
            ("service", [3, 0, 0, 2, 1, 0]),
            ("deployment", [2, 0, 0, 1, 1, 0]),
            ("system", [2, 0, 0, 2, 0, 0]),
        ];
        planned.check(RunStatus::Succeeded, &expected);
        done.check(RunStatus::Succeeded, &expected);
        assert_eq!(fixture.identifiers("service").await, ["old", "s1", "s3"]);
        assert_eq!(fixture.identifiers("deployment").await, ["d1", "own"]);
        assert_eq!(fixture.identifiers("system").await, ["y0", "y1", "y2"]);
        runner.stop().await;
    })
    .await;
}

pub async fn runs_are_taken_back_newest_first() {
    on_each_engine(|fixture| async move {
        let mapping = json!({"resources": [resource("services", "service", &["tier"], &["system"])]});
        fixture.integrate("main", mapping).await;
        let source = &fixture.source;
        let runner = fixture.work();
        let mut states = vec![fixture.states().await];
        let mut runs: Vec<Run> = Vec::new();
        let contents = [
            services(&[("a", "A", "y1"), ("b", "B", "y1")]),
            services(&[("a", "A2", "y2"), ("c", "C", "y1")]),
            services(&[("b", "B3", "y1"), ("c", "C3", "y2"), ("d", "D", "y2")]),
        ];
        for content in contents {
            source.set("services", content);
            let done = fixture.run("main", false).await;
            done.check(RunStatus::Succeeded, &[]);
            runs.push(done.run);
            states.push(fixture.states().await);
        }
        let (code, message) = fixture.refused(runs[0].id).await;
        assert_eq!(code, Code::Conflict);
        assert!(message.contains(&format!("the later run {}", runs[2].id)), "{message}");
        assert_eq!(fixture.refused(runs[1].id).await.0, Code::Conflict);
        for at in [2, 1, 0] {
            let done = fixture.roll_back(runs[at].id, false).await;
            assert_eq!(done.run.status, RunStatus::Succeeded, "{done:#?}");
            assert_eq!(fixture.states().await, states[at], "after run {at}: {done:#?}");
            let (code, message) = fixture.refused(runs[at].id).await;
            assert_eq!(code, Code::WrongRunState);
            assert!(message.contains("has taken it back already"), "{message}");
            assert_eq!(fixture.refused(done.run.id).await.0, Code::WrongRunState, "it is one itself");
        }
        runner.stop().await;
    })
    .await;
}

pub async fn what_wrote_nothing_is_not_taken_back() {
    on_each_engine(|fixture| async move {
        let mapping = json!({"resources": [resource("services", "service", &["tier"], &["system"])]});
        fixture.integrate("main", mapping).await;
        fixture.source.set("services", services(&[("a", "A", "y1")]));
        assert_eq!(fixture.refused(404).await.0, Code::NotFound);
        let queued = fixture.integrations.start(&fixture.ctx, "main", true).await.unwrap();
        assert_eq!(fixture.refused(queued.id).await.0, Code::RunInProgress);
        let runner = fixture.work();
        fixture.ended(queued.id).await;
        let (code, message) = fixture.refused(queued.id).await;
        assert!(code == Code::WrongRunState && message.contains("a plan"), "{message}");
        let first = fixture.run("main", false).await.run.id;
        let unchanged = fixture.run("main", false).await.run.id;
        let (code, message) = fixture.refused(unchanged).await;
        assert!(code == Code::WrongRunState && message.contains("has written nothing"), "{message}");
        // One at a time, and no run beside it.
        runner.stop().await;
        let open = fixture.integrations.roll_back(&fixture.ctx, first, false).await.unwrap();
        let again = fixture.integrations.roll_back(&fixture.ctx, first, false).await.unwrap();
        assert_eq!(open.id, again.id);
        let error = fixture.integrations.roll_back(&fixture.ctx, first, true).await.unwrap_err();
        assert_eq!(error.code(), Code::RunInProgress);
        let error = fixture.integrations.start(&fixture.ctx, "main", false).await.unwrap_err();
        assert_eq!(error.code(), Code::RunInProgress);
        fixture.integrations.cancel(&fixture.ctx, open.id).await.unwrap();
        // One that was cancelled is none.
        let runner = fixture.work();
        let done = fixture.roll_back(first, false).await;
        done.check(RunStatus::Succeeded, &[("service", [1, 0, 0, 0, 1, 0]), ("system", [1, 0, 0, 0, 1, 0])]);
        assert!(fixture.states().await.is_empty());
        runner.stop().await;
    })
    .await;
}

pub async fn a_rollback_that_breaks_off_goes_on() {
    const MANY: usize = 1_200;
    on_each_engine(|fixture| async move {
        fixture.integrate("main", mapping()).await;
        fill(&fixture.source, MANY);
        let runner = fixture.work();
        fixture.run("main", false).await;
        let before = fixture.states().await;
        // Half of it goes, a quarter changes, some come.
        let half = MANY / 2;
        let item = |n: usize| json!({"id": format!("s{n:05}"), "title": "Renamed", "tier": "silver", "deployments": [format!("d{n:05}")]});
        let other = |n: usize| json!({"id": format!("d{n:05}"), "title": "D", "service": format!("s{n:05}")});
        let range = || (half..MANY).chain(MANY..MANY + 300);
        fixture.source.set("services", range().map(item).collect());
        fixture.source.set("deployments", range().map(other).collect());
        let run = fixture.run("main", false).await;
        let run = match run.run.status {
            RunStatus::Blocked => {
                fixture.integrations.approve(&fixture.ctx, run.run.id).await.unwrap();
                fixture.ended(run.run.id).await
            }
            _ => run,
        };
        assert_eq!(run.run.status, RunStatus::Succeeded, "{run:#?}");
        runner.stop().await;
        let rollback = fixture.integrations.roll_back(&fixture.ctx, run.run.id, false).await.unwrap();
        let changes = fixture.changes().await;
        let restored = stop_within_commit(&fixture, rollback.id, fixture.work_apart().await).await;
        assert!(restored > 0 && restored < MANY as i64, "{restored}");
        assert_eq!(fixture.changes().await - changes, restored, "what is counted is what was done");
        let runner = fixture.work();
        let done = fixture.ended(rollback.id).await;
        let (half, made) = (half as i64, 300);
        let touched = 2 * half + made;
        done.check(
            RunStatus::Succeeded,
            &[("service", [touched, half, half, 0, made, 0]), ("deployment", [half + made, half, 0, 0, made, 0])],
        );
        assert!(done.logged("goes on where it was interrupted"));
        // A service that is to go loses its deployment first.
        assert_eq!(fixture.changes().await - changes, touched + half + 2 * made, "nothing is done twice");
        assert_eq!(fixture.states().await, before);
        runner.stop().await;
    })
    .await;
}
