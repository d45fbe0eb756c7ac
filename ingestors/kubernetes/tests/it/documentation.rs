//! The page of the ingestor says what the ingestor says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use portolan_ingestor_contract::{Event, Ingestor};
use portolan_ingestor_kubernetes::testing::objects;

use crate::listening::Listener;
use crate::peer::{Shop, shared};

const PAGE: &str = include_str!("../../../../docs/ingestors/kubernetes.md");

/// `VERB resource[.group]` of every kind.
fn rights(shop: &Shop) -> BTreeSet<String> {
    let kubernetes = shop.kubernetes();
    let permissions = kubernetes.descriptor().kinds.iter().flat_map(|kind| kind.permissions);
    let plain = permissions.filter(|text| !text.starts_with("get /"));
    plain.map(|text| text.split(" (").next().unwrap().to_owned()).collect()
}

/// The role that gives them.
fn cluster_role(rights: &BTreeSet<String>) -> String {
    let mut verbs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for right in rights {
        let (verb, resource) = right.split_once(' ').unwrap();
        verbs.entry(resource).or_default().insert(verb);
    }
    let mut rules: BTreeMap<(&str, BTreeSet<&str>), BTreeSet<&str>> = BTreeMap::new();
    for (resource, verbs) in verbs {
        let (plural, group) = resource.split_once('.').unwrap_or((resource, ""));
        rules.entry((group, verbs)).or_default().insert(plural);
    }
    let list = |names: &BTreeSet<&str>| names.iter().copied().collect::<Vec<_>>().join(", ");
    let mut text =
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: portolan }\nrules:\n"
            .to_owned();
    for ((group, verbs), plurals) in &rules {
        let (plurals, verbs) = (list(plurals), list(verbs));
        writeln!(text, "  - {{ apiGroups: [\"{group}\"], resources: [{plurals}], verbs: [{verbs}] }}")
            .unwrap();
    }
    text
}

#[tokio::test]
async fn the_role_on_the_page_is_what_is_needed() {
    let shop = shared().await;
    let rights = rights(&shop);
    let role = cluster_role(&rights);
    assert!(PAGE.contains(&role), "docs/ingestors/kubernetes.md is stale; its role should be:\n{role}");
    for kind in &shop.kubernetes().descriptor().kinds {
        assert!(PAGE.contains(&format!("\n| `{}` |", kind.name)), "{} is not on the page", kind.name);
    }
    // And with it everything is read and followed.
    shop.cluster.allow(&rights.iter().map(String::as_str).collect::<Vec<_>>());
    let kinds: Vec<&str> = shop.kubernetes().descriptor().kinds.iter().map(|kind| kind.name).collect();
    let run = shop.read(&kinds).await;
    assert!(
        run.record.failed.is_empty() && run.record.log.is_empty(),
        "{:?} {:?}",
        run.record.failed,
        run.record.log
    );
    let requests: Vec<_> =
        kinds.iter().map(|kind| (*kind, run.record.follow_from.get(*kind).cloned())).collect();
    let listener = Listener::start(&shop, &requests);
    listener.watching(&shop, kinds.len() - 1).await;
    shop.cluster.put(objects::owned(
        objects::pod("shop", "new", "n1"),
        "apps/v1",
        "ReplicaSet",
        "web-5d9c7b",
    ));
    let heard = listener.until("the pod", |heard| !heard.events.is_empty()).await;
    let Event::Present { item, .. } = &heard.events[0] else { panic!("{heard:?}") };
    assert_eq!(item["__Workload"]["name"], "web");
    assert_eq!((heard.missed, heard.log), (Vec::new(), Vec::new()));
    listener.stop().await;
}
