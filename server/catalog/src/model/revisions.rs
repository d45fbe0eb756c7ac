//! What was changed in the model, by whom and when.

use portolan_schema::Result;
use portolan_store::Role;
use portolan_store::revision::ModelRevision;

use crate::{Catalog, OpContext};

/// Some changes of the model, newest first.
#[derive(Debug)]
pub struct ModelRevisions {
    /// Whole revisions: those that changed several blueprints are not cut.
    pub revisions: Vec<ModelRevision>,
    /// What to read on before; None at the end.
    pub next: Option<i64>,
}

impl Catalog {
    /// About `limit` changes of blueprints before a revision, the newest without one.
    pub async fn model_revisions(
        &self,
        ctx: &OpContext,
        before: Option<i64>,
        limit: usize,
    ) -> Result<ModelRevisions> {
        ctx.require(Role::Viewer)?;
        let scope = self.store.read(ctx.tenant()).await?;
        let (revisions, more) = scope.model_revisions(before.unwrap_or(i64::MAX), limit).await?;
        let next = revisions.last().map(|last| last.revision).filter(|_| more);
        Ok(ModelRevisions { revisions, next })
    }
}
