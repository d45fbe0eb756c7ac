//! A lease beside the work on a job: prolonged until it is dropped.

use std::time::Duration;

use portolan_ingestor_contract::CancellationToken;
use portolan_schema::Result;
use portolan_store::job::Job;
use tokio_util::task::AbortOnDropHandle;

use crate::run::later;
use crate::{Integrations, now};

/// A job that this server keeps.
pub(crate) struct Lease {
    /// Cancelled when another server has the job.
    pub lost: CancellationToken,
    _beating: AbortOnDropHandle<()>,
}

impl Integrations {
    /// Keeps a job that was taken. Prolonged by a task of its own, for the work may keep its thread for longer than a lease.
    pub(crate) fn keep(&self, job: Job) -> Lease {
        let lost = CancellationToken::new();
        let beating = tokio::spawn(beat(self.clone(), job, lost.clone()));
        Lease { lost, _beating: AbortOnDropHandle::new(beating) }
    }

    /// The job is due again at `at`, for whichever server.
    pub(crate) async fn give_back(&self, job: &Job, at: portolan_schema::Instant) -> Result<()> {
        let scope = self.0.store.write(job.tenant).await?;
        scope.return_job(job, at).await?;
        scope.commit().await
    }

    async fn prolong(&self, job: &Job, lease: Duration) -> Result<bool> {
        let scope = self.0.store.write(job.tenant).await?;
        let held = scope.hold_job(job, Some(later(now(), lease))).await?;
        scope.commit().await?;
        Ok(held)
    }
}

async fn beat(own: Integrations, job: Job, lost: CancellationToken) {
    let lease = own.0.runner.lease;
    let mut prolonged = tokio::time::Instant::now();
    while !lost.is_cancelled() {
        tokio::time::sleep(lease / 4).await;
        match own.prolong(&job, lease).await {
            Ok(true) => prolonged = tokio::time::Instant::now(),
            Ok(false) => lost.cancel(),
            Err(error) => {
                tracing::warn!(error = ?error, tenant.id = job.tenant.0, "a lease could not be prolonged");
                if prolonged.elapsed() >= lease {
                    lost.cancel();
                }
            }
        }
    }
}
