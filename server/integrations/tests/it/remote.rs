//! Runs whose items come from elsewhere: what a client hands over, says, and leaves undone.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::Stream;
use portolan_integrations::{
    Closing, IntegrationChange, KindStatus, Receipt, Receipts, RemoteChange, Run, RunStatus,
};
use portolan_schema::{Code, Error, Result};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::source::Source;
use crate::support::{Done, Fixture, JQ_DEADLINE, mapping, on_each_engine, resource};

#[derive(Default)]
struct Heard(Vec<Receipt>);

#[async_trait]
impl Receipts for Heard {
    async fn say(&mut self, receipts: Vec<Receipt>) {
        self.0.extend(receipts);
    }
}

impl Fixture {
    async fn integrate_remote(&self, identifier: &str, config: &Value) {
        let wanted =
            RemoteChange::from_json(&json!({"installationAppType": "agent", "config": config})).unwrap();
        self.integrations.put_remote(&self.ctx, identifier, &wanted).await.unwrap();
    }

    async fn open(&self, plan: bool) -> Run {
        let (run, is_new) = self.integrations.open_run(&self.ctx, "far", plan).await.unwrap();
        assert!(is_new, "{run:?}");
        run
    }

    async fn send(&self, run: i64, body: impl Stream<Item = Result<Bytes>> + Send + Unpin) -> Vec<Receipt> {
        let mut heard = Heard::default();
        self.integrations.take_items(&self.ctx, run).await.unwrap().run(body, &mut heard).await;
        heard.0
    }

    /// Sends lines in pieces that do not end where they do.
    async fn send_lines(&self, run: i64, lines: &[String]) -> Vec<Receipt> {
        let text = lines.join("\n");
        let pieces: Vec<Result<Bytes>> =
            text.as_bytes().chunks(1_000).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        self.send(run, futures::stream::iter(pieces)).await
    }

    async fn close(&self, run: i64, closing: Value) -> Result<Run> {
        self.integrations.close_run(&self.ctx, run, &Closing::from_json(&closing).unwrap()).await
    }

    /// A whole run of services: opens it, sends them, closes it, waits for its end.
    async fn run_of(&self, names: &[&str], closing: Value) -> Done {
        let run = self.open(false).await;
        self.send_lines(run.id, &services(names)).await;
        self.close(run.id, closing).await.unwrap();
        self.ended(run.id).await
    }
}

fn services(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| line("services", &json!({"id": name, "title": "S", "tier": "gold"}))).collect()
}

fn line(kind: &str, item: &Value) -> String {
    json!({"kind": kind, "item": item}).to_string()
}

fn complete() -> Value {
    json!({"kinds": {"services": "COMPLETE"}})
}

fn only_services() -> Value {
    json!({"resources": [resource("services", "service", &["tier"], &["system"])]})
}

fn code<T: std::fmt::Debug>(result: Result<T>) -> Code {
    result.unwrap_err().code()
}

