use portolan_portal::{MovePage, NewPage, PageChange, PageKind};
use portolan_store::testing::on_each_engine;
use serde_json::json;

use crate::support::{Fixture, problems};

fn to(parent: Option<&str>, before: Option<&str>) -> MovePage {
    MovePage { parent: parent.map(str::to_owned), before: before.map(str::to_owned) }
}

#[tokio::test]
async fn pages_stand_where_they_are_put() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let portal = &fixture.portal;
        for (kind, title, parent) in [
            (PageKind::Folder, "Ops", None),
            (PageKind::Table, "Services", Some("ops")),
            (PageKind::Folder, "Deep", Some("ops")),
            (PageKind::Dashboard, "Home", None),
            (PageKind::Table, "Services", None),
        ] {
            fixture.page(kind, title, parent).await;
        }
        let first = NewPage {
            before: Some("ops".into()),
            identifier: Some("Start".into()),
            ..NewPage::new(PageKind::Dashboard, "Start here")
        };
        portal.create_page(&fixture.admin, &first).await.unwrap();
        assert_eq!(fixture.tree().await, "Start ops(services deep()) home services-2");

        for (page, place, expected) in [
            ("services-2", to(Some("ops"), Some("services")), "Start ops(services-2 services deep()) home"),
            ("services", to(Some("deep"), None), "Start ops(services-2 deep(services)) home"),
            ("ops", to(None, Some("Start")), "ops(services-2 deep(services)) Start home"),
            ("ops", to(None, None), "Start home ops(services-2 deep(services))"),
            ("deep", to(None, Some("home")), "Start deep(services) home ops(services-2)"),
            ("deep", to(None, Some("home")), "Start deep(services) home ops(services-2)"),
        ] {
            let pages = portal.move_page(&fixture.admin, page, &place, None).await.unwrap();
            assert_eq!(crate::support::shown(&pages, None), expected, "{page}");
            assert_eq!(fixture.tree().await, expected, "{page}");
        }
        portal.move_page(&fixture.admin, "ops", &to(Some("deep"), None), None).await.unwrap();
        for (page, place, expected) in [
            ("nope", to(None, None), "NOT_FOUND"),
            ("home", to(Some("nope"), None), "NOT_FOUND /parent"),
            ("home", to(Some("Start"), None), "INVALID_VALUE /parent"),
            ("home", to(None, Some("services")), "NOT_FOUND /before"),
            ("home", to(None, Some("home")), "NOT_FOUND /before"),
            ("deep", to(Some("ops"), None), "INVALID_VALUE /parent"),
            ("deep", to(Some("deep"), None), "INVALID_VALUE /parent"),
        ] {
            let moved = portal.move_page(&fixture.admin, page, &place, None).await;
            assert_eq!(problems(moved), [expected], "{page}");
        }
        assert_eq!(fixture.tree().await, "Start deep(services ops(services-2)) home");
        // Nobody else sees or moves them.
        assert_eq!(portal.pages(&fixture.stranger, true).await.unwrap(), []);
        let moved = portal.move_page(&fixture.stranger, "home", &to(None, None), None).await;
        assert_eq!(problems(moved), ["NOT_FOUND"]);
        for ctx in [&fixture.member, &fixture.viewer] {
            assert_eq!(problems(portal.move_page(ctx, "home", &to(None, None), None).await), ["FORBIDDEN"]);
        }
    })
    .await;
}

