//! What takes part in a batch's transaction beside the catalog: the bookkeeping of a run.

use std::collections::HashSet;

use async_trait::async_trait;
use portolan_schema::{BlueprintNo, Result};
use portolan_store::TenantScope;

use crate::change::Outcome;

/// An entity that a relation points at: blueprint and identifier.
pub type Target = (BlueprintNo, String);

/// Takes part in the transaction of [`crate::Catalog::write_with`].
#[async_trait]
pub trait Companion: Sync {
    /// Which of these targets, that do not exist, are still to come. Edges to them wait, until a later batch makes them.
    async fn expects(&self, scope: &TenantScope, missing: &[Target]) -> Result<HashSet<Target>>;

    /// Comes last in the transaction, with the result of each change: what it writes is kept with the batch or not at
    /// all. A dry run does not call it.
    ///
    /// # Errors
    /// Any error rolls the whole batch back.
    async fn conclude(&self, scope: &TenantScope, results: &[Result<Outcome>]) -> Result<()>;
}

/// Nobody takes part.
pub(crate) struct Alone;

#[async_trait]
impl Companion for Alone {
    async fn expects(&self, _: &TenantScope, _: &[Target]) -> Result<HashSet<Target>> {
        Ok(HashSet::new())
    }

    async fn conclude(&self, _: &TenantScope, _: &[Result<Outcome>]) -> Result<()> {
        Ok(())
    }
}
