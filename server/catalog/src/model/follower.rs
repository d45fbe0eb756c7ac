//! Who keeps names of the model's parts outside of the model: mappings of integrations, pages and views of the portal.

use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use portolan_schema::Result;
use portolan_schema::references::{Definitions, Part, Reference};
use portolan_store::TenantScope;
use serde::{Deserialize, Serialize};

/// A part of the model that gets another identifier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rename {
    pub part: Part,
    pub to: String,
}

/// A capability that keeps names of the model's parts, and follows when they change.
#[async_trait]
pub trait ModelFollower: Send + Sync {
    /// Every place that names a part and keeps it from going away. Paths of relations are followed by `definitions`.
    async fn references(&self, scope: &TenantScope, definitions: &Definitions<'_>) -> Result<Vec<Reference>>;

    /// Renames parts, in order, in the transaction that changes the model. `before` are the definitions as they were.
    async fn rename(&self, scope: &TenantScope, before: &Definitions<'_>, renames: &[Rename]) -> Result<()>;

    /// Lets go of what belongs to blueprints that go away, in the transaction that removes them.
    async fn removed(&self, _scope: &TenantScope, _blueprints: &[&str]) -> Result<()> {
        Ok(())
    }
}

/// All who follow. Cheap to clone; who comes is with all clones.
#[derive(Clone, Default)]
pub(crate) struct Followers(Arc<RwLock<Vec<Arc<dyn ModelFollower>>>>);

impl Followers {
    pub(crate) fn add(&self, follower: Arc<dyn ModelFollower>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).push(follower);
    }

    fn all(&self) -> Vec<Arc<dyn ModelFollower>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) async fn references(
        &self,
        scope: &TenantScope,
        definitions: &Definitions<'_>,
    ) -> Result<Vec<Reference>> {
        let mut found = Vec::new();
        for follower in self.all() {
            found.extend(follower.references(scope, definitions).await?);
        }
        Ok(found)
    }

    pub(crate) async fn rename(
        &self,
        scope: &TenantScope,
        before: &Definitions<'_>,
        renames: &[Rename],
    ) -> Result<()> {
        if !renames.is_empty() {
            for follower in self.all() {
                follower.rename(scope, before, renames).await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn removed(&self, scope: &TenantScope, blueprints: &[&str]) -> Result<()> {
        if !blueprints.is_empty() {
            for follower in self.all() {
                follower.removed(scope, blueprints).await?;
            }
        }
        Ok(())
    }
}
