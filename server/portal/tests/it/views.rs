use portolan_catalog::Role;
use portolan_portal::{NewPage, NewView, PageChange, PageKind, SavedView, ViewChange};
use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::support::{Fixture, person, problems};

fn view(title: &str, shared: bool, spec: Value) -> NewView {
    NewView { blueprint: "service".into(), title: title.into(), shared, spec }
}

fn titles(views: &[SavedView]) -> Vec<&str> {
    views.iter().map(|view| view.title.as_str()).collect()
}

fn shared(flag: bool) -> ViewChange {
    ViewChange { shared: Some(flag), ..ViewChange::default() }
}

#[tokio::test]
async fn views_are_ones_own_or_shared() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let portal = &fixture.portal;
        let gold = json!({"rules": {"combinator": "and", "rules": [{"property": "tier", "operator": "=", "value": "gold"}]},
            "orderBy": [{"property": "issues", "direction": "DESC"}], "groupBy": ["tier"],
            "columns": [{"property": "$title", "width": 240, "pinned": "LEFT"}, {"property": "system"}, {"property": "readme"}],
            "density": "COMPACT"});
        let own = portal.create_view(&fixture.member, &view("Mine", false, gold.clone())).await.unwrap();
        assert_eq!((own.owner.as_deref(), &own.spec), (Some("member@x.example"), &gold));
        portal.create_view(&fixture.admin, &view("Of all", true, json!({}))).await.unwrap();
        portal.create_view(&fixture.admin, &view("Admin's", false, json!({}))).await.unwrap();
        for (ctx, shared, expected) in [
            (&fixture.member, true, vec!["FORBIDDEN"]),
            (&fixture.viewer, false, vec!["FORBIDDEN"]),
        ] {
            assert_eq!(problems(portal.create_view(ctx, &view("x", shared, json!({}))).await), expected);
        }
        for (ctx, expected) in [
            (&fixture.member, vec!["Of all", "Mine"]),
            (&fixture.admin, vec!["Of all", "Admin's"]),
            (&fixture.viewer, vec!["Of all"]),
            (&fixture.stranger, vec![]),
        ] {
            let found = portal.saved_views(ctx, Some("service")).await.unwrap();
            assert_eq!(titles(&found), expected);
        }
        assert_eq!(portal.saved_views(&fixture.admin, Some("system")).await.unwrap(), []);

        // What somebody has alone is not there for others, not even for an admin.
        let id = own.id.to_string();
        for ctx in [&fixture.admin, &fixture.viewer, &fixture.stranger] {
            assert_eq!(portal.saved_view(ctx, &id).await.unwrap(), None);
        }
        let none = ViewChange::default();
        assert_eq!(problems(portal.update_view(&fixture.admin, &id, &none, None).await), ["NOT_FOUND"]);
        assert_eq!(problems(portal.delete_view(&fixture.admin, &id, None).await), ["NOT_FOUND"]);
        assert_eq!(problems(portal.update_view(&fixture.member, &id, &shared(true), None).await), ["FORBIDDEN"]);
        // A member who has become a viewer still reads it.
        let demoted = person(1, "member", Role::Viewer);
        assert_eq!(portal.saved_view(&demoted, &id).await.unwrap(), Some(own.clone()));
        assert_eq!(problems(portal.delete_view(&demoted, &id, None).await), ["FORBIDDEN"]);

        let change = ViewChange { title: Some("Gold".into()), spec: json!({"rules": null, "density": "DEFAULT"}), ..none };
        let changed = portal.update_view(&fixture.member, &id, &change, Some(1)).await.unwrap();
        assert_eq!((changed.title.as_str(), changed.revision), ("Gold", 2));
        assert_eq!((changed.spec.get("rules"), &changed.spec["density"]), (None, &json!("DEFAULT")));
        assert_eq!(changed.spec["columns"], gold["columns"]);
        assert_eq!(problems(portal.update_view(&fixture.member, &id, &change, Some(1)).await), ["CONFLICT"]);
        assert_eq!(problems(portal.delete_view(&fixture.member, &id, Some(1)).await), ["CONFLICT"]);
        portal.delete_view(&fixture.member, &id, Some(2)).await.unwrap();
        assert_eq!(portal.saved_view(&fixture.member, &id).await.unwrap(), None);
        assert_eq!(problems(portal.delete_view(&fixture.member, "x", None).await), ["NOT_FOUND"]);
    })
    .await;
}

