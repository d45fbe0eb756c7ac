//! What is heard of a source between its runs, and what runs in between make of it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::HeaderMap;
use portolan_ingestor_contract::Event;
use portolan_integrations::{
    DeliveryStatus, FollowingState, FollowingStatus, IntegrationChange, NewIntegration, RunStatus,
};
use serde_json::{Value, json};

use crate::support::{Fixture, on_each_engine, resource};

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(60);

fn present(id: &str, more: &Value) -> Event {
    let mut item = json!({"id": id, "title": id});
    item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Event::Present { kind: "services".into(), item }
}

fn gone(id: &str) -> Event {
    Event::Gone { kind: "services".into(), item: json!({"id": id}) }
}

/// An integration `live` of services whose `hidden` is not set, that wants to be followed; it has run.
async fn followed(fixture: &Fixture, initial: &[&str]) {
    let mut entry = resource("services", "service", &["tier"], &[]);
    entry["selector"]["query"] = ".hidden != true".into();
    let wanted = NewIntegration {
        identifier: "live".into(),
        ingestor: "live".into(),
        mapping: Some(json!({"resources": [entry]})),
        config: json!({"follow": true}),
        secrets: json!({"key": "right"}),
        ..NewIntegration::default()
    };
    fixture.integrations.create(&fixture.ctx, &wanted).await.unwrap();
    fixture.source.set("services", initial.iter().map(|id| json!({"id": id, "title": id})).collect());
}

async fn state(fixture: &Fixture) -> Option<FollowingState> {
    let all = fixture.integrations.integrations(&fixture.ctx).await.unwrap();
    fixture.integrations.following(&fixture.ctx, &all[0]).await.unwrap()
}

/// Waits until something is so.
async fn until<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn until_there_are(fixture: &Fixture, expected: &[&str]) {
    until(&format!("there are {expected:?}"), || async { fixture.identifiers("service").await == expected })
        .await;
}

pub async fn what_is_heard_is_written() {
    on_each_engine(|fixture| async move {
        followed(&fixture, &["a", "b"]).await;
        assert_eq!(state(&fixture).await.unwrap().status, FollowingStatus::Resyncing, "nothing was read yet");
        let runner = fixture.work();
        fixture.run("live", false).await.check(RunStatus::Succeeded, &[("services", [2, 2, 0, 0, 0, 0])]);
        fixture.source.happen(present("c", &json!({"tier": "gold"})));
        until_there_are(&fixture, &["a", "b", "c"]).await;
        let heard = state(&fixture).await.unwrap();
        assert_eq!((heard.status, &heard.error), (FollowingStatus::Following, &None));
        assert!(heard.since.is_some() && heard.last_event_at.is_some());
        // Whatever its last state, what is gone is gone; and what the query leaves out a run would not find.
        fixture
            .source
            .happen(Event::Gone { kind: "services".into(), item: json!({"id": "a", "hidden": true}) });
        fixture.source.happen(present("b", &json!({"hidden": true})));
        until_there_are(&fixture, &["c"]).await;
        // Somebody else's stays.
        fixture.upsert("service", json!({"identifier": "ours"})).await;
        fixture.source.happen(gone("ours"));
        // What cannot be taken is told, and keeps nothing else.
        fixture.source.happen(present("x", &json!({"tier": "bronze"})));
        fixture.source.happen(present("y", &json!({})));
        until_there_are(&fixture, &["c", "ours", "y"]).await;
        let (code, message) = state(&fixture).await.unwrap().error.unwrap();
        assert!(code == "INVALID_VALUE" && message.contains("/properties/tier"), "{code} {message}");
        // The source goes away, which is told, and comes again.
        fixture.source.go_away(true);
        let error = || async {
            state(&fixture).await.unwrap().error.is_some_and(|(code, _)| code == "UPSTREAM_UNREACHABLE")
        };
        until("the source is away", error).await;
        assert_eq!(state(&fixture).await.unwrap().status, FollowingStatus::Waiting);
        fixture.source.happen(gone("y"));
        fixture.source.go_away(false);
        until_there_are(&fixture, &["c", "ours"]).await;
        until("it is over", || async { state(&fixture).await.unwrap().error.is_none() }).await;
        assert_eq!(fixture.source.reads(), 1);
        // Nobody follows what nobody wants followed.
        let change = IntegrationChange { config: Some(json!({})), ..IntegrationChange::default() };
        fixture.integrations.update(&fixture.ctx, "live", &change).await.unwrap();
        assert_eq!(state(&fixture).await, None);
        until("nobody follows", || async { fixture.source.followers().0 == 0 }).await;
        runner.stop().await;
    })
    .await;
}

