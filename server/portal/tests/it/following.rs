use portolan_portal::{NewPage, NewView, PageKind};
use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::support::{Fixture, problems};

fn gold() -> Value {
    json!({"combinator": "and", "rules": [
        {"property": "tier", "operator": "=", "value": "gold"},
        {"property": {"path": ["system"]}, "operator": "matchAny", "value": "shop"}]})
}

fn widget() -> Value {
    json!({"identifier": "issues", "kind": "TABLE", "title": "Issues", "blueprint": "service",
        "grid": {"x": 0, "y": 0, "width": 12, "height": 4}, "columns": ["tier", "system", "$title"],
        "range": {"property": "since", "span": "last7Days"}, "orderBy": [{"property": "issues"}]})
}

/// A table with a shared view, a dashboard, and a view of one's own.
async fn filled(fixture: &Fixture) -> [String; 2] {
    let view = |title: &str, shared| NewView {
        blueprint: "service".into(),
        title: title.into(),
        shared,
        spec: json!({"groupBy": ["tier"], "columns": [{"property": "system"}, {"property": "tier"}]}),
    };
    let shared = fixture.portal.create_view(&fixture.admin, &view("Of all", true)).await.unwrap();
    let own = fixture.portal.create_view(&fixture.member, &view("Mine", false)).await.unwrap();
    let table = NewPage {
        blueprint: Some("service".into()),
        view: Some(shared.id.to_string()),
        ..NewPage::new(PageKind::Table, "Services")
    };
    fixture.portal.create_page(&fixture.admin, &table).await.unwrap();
    let dashboard = NewPage {
        dashboard: Some(
            json!({"widgets": [widget()], "filters": [{"blueprint": "service", "rules": {"combinator": "and", "rules": [
            {"property": "tier", "operator": "=", "value": "gold"}]}}]}),
        ),
        ..NewPage::new(PageKind::Dashboard, "Ops")
    };
    fixture.portal.create_page(&fixture.admin, &dashboard).await.unwrap();
    [shared.id.to_string(), own.id.to_string()]
}

#[tokio::test]
async fn what_names_a_part_follows_its_renames() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let [_, own] = filled(&fixture).await;
        let (portal, admin) = (&fixture.portal, &fixture.admin);
        fixture.catalog.rename_property(admin, "service", "tier", "level").await.unwrap();
        fixture.catalog.rename_property(admin, "service", "since", "born").await.unwrap();
        fixture.catalog.rename_relation(admin, "service", "system", "area").await.unwrap();
        fixture.catalog.rename_blueprint(admin, "service", "app").await.unwrap();
        // Of the same name, elsewhere.
        fixture.catalog.rename_blueprint(admin, "system", "tier").await.unwrap();

        let page = portal.page(admin, "services").await.unwrap().unwrap();
        assert_eq!(page.spec["blueprint"], "app");
        let ops = portal.page(admin, "ops").await.unwrap().unwrap();
        let mut expected = widget();
        expected["blueprint"] = json!("app");
        expected["columns"] = json!(["level", "area", "$title"]);
        expected["range"]["property"] = json!("born");
        assert_eq!(ops.spec["widgets"][0], expected);
        let filter = &ops.spec["filters"][0];
        assert_eq!(
            (&filter["blueprint"], &filter["rules"]["rules"][0]["property"]),
            (&json!("app"), &json!("level"))
        );
        let view = portal.saved_view(&fixture.member, &own).await.unwrap().unwrap();
        assert_eq!(view.blueprint, "app");
        assert_eq!(view.spec["groupBy"], json!(["level"]));
        assert_eq!(view.spec["columns"], json!([{"property": "area"}, {"property": "level"}]));
        // What was renamed is still what a writer is shown.
        assert_eq!(portal.saved_views(&fixture.member, Some("app")).await.unwrap().len(), 2);
        let stranger = portal.page(&fixture.stranger, "services").await.unwrap();
        assert_eq!(stranger, None);
    })
    .await;
}

#[tokio::test]
async fn plans_and_deletions_name_the_pages_that_would_break() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let [shared, own] = filled(&fixture).await;
        let admin = &fixture.admin;
        let bare = json!({"identifier": "service", "title": "Service", "schema": {"properties": {
            "issues": {"type": "number"}, "since": {"type": "string", "format": "date-time"}}}});
        let plan = fixture.catalog.plan_blueprint_change(admin, &bare).await.unwrap();
        let broken = |reference: &portolan_schema::references::Reference| {
            format!("{} {} {}", reference.kind.as_str(), reference.name(), reference.path)
        };
        let mut found: Vec<String> = plan.broken.iter().map(broken).collect();
        found.sort();
        let expected = [
            "PAGE ops /filters/0/rules/rules/0/property".to_owned(),
            format!("VIEW {shared}.Of all /columns/0/property"),
            format!("VIEW {shared}.Of all /columns/1/property"),
            format!("VIEW {shared}.Of all /groupBy/0"),
            "WIDGET ops.issues /widgets/0/columns/0".to_owned(),
            "WIDGET ops.issues /widgets/0/columns/1".to_owned(),
        ];
        assert_eq!(found, expected);
        assert_eq!(plan.problems.0, []);

        let refused = problems(fixture.catalog.delete_blueprint(admin, "service").await);
        assert!(refused.iter().all(|one| one.starts_with("IN_USE")), "{refused:?}");
        for place in ["/services/blueprint", "/ops/widgets/0/blueprint", "/ops/filters/0/blueprint"] {
            assert!(refused.contains(&format!("IN_USE {place}")), "{refused:?}");
        }
        assert!(refused.contains(&format!("IN_USE /{shared}/blueprint")), "{refused:?}");
        assert!(!refused.iter().any(|one| one.contains(&own)), "{refused:?}");

        // Without them it goes, and takes along what somebody had alone.
        for page in ["services", "ops"] {
            fixture.portal.delete_page(admin, page, false, None).await.unwrap();
        }
        fixture.portal.delete_view(admin, &shared, None).await.unwrap();
        fixture.catalog.delete_blueprint(admin, "service").await.unwrap();
        assert_eq!(fixture.portal.saved_views(&fixture.member, None).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn rules_of_views_follow_relations() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let view = NewView {
            blueprint: "service".into(),
            title: "x".into(),
            shared: false,
            spec: json!({"rules": gold()}),
        };
        let view = fixture.portal.create_view(&fixture.member, &view).await.unwrap();
        fixture.catalog.rename_relation(&fixture.admin, "service", "system", "area").await.unwrap();
        let found = fixture.portal.saved_view(&fixture.member, &view.id.to_string()).await.unwrap().unwrap();
        assert_eq!(found.spec["rules"]["rules"][1]["property"], json!({"path": ["area"]}));
        // Renames are not the view's own changes.
        assert_eq!(found.revision, 1);
    })
    .await;
}
