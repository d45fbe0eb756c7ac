//! Beside the work: prolongs the lease, hears of a cancellation, and writes progress and log.

use std::time::Duration;

use portolan_schema::{Instant, Result};

use super::attempt::{Attempt, Stop};
use crate::now;

/// How often a run that goes on looks up.
const BEAT: Duration = Duration::from_millis(500);

impl Attempt {
    /// Goes on until it is dropped.
    pub(crate) async fn beat(&self) {
        let lease = self.own.0.runner.lease;
        let mut prolonged = tokio::time::Instant::now();
        loop {
            tokio::time::sleep(BEAT.min(lease / 4)).await;
            let due = prolonged.elapsed() >= lease / 4;
            let has_news = self.log.is_waiting() || self.progress().is_new;
            let beaten = if due || has_news { self.prolong(lease).await } else { self.look().await };
            match beaten {
                Ok(()) if due || has_news => prolonged = tokio::time::Instant::now(),
                Ok(()) => {}
                Err(error) => {
                    tracing::warn!(error = ?error, run.id = self.run.id, "a run's lease could not be prolonged");
                    if prolonged.elapsed() >= lease {
                        self.halt.stop(Stop::LeaseLost);
                    }
                }
            }
        }
    }

    async fn prolong(&self, lease: Duration) -> Result<()> {
        let _writing = self.writing.lock().await;
        let scope = self.own.0.store.write(self.ctx.tenant()).await?;
        if !scope.hold_job(&self.job, Some(later(now(), lease))).await? {
            self.halt.stop(Stop::LeaseLost);
            return Ok(());
        }
        if scope.run(self.run.id).await?.is_some_and(|run| run.cancelling) {
            self.halt.stop(Stop::Cancelled);
        }
        let lines = self.write_books(&scope).await?;
        if let Err(error) = scope.commit().await {
            self.log.put_back(lines);
            self.progress().is_new = true;
            return Err(error);
        }
        Ok(())
    }

    /// Prolongs the lease and hears of a cancellation, and leaves the books to whoever is at work. Goes on until it is dropped.
    pub(crate) async fn keep(&self) {
        let lease = self.own.0.runner.lease;
        let mut prolonged = tokio::time::Instant::now();
        loop {
            tokio::time::sleep(BEAT.min(lease / 4)).await;
            let due = prolonged.elapsed() >= lease / 4;
            match if due { self.keep_lease(lease).await } else { self.look().await } {
                Ok(()) if due => prolonged = tokio::time::Instant::now(),
                Ok(()) => {}
                Err(error) => {
                    tracing::warn!(error = ?error, run.id = self.run.id, "a run's lease could not be prolonged");
                    if prolonged.elapsed() >= lease {
                        self.halt.stop(Stop::LeaseLost);
                    }
                }
            }
        }
    }

    async fn keep_lease(&self, lease: Duration) -> Result<()> {
        let scope = self.own.0.store.write(self.ctx.tenant()).await?;
        if !scope.hold_job(&self.job, Some(later(now(), lease))).await? {
            self.halt.stop(Stop::LeaseLost);
            return Ok(());
        }
        scope.commit().await?;
        self.look().await
    }

    async fn look(&self) -> Result<()> {
        if self.read().await?.run(self.run.id).await?.is_some_and(|run| run.cancelling) {
            self.halt.stop(Stop::Cancelled);
        }
        Ok(())
    }
}

pub(crate) fn later(at: Instant, by: Duration) -> Instant {
    Instant(at.0.saturating_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
}
