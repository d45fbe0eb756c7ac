use portolan_portal::{NewPage, PageChange, PageKind, SettingsChange};
use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::support::{Fixture, problems};

fn grid(y: i64) -> Value {
    json!({"x": 0, "y": y, "width": 4, "height": 2})
}

/// One good widget of every kind.
fn widgets() -> Vec<Value> {
    let gold =
        json!({"combinator": "and", "rules": [{"property": "tier", "operator": "=", "value": "gold"}]});
    let kinds = [
        json!({"kind": "NUMBER", "blueprint": "service", "rules": gold, "func": "SUM", "property": "issues", "unit": "issues",
            "range": {"property": "since", "span": "last7Days"},
            "thresholds": [{"from": 0, "tone": "OK"}, {"from": 10.5, "tone": "BAD"}]}),
        json!({"kind": "PIE", "blueprint": "service", "groupBy": ["tier"], "first": 8}),
        json!({"kind": "BAR", "blueprint": "service", "groupBy": ["$team", "tier"], "func": "AVG", "property": "issues"}),
        json!({"kind": "LINE", "blueprint": "service", "date": "$createdAt", "interval": "WEEK", "cumulative": true,
            "groupBy": ["tier"], "func": "COUNT"}),
        json!({"kind": "TABLE", "blueprint": "service", "columns": ["$title", "tier", "system"],
            "orderBy": [{"property": "issues", "direction": "DESC"}], "first": 10}),
        json!({"kind": "MARKDOWN", "text": "# Hello", "description": "What this is"}),
        json!({"kind": "LINKS", "links": [{"title": "Runbooks", "url": "https://x.example/runbooks"}]}),
        json!({"kind": "IFRAME", "url": "https://grafana.example/d/1?kiosk"}),
        json!({"kind": "GRAPH", "blueprint": "service", "entity": "checkout", "direction": "UPSTREAM", "depth": 3,
            "blueprints": ["system"]}),
    ];
    let complete = |(at, mut widget): (usize, Value)| {
        let number = i64::try_from(at).unwrap();
        widget["identifier"] = format!("w{at}").into();
        widget["title"] = format!("Widget {at}").into();
        widget["grid"] = grid(number * 2);
        widget
    };
    kinds.into_iter().enumerate().map(complete).collect()
}

fn origins(list: &[&str]) -> SettingsChange {
    SettingsChange { frame_origins: Some(list.iter().map(|&origin| origin.to_owned()).collect()) }
}

fn dashboard(spec: Value) -> NewPage {
    NewPage { dashboard: Some(spec), ..NewPage::new(PageKind::Dashboard, "Operations") }
}

#[tokio::test]
async fn every_kind_of_widget_is_kept_as_it_was_given() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let (portal, admin) = (&fixture.portal, &fixture.admin);
        portal.update_settings(admin, &origins(&["https://grafana.example"]), None).await.unwrap();
        let rules = json!({"combinator": "and", "rules": [{"property": "tier", "operator": "isNotEmpty"}]});
        let spec = json!({"widgets": widgets(), "filters": [{"blueprint": "service", "rules": rules}]});
        let page = portal.create_page(admin, &dashboard(spec.clone())).await.unwrap();
        assert_eq!(page.spec, spec);
        assert_eq!(portal.page(&fixture.viewer, "operations").await.unwrap().unwrap().spec, spec);
        // The tree is read without what dashboards show, unless that is asked for.
        assert_eq!(portal.pages(&fixture.viewer, false).await.unwrap()[0].spec, json!({}));
        assert_eq!(portal.pages(&fixture.viewer, true).await.unwrap()[0].spec, spec);
        // A change of the title leaves it alone, also where an origin is gone by now.
        portal.update_settings(admin, &origins(&[]), Some(1)).await.unwrap();
        let change = PageChange { title: Some("Ops".into()), ..PageChange::default() };
        assert_eq!(portal.update_page(admin, "operations", &change, None).await.unwrap().spec, spec);
        let change = PageChange { dashboard: Some(spec), ..PageChange::default() };
        let refused = portal.update_page(admin, "operations", &change, None).await;
        assert_eq!(problems(refused), ["INVALID_VALUE /dashboard/widgets/7/url"]);
    })
    .await;
}

