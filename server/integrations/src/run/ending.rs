//! How a run ends: the one place that records it and tells of it, whoever ends the run.

use portolan_schema::Result;
use portolan_store::TenantScope;
use portolan_store::integration::{Integration, RunStatus};

use crate::now;

/// An end that was recorded in a transaction.
#[must_use = "it is to be told once the transaction is committed"]
pub(crate) struct Ending(Option<Told>);

struct Told {
    tenant: i64,
    run: i64,
    integration: String,
    status: RunStatus,
}

impl Ending {
    /// Ends a run of an integration, or with [`RunStatus::Blocked`] makes it wait for a person. Nothing happens to a run
    /// that has ended before.
    pub(crate) async fn record(
        scope: &TenantScope,
        run: i64,
        integration: &Integration,
        status: RunStatus,
        error: Option<&(String, String)>,
    ) -> Result<Self> {
        if !scope.end_run(run, status, error, now()).await? {
            return Ok(Self(None));
        }
        let integration = integration.identifier.clone();
        Ok(Self(Some(Told { tenant: scope.tenant().0, run, integration, status })))
    }

    /// The transaction is committed.
    pub(crate) fn tell(self) {
        let Some(Told { tenant, run, integration, status }) = self.0 else { return };
        tracing::info!(
            tenant.id = tenant,
            run.id = run,
            integration = integration,
            status = status.as_str(),
            "a run has ended"
        );
    }
}
