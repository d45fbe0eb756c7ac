//! Mappings follow changes of the model: what they name is told to whoever plans a change, and renamed with it.

use async_trait::async_trait;
use portolan_catalog::{ModelFollower, Rename};
use portolan_schema::references::{Definitions, Reference, mapping_references, rename_in_mapping};
use portolan_schema::{Pointer, Result};
use portolan_store::TenantScope;

/// The mappings of all integrations.
pub(crate) struct Mappings;

#[async_trait]
impl ModelFollower for Mappings {
    async fn references(&self, scope: &TenantScope, _: &Definitions<'_>) -> Result<Vec<Reference>> {
        let outer = Pointer::root().key("mapping");
        let mut found = Vec::new();
        // What runs elsewhere is only advised: its client brings its own blueprints, and takes them away before itself.
        for stored in scope.mappings().await?.into_iter().filter(|stored| !stored.remote) {
            let references = mapping_references(&stored.identifier, &stored.mapping).into_iter();
            found.extend(references.map(|one| Reference { path: outer.join(&one.path), ..one }));
        }
        Ok(found)
    }

    async fn rename(&self, scope: &TenantScope, _: &Definitions<'_>, renames: &[Rename]) -> Result<()> {
        for mut stored in scope.mappings().await? {
            let mut changed = false;
            for Rename { part, to } in renames {
                changed |= rename_in_mapping(&mut stored.mapping, part, to);
            }
            if changed {
                scope.save_mapping(stored.integration, &stored.mapping).await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use portolan_catalog::{Actor, Catalog, OpContext, Role, TenantId};
    use portolan_schema::{Code, Error, Instant};
    use portolan_store::integration::Integration;
    use portolan_store::testing::on_each_engine;
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn a_mapping_follows_renames_and_keeps_its_blueprint_from_being_deleted() {
        on_each_engine(|store| async move {
            let tenant = TenantId(1);
            let ctx = OpContext::verified(tenant, Actor::Credential("t".into()), Role::Admin, "test", None);
            let mapping = json!({"resources": [{"kind": "k", "selector": {"query": "true"}, "port": {"entity": {
                "mappings": {"identifier": ".id", "blueprint": "\"service\"", "properties": {"tier": ".t"}}}}}]});
            let scope = store.write(tenant).await.unwrap();
            scope.create_head().await.unwrap();
            let integration = Integration {
                id: 1,
                identifier: "main".into(),
                ingestor: "aws".into(),
                remote: false,
                config: json!({}),
                secrets: None,
                mapping,
                schedule: None,
                guard: json!({}),
                wire: None,
                created_at: Instant(0),
                created_by: "t".into(),
                updated_at: Instant(0),
                updated_by: "t".into(),
            };
            scope.create_integration(&integration).await.unwrap();
            scope.commit().await.unwrap();
            let catalog = Catalog::new(store.clone(), None);
            catalog.add_follower(Arc::new(Mappings));
            let blueprint = json!({"identifier": "service", "title": "Service",
                "schema": {"properties": {"tier": {"type": "string"}}}});
            catalog.create_blueprint(&ctx, &blueprint).await.unwrap();
            catalog.rename_property(&ctx, "service", "tier", "level").await.unwrap();
            catalog.rename_blueprint(&ctx, "service", "app").await.unwrap();
            let stored = store.read(tenant).await.unwrap().mappings().await.unwrap();
            let entry = &stored[0].mapping["resources"][0]["port"]["entity"]["mappings"];
            assert_eq!((&entry["blueprint"], &entry["properties"]), (&json!("\"app\""), &json!({"level": ".t"})));
            let Err(Error::Problems(problems)) = catalog.delete_blueprint(&ctx, "app").await else {
                panic!("a mapping fills it")
            };
            let found: Vec<_> = problems.0.iter().map(|one| (one.code, one.path.as_str())).collect();
            let path = "/main/mapping/resources/0/port/entity/mappings";
            let (whole, filled) = (format!("{path}/blueprint"), format!("{path}/properties/level"));
            assert_eq!(found, [(Code::InUse, whole.as_str()), (Code::InUse, filled.as_str())]);
        })
        .await;
    }
}
