//! What is done now and then: removing what is over, finishing deletions.

use portolan_schema::{Instant, Result};
use portolan_store::identity::TenantStatus;

use crate::token::LIFE_MICROS;
use crate::{Identity, before};

impl Identity {
    /// Removes sessions, links and keys whose time is over, and finishes deletions of tenants that an end of the server
    /// interrupted. To be called at the start and every few minutes; on several servers at once it does no harm.
    pub async fn keep_house(&self) -> Result<()> {
        let at = self.now();
        let scope = self.store.write_global().await?;
        scope.delete_ended_sessions(at, before(at, self.settings.session_idle)).await?;
        scope.delete_ended_links(at).await?;
        scope.delete_retired_keys(Instant(at.0 - LIFE_MICROS)).await?;
        scope.commit().await?;
        self.end_invitations().await?;
        for tenant in self.tenants().await? {
            if tenant.status == TenantStatus::Deleting {
                self.finish_deletion(tenant.id).await?;
            }
        }
        Ok(())
    }
}