/// One run reads what was missed, though every kind says so.
pub async fn what_was_forgotten_is_read_once() {
    on_each_engine(|fixture| async move {
        followed(&fixture, &["a"]).await;
        let runner = fixture.work();
        fixture.run("live", false).await;
        until("it is followed", || async { fixture.source.followers().0 == 1 }).await;
        runner.stop().await;
        fixture.source.happen(present("lost", &json!({})));
        fixture.source.set("services", vec![json!({"id": "a"}), json!({"id": "lost"})]);
        fixture.source.forget();
        let runner = fixture.work();
        until_there_are(&fixture, &["a", "lost"]).await;
        fixture.source.happen(present("later", &json!({})));
        until_there_are(&fixture, &["a", "later", "lost"]).await;
        assert_eq!(fixture.source.reads(), 2);
        runner.stop().await;
    })
    .await;
}

/// A run deletes what it did not see, and so what was told after it read.
pub async fn a_run_in_between_undoes_nothing() {
    on_each_engine(|fixture| async move {
        followed(&fixture, &["a"]).await;
        let all = fixture.integrations.integrations(&fixture.ctx).await.unwrap();
        let key = fixture.integrations.hook_key(&fixture.ctx, &all[0]).await.unwrap().unwrap();
        let runner = fixture.work();
        fixture.run("live", false).await;
        until("it is followed", || async { fixture.source.followers().0 == 1 }).await;
        let gate = fixture.source.hold();
        let run = fixture.integrations.start(&fixture.ctx, "live", false).await.unwrap();
        until("it is read", || async { fixture.source.reads() == 2 }).await;
        let body = Bytes::from_static(br#"{"id": "told"}"#);
        fixture.integrations.receive(&key, HeaderMap::new(), Vec::new(), body).await.unwrap();
        until_there_are(&fixture, &["a", "told"]).await;
        fixture.source.happen(present("heard", &json!({})));
        until("nobody follows", || async { fixture.source.followers().0 == 0 }).await;
        assert_eq!(state(&fixture).await.unwrap().status, FollowingStatus::Resyncing);
        assert_eq!(
            fixture.identifiers("service").await,
            ["a", "told"],
            "it was heard while the run was open"
        );
        gate.add_permits(100);
        fixture.ended(run.id).await.check(RunStatus::Succeeded, &[("services", [1, 0, 0, 1, 1, 0])]);
        until_there_are(&fixture, &["a", "heard", "told"]).await;
        let kept = fixture.integrations.deliveries(&fixture.ctx, "live", None, None, 10).await.unwrap();
        assert_eq!(kept.iter().map(|one| one.status).collect::<Vec<_>>(), [DeliveryStatus::Done]);
        runner.stop().await;
    })
    .await;
}

pub async fn one_server_follows_and_another_goes_on() {
    on_each_engine(|fixture| async move {
        // On SQLite there is one server.
        if fixture.apart.is_none() {
            return;
        }
        followed(&fixture, &["a"]).await;
        let (one, other) = (fixture.work_apart().await, fixture.work());
        fixture.run("live", false).await;
        for n in 0..20 {
            fixture.source.happen(present(&format!("s{n:02}"), &json!({})));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        until("all are there", || async { fixture.identifiers("service").await.len() == 21 }).await;
        one.kill().await;
        fixture.source.happen(present("z", &json!({})));
        until("it goes on", || async { fixture.identifiers("service").await.len() == 22 }).await;
        assert_eq!(fixture.source.followers(), (1, 1), "two followed at the same time");
        other.stop().await;
    })
    .await;
}
