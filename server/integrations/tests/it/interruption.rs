//! Runs that are interrupted, taken up, shared and cancelled.

use std::time::{Duration, Instant};

use portolan_integrations::{RunKind, RunStatus};
use portolan_schema::Code;
use portolan_store::Store;
use portolan_store::integration::Phase;
use portolan_store::testing::{Engine, TestDatabase};
use serde_json::json;

use crate::support::{Fixture, LEASE, Runner, fill, mapping, on_each_engine, resource};

/// Items of a run that takes some batches.
const MANY: usize = 2_500;

fn created(kinds: &[RunKind]) -> i64 {
    kinds.iter().map(|kind| kind.counts.created).sum()
}

/// Waits until a run is in the middle of its commit, holds it there, and answers how much it has created.
pub async fn stop_within_commit(fixture: &Fixture, run: i64, runner: Runner) -> i64 {
    let began = Instant::now();
    loop {
        // Whoever has the head's lock keeps everybody else from committing.
        let scope = fixture.store.write(fixture.ctx.tenant()).await.unwrap();
        scope.lock_head().await.unwrap();
        let created = created(&scope.run_kinds(run).await.unwrap());
        let phase = scope.run(run).await.unwrap().unwrap().phase;
        assert!(
            matches!(phase, Phase::Collect | Phase::Plan | Phase::Commit),
            "it was too fast: {phase:?} {created}"
        );
        if created > 0 && phase == Phase::Commit {
            runner.kill().await;
            drop(scope);
            // SQLite commits writes together that wait together: who only reads may not see yet what was seen here.
            fixture.store.write(fixture.ctx.tenant()).await.unwrap().commit().await.unwrap();
            return created;
        }
        drop(scope);
        assert!(began.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

pub async fn a_commit_that_breaks_off_is_taken_up() {
    on_each_engine(|fixture| async move {
        fixture.integrate("main", mapping()).await;
        fill(&fixture.source, MANY);
        let run = fixture.integrations.start(&fixture.ctx, "main", false).await.unwrap();
        let created = stop_within_commit(&fixture, run.id, fixture.work_apart().await).await;
        assert!(created < 2 * MANY as i64, "{created}");
        assert_eq!(fixture.changes().await, created, "what is counted is what was done");
        let reads = fixture.source.reads();
        let runner = fixture.work();
        let done = fixture.ended(run.id).await;
        let new = [MANY as i64, MANY as i64, 0, 0, 0, 0];
        done.check(RunStatus::Succeeded, &[("services", new), ("deployments", new)]);
        assert!(done.logged("goes on where it was interrupted"));
        assert_eq!(fixture.changes().await, 2 * MANY as i64, "nothing is done twice");
        assert_eq!(fixture.source.reads(), reads, "it goes on from what is staged");
        assert!(fixture.entities("service").await.iter().all(|entity| entity.revision == 1));
        let same = [MANY as i64, 0, 0, MANY as i64, 0, 0];
        fixture
            .run("main", false)
            .await
            .check(RunStatus::Succeeded, &[("services", same), ("deployments", same)]);
        runner.stop().await;
    })
    .await;
}

pub async fn a_plan_that_breaks_off_is_made_again() {
    on_each_engine(|fixture| async move {
        fixture.integrate("main", mapping()).await;
        fill(&fixture.source, 30);
        let runner = fixture.work();
        fixture.run("main", false).await;
        runner.stop().await;
        fill(&fixture.source, 28);
        let run = fixture.integrations.start(&fixture.ctx, "main", false).await.unwrap();
        // As if the server had died right after everything was staged, with half a plan made.
        let gate = fixture.source.hold();
        let runner = fixture.work_apart().await;
        fixture.until(run.id, |_, kinds| kinds[0].mapped == 28).await;
        gate.add_permits(2);
        let began = Instant::now();
        loop {
            let scope = fixture.store.write(fixture.ctx.tenant()).await.unwrap();
            let phase = scope.run(run.id).await.unwrap().unwrap().phase;
            if phase == Phase::Plan {
                let gone = portolan_store::integration::Gone {
                    no: -1,
                    kind: 0,
                    blueprint: portolan_schema::BlueprintNo(1),
                    identifier: "s00001".into(),
                };
                runner.kill().await;
                scope.stage_deletion(run.id, &gone).await.unwrap();
                scope.commit().await.unwrap();
                break;
            }
            assert!(
                phase == Phase::Collect && began.elapsed() < Duration::from_secs(60),
                "it was too fast: {phase:?}"
            );
        }
        let runner = fixture.work();
        let done = fixture.ended(run.id).await;
        done.check(
            RunStatus::Succeeded,
            &[("services", [28, 0, 0, 28, 2, 0]), ("deployments", [28, 0, 0, 28, 2, 0])],
        );
        runner.stop().await;
    })
    .await;
}

pub async fn a_collection_that_breaks_off_ends_failed() {
    on_each_engine(|fixture| async move {
        fixture.integrate("main", mapping()).await;
        fill(&fixture.source, 1_500);
        fixture.source.hold();
        let run = fixture.integrations.start(&fixture.ctx, "main", false).await.unwrap();
        let runner = fixture.work_apart().await;
        fixture.until(run.id, |_, kinds| kinds[0].mapped == 1_500).await;
        runner.kill().await;
        fixture.source.let_go();
        let runner = fixture.work();
        let done = fixture.ended(run.id).await;
        done.check(RunStatus::Failed, &[]);
        assert_eq!(done.run.error.as_ref().unwrap().0, Code::Unavailable.as_str());
        assert_eq!(fixture.changes().await, 0);
        fixture
            .run("main", false)
            .await
            .check(RunStatus::Succeeded, &[("services", [1_500, 1_500, 0, 0, 0, 0])]);
        fixture.tidied(run.id).await;
        runner.stop().await;
    })
    .await;
}

pub async fn two_servers_share_the_runs() {
    let database = TestDatabase::new(Engine::Postgres).await;
    let mut first = Fixture::new(database.store.clone()).await;
    first.apart = Some(database.config.clone());
    let second_store = Store::open(&database.config).await.unwrap();
    let second = Fixture::server(second_store.clone(), first.source.clone());
    for number in 0..6 {
        let kind = format!("k{number}");
        first.integrate(&kind, json!({"resources": [resource(&kind, "service", &[], &[])]})).await;
        first.source.set(&kind, (0..50).map(|n| json!({"id": format!("{kind}-{n}")})).collect());
    }
    let runners = [first.work(), second.work()];
    let mut runs = Vec::new();
    for number in 0..6 {
        let server = if number % 2 == 0 { &first } else { &second };
        runs.push(server.integrations.start(&server.ctx, &format!("k{number}"), false).await.unwrap());
    }
    for run in &runs {
        first.ended(run.id).await.check(RunStatus::Succeeded, &[]);
    }
    assert_eq!(first.source.reads(), 6, "each run was carried out once");
    assert_eq!(first.changes().await, 300);
    // One of them dies; the other one takes its run up when the lease has ended.
    for runner in runners {
        runner.stop().await;
    }
    first.integrate("main", mapping()).await;
    fill(&first.source, MANY);
    let run = first.integrations.start(&first.ctx, "main", false).await.unwrap();
    let created = stop_within_commit(&first, run.id, first.work_apart().await).await;
    let runner = second.work();
    let began = Instant::now();
    let done = second.ended(run.id).await;
    let new = [MANY as i64, MANY as i64, 0, 0, 0, 0];
    done.check(RunStatus::Succeeded, &[("services", new), ("deployments", new)]);
    assert!(began.elapsed() < LEASE * 10, "{:?}", began.elapsed());
    assert_eq!(second.changes().await, 300 + 2 * MANY as i64, "{created} were there already");
    runner.stop().await;
    second_store.close().await;
    database.remove().await;
}

pub async fn a_server_that_lost_its_lease_writes_nothing() {
    on_each_engine(|fixture| async move {
        fixture.integrate("main", mapping()).await;
        fill(&fixture.source, 300);
        let gate = fixture.source.hold();
        let run = fixture.integrations.start(&fixture.ctx, "main", false).await.unwrap();
        let runner = fixture.work();
        fixture.until(run.id, |_, kinds| kinds[0].mapped == 300).await;
        // Somebody else takes the job, as after a long sleep of the first.
        let scope = fixture.store.write_global().await.unwrap();
        let far = portolan_schema::Instant(i64::MAX / 2);
        let taken =
            scope.take_job("runs", far, portolan_schema::Instant(far.0 + 60_000_000)).await.unwrap().unwrap();
        assert_eq!((taken.subject, taken.attempts), (run.id, 2));
        scope.commit().await.unwrap();
        gate.add_permits(2);
        runner.stop().await;
        assert_eq!(fixture.changes().await, 0);
        let (run, _) = fixture.integrations.run(&fixture.ctx, run.id).await.unwrap();
        assert_eq!((run.status, run.phase), (RunStatus::Running, Phase::Collect), "the other one decides");
    })
    .await;
}

pub async fn runs_are_cancelled() {
    on_each_engine(|fixture| async move {
        fixture.integrate("main", mapping()).await;
        fill(&fixture.source, MANY);
        // While it waits.
        let run = fixture.integrations.start(&fixture.ctx, "main", false).await.unwrap();
        let cancelled = fixture.integrations.cancel(&fixture.ctx, run.id).await.unwrap();
        assert_eq!(cancelled.status, RunStatus::Cancelled);
        assert_eq!(
            fixture.integrations.cancel(&fixture.ctx, run.id).await.unwrap().status,
            RunStatus::Cancelled
        );
        // While it reads.
        let runner = fixture.work();
        fixture.source.hold();
        let run = fixture.integrations.start(&fixture.ctx, "main", false).await.unwrap();
        fixture.until(run.id, |_, kinds| kinds[0].mapped == MANY as i64).await;
        let began = Instant::now();
        let cancelled = fixture.integrations.cancel(&fixture.ctx, run.id).await.unwrap();
        assert_eq!(cancelled.status, RunStatus::Cancelled);
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        assert_eq!(fixture.changes().await, 0);
        fixture.source.let_go();
        // While it commits: between two batches.
        let run = fixture.integrations.start(&fixture.ctx, "main", false).await.unwrap();
        fixture.until(run.id, |run, kinds| run.phase == Phase::Commit && created(kinds) > 0).await;
        let cancelled = fixture.integrations.cancel(&fixture.ctx, run.id).await.unwrap();
        let done = fixture.ended(run.id).await;
        assert_eq!(cancelled.status, done.run.status);
        if done.run.status == RunStatus::Cancelled {
            assert!(created(&done.kinds) < 2 * MANY as i64);
        }
        assert_eq!(created(&done.kinds), fixture.changes().await);
        fixture.until(run.id, |run, _| run.phase == Phase::Ended).await;
        let error = fixture.integrations.cancel(&fixture.ctx, run.id).await.err().map(|error| error.code());
        let expected = (done.run.status != RunStatus::Cancelled).then_some(Code::WrongRunState);
        assert_eq!(error, expected);
        // The next run does the rest.
        let done = fixture.run("main", false).await;
        done.check(RunStatus::Succeeded, &[]);
        assert_eq!(fixture.changes().await, 2 * MANY as i64);
        runner.stop().await;
    })
    .await;
}

pub async fn a_server_that_stops_leaves_its_commits_to_the_next() {
    on_each_engine(|fixture| async move {
        fixture.integrate("main", mapping()).await;
        fill(&fixture.source, MANY);
        let runner = fixture.work();
        let run = fixture.integrations.start(&fixture.ctx, "main", false).await.unwrap();
        fixture.until(run.id, |run, kinds| run.phase == Phase::Commit && created(kinds) > 0).await;
        let began = Instant::now();
        runner.stop().await;
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        let (stopped, kinds) = fixture.integrations.run(&fixture.ctx, run.id).await.unwrap();
        assert_eq!((stopped.status, created(&kinds)), (RunStatus::Running, fixture.changes().await));
        // Given back, not left to its lease.
        let began = Instant::now();
        let runner = fixture.work();
        let done = fixture.ended(run.id).await;
        let new = [MANY as i64, MANY as i64, 0, 0, 0, 0];
        done.check(RunStatus::Succeeded, &[("services", new), ("deployments", new)]);
        assert!(done.logged("the run goes on when one starts"), "{:?}", began.elapsed());
        // One that still reads ends at once.
        fixture.source.hold();
        let run = fixture.integrations.start(&fixture.ctx, "main", false).await.unwrap();
        fixture.until(run.id, |_, kinds| kinds[0].mapped == MANY as i64).await;
        runner.stop().await;
        let (stopped, _) = fixture.integrations.run(&fixture.ctx, run.id).await.unwrap();
        assert_eq!(stopped.status, RunStatus::Failed);
    })
    .await;
}
