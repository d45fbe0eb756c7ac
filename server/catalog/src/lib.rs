//! Blueprints and entities: the one write path, reads, and plans. Edges call this; it calls the store.

pub mod blueprints;
pub mod change;
pub mod entities;

pub use change::{Change, Deletion, EntityWrite, Kind, Outcome, RelationInput, WriteMode, WriteOptions};
pub use portolan_store::entity::Entity;
pub use portolan_store::query;
pub use portolan_store::{Actor, OpContext, Role, TenantId};

use std::sync::Arc;

use portolan_schema::{CatalogModel, Filter, Result};
use portolan_store::Store;
use portolan_store::query::{AggregateQuery, EntityPage, EntityQuery, Group};

/// The catalog of all tenants. Cheap to clone.
#[derive(Clone)]
pub struct Catalog {}

impl Catalog {
    pub fn new(_store: Store) -> Self {
        unimplemented!()
    }

    /// The tenant's present model; from a cache that checks the revision.
    pub async fn model(&self, _ctx: &OpContext) -> Result<Arc<CatalogModel>> {
        unimplemented!()
    }

    /// A list with all that it asks for through relations: statements in proportion to its depth.
    ///
    /// # Errors
    /// `INVALID_CURSOR`; `CONFLICT` where `model` is no longer the present one is *not* an error: numbers never change.
    pub async fn list(
        &self,
        _ctx: &OpContext,
        _model: &CatalogModel,
        _query: &EntityQuery,
    ) -> Result<EntityPage> {
        unimplemented!()
    }

    pub async fn count(
        &self,
        _ctx: &OpContext,
        _model: &CatalogModel,
        _blueprint: portolan_schema::BlueprintNo,
        _filter: &Filter,
    ) -> Result<u64> {
        unimplemented!()
    }

    pub async fn aggregate(
        &self,
        _ctx: &OpContext,
        _model: &CatalogModel,
        _query: &AggregateQuery,
    ) -> Result<Vec<Group>> {
        unimplemented!()
    }

    /// One entity by its global id (`node(id:)`), with its relations' identifiers.
    pub async fn by_id(&self, _ctx: &OpContext, _id: i64) -> Result<Option<Entity>> {
        unimplemented!()
    }

    /// Applies changes in one transaction. One result each change, in order.
    ///
    /// With `atomic` any failure rolls everything back and the other items' results say so; without, good items are
    /// written and bad ones reported.
    ///
    /// # Errors
    /// Only where nothing could be tried at all (rights, a fault). Mistakes in items are in their results.
    pub async fn write(
        &self,
        _ctx: &OpContext,
        _changes: Vec<Change>,
        _options: &WriteOptions,
    ) -> Result<Vec<Result<Outcome>>> {
        unimplemented!()
    }
}
