//! Blueprints and entities: the one write path, reads, and plans. Edges call this; it calls the store.

mod across;
mod apply;
mod asking;
mod batch;
mod bulk;
pub mod change;
mod changes;
mod companion;
mod computed;
mod datasource;
mod deletion;
mod draft;
mod entity_json;
mod entity_limit;
mod known;
mod matching;
mod measured;
mod migration;
mod model;
mod over_time;
mod people;
mod queue;
mod search;
mod shown;
mod state_filter;
pub mod stream;
mod sweep;
mod targets;
mod titles;
mod unchanged;
mod write;

pub use across::MAX_VALUES;
pub use apply::Applied;
pub use change::{
    Change, Deletion, EntityWrite, Kind, Outcome, RelationInput, Revived, RunOrigin, WriteMode, WriteOptions,
};
pub use changes::{Changes, Follower};
pub use companion::{Companion, Target};
pub use computed::Computing;
pub use datasource::{DatasourceQuery, Sourced};
pub use known::Known;
pub use matching::MatchesDeleted;
pub use migration::Migrating;
pub use model::{BlueprintPlan, Failing, Misfit, Misfits, ModelFollower, ModelRevisions, PlanBounds, Rename};
pub use over_time::PointInTime;
pub use people::{BASE_VERSION, Person};
pub use portolan_schema::system::PersonStatus;
pub use portolan_store::entity::Entity;
pub use portolan_store::log::{LogEntry, Origin};
pub use portolan_store::migration::{EntityMigration, MigrationStatus};
pub use portolan_store::query;
pub use portolan_store::{Actor, OpContext, Role, TenantId};
pub use state_filter::looks_at_computed;
pub use sweep::Sweeping;
pub use titles::Titles;
pub use write::MAX_CHANGES;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use portolan_foundation::jq::JqPool;
use portolan_schema::{BlueprintNo, CatalogModel, EntityState, Filter, Instant, Result};
use portolan_store::query::{AggregateQuery, EntityPage, EntityQuery, Group, SearchQuery};
use portolan_store::{Store, TenantScope};

use crate::model::{Followers, Models};

/// The catalog of all tenants. Cheap to clone.
#[derive(Clone)]
pub struct Catalog {
    store: Store,
    models: Models,
    computing: Computing,
    sweeping: Sweeping,
    migration_wake: Arc<tokio::sync::Notify>,
    followers: Followers,
}

impl Catalog {
    /// `jq` evaluates calculations; without it there are none, and blueprints that have some are refused.
    pub fn new(store: Store, jq: Option<JqPool>) -> Self {
        let models = Models::new();
        let computing = Computing::new(store.clone(), models.clone(), jq);
        let sweeping = Sweeping::new(store.clone());
        Self {
            store,
            models,
            computing,
            sweeping,
            migration_wake: Arc::default(),
            followers: Followers::default(),
        }
    }

    /// Somebody who keeps names of the model's parts follows its changes from now on.
    pub fn add_follower(&self, follower: Arc<dyn ModelFollower>) {
        self.followers.add(follower);
    }

    /// Whether the database answers. It is asked for nothing that it holds.
    pub async fn ping(&self) -> Result<()> {
        self.store.ping().await
    }

    /// The tenant's model as it was when the caller was verified, or a newer one; from a cache that checks the revision.
    pub async fn model(&self, ctx: &OpContext) -> Result<Arc<CatalogModel>> {
        if let Some(least) = ctx.model_revision()
            && let Some(model) = self.models.at_least(ctx.tenant(), least).await
        {
            return Ok(model);
        }
        self.present_model(ctx).await
    }

    /// As [`Catalog::model`], for a context that has lived a while: what the model is now.
    pub async fn present_model(&self, ctx: &OpContext) -> Result<Arc<CatalogModel>> {
        let revision = self.store.look(ctx.tenant()).await?.head().await?.model_revision;
        match self.models.kept(ctx.tenant(), revision).await {
            Some(model) => Ok(model),
            // The revision and what belongs to it are read in one snapshot.
            None => self.model_in(&self.store.read(ctx.tenant()).await?).await,
        }
    }

    /// The tenant's model as a transaction sees it; where that holds the head's lock, the model stays so until its end.
    pub async fn model_in(&self, scope: &TenantScope) -> Result<Arc<CatalogModel>> {
        let revision = scope.head().await?.model_revision;
        self.models.get(scope, revision).await
    }