#[tokio::test]
async fn folders_nest_only_so_deep() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let mut parent: Option<String> = None;
        for level in 1..=6 {
            let page = fixture.page(PageKind::Folder, &format!("L{level}"), parent.as_deref()).await;
            parent = Some(page.identifier);
        }
        let wanted = NewPage { parent, ..NewPage::new(PageKind::Folder, "L7") };
        assert_eq!(problems(fixture.portal.create_page(&fixture.admin, &wanted).await), ["TOO_DEEP /parent"]);
        fixture.page(PageKind::Folder, "Other", None).await;
        fixture.page(PageKind::Folder, "Inner", Some("other")).await;
        let moved = fixture.portal.move_page(&fixture.admin, "other", &to(Some("l5"), None), None).await;
        assert_eq!(problems(moved), ["TOO_DEEP /parent"]);
        fixture.portal.move_page(&fixture.admin, "other", &to(Some("l4"), None), None).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_page_says_all_that_is_wrong_with_it() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        fixture.page(PageKind::Folder, "Ops", None).await;
        let new = NewPage::new;
        let named = |name: &str| Some(name.to_owned());
        for (wanted, expected) in [
            (new(PageKind::Folder, " "), vec!["REQUIRED /title"]),
            (new(PageKind::Folder, &"x".repeat(101)), vec!["TOO_LONG /title"]),
            (new(PageKind::Folder, "a\0b"), vec!["NUL_CHARACTER /title"]),
            (
                NewPage { identifier: named("a b"), ..new(PageKind::Folder, "x") },
                vec!["INVALID_IDENTIFIER /identifier"],
            ),
            (
                NewPage { identifier: named("ops"), ..new(PageKind::Folder, "x") },
                vec!["ALREADY_EXISTS /identifier"],
            ),
            (
                NewPage { blueprint: named("service"), ..new(PageKind::Folder, "x") },
                vec!["UNKNOWN_FIELD /blueprint"],
            ),
            (
                NewPage { dashboard: Some(json!({})), ..new(PageKind::Table, "x") },
                vec!["UNKNOWN_FIELD /dashboard", "REQUIRED /blueprint"],
            ),
            (NewPage { blueprint: named("nope"), ..new(PageKind::Table, "x") }, vec!["NOT_FOUND /blueprint"]),
            (
                NewPage { blueprint: named("service"), view: named("1"), ..new(PageKind::Table, "x") },
                vec!["NOT_FOUND /view"],
            ),
            (
                NewPage { blueprint: named("service"), view: named("x"), ..new(PageKind::Table, "") },
                vec!["REQUIRED /title", "NOT_FOUND /view"],
            ),
            (
                NewPage {
                    parent: named("nope"),
                    icon: named(&"x".repeat(101)),
                    ..new(PageKind::Folder, "x")
                },
                vec!["TOO_LONG /icon", "NOT_FOUND /parent"],
            ),
            (
                NewPage { dashboard: Some(json!({"widgets": 1, "x": 2})), ..new(PageKind::Dashboard, "x") },
                vec!["UNKNOWN_FIELD /dashboard/x", "WRONG_TYPE /dashboard/widgets"],
            ),
        ] {
            assert_eq!(
                problems(fixture.portal.create_page(&fixture.admin, &wanted).await),
                expected,
                "{wanted:?}"
            );
        }
        assert_eq!(fixture.tree().await, "ops()");
        for ctx in [&fixture.member, &fixture.viewer] {
            let wanted = new(PageKind::Folder, "x");
            assert_eq!(problems(fixture.portal.create_page(ctx, &wanted).await), ["FORBIDDEN"]);
        }
    })
    .await;
}

