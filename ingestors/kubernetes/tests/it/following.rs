//! Changes between runs: each is heard, once, in order, whatever happens to the connection.

use std::collections::BTreeMap;

use portolan_ingestor_contract::{Event, IngestError, KindRequest, Level};
use portolan_ingestor_kubernetes::testing::{Command, objects};
use portolan_schema::Code;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::listening::Listener;
use crate::peer::{Shop, name, shared};

/// Where a run leaves a kind.
async fn left(shop: &Shop, kind: &'static str) -> (&'static str, Option<Value>) {
    (kind, shop.read(&[kind]).await.record.follow_from.remove(kind))
}

#[tokio::test]
async fn changes_are_heard_as_a_run_would_read_them() {
    let shop = shared().await;
    let listener = Listener::start(&shop, &[left(&shop, "pods").await, left(&shop, "secrets").await]);
    let pod = || {
        let pod = objects::pod("shop", "web-5d9c7b-new", "n1");
        objects::owned(pod, "apps/v1", "ReplicaSet", "web-5d9c7b")
    };
    shop.cluster.put(pod());
    shop.cluster.put(objects::secret("shop", "new"));
    let mut changed = pod();
    changed["status"]["phase"] = "Failed".into();
    shop.cluster.put(changed);
    let heard = listener.until("three events", |heard| heard.events.len() == 3).await;
    let run = shop.read(&["pods", "secrets"]).await;
    let last = |kind: &str| {
        heard.events.iter().rfind(|event| event.kind() == kind).map(|event| match event {
            Event::Present { item, .. } | Event::Gone { item, .. } => item.clone(),
        })
    };
    let found = last("pods").unwrap();
    assert_eq!(found, run.items("pods")["shop/web-5d9c7b-new"]);
    assert_eq!(found["__Workload"]["name"], "web");
    assert_eq!(last("secrets").unwrap(), run.items("secrets")["shop/new"]);
    assert!(!format!("{heard:?}").contains("hunter2") && !format!("{heard:?}").contains("aHVudGVy"));

    shop.cluster.delete("pods", "shop", "web-5d9c7b-new");
    let heard = listener.until("the end of the pod", |heard| heard.events.len() == 4).await;
    let Event::Gone { kind, item } = &heard.events[3] else { panic!("{heard:?}") };
    assert_eq!((kind.as_str(), name(item).as_str()), ("pods", "shop/web-5d9c7b-new"));
    assert_eq!(item["__Cluster"], "prod");
    assert_eq!((heard.missed, heard.log), (Vec::new(), Vec::new()));
    listener.stop().await;
}

#[tokio::test]
async fn it_goes_on_where_it_was_left() {
    let shop = shared().await;
    let mut at = left(&shop, "services").await;
    for round in 0..3 {
        let listener = Listener::start(&shop, &[at]);
        listener.watching(&shop, round + 1).await;
        shop.cluster.put(objects::service("shop", &format!("during-{round}")));
        listener
            .until("the service", |heard| heard.short().ends_with(&[format!("+shop/during-{round}")]))
            .await;
        let known = |version: &Value| version["versions"][""].as_str().map(str::to_owned);
        let now = shop.read(&["services"]).await.record.follow_from["services"].clone();
        let heard = listener
            .until("the checkpoint", |heard| heard.checkpoints.get("services").and_then(known) == known(&now))
            .await;
        // Only what is new.
        let before = if round == 0 { vec![] } else { vec![format!("+shop/between-{}", round - 1)] };
        assert_eq!(heard.short(), [before, vec![format!("+shop/during-{round}")]].concat());
        let heard = listener.stop().await;
        shop.cluster.put(objects::service("shop", &format!("between-{round}")));
        at = ("services", Some(heard.checkpoints["services"].clone()));
    }
}

#[tokio::test]
async fn a_bookmark_moves_the_checkpoint() {
    let shop = shared().await;
    let listener = Listener::start(&shop, &[left(&shop, "nodes").await]);
    listener.watching(&shop, 1).await;
    // Nothing that happens to nodes.
    shop.cluster.put(objects::service("shop", "other"));
    shop.cluster.tell(Command::Bookmark);
    let now = shop.read(&["services"]).await.record.follow_from["services"].clone();
    let heard = listener.until("the bookmark", |heard| heard.checkpoints.contains_key("nodes")).await;
    assert_eq!((&heard.checkpoints["nodes"], heard.events.len()), (&now, 0));
    listener.stop().await;
    // With it, what was before may be forgotten.
    shop.cluster.compact();
    let listener = Listener::start(&shop, &[("nodes", Some(now))]);
    shop.cluster.put(objects::node("n9", true));
    let heard = listener.until("the node", |heard| heard.events.len() == 1).await;
    assert_eq!(heard.missed, []);
    listener.stop().await;
}

