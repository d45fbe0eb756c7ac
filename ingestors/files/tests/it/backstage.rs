//! Descriptors of Backstage: every kind, every relation, and the files that locations name.

use portolan_schema::Code;
use serde_json::{Value, json};

use crate::shelf::Shelf;

const SHOP: &str = include_str!("../fixtures/catalog-info.yaml");
const TEAMS: &str = include_str!("../fixtures/teams.yaml");
const KINDS: [&str; 9] = [
    "backstage-component",
    "backstage-api",
    "backstage-resource",
    "backstage-system",
    "backstage-domain",
    "backstage-group",
    "backstage-user",
    "backstage-location",
    "backstage-template",
];

fn config() -> Value {
    json!({ "format": "backstage" })
}

#[tokio::test]
async fn every_kind_is_read_with_its_relations() {
    let shelf = Shelf::of(&[("shop/catalog-info.yaml", SHOP), ("shop/teams.yaml", TEAMS)]);
    shelf.check(config()).await.unwrap();
    let record = shelf.collect(config(), &KINDS).await;
    assert!(record.failed.is_empty(), "{:?}", record.failed);
    for (kind, reference, relations) in [
        (
            "backstage-component",
            "component:default/basket",
            json!({"ownedBy": ["group:default/shop-floor"], "partOf": ["system:default/checkout"],
                "providesApi": ["api:default/basket-api"], "consumesApi": ["api:payments/pay-api"],
                "dependsOn": ["resource:default/basket-db", "component:payments/ledger"], "dependencyOf": []}),
        ),
        (
            "backstage-api",
            "api:default/basket-api",
            json!({"ownedBy": ["user:default/ada"], "partOf": ["system:default/checkout"]}),
        ),
        (
            "backstage-resource",
            "resource:default/basket-db",
            json!({"ownedBy": ["group:default/shop-floor"], "partOf": ["system:default/checkout"], "dependsOn": [],
                "dependencyOf": ["component:default/basket"]}),
        ),
        (
            "backstage-system",
            "system:default/checkout",
            json!({"ownedBy": ["group:default/shop-floor"], "partOf": ["domain:default/commerce"]}),
        ),
        (
            "backstage-domain",
            "domain:default/commerce",
            json!({"ownedBy": ["group:default/shop-floor"], "partOf": []}),
        ),
        (
            "backstage-group",
            "group:default/shop-floor",
            json!({"childOf": [], "parentOf": [], "hasMember": ["user:default/ada"]}),
        ),
        ("backstage-user", "user:default/ada", json!({"memberOf": ["group:default/shop-floor"]})),
        ("backstage-location", "location:default/shop", json!({})),
        (
            "backstage-template",
            "template:default/rust-service",
            json!({"ownedBy": ["group:default/shop-floor"]}),
        ),
    ] {
        let items = record.values(kind);
        assert_eq!(items.len(), 1, "{kind}");
        assert_eq!((&items[0]["__Ref"], &items[0]["__Relations"]), (&json!(reference), &relations), "{kind}");
    }
    let component = &record.values("backstage-component")[0];
    assert_eq!(
        component["metadata"]["links"],
        json!([{ "url": "https://dash.example/basket", "title": "Dashboard" }])
    );
    assert_eq!(record.values("backstage-user")[0]["__File"], "shop/teams.yaml");
    let told: Vec<&str> = record.log.iter().map(|line| line.message.as_str()).collect();
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("elsewhere/blob/main/catalog-info.yaml\" is not followed"), "{told:?}");
}

#[tokio::test]
async fn locations_name_each_file_once() {
    let location = |targets: Value| {
        json!({"apiVersion": "v1", "kind": "Location", "metadata": {"name": "l"}, "spec": {"targets": targets}}).to_string()
    };
    let group = |name: &str| {
        json!({"apiVersion": "v1", "kind": "Group", "metadata": {"name": name}, "spec": {"type": "team", "children": []}}).to_string()
    };
    let shelf = Shelf::of(&[
        ("catalog-info.yaml", &location(json!(["a/teams.yaml", "./a/catalog-info.yaml", "more.yaml"]))),
        ("a/catalog-info.yaml", &location(json!(["teams.yaml", "../catalog-info.yaml"]))),
        ("a/teams.yaml", &group("a")),
        // Goes round.
        ("more.yaml", &location(json!(["more.yaml", "a/teams.yaml"]))),
    ]);
    let record = shelf.collect(config(), &["backstage-location", "backstage-group"]).await;
    assert!(record.failed.is_empty(), "{:?}", record.failed);
    assert_eq!((record.items["backstage-location"].len(), record.items["backstage-group"].len()), (3, 1));

    shelf.remove("a/teams.yaml");
    let record = shelf.collect(config(), &["backstage-location", "backstage-group"]).await;
    assert_eq!(record.failed["backstage-group"].code, Code::UpstreamUnreachable);
    assert!(record.failed["backstage-group"].message.contains("a/teams.yaml"), "{:?}", record.failed);
    assert_eq!(record.items["backstage-location"].len(), 3);
}

#[tokio::test]
async fn what_is_no_entity_fails_its_file() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        bomb += &format!("a{level}: &a{level} [{}]\n", format!("*a{}, ", level - 1).repeat(10));
    }
    let good = "apiVersion: v1\nkind: Group\nmetadata: {name: good}\n";
    let large = format!("{good}# {}", "x".repeat(5 << 20));
    for (text, expected) in [
        ("", "has no entity"),
        ("---\n---\n", "has no entity"),
        ("just a text", "has a document 1 that is no entity"),
        ("kind: Group\nmetadata: {name: a}", "has a document 1 that is no entity: it has no apiVersion"),
        ("apiVersion: v1\nmetadata: {name: a}", "has a document 1 that is no entity: it has no kind"),
        (
            &format!("{good}---\napiVersion: v1\nkind: Group"),
            "has a document 2 that is no entity: it has no metadata.name",
        ),
        (
            "apiVersion: v1\nkind: User\nmetadata: {name: a}\nspec: {memberOf: [a b]}",
            "(user:default/a) has at spec.memberOf",
        ),
        (&format!("{good}spec: [a"), "is not well-formed YAML (line"),
        (&bomb, "once its aliases are replaced"),
        (&large, "at most 4194304 are read"),
    ] {
        let shelf = Shelf::of(&[("a/catalog-info.yaml", text), ("b/catalog-info.yml", good)]);
        let record = shelf.collect(config(), &["backstage-group"]).await;
        let error = &record.failed["backstage-group"];
        assert!(error.message.contains(expected), "{error}");
        assert_eq!(
            record.items["backstage-group"].len(),
            1,
            "{expected}: nothing of the file, all of the other"
        );
    }
}
