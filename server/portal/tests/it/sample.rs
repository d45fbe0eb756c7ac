use portolan_catalog::query::{EntityQuery, NodeQuery, Page};
use portolan_portal::{NewPage, NewView, PageKind};
use portolan_schema::Filter;
use portolan_store::testing::{count_rows, on_each_engine};
use serde_json::json;

use crate::support::{Fixture, problems};

#[tokio::test]
async fn a_sample_comes_marked_and_goes_whole() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store.clone()).await;
        let (portal, admin) = (&fixture.portal, &fixture.admin);
        let entities = |fixture: &Fixture| {
            let (store, tenant) = (store.clone(), fixture.admin.tenant());
            async move { count_rows(&store, tenant, "entities").await }
        };
        assert!(!portal.sample_workspace(&fixture.viewer).await.unwrap().loaded);
        let loaded = portal.load_sample(admin).await.unwrap();
        assert_eq!(
            (loaded.blueprints.join(" "), loaded.entities),
            ("sample_service sample_deployment".into(), 3)
        );
        assert_eq!(
            fixture.tree().await,
            "sample-workspace(sample-overview service-sample deployment-sample)"
        );
        let model = fixture.catalog.present_model(admin).await.unwrap();
        let deployment = model.get("sample_deployment").unwrap();
        assert_eq!(deployment.blueprint().title, "Deployment (sample)");
        assert_eq!(deployment.relation("service").unwrap().relation.target, "sample_service");
        let query = EntityQuery {
            blueprint: deployment.no(),
            filter: Filter::always(),
            order: Vec::new(),
            page: Page { limit: 10, ..Page::default() },
            count: false,
            nodes: NodeQuery::whole(),
        };
        let found = fixture.catalog.list(admin, &model, &query).await.unwrap();
        let entity = &found.nodes[0].entity;
        // Whoever looks at one sees where it is from; no team of the tenant owns it.
        assert_eq!((entity.created_by.as_str(), entity.state.team.len()), ("system:sample", 0));
        let overview = portal.page(admin, "sample-overview").await.unwrap().unwrap();
        assert_eq!(overview.spec["widgets"][0]["blueprint"], "sample_service");

        // Loaded twice it is there once.
        assert_eq!(portal.load_sample(admin).await.unwrap(), loaded);
        assert_eq!((fixture.tree().await.split(' ').count(), entities(&fixture).await), (3, 3));

        // What others make of it goes along, what is theirs stays.
        let view =
            NewView { blueprint: "sample_service".into(), title: "v".into(), shared: true, spec: json!({}) };
        portal.create_view(admin, &view).await.unwrap();
        fixture.page(PageKind::Table, "Own", Some("sample-workspace")).await;
        let removed = portal.remove_sample(admin).await.unwrap();
        assert_eq!((removed.loaded, removed.entities), (false, 0));
        assert_eq!((fixture.tree().await, entities(&fixture).await), ("own".into(), 0));
        assert_eq!(portal.saved_views(admin, None).await.unwrap(), []);
        assert_eq!(fixture.catalog.present_model(admin).await.unwrap().blueprints().len(), 2);
        // Removed twice it is gone as before.
        assert_eq!(portal.remove_sample(admin).await.unwrap(), removed);
        for ctx in [&fixture.member, &fixture.viewer] {
            assert_eq!(problems(portal.load_sample(ctx).await), ["FORBIDDEN"]);
            assert_eq!(problems(portal.remove_sample(ctx).await), ["FORBIDDEN"]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_sample_that_is_built_upon_stays() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store.clone()).await;
        let (portal, admin) = (&fixture.portal, &fixture.admin);
        portal.load_sample(admin).await.unwrap();
        let own = json!({"identifier": "own", "title": "Own", "schema": {"properties": {}},
            "relations": {"service": {"target": "sample_service"}}});
        fixture.catalog.create_blueprint(admin, &own).await.unwrap();
        let page =
            NewPage { blueprint: Some("sample_service".into()), ..NewPage::new(PageKind::Table, "Mine") };
        portal.create_page(admin, &page).await.unwrap();
        let refused = problems(portal.remove_sample(admin).await);
        assert_eq!(refused, ["IN_USE /mine/blueprint", "IN_USE /own/relations/service/target"]);
        let sample = portal.sample_workspace(admin).await.unwrap();
        assert_eq!(sample.entities, 3);
        assert!(fixture.tree().await.starts_with("sample-workspace(sample-overview"));
    })
    .await;
}
