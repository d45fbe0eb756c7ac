//! Entities that do not fit their blueprint any more: kept, counted, and made right by their next write.

use portolan_catalog::{Change, Deletion, WriteMode, WriteOptions};
use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::model::shown;
use crate::support::Fixture;

impl Fixture {
    async fn misfit_names(&self) -> Vec<String> {
        let found = self.catalog.misfits(&self.ctx, "service", None, 100).await.unwrap();
        assert_eq!(found.total, found.nodes.len() as u64);
        found.nodes.into_iter().map(|node| node.entity.state.identifier).collect()
    }

    async fn set_schema(&self, schema: Value) {
        let patch = json!({"schema": schema});
        self.catalog.update_blueprint(&self.ctx, "service", &patch, true, None).await.unwrap();
    }
}

#[tokio::test]
async fn misfits_are_kept_counted_and_must_fit_at_their_next_write() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        for (name, tier) in [("a", "gold"), ("b", "bronze"), ("c", "bronze"), ("d", "silver")] {
            fixture.upsert(json!({"blueprint": "service", "identifier": name, "properties": {"tier": tier}})).await;
        }
        fixture.upsert(json!({"blueprint": "service", "identifier": "d", "relations": {"dependsOn": ["c"]}})).await;
        let strict = json!({"properties": {"tier": {"type": "string", "enum": ["gold", "silver"]}, "owner": {"type": "string"}},
            "required": ["owner"]});
        fixture.set_schema(strict.clone()).await;
        assert_eq!(fixture.misfit_names().await, ["a", "b", "c", "d"]);
        // A partial write is told all that is wrong.
        let write = |properties: Value| json!({"blueprint": "service", "identifier": "b", "properties": properties});
        let error = fixture.write(WriteMode::Update, write(json!({}))).await.unwrap_err();
        assert_eq!(shown(error), ["REQUIRED /properties/owner", "INVALID_VALUE /properties/tier"]);
        let error = fixture.write(WriteMode::Update, write(json!({"owner": "x"}))).await.unwrap_err();
        assert_eq!(shown(error), ["INVALID_VALUE /properties/tier"]);
        fixture.write(WriteMode::Update, write(json!({"owner": "x", "tier": "gold"}))).await.unwrap();
        assert_eq!(fixture.misfit_names().await, ["a", "c", "d"]);
        // A deletion takes its own line away; who pointed at it is still not right.
        let deletion = Deletion { blueprint: "service".into(), identifier: "c".into(), dependents: false, if_revision: None };
        fixture.catalog.write_one(&fixture.ctx, Change::Delete(deletion), &WriteOptions::default()).await.unwrap();
        assert_eq!(fixture.misfit_names().await, ["a", "d"]);
        // What a relation makes bare lacks what is required.
        let change = crate::support::change(
            WriteMode::Merge,
            &json!({"blueprint": "service", "identifier": "b", "relations": {"dependsOn": ["bare"]}}),
        );
        let options = WriteOptions { create_missing: true, ..WriteOptions::default() };
        fixture.catalog.write_one(&fixture.ctx, change, &options).await.unwrap();
        assert_eq!(fixture.misfit_names().await, ["a", "d", "bare"]);
        // A rule less, and some fit again.
        let mut lax = strict;
        lax["required"] = json!([]);
        fixture.set_schema(lax).await;
        assert!(fixture.misfit_names().await.is_empty());
    })
    .await;
}