    /// A list with all that it asks for through relations: statements in proportion to its depth, all in one snapshot.
    ///
    /// `model` may be older than the present one: numbers are never reused, so the answer is still right.
    ///
    /// # Errors
    /// `INVALID_CURSOR`; `INVALID_OPERATOR` where the order names a field that cannot be sorted by; `QUERY_TOO_COSTLY`
    /// where a rule follows relations to too many entities.
    pub async fn list(
        &self,
        ctx: &OpContext,
        model: &CatalogModel,
        query: &EntityQuery,
    ) -> Result<EntityPage> {
        let scope = match query.is_single() && !asking::query_is_open(query) {
            true => self.store.look(ctx.tenant()).await?,
            false => self.store.read(ctx.tenant()).await?,
        };
        let query = asking::settled_query(&scope, ctx, model, query).await?;
        scope.list(model, &query).await
    }

    /// How many entities match.
    pub async fn count(
        &self,
        ctx: &OpContext,
        model: &CatalogModel,
        blueprint: BlueprintNo,
        filter: &Filter,
    ) -> Result<u64> {
        let scope = self.store.read(ctx.tenant()).await?;
        let filter = asking::settled(&scope, ctx, model, filter).await?;
        scope.count(model, blueprint, &filter).await
    }

    /// Counts and functions by group.
    pub async fn aggregate(
        &self,
        ctx: &OpContext,
        model: &CatalogModel,
        query: &AggregateQuery,
    ) -> Result<Vec<Group>> {
        let scope = self.store.read(ctx.tenant()).await?;
        let filter = asking::settled(&scope, ctx, model, &query.filter).await?;
        match filter {
            Cow::Borrowed(_) => scope.aggregate(model, query).await,
            Cow::Owned(filter) => scope.aggregate(model, &AggregateQuery { filter, ..query.clone() }).await,
        }
    }

    /// One entity by its global id (`node(id:)`), with its relations' identifiers.
    pub async fn by_id(&self, ctx: &OpContext, id: i64) -> Result<Option<Entity>> {
        let scope = self.store.read(ctx.tenant()).await?;
        let model = self.model_in(&scope).await?;
        let Some(mut entity) = scope.entities_by_id(&model, &[id]).await?.pop() else { return Ok(None) };
        scope.fill_relations(&model, &mut [&mut entity]).await?;
        Ok(Some(entity))
    }

    /// Who set each present value of entities, by property or relation.
    pub async fn origins(
        &self,
        ctx: &OpContext,
        entities: &[i64],
    ) -> Result<HashMap<i64, BTreeMap<String, Origin>>> {
        let scope = self.store.read(ctx.tenant()).await?;
        let model = self.model_in(&scope).await?;
        scope.origins(&model, entities).await
    }

    /// A page of the entities whose names begin with a text; see [`TenantScope::search`].
    ///
    /// # Errors
    /// `INVALID_CURSOR`.
    pub async fn search(
        &self,
        ctx: &OpContext,
        model: &CatalogModel,
        query: &SearchQuery,
    ) -> Result<EntityPage> {
        let scope = self.store.read(ctx.tenant()).await?;
        let query = asking::settled_search(&scope, ctx, model, query).await?;
        scope.search(model, &query).await
    }

    /// The tenant's last sequence number, and the states of a blueprint's entities as they were after an earlier one.
    pub async fn states_at(
        &self,
        ctx: &OpContext,
        blueprint: BlueprintNo,
        seq: Option<i64>,
    ) -> Result<(i64, BTreeMap<String, EntityState>)> {
        let scope = self.store.read(ctx.tenant()).await?;
        let model = self.model_in(&scope).await?;
        let last = scope.head().await?.seq;
        Ok((last, scope.states_at(&model, blueprint, seq.unwrap_or(last)).await?))
    }

    /// One entity by blueprint and identifier, with its relations' identifiers.
    pub async fn entity(
        &self,
        ctx: &OpContext,
        blueprint: BlueprintNo,
        identifier: &str,
    ) -> Result<Option<Entity>> {
        let scope = self.store.read(ctx.tenant()).await?;
        let model = self.model_in(&scope).await?;
        let mut found = scope.entities_by_identifier(&model, blueprint, &[identifier]).await?;
        let Some(mut entity) = found.remove(identifier) else { return Ok(None) };
        scope.fill_relations(&model, &mut [&mut entity]).await?;
        Ok(Some(entity))
    }
}

/// The present time. The only clock of this crate.
fn now() -> Instant {
    chrono::Utc::now().into()
}
