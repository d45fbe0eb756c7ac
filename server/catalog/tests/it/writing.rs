//! The write path.

use portolan_catalog::{Kind, WriteMode};
use portolan_schema::{Code, Field, Filter, Scalar};
use portolan_store::testing::on_each_engine;
use serde_json::json;

use crate::support::Fixture;

#[tokio::test]
async fn an_entity_is_created_found_changed_and_left_alone() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        fixture.upsert(json!({"blueprint": "system", "identifier": "commerce"})).await;
        let service = json!({"blueprint": "service", "identifier": "checkout", "title": "Checkout",
            "properties": {"tier": "gold", "openIssues": 3}, "relations": {"system": "commerce"}});
        let created = fixture.upsert(service.clone()).await;
        assert_eq!((created.kind, created.entity.revision), (Kind::Created, 1));
        let again = fixture.upsert(service).await;
        assert_eq!((again.kind, again.entity.revision), (Kind::Unchanged, 1));
        assert_eq!(again.entity.updated_at, created.entity.updated_at);
        let changed = fixture
            .upsert(
                json!({"blueprint": "service", "identifier": "checkout", "properties": {"openIssues": 4}}),
            )
            .await;
        assert_eq!((changed.kind, changed.entity.revision), (Kind::Updated, 2));
        assert_eq!(changed.entity.state.properties["tier"], "gold");
        let model = fixture.catalog.model(&fixture.ctx).await.unwrap();
        let issues = Field::Property(model.get("service").unwrap().property("openIssues").unwrap().no);
        for (value, expected) in [(4.0, vec!["checkout"]), (3.0, vec![])] {
            let found = fixture.identifiers("service", Filter::equal(issues, Scalar::Number(value))).await;
            assert_eq!(found, expected);
        }
        let error = fixture
            .write(WriteMode::Create, json!({"blueprint": "service", "identifier": "checkout"}))
            .await
            .unwrap_err();
        assert_eq!(error.code(), Code::AlreadyExists);
    })
    .await;
}