#[tokio::test]
async fn a_dashboard_says_all_that_is_wrong_with_it() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let (portal, admin) = (&fixture.portal, &fixture.admin);
        portal.update_settings(admin, &origins(&["https://grafana.example"]), None).await.unwrap();
        // A widget, what is put into it (null takes away), and what is wrong then.
        let cases: Vec<(usize, Value, Vec<&str>)> = vec![
            (0, json!({"kind": "GAUGE"}), vec!["INVALID_VALUE /kind"]),
            (0, json!({"kind": null}), vec!["REQUIRED /kind"]),
            (0, json!({"identifier": null, "title": ""}), vec!["REQUIRED /identifier", "REQUIRED /title"]),
            (0, json!({"colour": "red"}), vec!["UNKNOWN_FIELD /colour"]),
            (0, json!({"groupBy": ["tier"]}), vec!["UNKNOWN_FIELD /groupBy"]),
            (0, json!({"grid": null}), vec!["REQUIRED /grid"]),
            (
                0,
                json!({"grid": {"x": 9, "y": 0, "width": 4, "height": 1}}),
                vec!["INVALID_VALUE /grid/width"],
            ),
            (
                0,
                json!({"grid": {"x": -1, "y": 0.5, "width": 0}}),
                vec![
                    "REQUIRED /grid/height",
                    "INVALID_VALUE /grid/x",
                    "WRONG_TYPE /grid/y",
                    "INVALID_VALUE /grid/width",
                ],
            ),
            (0, json!({"blueprint": "nope"}), vec!["NOT_FOUND /blueprint"]),
            (0, json!({"blueprint": null}), vec!["REQUIRED /blueprint"]),
            (0, json!({"rules": []}), vec!["WRONG_TYPE /rules"]),
            (0, json!({"func": "MODE"}), vec!["INVALID_VALUE /func"]),
            (0, json!({"property": null}), vec!["REQUIRED /property"]),
            (0, json!({"property": "tier"}), vec!["INVALID_OPERATOR /property"]),
            (0, json!({"property": "nope"}), vec!["UNKNOWN_PROPERTY /property"]),
            (0, json!({"func": null}), vec!["UNKNOWN_FIELD /property"]),
            (
                0,
                json!({"range": {"property": "tier", "span": "lately"}}),
                vec!["INVALID_OPERATOR /range/property", "INVALID_VALUE /range/span"],
            ),
            (
                0,
                json!({"thresholds": [{"from": "1", "tone": "RED"}, {}]}),
                vec![
                    "WRONG_TYPE /thresholds/0/from",
                    "INVALID_VALUE /thresholds/0/tone",
                    "REQUIRED /thresholds/1/from",
                    "REQUIRED /thresholds/1/tone",
                ],
            ),
            (1, json!({"groupBy": null}), vec!["REQUIRED /groupBy"]),
            (1, json!({"groupBy": []}), vec!["REQUIRED /groupBy"]),
            (1, json!({"groupBy": ["tier", "issues"]}), vec!["TOO_MANY_ITEMS /groupBy"]),
            (
                1,
                json!({"groupBy": ["extra"], "first": 0}),
                vec!["INVALID_OPERATOR /groupBy/0", "INVALID_VALUE /first"],
            ),
            (
                3,
                json!({"date": "tier", "interval": "CENTURY"}),
                vec!["INVALID_VALUE /interval", "INVALID_OPERATOR /date"],
            ),
            (3, json!({"date": null, "interval": null}), vec!["REQUIRED /interval", "REQUIRED /date"]),
            (3, json!({"cumulative": "yes"}), vec!["WRONG_TYPE /cumulative"]),
            (
                4,
                json!({"columns": ["nope", 1]}),
                vec!["WRONG_TYPE /columns/1", "UNKNOWN_PROPERTY /columns/0"],
            ),
            (4, json!({"orderBy": [{"property": "readme"}]}), vec!["INVALID_OPERATOR /orderBy/0/property"]),
            (5, json!({"text": null}), vec!["REQUIRED /text"]),
            (5, json!({"text": "x".repeat(20_001)}), vec!["TOO_LONG /text"]),
            (
                6,
                json!({"links": [{"title": "x", "url": "javascript:alert(1)"}]}),
                vec!["INVALID_VALUE /links/0/url"],
            ),
            (
                6,
                json!({"links": [{"url": "/a", "onclick": "x"}]}),
                vec!["UNKNOWN_FIELD /links/0/onclick", "REQUIRED /links/0/title"],
            ),
            (7, json!({"url": "https://evil.example"}), vec!["INVALID_VALUE /url"]),
            (7, json!({"url": "https://grafana.example.evil.example"}), vec!["INVALID_VALUE /url"]),
            (7, json!({"url": "http://grafana.example"}), vec!["INVALID_VALUE /url"]),
            (7, json!({"url": "javascript:alert(1)"}), vec!["INVALID_VALUE /url"]),
            (7, json!({"url": "nowhere"}), vec!["INVALID_VALUE /url"]),
            (8, json!({"entity": null, "depth": 11}), vec!["REQUIRED /entity", "INVALID_VALUE /depth"]),
            (
                8,
                json!({"blueprints": ["nope"], "direction": "UP"}),
                vec!["INVALID_VALUE /direction", "NOT_FOUND /blueprints/0"],
            ),
        ];
        for (kind, change, expected) in cases {
            let mut widget = widgets()[kind].clone();
            widget.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let made = portal.create_page(admin, &dashboard(json!({"widgets": [widget]}))).await;
            let expected: Vec<String> =
                expected.iter().map(|one| one.replacen(" /", " /dashboard/widgets/0/", 1)).collect();
            assert_eq!(problems(made), expected, "{kind} {change}");
        }
        let mut pair = vec![widgets()[5].clone(), widgets()[5].clone()];
        pair[1]["grid"]["x"] = json!(3);
        for (spec, expected) in [
            (json!([]), vec!["WRONG_TYPE "]),
            (json!({}), vec!["REQUIRED /widgets"]),
            (json!({"widgets": [1]}), vec!["WRONG_TYPE /widgets/0"]),
            (
                json!({"widgets": pair}),
                vec!["DUPLICATE_NAME /widgets/1/identifier", "INVALID_VALUE /widgets/1/grid"],
            ),
            (json!({"widgets": vec![1; 65]}), vec!["TOO_MANY_ITEMS /widgets"]),
            (
                json!({"widgets": [], "filters": [{"blueprint": "nope"}]}),
                vec!["REQUIRED /filters/0/rules", "NOT_FOUND /filters/0/blueprint"],
            ),
            (json!({"widgets": [], "big": "x".repeat(300_000)}), vec!["TOO_LONG "]),
        ] {
            let made = portal.create_page(admin, &dashboard(spec)).await;
            let expected: Vec<String> =
                expected.iter().map(|one| one.replacen(' ', " /dashboard", 1)).collect();
            assert_eq!(problems(made), expected);
        }
        assert_eq!(fixture.tree().await, "");
    })
    .await;
}

#[tokio::test]
async fn admins_say_whose_pages_are_embedded() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let (portal, admin) = (&fixture.portal, &fixture.admin);
        let saved = portal
            .update_settings(
                admin,
                &origins(&["https://A.example/", "https://a.example", "http://localhost:3000"]),
                Some(0),
            )
            .await
            .unwrap();
        assert_eq!(
            (saved.frame_origins.join(" "), saved.revision),
            ("https://a.example http://localhost:3000".into(), 1)
        );
        assert_eq!(portal.settings(&fixture.viewer).await.unwrap(), saved);
        assert_eq!(portal.settings(&fixture.stranger).await.unwrap().revision, 0);
        let refused = portal.update_settings(admin, &origins(&["https://b.example", "*"]), None).await;
        assert_eq!(problems(refused), ["INVALID_VALUE /frameOrigins/1"]);
        assert_eq!(problems(portal.update_settings(admin, &origins(&[]), Some(0)).await), ["CONFLICT"]);
        assert_eq!(
            problems(portal.update_settings(&fixture.member, &origins(&[]), None).await),
            ["FORBIDDEN"]
        );
        assert_eq!(portal.settings(&fixture.viewer).await.unwrap(), saved);
    })
    .await;
}
