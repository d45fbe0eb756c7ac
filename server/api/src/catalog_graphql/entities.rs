//! What this edge needs of the catalog. A trait, so that plans and answers can be tested without a database.

use async_trait::async_trait;
use portolan_catalog::query::{AggregateQuery, EntityPage, EntityQuery, Group};
use portolan_catalog::{Catalog, Change, Entity, OpContext, Outcome, WriteOptions};
use portolan_schema::{CatalogModel, Result};

/// Reads and writes of entities, as [`Catalog`] has them.
#[async_trait]
pub trait Entities: Send + Sync {
    async fn list(&self, ctx: &OpContext, model: &CatalogModel, query: &EntityQuery) -> Result<EntityPage>;

    async fn aggregate(
        &self,
        ctx: &OpContext,
        model: &CatalogModel,
        query: &AggregateQuery,
    ) -> Result<Vec<Group>>;

    async fn by_id(&self, ctx: &OpContext, id: i64) -> Result<Option<Entity>>;

    async fn write(
        &self,
        ctx: &OpContext,
        changes: Vec<Change>,
        options: &WriteOptions,
    ) -> Result<Vec<Result<Outcome>>>;
}

#[async_trait]
impl Entities for Catalog {
    async fn list(&self, ctx: &OpContext, model: &CatalogModel, query: &EntityQuery) -> Result<EntityPage> {
        Catalog::list(self, ctx, model, query).await
    }

    async fn aggregate(
        &self,
        ctx: &OpContext,
        model: &CatalogModel,
        query: &AggregateQuery,
    ) -> Result<Vec<Group>> {
        Catalog::aggregate(self, ctx, model, query).await
    }

    async fn by_id(&self, ctx: &OpContext, id: i64) -> Result<Option<Entity>> {
        Catalog::by_id(self, ctx, id).await
    }

    async fn write(
        &self,
        ctx: &OpContext,
        changes: Vec<Change>,
        options: &WriteOptions,
    ) -> Result<Vec<Result<Outcome>>> {
        Catalog::write(self, ctx, changes, options).await
    }
}
