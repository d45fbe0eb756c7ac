//! What is measured of writes and of computed values. No label holds anything of a tenant.

use std::time::Instant;

use portolan_schema::Result;

use crate::change::{Kind, Outcome};
use crate::computed::Progress;

/// A batch of the write path that is at work.
pub(crate) struct Batch {
    began: Instant,
    outcome: &'static str,
}

impl Batch {
    pub(crate) fn begin() -> Self {
        Self { began: Instant::now(), outcome: "given_up" }
    }

    /// The batch is durable. One that is dropped without this was given up.
    pub(crate) fn committed(mut self, outcomes: &[Result<Outcome>]) {
        let (mut created, mut updated, mut unchanged, mut deleted, mut refused) = (0, 0, 0, 0, 0);
        for outcome in outcomes {
            match outcome {
                Ok(Outcome { kind: Kind::Created, .. }) => created += 1,
                Ok(Outcome { kind: Kind::Updated, .. }) => updated += 1,
                Ok(Outcome { kind: Kind::Unchanged, .. }) => unchanged += 1,
                Ok(Outcome { kind: Kind::Deleted, deleted: taken, .. }) => deleted += taken.len(),
                Err(_) => refused += 1,
            }
        }
        let counts = [
            ("created", created),
            ("updated", updated),
            ("unchanged", unchanged),
            ("deleted", deleted),
            ("refused", refused),
        ];
        for (result, count) in counts {
            metrics::counter!("portolan_entity_changes_total", "result" => result).increment(count as u64);
        }
        self.outcome = "committed";
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        metrics::counter!("portolan_write_batches_total", "outcome" => self.outcome).increment(1);
        metrics::histogram!("portolan_write_batch_duration_seconds").record(self.began.elapsed());
    }
}

/// Counts a pass over a tenant's computed values.
pub(crate) fn pass(began: Instant, outcome: &Result<Progress>) {
    let outcome = match outcome {
        Ok(Progress::UpToDate { .. }) => "up_to_date",
        Ok(Progress::More) => "more",
        Err(_) => "failed",
    };
    metrics::counter!("portolan_computed_passes_total", "outcome" => outcome).increment(1);
    metrics::histogram!("portolan_computed_pass_duration_seconds").record(began.elapsed());
}

/// How old the oldest change was whose consequences a pass has just stored.
pub(crate) fn lag(change: portolan_schema::Instant) {
    let microseconds = (crate::now().0 - change.0).max(0);
    metrics::histogram!("portolan_computed_lag_seconds").record(microseconds as f64 / 1_000_000.0);
}
