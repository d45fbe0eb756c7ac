//! Following sources between runs: what happens there is in the catalog within a moment.
//!
//! An integration whose settings ask for it has a job in a queue of its own, from the end of a run on that read something.
//! One server has the job, and follows the source from where the run left each kind. While a run is open, nobody follows:
//! what the run read is older than what is heard, and afterwards it is followed from where the run began to read. Where the
//! source no longer knows a place, a run is started, soon at first and less often if that goes on.

mod hearing;
mod work;

use portolan_catalog::{OpContext, Role};
use portolan_schema::{Instant, Result};
use portolan_store::integration::Integration;

use crate::Integrations;

/// The queue of integrations that are followed; a job's subject is the integration.
pub(crate) const QUEUE: &str = "following";

/// How an integration's source is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowingStatus {
    /// What happens is heard.
    Following,
    /// A run has to read the source first, or does so now.
    Resyncing,
    /// It is taken up soon, perhaps again after something went wrong.
    Waiting,
}

/// How it stands with following a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowingState {
    pub status: FollowingStatus,
    /// Since when it is followed without a break.
    pub since: Option<Instant>,
    pub last_event_at: Option<Instant>,
    /// Code and message of the last thing that went wrong since it was taken up.
    pub error: Option<(String, String)>,
}

impl Integrations {
    /// Needs Admin. How it stands with following an integration's source; none where its settings do not ask for it.
    pub async fn following(
        &self,
        ctx: &OpContext,
        integration: &Integration,
    ) -> Result<Option<FollowingState>> {
        ctx.require(Role::Admin)?;
        if !self.is_to_be_followed(ctx, integration)? {
            return Ok(None);
        }
        let scope = self.0.store.read(ctx.tenant()).await?;
        let (kinds, missed) = work::followed(integration, &scope.follow_points(integration.id).await?)?;
        let known = scope.following(integration.id).await?.unwrap_or_default();
        let standing = scope.standing(integration.id).await?;
        let is_due = !missed.is_empty() && known.since.is_none();
        let is_running = standing.is_some_and(|standing| standing.running);
        Ok(Some(FollowingState {
            status: match known.since {
                _ if is_running || is_due || kinds.is_empty() => FollowingStatus::Resyncing,
                Some(_) => FollowingStatus::Following,
                None => FollowingStatus::Waiting,
            },
            since: known.since.filter(|_| !is_running),
            last_event_at: known.last_event_at,
            error: known.error,
        }))
    }

    /// Whether an integration's settings ask for its source to be followed.
    fn is_to_be_followed(&self, ctx: &OpContext, integration: &Integration) -> Result<bool> {
        if integration.remote {
            return Ok(false);
        }
        let ingestor = self.ingestor(&integration.ingestor)?;
        if !ingestor.descriptor().live.follows {
            return Ok(false);
        }
        Ok(ingestor.wants_following(&self.settings(ctx, integration)?))
    }
}
