//! How an integration's source is followed.

use async_graphql::{Enum, SimpleObject};
use portolan_integrations::{FollowingState, FollowingStatus as Status};

use crate::platform_graphql::run::RunError;

/// Whether a source is followed.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum FollowingStatus {
    /// What happens at the source is heard.
    Following,
    /// A run has to read the source first, or does so now.
    Resyncing,
    /// It is taken up soon, perhaps again after something went wrong.
    Waiting,
}

/// How a source is followed between runs.
#[derive(SimpleObject)]
pub struct Following {
    status: FollowingStatus,
    /// Since when it is followed without a break.
    since: Option<String>,
    last_event_at: Option<String>,
    /// The last thing that went wrong since it was heard of.
    error: Option<RunError>,
}

impl From<FollowingState> for Following {
    fn from(state: FollowingState) -> Self {
        Self {
            status: match state.status {
                Status::Following => FollowingStatus::Following,
                Status::Resyncing => FollowingStatus::Resyncing,
                Status::Waiting => FollowingStatus::Waiting,
            },
            since: state.since.map(portolan_schema::Instant::to_rfc3339),
            last_event_at: state.last_event_at.map(portolan_schema::Instant::to_rfc3339),
            error: RunError::new(state.error),
        }
    }
}