#[tokio::test]
async fn a_view_that_pages_begin_with_stays_shared() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let (portal, admin) = (&fixture.portal, &fixture.admin);
        let made = portal.create_view(admin, &view("Gold", true, json!({}))).await.unwrap();
        let own = portal.create_view(admin, &view("Own", false, json!({}))).await.unwrap();
        let id = made.id.to_string();
        let page = |view: &str, blueprint: &str| NewPage {
            blueprint: Some(blueprint.into()),
            view: Some(view.into()),
            ..NewPage::new(PageKind::Table, "Gold services")
        };
        for (wanted, expected) in [
            (page(&own.id.to_string(), "service"), "NOT_FOUND /view"),
            (page(&id, "system"), "NOT_FOUND /view"),
        ] {
            assert_eq!(problems(portal.create_page(admin, &wanted).await), [expected]);
        }
        portal.create_page(admin, &page(&id, "service")).await.unwrap();
        assert_eq!(problems(portal.delete_view(admin, &id, None).await), ["IN_USE"]);
        assert_eq!(problems(portal.update_view(admin, &id, &shared(false), None).await), ["IN_USE"]);
        assert_eq!(
            problems(portal.update_view(&fixture.member, &id, &shared(false), None).await),
            ["FORBIDDEN"]
        );
        let change = ViewChange { title: Some("Golden".into()), ..ViewChange::default() };
        portal.update_view(admin, &id, &change, None).await.unwrap();
        let lock = PageChange { locked: Some(true), ..PageChange::default() };
        portal.update_page(admin, "gold-services", &lock, None).await.unwrap();
        let change = ViewChange { title: Some("Gold".into()), ..ViewChange::default() };
        assert_eq!(problems(portal.update_view(admin, &id, &change, None).await), ["PROTECTED"]);
        // With another blueprint, the page has another view.
        let change =
            PageChange { locked: Some(false), blueprint: Some("system".into()), ..PageChange::default() };
        let changed = portal.update_page(admin, "gold-services", &change, None).await.unwrap();
        assert_eq!(changed.spec, json!({"blueprint": "system"}));
        let own = portal.update_view(admin, &id, &shared(false), None).await.unwrap();
        assert_eq!(own.owner.as_deref(), Some("admin@x.example"));
        assert_eq!(portal.saved_view(&fixture.member, &id).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_view_says_all_that_is_wrong_with_it() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let column = |name: &str| json!({"property": name});
        for (spec, expected) in [
            (json!({"rules": 1}), vec!["WRONG_TYPE /rules"]),
            (
                json!({"rules": {"combinator": "and", "rules": [{"property": "nope", "operator": "=", "value": 1}]}}),
                vec!["UNKNOWN_PROPERTY /rules/rules/0/property"],
            ),
            (
                json!({"orderBy": [column("readme"), column("nope"), {"property": "tier", "direction": "UP"}, {}]}),
                vec![
                    "INVALID_OPERATOR /orderBy/0/property",
                    "UNKNOWN_PROPERTY /orderBy/1/property",
                    "INVALID_VALUE /orderBy/2/direction",
                    "REQUIRED /orderBy/3/property",
                ],
            ),
            (json!({"orderBy": [column("$team")]}), vec!["INVALID_OPERATOR /orderBy/0/property"]),
            (json!({"groupBy": ["extra", "tier"]}), vec!["INVALID_OPERATOR /groupBy/0"]),
            (json!({"groupBy": ["tier", "tier", "tier", "tier"]}), vec!["TOO_MANY_ITEMS /groupBy"]),
            (
                json!({"columns": [column("tier"), column("tier"), {"property": "issues", "width": 1, "pinned": "UP"}]}),
                vec![
                    "DUPLICATE_NAME /columns/1/property",
                    "INVALID_VALUE /columns/2/width",
                    "INVALID_VALUE /columns/2/pinned",
                ],
            ),
            (json!({"density": "TINY", "colour": 1}), vec!["UNKNOWN_FIELD /colour", "INVALID_VALUE /density"]),
        ] {
            let made = fixture.portal.create_view(&fixture.member, &view("x", false, spec.clone())).await;
            assert_eq!(problems(made), expected, "{spec}");
        }
        let wanted = NewView { blueprint: "nope".into(), ..view("", false, json!({})) };
        let made = fixture.portal.create_view(&fixture.member, &wanted).await;
        assert_eq!(problems(made), ["REQUIRED /title", "NOT_FOUND /blueprint"]);
        assert_eq!(fixture.portal.saved_views(&fixture.member, None).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn nobody_has_views_without_end() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let wanted = view("x", false, json!({}));
        for _ in 0..200 {
            fixture.portal.create_view(&fixture.member, &wanted).await.unwrap();
        }
        assert_eq!(problems(fixture.portal.create_view(&fixture.member, &wanted).await), ["TOO_MANY_ITEMS"]);
        fixture.portal.create_view(&fixture.admin, &wanted).await.unwrap();
    })
    .await;
}
