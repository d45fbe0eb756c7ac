//! How a run ends: the one place that records it, counts it and tells of it, whoever ends the run.

use std::borrow::Cow;

use portolan_schema::Result;
use portolan_store::TenantScope;
use portolan_store::integration::{Integration, RunStatus};

use crate::live::after_run;
use crate::now;

/// An end that was recorded in a transaction.
#[must_use = "it is to be told once the transaction is committed"]
pub(crate) struct Ending(Option<Told>);

struct Told {
    tenant: i64,
    run: i64,
    integration: String,
    /// As a label.
    ingestor: Cow<'static, str>,
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
        after_run(scope, run, integration, status).await?;
        let ingestor = match integration.remote {
            // There is no end to what clients call their kinds of sources.
            true => Cow::Borrowed("remote"),
            false => Cow::Owned(integration.ingestor.clone()),
        };
        let integration = integration.identifier.clone();
        Ok(Self(Some(Told { tenant: scope.tenant().0, run, integration, ingestor, status })))
    }

    /// The transaction is committed.
    pub(crate) fn tell(self) {
        let Some(Told { tenant, run, integration, ingestor, status }) = self.0 else { return };
        let word = status.as_str().to_ascii_lowercase();
        metrics::counter!("portolan_runs_total", "ingestor" => ingestor, "status" => word).increment(1);
        tracing::info!(
            tenant.id = tenant,
            run.id = run,
            integration = integration,
            status = status.as_str(),
            "a run has ended"
        );
    }
}
