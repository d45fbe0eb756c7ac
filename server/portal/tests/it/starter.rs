use portolan_portal::PageKind;
use portolan_store::testing::on_each_engine;
use serde_json::json;

use crate::support::{Fixture, problems};

#[tokio::test]
async fn models_are_shown_as_documents() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let models = fixture.portal.starter_models(&fixture.viewer).unwrap();
        let shown: Vec<_> =
            models.iter().map(|model| (model.name.as_str(), model.ingestor.as_deref())).collect();
        assert_eq!(
            shown,
            [("service-catalog", None), ("boxes", Some("boxes")), ("backstage", Some("files"))]
        );
        assert_eq!(models[1].description, "What an integration with Boxes fills: Box, Lid.");
        // Of files, what one kind of them holds is a model of its own.
        assert_eq!((models[2].title.as_str(), models[2].blueprints.len()), ("Backstage files", 1));
        let yaml = models[1].yaml().unwrap();
        assert!(
            yaml.starts_with("# What an integration")
                && yaml.contains("---\nkind: Blueprint\nidentifier: box\n"),
            "{yaml}"
        );
        assert!(models[0].yaml().unwrap().contains("identifier: environment\n"));
    })
    .await;
}

#[tokio::test]
async fn a_model_is_planned_and_taken() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let (portal, admin) = (&fixture.portal, &fixture.admin);
        let plan = portal.apply_starter_model(admin, "boxes", false, true).await.unwrap();
        assert_eq!((plan.created.join(" "), plan.pages.join(" ")), ("box lid".into(), "box lid".into()));
        assert_eq!(fixture.tree().await, "");
        assert_eq!(fixture.catalog.present_model(admin).await.unwrap().blueprints().len(), 2);
        let done = portal.apply_starter_model(admin, "boxes", false, false).await.unwrap();
        assert_eq!(
            (done.created.join(" "), done.pages.join(" ")),
            ("box lid".into(), "boxes box lid".into())
        );
        assert_eq!(fixture.tree().await, "boxes(box lid)");
        // Taken again, there is nothing to do.
        let again = portal.apply_starter_model(admin, "boxes", false, false).await.unwrap();
        assert_eq!(
            (again.unchanged.join(" "), again.created.len(), again.pages.len()),
            ("box lid".into(), 0, 0)
        );
        // A page that is gone is made again, in the same folder.
        portal.delete_page(admin, "lid", false, None).await.unwrap();
        let again = portal.apply_starter_model(admin, "boxes", false, false).await.unwrap();
        assert_eq!(again.pages, ["lid"]);
        assert_eq!(fixture.tree().await, "boxes(box lid)");
        assert_eq!(problems(portal.apply_starter_model(admin, "nope", false, true).await), ["NOT_FOUND"]);
        for ctx in [&fixture.member, &fixture.viewer] {
            assert_eq!(problems(portal.apply_starter_model(ctx, "boxes", false, true).await), ["FORBIDDEN"]);
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_tenant_has_is_never_changed_by_a_model() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let (portal, admin) = (&fixture.portal, &fixture.admin);
        let own = json!({"identifier": "box", "title": "My box", "schema": {"properties": {}}});
        fixture.catalog.create_blueprint(admin, &own).await.unwrap();
        let plan = portal.apply_starter_model(admin, "boxes", false, true).await.unwrap();
        assert_eq!((plan.created.join(" "), plan.conflicts.join(" ")), ("lid".into(), "box".into()));
        let refused = portal.apply_starter_model(admin, "boxes", false, false).await;
        assert_eq!(problems(refused), ["ALREADY_EXISTS /blueprints/0"]);
        assert!(fixture.catalog.present_model(admin).await.unwrap().get("lid").is_none());
        assert_eq!(fixture.tree().await, "");
        let kept = portal.apply_starter_model(admin, "boxes", true, false).await.unwrap();
        assert_eq!((kept.created.join(" "), kept.conflicts.join(" ")), ("lid".into(), "box".into()));
        let model = fixture.catalog.present_model(admin).await.unwrap();
        assert_eq!(model.get("box").unwrap().blueprint().title, "My box");
        let pages = portal.pages(admin, false).await.unwrap();
        assert_eq!(pages.iter().filter(|page| page.kind == PageKind::Table).count(), 2);
    })
    .await;
}

/// The models of ours fit together.
#[tokio::test]
async fn our_own_models_are_taken() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let (portal, admin) = (&fixture.portal, &fixture.admin);
        fixture.catalog.delete_blueprints(admin, &["service", "system"]).await.unwrap();
        for model in portal.starter_models(admin).unwrap() {
            let done = portal.apply_starter_model(admin, &model.name, false, false).await.unwrap();
            assert_eq!(done.created.len(), model.blueprints.len(), "{}", model.name);
        }
    })
    .await;
}
