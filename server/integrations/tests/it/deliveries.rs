//! What sources send to hooks, from the request to the entity.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use portolan_integrations::{DeliveryStatus, IntegrationChange, MAX_WAITING, NewIntegration, StoredDelivery};
use portolan_schema::{Code, Result};
use serde_json::{Value, json};

use crate::support::{Fixture, on_each_engine};

const SECRET: &str = "a secret of ours";

fn resource(kind: &str, query: &str, properties: &Value) -> Value {
    json!({"kind": kind, "selector": {"query": query}, "port": {"entity": {"mappings": {
        "identifier": ".body.id", "title": ".body.title", "blueprint": "\"service\"", "properties": properties}}}})
}

/// Services from events, unless they tell of a deletion.
fn mapping() -> Value {
    json!({"createMissingRelatedEntities": true, "resources": [
        resource("event", ".body.action != \"deleted\"", &json!({"tier": ".headers.\"x-tier\"", "size": ".queryParams.size | tonumber"})),
        resource("deletion", ".body.action == \"deleted\"", &json!({})),
    ]})
}

/// An integration `hook` whose requests carry the secret; answers its key.
async fn integrate(fixture: &Fixture) -> String {
    let wanted = NewIntegration {
        identifier: "hook".into(),
        ingestor: "webhook".into(),
        mapping: Some(mapping()),
        config: json!({"signature": {"header": "x-token", "algorithm": "plain"}, "deliveryIdHeader": "x-number"}),
        secrets: json!({"signingSecret": SECRET}),
        ..NewIntegration::default()
    };
    let made = fixture.integrations.create(&fixture.ctx, &wanted).await.unwrap();
    fixture.integrations.hook_key(&fixture.ctx, &made).await.unwrap().unwrap()
}

async fn send(fixture: &Fixture, key: &str, token: &str, body: &str) -> Result<i64> {
    send_with(fixture, key, token, body, HeaderMap::new()).await
}

async fn send_with(
    fixture: &Fixture,
    key: &str,
    token: &str,
    body: &str,
    mut headers: HeaderMap,
) -> Result<i64> {
    headers.insert("x-token", HeaderValue::from_str(token).unwrap());
    headers.insert("x-tier", HeaderValue::from_static("gold"));
    let query = vec![("size".to_owned(), "7".to_owned())];
    fixture.integrations.receive(key, headers, query, Bytes::copy_from_slice(body.as_bytes())).await
}

/// Tells it with the source's own number.
async fn tell_as(fixture: &Fixture, key: &str, number: &str, body: &Value) -> i64 {
    let mut headers = HeaderMap::new();
    headers.insert("x-number", HeaderValue::from_str(number).unwrap());
    send_with(fixture, key, SECRET, &body.to_string(), headers).await.unwrap()
}

/// Changes the mapping of `hook`.
async fn remap(fixture: &Fixture, resources: Value) {
    let mapping = Some(Some(json!({"resources": resources})));
    let change = IntegrationChange { mapping, ..IntegrationChange::default() };
    fixture.integrations.update(&fixture.ctx, "hook", &change).await.unwrap();
}

/// The status of each, oldest first, and the code of what went wrong.
fn standing(all: &[StoredDelivery]) -> Vec<(DeliveryStatus, &str)> {
    all.iter()
        .rev()
        .map(|one| (one.status, one.error.as_ref().map_or("", |error| error.0.as_str())))
        .collect()
}

async fn tell(fixture: &Fixture, key: &str, body: &Value) -> i64 {
    send(fixture, key, SECRET, &body.to_string()).await.unwrap()
}

/// All deliveries, newest first.
async fn kept(fixture: &Fixture) -> Vec<StoredDelivery> {
    fixture.integrations.deliveries(&fixture.ctx, "hook", None, None, 100).await.unwrap()
}

