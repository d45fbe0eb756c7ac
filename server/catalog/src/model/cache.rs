//! The cache of compiled models, bounded by tenants and checked by revision.

use std::sync::Arc;

use moka::future::Cache;
use portolan_schema::{CatalogModel, Error, Result};
use portolan_store::{TenantId, TenantScope};

/// Most tenants whose model is kept compiled. A miss costs one statement and a compile of about a millisecond.
const MAX_TENANTS: u64 = 512;

#[derive(Clone)]
pub(crate) struct Models(Cache<TenantId, Arc<CatalogModel>>);

impl Models {
    pub(crate) fn new() -> Self {
        Self(Cache::new(MAX_TENANTS))
    }

    /// A model of this revision or a later one, if it is at hand.
    pub(crate) async fn at_least(&self, tenant: TenantId, revision: i64) -> Option<Arc<CatalogModel>> {
        self.0.get(&tenant).await.filter(|model| model.revision() >= revision)
    }

    /// The model of this revision, if it is at hand.
    pub(crate) async fn kept(&self, tenant: TenantId, revision: i64) -> Option<Arc<CatalogModel>> {
        self.0.get(&tenant).await.filter(|model| model.revision() == revision)
    }

    /// The model of `revision`, which is what the scope's transaction sees.
    pub(crate) async fn get(&self, scope: &TenantScope, revision: i64) -> Result<Arc<CatalogModel>> {
        if let Some(model) = self.kept(scope.tenant(), revision).await {
            return Ok(model);
        }
        let stored = scope.blueprints().await?;
        let model = CatalogModel::compile(revision, stored)
            .map_err(|problems| Error::internal(problems.to_string()))?;
        let model = Arc::new(model);
        self.0.insert(scope.tenant(), model.clone()).await;
        Ok(model)
    }
}