pub async fn items_from_elsewhere_become_entities() {
    on_each_engine(|fixture| async move {
        fixture.integrate_remote("far", &mapping()).await;
        let runner = fixture.work();
        let run = fixture.open(false).await;
        let wanted = fixture.integrations.wanted(&fixture.ctx, run.id).await.unwrap();
        assert_eq!(
            wanted.iter().map(|one| one.kind.as_str()).collect::<Vec<_>>(),
            ["services", "deployments"]
        );
        let mut lines: Vec<String> = Vec::new();
        for n in 0..2_500 {
            let (service, deployment) = (format!("s{n}"), format!("d{n}"));
            lines.push(line("deployments", &json!({"id": deployment, "title": "D", "service": service})));
            lines.push(line(
                "services",
                &json!({"id": service, "title": "S", "tier": "gold", "deployments": [deployment]}),
            ));
        }
        // In three requests, the middle of which comes twice.
        for part in [&lines[..1_500], &lines[1_500..3_500], &lines[1_500..3_500], &lines[3_500..]] {
            let heard = fixture.send_lines(run.id, part).await;
            let count = part.len() as u64;
            assert_eq!(
                heard.last(),
                Some(&Receipt::Done { lines: count, items: count, refused: 0 }),
                "{heard:?}"
            );
            assert_eq!(heard[heard.len() - 2], Receipt::Committed(count), "{heard:?}");
        }
        assert_eq!(
            fixture.identifiers("service").await,
            Vec::<String>::new(),
            "nothing is written before the close"
        );
        let (_, kinds) = fixture.integrations.run(&fixture.ctx, run.id).await.unwrap();
        assert_eq!((kinds[0].seen, kinds[0].mapped, kinds[0].status), (3_500, 3_500, KindStatus::Running));
        let closing =
            json!({"kinds": {"services": {"status": "COMPLETE", "items": 2_500}, "deployments": "COMPLETE"}});
        fixture.close(run.id, closing.clone()).await.unwrap();
        let done = fixture.ended(run.id).await;
        assert_eq!(done.run.status, RunStatus::Succeeded, "{done:#?}");
        assert_eq!(fixture.entities("service").await.len(), 2_500);
        for entity in fixture.entities("deployment").await {
            let targets: Vec<&str> = entity.state.relations["service"].identifiers().collect();
            assert_eq!(targets, [entity.state.identifier.replace('d', "s")]);
        }
        // Who closes it again, having lost the answer, hears how it went.
        assert_eq!(fixture.close(run.id, closing).await.unwrap().status, RunStatus::Succeeded);
        assert_eq!(
            code(fixture.integrations.take_items(&fixture.ctx, run.id).await.map(drop)),
            Code::WrongRunState
        );
        fixture.tidied(run.id).await;
        runner.stop().await;
    })
    .await;
}

pub async fn only_what_was_read_to_its_end_can_be_gone() {
    on_each_engine(|fixture| async move {
        fixture.integrate_remote("far", &only_services()).await;
        fixture.upsert("service", json!({"identifier": "of-a-person"})).await;
        let runner = fixture.work();
        let done = fixture.run_of(&["a", "b", "c", "d"], complete()).await;
        done.check(RunStatus::Succeeded, &[("services", [4, 4, 0, 0, 0, 0])]);
        for (closing, status) in [
            (json!({"kinds": {}}), RunStatus::Failed),
            (json!({"kinds": {"services": "FAILED"}}), RunStatus::Failed),
            (
                json!({"kinds": {"services": {"status": "FAILED", "message": "403 of the forge"}}}),
                RunStatus::Failed,
            ),
            (json!({"kinds": {"services": {"status": "COMPLETE", "items": 2}}}), RunStatus::Failed),
            (json!({"status": "FAILED", "message": "no route to the forge"}), RunStatus::Failed),
        ] {
            let done = fixture.run_of(&["a"], closing.clone()).await;
            assert_eq!(done.run.status, status, "{closing}: {done:#?}");
            assert_eq!(
                fixture.identifiers("service").await,
                ["a", "b", "c", "d", "of-a-person"],
                "{closing}"
            );
            for message in ["403 of the forge", "no route to the forge"] {
                let (asked, told) = (closing.to_string().contains(message), done.logged(message));
                assert_eq!(asked, told && done.run.error.as_ref().unwrap().1.contains(message), "{done:#?}");
            }
        }
        let done = fixture
            .run_of(&["a", "c"], json!({"kinds": {"services": {"status": "COMPLETE", "items": 2}}}))
            .await;
        done.check(RunStatus::Succeeded, &[("services", [2, 0, 0, 2, 2, 0])]);
        assert_eq!(fixture.identifiers("service").await, ["a", "c", "of-a-person"]);
        runner.stop().await;
    })
    .await;
}