#[tokio::test]
async fn a_watch_that_ends_is_made_again() {
    let shop = shared().await;
    let listener = Listener::start(&shop, &[left(&shop, "services").await]);
    let mut expected = Vec::new();
    let commands = [Command::Close, Command::CutNext, Command::Fail, Command::CutNext, Command::Close];
    for (round, command) in commands.into_iter().enumerate() {
        listener.watching(&shop, round + 1).await;
        shop.cluster.tell(command);
        let name = format!("s{round}");
        shop.cluster.put(objects::service("shop", &name));
        expected.push(format!("+shop/{name}"));
        let heard =
            listener.until(&format!("{command:?}"), |heard| heard.events.len() == expected.len()).await;
        assert_eq!(heard.short(), expected, "{command:?}");
    }
    let heard = listener.stop().await;
    assert_eq!((heard.missed, heard.log), (Vec::new(), Vec::new()));
}

#[tokio::test]
async fn a_place_that_is_forgotten_is_told_and_followed_anew() {
    let shop = shared().await;
    let at = left(&shop, "services").await;
    shop.cluster.put(objects::service("shop", "unheard"));
    shop.cluster.compact();
    let listener = Listener::start(&shop, &[at]);
    let heard = listener.until("that something was missed", |heard| !heard.missed.is_empty()).await;
    let sentence = "the API server no longer knows the state from which services was followed";
    assert_eq!(heard.missed, [("services".to_owned(), sentence.to_owned())]);
    // A run that begins now sees what was missed; the watch hears what comes after.
    shop.cluster.put(objects::service("shop", "new"));
    let heard = listener.until("the new one", |heard| !heard.events.is_empty()).await;
    assert_eq!(heard.short(), ["+shop/new"]);
    assert_eq!(heard.missed.len(), 1);
    listener.stop().await;
}

#[tokio::test]
async fn what_was_never_read_is_asked_for() {
    let shop = shared().await;
    let listener = Listener::start(&shop, &[("services", None), ("cluster", None), ("widgets", None)]);
    let heard = listener.until("three kinds", |heard| heard.missed.len() == 3).await;
    let mut kinds: Vec<&str> = heard.missed.iter().map(|(kind, _)| kind.as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["cluster", "services", "widgets"]);
    shop.cluster.put(objects::widget("shop", "w9"));
    let heard = listener.until("the widget", |heard| !heard.events.is_empty()).await;
    assert_eq!(heard.short(), ["+shop/w9"]);
    assert_eq!(heard.checkpoints.keys().collect::<Vec<_>>(), ["services", "widgets"]);
    listener.stop().await;
}

#[tokio::test]
async fn only_what_is_selected_is_heard() {
    let shop = Shop::with(json!({ "namespaces": ["shop", "team-a"] })).await;
    let selector = json!({ "labelSelector": "app=web" }).as_object().unwrap().clone();
    let request = KindRequest { selector, ..KindRequest::new("services") };
    let mut run = shop.read_with(&shop.context(), std::slice::from_ref(&request)).await;
    assert_eq!(run.names("services"), ["shop/web"]);
    let checkpoint = run.record.follow_from.remove("services");
    let listener = Listener::start_with(&shop, vec![KindRequest { checkpoint, ..request }]);
    listener.watching(&shop, 2).await;
    let labelled = |namespace: &str, name: &str, app: &str| {
        let mut service = objects::service(namespace, name);
        service["metadata"]["labels"]["app"] = app.into();
        service
    };
    shop.cluster.put(labelled("default", "elsewhere", "web"));
    shop.cluster.put(labelled("shop", "other", "cart"));
    shop.cluster.put(labelled("team-a", "a", "web"));
    listener.until("the one in team-a", |heard| heard.events.len() == 1).await;
    shop.cluster.put(labelled("shop", "other", "web"));
    shop.cluster.put(labelled("shop", "web", "gone"));
    let heard = listener.until("three events", |heard| heard.events.len() == 3).await;
    assert_eq!(heard.short(), ["+team-a/a", "+shop/other", "-shop/web"]);
    let versions = heard.checkpoints["services"]["versions"].as_object().unwrap();
    assert_eq!(versions.keys().collect::<Vec<_>>(), ["shop", "team-a"]);
    listener.stop().await;
}

