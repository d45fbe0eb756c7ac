//! Streams that nobody will go on with: their edges are given up and they are forgotten.

use portolan_schema::{Instant, Result};
use portolan_store::stream::StreamRecord;

use crate::{Catalog, OpContext, now};

/// How long a key is remembered after its stream was last worked on, in microseconds: 24 hours.
pub(super) const KEPT: i64 = 24 * 3_600 * 1_000_000;

impl Catalog {
    /// Forgets the tenant's streams that are older than their keys are kept.
    pub(super) async fn tidy_streams(&self, ctx: &OpContext) {
        if let Err(error) = self.forget_stale_streams(ctx).await {
            tracing::warn!(error = ?error, "streams that were given up could not be cleared away");
        }
    }

    async fn forget_stale_streams(&self, ctx: &OpContext) -> Result<()> {
        let stale = {
            let scope = self.store.read(ctx.tenant()).await?;
            scope.stale_streams(Instant(now().0 - KEPT), now()).await?
        };
        for stream in &stale {
            self.forget_stream(ctx, stream).await?;
        }
        Ok(())
    }

    /// Gives up the edges of a stream that still wait, and forgets it.
    pub(super) async fn forget_stream(&self, ctx: &OpContext, stream: &StreamRecord) -> Result<()> {
        self.see_to_edges(ctx, stream.id, false).await?;
        let scope = self.store.write(ctx.tenant()).await?;
        scope.remove_stream(stream.id).await?;
        scope.commit().await
    }
}
