//! Who keeps names of the model's parts outside of the model: mappings of integrations.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use portolan_schema::Result;
use portolan_schema::references::{Part, Reference};
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
    /// Every place that names a part.
    async fn references(&self, scope: &TenantScope) -> Result<Vec<Reference>>;

    /// Renames parts, in order, in the transaction that changes the model.
    async fn rename(&self, scope: &TenantScope, renames: &[Rename]) -> Result<()>;
}

/// All who follow. Cheap to clone; who comes is with all clones.
#[derive(Clone, Default)]
pub(crate) struct Followers(Arc<OnceLock<Arc<dyn ModelFollower>>>);

impl Followers {
    /// There is one follower; a second one is not taken.
    pub(crate) fn add(&self, follower: Arc<dyn ModelFollower>) {
        drop(self.0.set(follower));
    }

    pub(crate) async fn references(&self, scope: &TenantScope) -> Result<Vec<Reference>> {
        match self.0.get() {
            Some(follower) => follower.references(scope).await,
            None => Ok(Vec::new()),
        }
    }

    pub(crate) async fn rename(&self, scope: &TenantScope, renames: &[Rename]) -> Result<()> {
        match self.0.get() {
            Some(follower) if !renames.is_empty() => follower.rename(scope, renames).await,
            _ => Ok(()),
        }
    }
}
