//! Blueprints and the model's revision.

use async_graphql::{Context, ID, Json, Object, SimpleObject};
use portolan_catalog::{Catalog, OpContext};
use portolan_schema::StoredBlueprint;
use serde_json::Value;

use super::problem::{ProblemObject, payload, refuse};

struct Blueprint(StoredBlueprint);

#[Object]
impl Blueprint {
    async fn identifier(&self) -> &str {
        &self.0.blueprint.identifier
    }

    async fn title(&self) -> &str {
        &self.0.blueprint.title
    }

    async fn icon(&self) -> Option<&str> {
        self.0.blueprint.icon.as_deref()
    }

    /// Counts the blueprint's changes; what `ifRevision` is compared with.
    async fn revision(&self) -> i64 {
        self.0.revision
    }

    /// The definition, in Port's JSON.
    async fn json(&self) -> Json<Value> {
        Json(Catalog::blueprint_json(&self.0))
    }

    /// Names in the catalog API.
    async fn graphql(&self) -> async_graphql::Result<Json<Value>> {
        Ok(Json(serde_json::to_value(&self.0.names)?))
    }

    async fn entity_count(&self, ctx: &Context<'_>) -> async_graphql::Result<u64> {
        let catalog: &Catalog = ctx.data()?;
        catalog.count_entities(ctx.data()?, self.0.no).await.map_err(refuse)
    }
}

/// The tenant's blueprints as a whole.
#[derive(SimpleObject)]
struct Model {
    /// Counts the changes of the tenant's blueprints.
    revision: i64,
}

#[derive(SimpleObject)]
struct BlueprintPayload {
    blueprint: Option<Blueprint>,
    errors: Vec<ProblemObject>,
}

impl BlueprintPayload {
    fn new(result: portolan_schema::Result<StoredBlueprint>) -> async_graphql::Result<Self> {
        let (stored, errors) = payload(result)?;
        Ok(Self { blueprint: stored.map(Blueprint), errors })
    }
}

#[derive(SimpleObject)]
struct DeletePayload {
    errors: Vec<ProblemObject>,
}

#[derive(Default)]
pub struct BlueprintQuery;

#[Object]
impl BlueprintQuery {
    async fn model(&self, ctx: &Context<'_>) -> async_graphql::Result<Model> {
        let (catalog, who): (&Catalog, &OpContext) = (ctx.data()?, ctx.data()?);
        Ok(Model { revision: catalog.model(who).await.map_err(refuse)?.revision() })
    }

    async fn blueprints(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Blueprint>> {
        let (catalog, who): (&Catalog, &OpContext) = (ctx.data()?, ctx.data()?);
        let model = catalog.model(who).await.map_err(refuse)?;
        Ok(model.blueprints().iter().map(|blueprint| Blueprint(blueprint.stored.clone())).collect())
    }

    async fn blueprint(&self, ctx: &Context<'_>, identifier: ID) -> async_graphql::Result<Option<Blueprint>> {
        let (catalog, who): (&Catalog, &OpContext) = (ctx.data()?, ctx.data()?);
        let model = catalog.model(who).await.map_err(refuse)?;
        Ok(model.get(&identifier).map(|blueprint| Blueprint(blueprint.stored.clone())))
    }
}

#[derive(Default)]
pub struct BlueprintMutation;

#[Object]
impl BlueprintMutation {
    async fn create_blueprint(
        &self,
        ctx: &Context<'_>,
        input: Json<Value>,
    ) -> async_graphql::Result<BlueprintPayload> {
        let (catalog, who): (&Catalog, &OpContext) = (ctx.data()?, ctx.data()?);
        BlueprintPayload::new(catalog.create_blueprint(who, &input.0).await)
    }

    /// Replaces the definition.
    async fn update_blueprint(
        &self,
        ctx: &Context<'_>,
        identifier: ID,
        input: Json<Value>,
        if_revision: Option<i64>,
    ) -> async_graphql::Result<BlueprintPayload> {
        let (catalog, who): (&Catalog, &OpContext) = (ctx.data()?, ctx.data()?);
        BlueprintPayload::new(catalog.update_blueprint(who, &identifier, &input.0, false, if_revision).await)
    }

    async fn rename_blueprint(
        &self,
        ctx: &Context<'_>,
        identifier: ID,
        to: ID,
    ) -> async_graphql::Result<BlueprintPayload> {
        let (catalog, who): (&Catalog, &OpContext) = (ctx.data()?, ctx.data()?);
        BlueprintPayload::new(catalog.rename_blueprint(who, &identifier, &to).await)
    }

    async fn delete_blueprint(
        &self,
        ctx: &Context<'_>,
        identifier: ID,
    ) -> async_graphql::Result<DeletePayload> {
        let (catalog, who): (&Catalog, &OpContext) = (ctx.data()?, ctx.data()?);
        let (_, errors) = payload(catalog.delete_blueprint(who, &identifier).await)?;
        Ok(DeletePayload { errors })
    }
}