#[tokio::test]
async fn pages_change_only_as_their_author_saw_them() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let (portal, admin) = (&fixture.portal, &fixture.admin);
        let page = fixture.page(PageKind::Table, "Services", None).await;
        let change = PageChange {
            title: Some("All services".into()),
            icon: Some(Some("Box".into())),
            ..PageChange::default()
        };
        let changed = portal.update_page(admin, "services", &change, Some(1)).await.unwrap();
        assert_eq!(
            (changed.title.as_str(), changed.icon.as_deref(), changed.revision),
            ("All services", Some("Box"), 2)
        );
        assert_eq!(changed.spec, page.spec);
        // Saying the same again is no change.
        let again = portal.update_page(admin, "services", &change, Some(2)).await.unwrap();
        assert_eq!(again, changed);
        let late = portal.update_page(admin, "services", &change, Some(1)).await;
        assert_eq!(problems(late), ["CONFLICT"]);
        let bare = PageChange { icon: Some(None), blueprint: Some("system".into()), ..PageChange::default() };
        let changed = portal.update_page(admin, "services", &bare, None).await.unwrap();
        assert_eq!((changed.icon.as_deref(), changed.spec["blueprint"].as_str()), (None, Some("system")));
        for (change, expected) in [
            (PageChange { title: Some(String::new()), ..PageChange::default() }, "REQUIRED /title"),
            (PageChange { blueprint: Some("nope".into()), ..PageChange::default() }, "NOT_FOUND /blueprint"),
            (
                PageChange { dashboard: Some(json!({"widgets": []})), ..PageChange::default() },
                "UNKNOWN_FIELD /dashboard",
            ),
        ] {
            assert_eq!(problems(portal.update_page(admin, "services", &change, None).await), [expected]);
        }
        assert_eq!(problems(portal.update_page(admin, "nope", &bare, None).await), ["NOT_FOUND"]);
        assert_eq!(
            problems(portal.update_page(&fixture.stranger, "services", &bare, None).await),
            ["NOT_FOUND"]
        );
        assert_eq!(
            problems(portal.update_page(&fixture.member, "services", &bare, None).await),
            ["FORBIDDEN"]
        );

        let lock = PageChange { locked: Some(true), ..PageChange::default() };
        portal.update_page(admin, "services", &lock, None).await.unwrap();
        assert_eq!(problems(portal.update_page(admin, "services", &change, None).await), ["PROTECTED"]);
        assert_eq!(problems(portal.delete_page(admin, "services", false, None).await), ["PROTECTED"]);
        let unlock = PageChange { locked: Some(false), title: Some("Open".into()), ..PageChange::default() };
        assert_eq!(portal.update_page(admin, "services", &unlock, None).await.unwrap().title, "Open");
    })
    .await;
}

#[tokio::test]
async fn a_folder_goes_with_its_contents_only_when_told() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let (portal, admin) = (&fixture.portal, &fixture.admin);
        for (kind, title, parent) in [
            (PageKind::Folder, "Ops", None),
            (PageKind::Folder, "Deep", Some("ops")),
            (PageKind::Table, "Services", Some("deep")),
            (PageKind::Dashboard, "Home", None),
        ] {
            fixture.page(kind, title, parent).await;
        }
        assert_eq!(problems(portal.delete_page(admin, "ops", false, None).await), ["IN_USE"]);
        let lock = PageChange { locked: Some(true), ..PageChange::default() };
        portal.update_page(admin, "services", &lock, None).await.unwrap();
        assert_eq!(problems(portal.delete_page(admin, "ops", true, None).await), ["PROTECTED"]);
        assert_eq!(fixture.tree().await, "ops(deep(services)) home");
        let unlock = PageChange { locked: Some(false), ..PageChange::default() };
        portal.update_page(admin, "services", &unlock, None).await.unwrap();
        assert_eq!(problems(portal.delete_page(admin, "ops", true, Some(7)).await), ["CONFLICT"]);
        assert_eq!(problems(portal.delete_page(&fixture.member, "ops", true, None).await), ["FORBIDDEN"]);
        let gone = portal.delete_page(admin, "ops", true, Some(1)).await.unwrap();
        assert_eq!(gone.title, "Ops");
        assert_eq!(fixture.tree().await, "home");
        assert_eq!(problems(portal.delete_page(admin, "services", true, None).await), ["NOT_FOUND"]);
    })
    .await;
}

#[tokio::test]
async fn admins_at_the_same_time_leave_a_whole_tree() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let wanted = NewPage::new(PageKind::Folder, "Same title");
        let all = (0..8).map(|_| {
            let (portal, admin, wanted) = (fixture.portal.clone(), fixture.admin.clone(), wanted.clone());
            tokio::spawn(async move { portal.create_page(&admin, &wanted).await.unwrap().identifier })
        });
        let all: Vec<_> = all.collect();
        let mut made = Vec::new();
        for one in all {
            made.push(one.await.unwrap());
        }
        made.sort();
        let mut expected: Vec<String> = (2..=8).map(|number| format!("same-title-{number}")).collect();
        expected.insert(0, "same-title".into());
        assert_eq!(made, expected);
        // `tree` checks that positions have neither gaps nor repeats.
        assert_eq!(fixture.tree().await.split(' ').count(), 8);
    })
    .await;
}