pub async fn a_line_that_is_lost_keeps_everything() {
    on_each_engine(|fixture| async move {
        let mut mapping = mapping();
        mapping["resources"][1] = resource("systems", "system", &[], &[]);
        fixture.integrate_remote("far", &mapping).await;
        let runner = fixture.work();
        let both = json!({"kinds": {"services": "COMPLETE", "systems": "COMPLETE"}});
        let fill = [services(&["a", "b"]), vec![line("systems", &json!({"id": "x", "title": "X"}))]].concat();
        let run = fixture.open(false).await;
        fixture.send_lines(run.id, &fill).await;
        fixture.close(run.id, both.clone()).await.unwrap();
        assert_eq!(fixture.ended(run.id).await.run.status, RunStatus::Succeeded);
        for (bad, code, gone) in [
            // Whose items these were cannot be told: nothing may be gone.
            ("{", Code::MalformedJson, [false, false]),
            ("[]", Code::WrongType, [false, false]),
            (r#"{"item": {}}"#, Code::Required, [false, false]),
            (r#"{"kind": 3, "item": {}}"#, Code::WrongType, [false, false]),
            // These are of one kind.
            (r#"{"kind": "services"}"#, Code::Required, [false, true]),
            (r#"{"kind": "services", "item": []}"#, Code::WrongType, [false, true]),
            (r#"{"kind": "services", "item": {"id": "y"}, "more": 1}"#, Code::UnknownField, [false, true]),
            // And this of none.
            (r#"{"kind": "nothing", "item": {}}"#, Code::InvalidValue, [true, true]),
        ] {
            let run = fixture.open(true).await;
            let heard = fixture.send_lines(run.id, &[String::new(), bad.to_owned(), "  ".to_owned()]).await;
            let Receipt::Refused { line, problems } = &heard[0] else { panic!("{bad}: {heard:?}") };
            assert_eq!((*line, problems.0[0].code), (2, code), "{bad}");
            assert_eq!(
                heard[1..],
                [Receipt::Committed(3), Receipt::Done { lines: 3, items: 0, refused: 1 }],
                "{bad}"
            );
            fixture.close(run.id, both.clone()).await.unwrap();
            let done = fixture.ended(run.id).await;
            let deleted = |kind: &str| done.counts(kind)[4] > 0;
            assert_eq!([deleted("services"), deleted("systems")], gone, "{bad}: {done:#?}");
        }
        runner.stop().await;
    })
    .await;
}

pub async fn a_client_that_vanishes_deletes_nothing() {
    on_each_engine(|fixture| async move {
        fixture.integrate_remote("far", &only_services()).await;
        let runner = fixture.work();
        fixture.run_of(&["a", "b"], complete()).await;
        runner.stop().await;
        let hasty = Fixture::server_with(
            fixture.store.clone(),
            Source::default(),
            JQ_DEADLINE,
            Duration::from_millis(300),
        );
        let runner = hasty.work();
        let run = hasty.open(false).await;
        // Its connection breaks in the middle of a line.
        let body = vec![
            Ok(Bytes::from(services(&["c"]).remove(0) + "\n{\"kind\"")),
            Err(Error::problem(Code::BadRequest, "the body ended before its end")),
        ];
        // It may be that the run has ended by now.
        let mut heard = Heard::default();
        if let Ok(intake) = hasty.integrations.take_items(&hasty.ctx, run.id).await {
            intake.run(futures::stream::iter(body), &mut heard).await;
            assert!(matches!(heard.0.last(), Some(Receipt::Aborted { .. })), "{heard:?}", heard = heard.0);
        }
        let done = hasty.ended(run.id).await;
        assert_eq!(done.run.status, RunStatus::Failed, "{done:#?}");
        assert_eq!(done.run.error.as_ref().unwrap().0, Code::Timeout.as_str());
        hasty.tidied(run.id).await;
        assert_eq!(hasty.identifiers("service").await, ["a", "b"]);
        assert_eq!(code(hasty.close(run.id, complete()).await), Code::WrongRunState);
        assert_eq!(
            code(hasty.integrations.take_items(&hasty.ctx, run.id).await.map(drop)),
            Code::WrongRunState
        );
        runner.stop().await;
    })
    .await;
}

/// A body that goes on as long as somebody holds its other end.
fn stalled(first: String) -> (mpsc::Sender<Bytes>, impl Stream<Item = Result<Bytes>> + Send + Unpin) {
    let (sender, receiver) = mpsc::channel(1);
    sender.try_send(Bytes::from(first)).unwrap();
    let body = futures::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|piece| (Ok(piece), receiver))
    });
    (sender, Box::pin(body))
}

pub async fn one_request_at_a_time_feeds_one_run() {
    on_each_engine(|fixture| async move {
        fixture.integrate_remote("far", &only_services()).await;
        fixture.integrate("near", mapping()).await;
        let runner = fixture.work();
        assert_eq!(code(fixture.integrations.start(&fixture.ctx, "far", false).await), Code::NotSupported);
        assert_eq!(
            code(fixture.integrations.open_run(&fixture.ctx, "near", false).await),
            Code::NotSupported
        );
        assert_eq!(code(fixture.integrations.open_run(&fixture.ctx, "none", false).await), Code::NotFound);
        let run = fixture.open(false).await;
        let (again, is_new) = fixture.integrations.open_run(&fixture.ctx, "far", false).await.unwrap();
        assert_eq!((again.id, is_new), (run.id, false));
        let (end, body) = stalled(services(&["a"]).remove(0) + "\n");
        let intake = fixture.integrations.take_items(&fixture.ctx, run.id).await.unwrap();
        let feeding = tokio::spawn(async move {
            let mut heard = Heard::default();
            intake.run(body, &mut heard).await;
            heard.0
        });
        // What comes slowly is taken at once.
        fixture.until(run.id, |_, kinds| kinds[0].seen == 1).await;
        assert_eq!(
            code(fixture.integrations.take_items(&fixture.ctx, run.id).await.map(drop)),
            Code::RunInProgress
        );
        assert_eq!(code(fixture.close(run.id, complete()).await), Code::RunInProgress);
        assert_eq!(
            code(fixture.integrations.delete_remote(&fixture.ctx, "far", false).await),
            Code::RunInProgress
        );
        drop(end);
        let heard = feeding.await.unwrap();
        assert_eq!(heard, [Receipt::Committed(1), Receipt::Done { lines: 1, items: 1, refused: 0 }]);
        assert_eq!(
            code(fixture.close(run.id, json!({"kinds": {"nope": "COMPLETE"}})).await),
            Code::InvalidValue
        );
        fixture.close(run.id, complete()).await.unwrap();
        fixture.ended(run.id).await.check(RunStatus::Succeeded, &[("services", [1, 1, 0, 0, 0, 0])]);
        runner.stop().await;
    })
    .await;
}

pub async fn remote_runs_are_cancelled() {
    on_each_engine(|fixture| async move {
        fixture.integrate_remote("far", &only_services()).await;
        let runner = fixture.work();
        // While nothing comes.
        let run = fixture.open(false).await;
        fixture.send_lines(run.id, &services(&["a"])).await;
        fixture.integrations.cancel(&fixture.ctx, run.id).await.unwrap();
        assert_eq!(fixture.ended(run.id).await.run.status, RunStatus::Cancelled);
        fixture.tidied(run.id).await;
        // While something does, by another server.
        let other = Fixture::server(fixture.store.clone(), fixture.source.clone());
        let run = fixture.open(false).await;
        let (end, body) = stalled(services(&["a"]).remove(0) + "\n");
        let intake = other.integrations.take_items(&other.ctx, run.id).await.unwrap();
        let feeding = tokio::spawn(async move {
            let mut heard = Heard::default();
            intake.run(body, &mut heard).await;
            heard.0
        });
        fixture.integrations.cancel(&fixture.ctx, run.id).await.unwrap();
        let heard = feeding.await.unwrap();
        assert!(matches!(heard.last(), Some(Receipt::Aborted { .. })), "{heard:?}");
        assert_eq!(fixture.ended(run.id).await.run.status, RunStatus::Cancelled);
        drop(end);
        assert_eq!(fixture.identifiers("service").await, Vec::<String>::new());
        runner.stop().await;
    })
    .await;
}

pub async fn the_guard_stops_remote_runs_too() {
    on_each_engine(|fixture| async move {
        fixture.integrate_remote("far", &only_services()).await;
        let runner = fixture.work();
        let names: Vec<String> = (10..40).map(|n| format!("s{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        fixture.run_of(&names, complete()).await;
        let planned = fixture.open(true).await;
        fixture.send_lines(planned.id, &services(&names[..29])).await;
        fixture.close(planned.id, complete()).await.unwrap();
        fixture.ended(planned.id).await.check(RunStatus::Succeeded, &[("services", [29, 0, 0, 29, 1, 0])]);
        assert_eq!(fixture.identifiers("service").await.len(), 30, "a plan deletes nothing");
        let done = fixture.run_of(&names[..3], complete()).await;
        assert_eq!(done.run.status, RunStatus::Blocked, "{done:#?}");
        assert_eq!(fixture.identifiers("service").await.len(), 30);
        assert_eq!(fixture.close(done.run.id, complete()).await.unwrap().status, RunStatus::Blocked);
        fixture.integrations.approve(&fixture.ctx, done.run.id).await.unwrap();
        fixture.ended(done.run.id).await.check(RunStatus::Succeeded, &[("services", [3, 0, 0, 3, 27, 0])]);
        assert_eq!(fixture.identifiers("service").await, names[..3]);
        // What runs made goes with the integration where that is asked for.
        assert_eq!(fixture.integrations.delete_remote(&fixture.ctx, "far", true).await.unwrap(), 3);
        assert_eq!(fixture.identifiers("service").await, Vec::<String>::new());
        runner.stop().await;
    })
    .await;
}

pub async fn what_is_no_mapping_starts_no_run() {
    on_each_engine(|fixture| async move {
        for config in [json!({}), json!({"resources": [{"kind": "x"}]})] {
            fixture.integrate_remote("far", &config).await;
            let refused = fixture.integrations.open_run(&fixture.ctx, "far", false).await;
            assert_eq!(code(refused), Code::InvalidMapping, "{config}");
        }
        let change = IntegrationChange::default();
        assert_eq!(code(fixture.integrations.update(&fixture.ctx, "far", &change).await), Code::NotSupported);
        for (body, expected) in [
            (json!([]), "WRONG_TYPE "),
            (json!({}), "REQUIRED /kinds"),
            (json!({"kinds": []}), "WRONG_TYPE /kinds"),
            (
                json!({"kinds": {"a": "DONE", "b": {"status": 1}}}),
                "INVALID_VALUE /kinds/a; INVALID_VALUE /kinds/b/status",
            ),
            (json!({"kinds": {"a": {"status": "COMPLETE", "items": -1}}}), "INVALID_VALUE /kinds/a/items"),
            (json!({"kinds": {"a": {"status": "FAILED", "error": "x"}}}), "UNKNOWN_FIELD /kinds/a/error"),
            (json!({"kinds": {}, "status": "DONE", "x": 1}), "UNKNOWN_FIELD /x; INVALID_VALUE /status"),
        ] {
            let problems = Closing::from_json(&body).unwrap_err();
            let found: Vec<_> =
                problems.0.iter().map(|problem| format!("{} {}", problem.code, problem.path)).collect();
            assert_eq!(found.join("; "), expected, "{body}");
        }
    })
    .await;
}