/// Waits until none waits.
async fn settled(fixture: &Fixture) -> Vec<StoredDelivery> {
    for _ in 0..6_000 {
        let all = kept(fixture).await;
        if all.iter().all(|delivery| delivery.status != DeliveryStatus::Waiting) {
            return all;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{:?}", kept(fixture).await);
}

pub async fn a_delivery_becomes_an_entity_and_another_deletes_it() {
    on_each_engine(|fixture| async move {
        let key = integrate(&fixture).await;
        let runner = fixture.work();
        tell(&fixture, &key, &json!({"id": "a", "title": "A"})).await;
        tell(&fixture, &key, &json!({"id": "b", "title": "B"})).await;
        let all = settled(&fixture).await;
        assert!(all.iter().all(|one| one.status == DeliveryStatus::Done && one.attempts == 1), "{all:?}");
        assert_eq!(fixture.identifiers("service").await, ["a", "b"]);
        let state = fixture.entity("service", "a").await.unwrap().state;
        assert_eq!(state.title.as_deref(), Some("A"));
        assert_eq!((&state.properties["tier"], &state.properties["size"]), (&json!("gold"), &json!(7)));
        // Somebody else's stays, and what is gone already is gone.
        fixture.upsert("service", json!({"identifier": "ours"})).await;
        for id in ["a", "ours", "nobody"] {
            tell(&fixture, &key, &json!({"id": id, "action": "deleted"})).await;
        }
        let all = settled(&fixture).await;
        assert_eq!(all.len(), 5);
        assert!(all.iter().all(|delivery| delivery.status == DeliveryStatus::Done), "{all:?}");
        assert_eq!(fixture.identifiers("service").await, ["b", "ours"]);
        let page =
            fixture.integrations.deliveries(&fixture.ctx, "hook", None, Some(all[1].id), 2).await.unwrap();
        assert_eq!(page, all[2..4]);
        let samples = fixture.integrations.recorded_samples(&fixture.ctx, "hook", "event").await.unwrap();
        assert_eq!(samples[0]["body"]["id"], "nobody", "{samples:?}");
        runner.stop().await;
    })
    .await;
}

pub async fn what_is_not_the_sources_own_is_not_kept() {
    on_each_engine(|fixture| async move {
        let key = integrate(&fixture).await;
        for (key, token, body, expected) in [
            ("another key", SECRET, "{}", Code::NotFound),
            (&key, "wrong", "{}", Code::Unauthenticated),
            (&key, SECRET, "{", Code::MalformedJson),
        ] {
            let error = send(&fixture, key, token, body).await.unwrap_err();
            assert_eq!(error.code(), expected, "{token} {body}");
        }
        assert_eq!(kept(&fixture).await, []);
        // Another key takes the place of the old one.
        let changed = fixture.integrations.rotate_hook_key(&fixture.ctx, "hook").await.unwrap();
        let other = fixture.integrations.hook_key(&fixture.ctx, &changed).await.unwrap().unwrap();
        assert_ne!(key, other);
        assert_eq!(send(&fixture, &key, SECRET, "{}").await.unwrap_err().code(), Code::NotFound);
        tell(&fixture, &other, &json!({})).await;
        fixture.integrations.delete(&fixture.ctx, "hook", false).await.unwrap();
        assert_eq!(send(&fixture, &other, SECRET, "{}").await.unwrap_err().code(), Code::NotFound);
        fixture.integrate("polled", json!({"resources": []})).await;
        let error = fixture.integrations.rotate_hook_key(&fixture.ctx, "polled").await.unwrap_err();
        assert_eq!(error.code(), Code::NotSupported);
    })
    .await;
}

/// A run would find nothing, and so everything gone.
pub async fn there_is_nothing_to_run() {
    on_each_engine(|fixture| async move {
        integrate(&fixture).await;
        let error = fixture.integrations.start(&fixture.ctx, "hook", false).await.unwrap_err();
        assert_eq!(error.code(), Code::NotSupported);
        let schedule = Some(Some("@daily".to_owned()));
        let change = IntegrationChange { schedule, ..IntegrationChange::default() };
        let error = fixture.integrations.update(&fixture.ctx, "hook", &change).await.unwrap_err();
        let problem = &error.public().0[0];
        assert_eq!((problem.code, problem.path.as_str()), (Code::NotSupported, "/schedule"));
    })
    .await;
}

pub async fn deliveries_outlive_the_server_and_keep_their_order() {
    on_each_engine(|fixture| async move {
        let key = integrate(&fixture).await;
        for n in 0..250 {
            tell(&fixture, &key, &json!({"id": "a", "title": format!("{n}")})).await;
        }
        let runner = fixture.work_apart().await;
        while kept(&fixture).await.iter().all(|delivery| delivery.status == DeliveryStatus::Waiting) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        runner.kill().await;
        let runner = fixture.work();
        let all = settled(&fixture).await;
        assert!(all.iter().all(|delivery| delivery.status == DeliveryStatus::Done), "{all:?}");
        assert_eq!(fixture.entity("service", "a").await.unwrap().state.title.as_deref(), Some("249"));
        runner.stop().await;
    })
    .await;
}

pub async fn what_cannot_be_made_of_a_delivery_is_told() {
    on_each_engine(|fixture| async move {
        let key = integrate(&fixture).await;
        let runner = fixture.work();
        // No identifier; a value that the blueprint does not allow; and one that stands behind both.
        remap(&fixture, json!([resource("event", "true", &json!({"tier": ".body.tier"}))])).await;
        for body in [
            json!({"title": "no id"}),
            json!({"id": "x", "tier": "bronze"}),
            json!({"id": "y", "tier": "gold"}),
        ] {
            tell(&fixture, &key, &body).await;
        }
        let all = settled(&fixture).await;
        let status: Vec<DeliveryStatus> = all.iter().rev().map(|delivery| delivery.status).collect();
        assert_eq!(status, [DeliveryStatus::Failed, DeliveryStatus::Failed, DeliveryStatus::Done], "{all:?}");
        let (_, message) = all[1].error.clone().unwrap();
        assert!(message.contains("/properties/tier"), "{message}");
        assert_eq!(fixture.identifiers("service").await, ["y"]);
        runner.stop().await;
    })
    .await;
}

/// The source's own number tells what was sent before; what had failed gets another chance.
pub async fn what_is_sent_again_is_one_delivery() {
    on_each_engine(|fixture| async move {
        let key = integrate(&fixture).await;
        let first = tell_as(&fixture, &key, "1", &json!({"id": "a", "title": "once"})).await;
        assert_eq!(tell_as(&fixture, &key, "1", &json!({"id": "a", "title": "twice"})).await, first);
        let other = tell_as(&fixture, &key, "2", &json!({"title": "no id"})).await;
        assert_ne!(first, other);
        // Two without a number are two.
        let body = json!({"id": "b"});
        assert_ne!(tell(&fixture, &key, &body).await, tell(&fixture, &key, &body).await);
        let runner = fixture.work();
        let all = settled(&fixture).await;
        assert_eq!(all.len(), 4);
        let numbers: Vec<Option<&str>> = all.iter().rev().map(|one| one.source_key.as_deref()).collect();
        assert_eq!(numbers, [Some("1"), Some("2"), None, None]);
        assert_eq!(fixture.entity("service", "a").await.unwrap().state.title.as_deref(), Some("once"));
        assert_eq!((all[2].status, all[2].attempts), (DeliveryStatus::Failed, 1), "{all:?}");
        // What has failed is tried again; what is done is not.
        remap(&fixture, json!([resource("event", "true", &json!({})), {"kind": "event", "selector": {"query": ".body.id == null"},
            "port": {"entity": {"mappings": {"identifier": "\"nameless\"", "blueprint": "\"service\""}}}}]))
        .await;
        assert_eq!(tell_as(&fixture, &key, "2", &json!({"title": "no id"})).await, other);
        assert_eq!(tell_as(&fixture, &key, "1", &json!({"id": "a", "title": "thrice"})).await, first);
        settled(&fixture).await;
        assert_eq!(fixture.identifiers("service").await, ["a", "b", "nameless"]);
        assert_eq!(fixture.entity("service", "a").await.unwrap().state.title.as_deref(), Some("once"));
        runner.stop().await;
    })
    .await;
}

pub async fn deliveries_are_replayed() {
    on_each_engine(|fixture| async move {
        let key = integrate(&fixture).await;
        remap(&fixture, json!([resource("event", "true", &json!({"tier": ".body.tier"}))])).await;
        for n in 0..4 {
            let tier = if n == 1 { "gold" } else { "bronze" };
            tell(&fixture, &key, &json!({"id": format!("s{n}"), "tier": tier})).await;
        }
        let runner = fixture.work();
        let all = settled(&fixture).await;
        let (done, failed) = (DeliveryStatus::Done, DeliveryStatus::Failed);
        assert_eq!(
            standing(&all),
            [(failed, "INVALID_VALUE"), (done, ""), (failed, "INVALID_VALUE"), (failed, "INVALID_VALUE")]
        );
        assert_eq!(fixture.identifiers("service").await, ["s1"]);
        let list =
            fixture.integrations.deliveries(&fixture.ctx, "hook", Some(failed), None, 2).await.unwrap();
        assert_eq!(list, [all[0].clone(), all[1].clone()]);
        // One of them by another mapping, then all that are left.
        remap(&fixture, json!([resource("event", "true", &json!({"tier": "\"silver\""}))])).await;
        let replayed = fixture.integrations.replay_delivery(&fixture.ctx, all[0].id).await.unwrap();
        assert_eq!(replayed.id, all[0].id);
        let now = settled(&fixture).await;
        assert_eq!((now[0].status, now[0].attempts, &now[0].error), (done, 1, &None));
        assert_eq!(fixture.identifiers("service").await, ["s1", "s3"]);
        assert_eq!(fixture.integrations.replay_failed_deliveries(&fixture.ctx, "hook").await.unwrap(), 2);
        let now = settled(&fixture).await;
        assert_eq!(standing(&now), [(done, ""); 4]);
        assert_eq!(fixture.identifiers("service").await, ["s0", "s1", "s2", "s3"]);
        assert_eq!(fixture.integrations.replay_failed_deliveries(&fixture.ctx, "hook").await.unwrap(), 0);
        // One that is done, too.
        fixture.integrations.replay_delivery(&fixture.ctx, all[2].id).await.unwrap();
        settled(&fixture).await;
        let tier = fixture.entity("service", "s1").await.unwrap().state.properties["tier"].clone();
        assert_eq!(tier, "silver");
        let error = fixture.integrations.replay_delivery(&fixture.ctx, 1).await.unwrap_err();
        assert_eq!(error.code(), Code::NotFound);
        runner.stop().await;
    })
    .await;
}

/// Expressions that never end cost their deliveries, and no other; however many of them stand before it.
pub async fn a_delivery_that_stops_the_mapping_keeps_no_other() {
    on_each_engine(|fixture| async move {
        let key = integrate(&fixture).await;
        let endless = "if .body.bad then last(range(1e12)) else .body.size end";
        remap(&fixture, json!([resource("event", "true", &json!({"size": endless}))])).await;
        for n in 0..12 {
            let body = json!({"id": format!("s{n:02}"), "size": n, "bad": n % 2 == 0 && n < 10});
            tell(&fixture, &key, &body).await;
        }
        let runner = fixture.work();
        let all = settled(&fixture).await;
        let expected: Vec<(DeliveryStatus, &str)> = (0..12)
            .map(|n| match n % 2 == 0 && n < 10 {
                true => (DeliveryStatus::Failed, "JQ_LIMIT"),
                false => (DeliveryStatus::Done, ""),
            })
            .collect();
        assert_eq!(standing(&all), expected);
        assert_eq!(fixture.identifiers("service").await, ["s01", "s03", "s05", "s07", "s09", "s10", "s11"]);
        runner.stop().await;
    })
    .await;
}

/// The turn of one that has plenty to do ends, so that the other one's comes, though only one is worked on at a time.
pub async fn one_that_is_flooded_keeps_no_other_waiting() {
    on_each_engine(|fixture| async move {
        let key = integrate(&fixture).await;
        let quiet = NewIntegration {
            identifier: "quiet".into(),
            ingestor: "webhook".into(),
            mapping: Some(mapping()),
            config: json!({"signature": {"header": "x-token", "algorithm": "plain"}}),
            secrets: json!({"signingSecret": SECRET}),
            ..NewIntegration::default()
        };
        let quiet = fixture.integrations.create(&fixture.ctx, &quiet).await.unwrap();
        let quiet = fixture.integrations.hook_key(&fixture.ctx, &quiet).await.unwrap().unwrap();
        let narrow = fixture.narrow();
        // Each of these takes as long as the worker may.
        let endless = json!({"size": "if .body.bad then last(range(1e12)) else 1 end"});
        remap(&fixture, json!([resource("event", "true", &endless)])).await;
        for n in 0..20 {
            tell(&fixture, &key, &json!({"id": n.to_string(), "bad": true})).await;
        }
        let runner = narrow.work();
        while kept(&fixture).await.iter().all(|one| one.attempts == 0) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        tell(&fixture, &quiet, &json!({"id": "quiet"})).await;
        while fixture.entity("service", "quiet").await.is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert!(kept(&fixture).await.iter().any(|one| one.status == DeliveryStatus::Waiting));
        runner.stop().await;
    })
    .await;
}

pub async fn a_flood_is_refused_until_it_is_worked_off() {
    on_each_engine(|fixture| async move {
        let key = integrate(&fixture).await;
        let first = tell(&fixture, &key, &json!({"id": "a"})).await;
        let scope = fixture.store.read(fixture.ctx.tenant()).await.unwrap();
        let (one, content) = (
            scope.delivery(first).await.unwrap().unwrap(),
            scope.delivery_content(first).await.unwrap().unwrap(),
        );
        drop(scope);
        let ids = fixture.store.reserve_ids(usize::try_from(MAX_WAITING).unwrap()).await.unwrap();
        let scope = fixture.store.write(fixture.ctx.tenant()).await.unwrap();
        for id in ids..ids + i64::from(MAX_WAITING) - 1 {
            scope.add_delivery(&StoredDelivery { id, ..one.clone() }, &content).await.unwrap();
        }
        scope.commit().await.unwrap();
        let error = send(&fixture, &key, SECRET, "{}").await.unwrap_err();
        assert_eq!(error.code(), Code::RateLimited);
        // Who cannot sign is not told.
        let error = send(&fixture, &key, "wrong", "{}").await.unwrap_err();
        assert_eq!(error.code(), Code::Unauthenticated);
        let scope = fixture.store.write(fixture.ctx.tenant()).await.unwrap();
        scope.finish_deliveries(&[first]).await.unwrap();
        scope.commit().await.unwrap();
        tell(&fixture, &key, &json!({"id": "b"})).await;
    })
    .await;
}
