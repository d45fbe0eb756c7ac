//! Blueprints and the model's revision.

use async_graphql::{Context, ID, Json, Object, SimpleObject};
use portolan_catalog::{Catalog, OpContext};
use portolan_schema::{Pointer, StoredBlueprint};
use serde_json::Value;

use super::problem::{ProblemObject, payload, refuse, under};

struct Blueprint {
    stored: StoredBlueprint,
    /// Where a list has counted the entities of all.
    entities: Option<u64>,
}

impl From<StoredBlueprint> for Blueprint {
    fn from(stored: StoredBlueprint) -> Self {
        Self { stored, entities: None }
    }
}

#[Object]
impl Blueprint {
    async fn identifier(&self) -> &str {
        &self.stored.blueprint.identifier
    }

    async fn title(&self) -> &str {
        &self.stored.blueprint.title
    }

    async fn icon(&self) -> Option<&str> {
        self.stored.blueprint.icon.as_deref()
    }

    /// Counts the blueprint's changes; what `ifRevision` is compared with.
    async fn revision(&self) -> i64 {
        self.stored.revision
    }

    /// The definition, in Port's JSON.
    async fn json(&self) -> Json<Value> {
        Json(Catalog::blueprint_json(&self.stored))
    }

    /// Names in the catalog API.
    async fn graphql(&self) -> async_graphql::Result<Json<Value>> {
        Ok(Json(serde_json::to_value(&self.stored.names)?))
    }

    async fn entity_count(&self, ctx: &Context<'_>) -> async_graphql::Result<u64> {
        if let Some(counted) = self.entities {
            return Ok(counted);
        }
        let catalog: &Catalog = ctx.data()?;
        catalog.count_entities(ctx.data()?, self.stored.no).await.map_err(refuse)
    }

    /// How many entities do not fit the blueprint; `invalidEntities` lists them.
    async fn invalid_count(&self, ctx: &Context<'_>) -> async_graphql::Result<u64> {
        let catalog: &Catalog = ctx.data()?;
        catalog.count_misfits(ctx.data()?, self.stored.no).await.map_err(refuse)
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
        Ok(Self { blueprint: stored.map(Blueprint::from), errors })
    }

    /// Problems of a definition are in the argument `input`.
    fn of_input(result: portolan_schema::Result<StoredBlueprint>) -> async_graphql::Result<Self> {
        Self::new(result.map_err(|error| under(error, &Pointer::root().key("input"))))
    }
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
        let counts = match ctx.look_ahead().field("entityCount").exists() {
            true => Some(catalog.count_all_entities(who).await.map_err(refuse)?),
            false => None,
        };
        let show = |stored: &StoredBlueprint| Blueprint {
            stored: stored.clone(),
            entities: counts.as_ref().map(|counts| counts.get(&stored.no).copied().unwrap_or(0)),
        };
        Ok(model.blueprints().iter().map(|blueprint| show(&blueprint.stored)).collect())
    }

    async fn blueprint(&self, ctx: &Context<'_>, identifier: ID) -> async_graphql::Result<Option<Blueprint>> {
        let (catalog, who): (&Catalog, &OpContext) = (ctx.data()?, ctx.data()?);
        let model = catalog.model(who).await.map_err(refuse)?;
        Ok(model.get(&identifier).map(|blueprint| blueprint.stored.clone().into()))
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
        BlueprintPayload::of_input(catalog.create_blueprint(who, &input.0).await)
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
        BlueprintPayload::of_input(
            catalog.update_blueprint(who, &identifier, &input.0, false, if_revision).await,
        )
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

    /// The values of the property stay, under its new identifier.
    async fn rename_property(
        &self,
        ctx: &Context<'_>,
        blueprint: ID,
        identifier: ID,
        to: ID,
    ) -> async_graphql::Result<BlueprintPayload> {
        let (catalog, who): (&Catalog, &OpContext) = (ctx.data()?, ctx.data()?);
        BlueprintPayload::new(catalog.rename_property(who, &blueprint, &identifier, &to).await)
    }

    /// What the relation points at stays.
    async fn rename_relation(
        &self,
        ctx: &Context<'_>,
        blueprint: ID,
        identifier: ID,
        to: ID,
    ) -> async_graphql::Result<BlueprintPayload> {
        let (catalog, who): (&Catalog, &OpContext) = (ctx.data()?, ctx.data()?);
        BlueprintPayload::new(catalog.rename_relation(who, &blueprint, &identifier, &to).await)
    }

    /// Answers the blueprint that went.
    async fn delete_blueprint(
        &self,
        ctx: &Context<'_>,
        identifier: ID,
    ) -> async_graphql::Result<BlueprintPayload> {
        let (catalog, who): (&Catalog, &OpContext) = (ctx.data()?, ctx.data()?);
        let model = catalog.model(who).await.map_err(refuse)?;
        let (gone, errors) = payload(catalog.delete_blueprint(who, &identifier).await)?;
        let blueprint = gone.and_then(|()| model.get(&identifier)).map(|found| found.stored.clone());
        Ok(BlueprintPayload { blueprint: blueprint.map(Blueprint::from), errors })
    }
}