#[tokio::test]
async fn what_may_not_be_watched_is_told_and_stops_nothing() {
    let shop = shared().await;
    let kinds = [left(&shop, "services").await, left(&shop, "nodes").await, ("nothing", None)];
    shop.cluster.allow(&["list services", "watch services", "list nodes"]);
    let listener = Listener::start(&shop, &kinds);
    let heard = listener.until("two lines", |heard| heard.log.len() == 2).await;
    let lines: Vec<_> = heard.log.iter().map(|(level, kind, _)| (*level, kind.as_deref().unwrap())).collect();
    assert_eq!(lines, [(Level::Error, "nothing"), (Level::Warning, "nodes")]);
    assert!(heard.log[1].2.starts_with("the credentials may not \"watch nodes\""), "{:?}", heard.log);
    shop.cluster.put(objects::service("shop", "new"));
    listener.until("the service", |heard| heard.short() == ["+shop/new"]).await;
    // Tried again until it may be.
    shop.cluster.put(objects::node("n9", true));
    shop.cluster.allow(&["list services", "watch services", "list nodes", "watch nodes"]);
    listener.until("the node", |heard| heard.short().contains(&"+n9".to_owned())).await;
    listener.stop().await;
}

#[tokio::test]
async fn an_overloaded_server_is_waited_for() {
    let shop = shared().await;
    let at = left(&shop, "services").await;
    let listener = Listener::start(&shop, &[at]);
    shop.cluster.put(objects::service("shop", "one"));
    listener.until("a service", |heard| heard.events.len() == 1).await;
    shop.cluster.be_busy(2);
    shop.cluster.tell(Command::Close);
    shop.cluster.put(objects::service("shop", "two"));
    let heard = listener.until("the other", |heard| heard.events.len() == 2).await;
    assert_eq!(heard.log, []);
    listener.stop().await;
}

#[tokio::test]
async fn refused_credentials_end_it() {
    let shop = shared().await;
    let at = left(&shop, "services").await;
    let mut strange = Shop::with(json!({})).await;
    // Another cluster's token.
    strange.cluster = portolan_ingestor_kubernetes::testing::Cluster::start().await;
    strange.cluster.refuse();
    let error = Listener::start(&strange, std::slice::from_ref(&at)).end().await;
    assert!(
        matches!(&error, IngestError::Source(error) if error.code == Code::UpstreamUnauthorized),
        "{error}"
    );
    // Also later.
    let listener = Listener::start(&shop, &[at]);
    listener.watching(&shop, 1).await;
    shop.cluster.refuse();
    shop.cluster.tell(Command::Close);
    let error = listener.end().await;
    assert!(
        matches!(&error, IngestError::Source(error) if error.code == Code::UpstreamUnauthorized),
        "{error}"
    );
}

/// Whatever happens, in whatever order: what a run read, with what was heard since, is what a run reads now.
#[tokio::test]
async fn a_run_and_what_is_heard_since_are_a_run_now() {
    for seed in 0..12 {
        let mut random = StdRng::seed_from_u64(seed);
        let shop = shared().await;
        let mut run = shop.read(&["services"]).await;
        let mut known = run.items("services");
        let mut at = run.record.follow_from.remove("services");
        let mut listener = Listener::start(&shop, &[("services", at.clone())]);
        let mut applied = 0;
        let mut names: Vec<String> = known.keys().cloned().collect();
        for step in 0..30 {
            match random.random_range(0..10) {
                0..5 => {
                    let name = format!("s{}", random.random_range(0..8));
                    let mut service = objects::service("shop", &name);
                    service["metadata"]["labels"]["step"] = step.to_string().into();
                    shop.cluster.put(service);
                    if !names.contains(&format!("shop/{name}")) {
                        names.push(format!("shop/{name}"));
                    }
                }
                5 | 6 if names.len() > 1 => {
                    let name = names.choose(&mut random).unwrap().clone();
                    names.retain(|one| *one != name);
                    shop.cluster.delete("services", "shop", name.strip_prefix("shop/").unwrap());
                }
                7 => {
                    let ways = [Command::Bookmark, Command::Close, Command::CutNext, Command::Fail];
                    shop.cluster.tell(*ways.choose(&mut random).unwrap());
                }
                8 => tokio::task::yield_now().await,
                _ => {
                    // The process is stopped and started.
                    let heard = listener.stop().await;
                    apply(&mut known, &heard.events[applied..]);
                    applied = 0;
                    at = heard.checkpoints.get("services").cloned().or(at);
                    listener = Listener::start(&shop, &[("services", at.clone())]);
                }
            }
        }
        let now = shop.read(&["services"]).await.items("services");
        let before = known.clone();
        listener
            .until(&format!("the present state, seed {seed}"), |heard| {
                let mut state = before.clone();
                apply(&mut state, &heard.events);
                state == now
            })
            .await;
        let heard = listener.stop().await;
        assert_eq!(heard.missed, [], "seed {seed}");
    }
}

fn apply(known: &mut BTreeMap<String, Value>, events: &[Event]) {
    for event in events {
        match event {
            Event::Present { item, .. } => drop(known.insert(name(item), item.clone())),
            Event::Gone { item, .. } => drop(known.remove(&name(item))),
        }
    }
}
