//! Schedules: when an integration runs by itself. A cron expression of five fields, in UTC.
//!
//! An integration with a schedule has a job in a queue of its own, due at the next time. Whichever server takes it starts a
//! run, and gives the job back for the time after. Times that passed while no server was there are made up for by one run;
//! a time that finds a run in progress is skipped.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use portolan_catalog::{Actor, OpContext};
use portolan_schema::{Code, Instant, Pointer, Problem, Problems, Result};
use portolan_store::TenantScope;
use portolan_store::integration::Integration;
use portolan_store::job::Job;

use crate::{Integrations, now};

/// The queue of integrations that run by themselves; a job's subject is the integration.
pub(crate) const QUEUE: &str = "schedules";
/// Longest schedule, in bytes.
const MAX_LENGTH: usize = 200;

/// Checks a schedule. Blank is none.
pub(crate) fn checked(wanted: Option<&str>, problems: &mut Problems) -> Option<String> {
    let schedule = wanted.map(str::trim).filter(|schedule| !schedule.is_empty())?;
    match read(schedule) {
        Ok(_) => Some(schedule.to_owned()),
        Err(problem) => {
            problems.0.push(problem);
            None
        }
    }
}

/// When a schedule is due next, after a point in time.
///
/// # Errors
/// `INVALID_VALUE` with the path `/schedule` where it is none, or never is due.
pub(crate) fn next(schedule: &str, after: Instant) -> Result<Instant, Problem> {
    let cron = read(schedule)?;
    let next = cron.find_next_occurrence(&after.to_chrono(), false);
    next.map(Instant::from).map_err(|error| refused(schedule, &error))
}

fn read(schedule: &str) -> Result<Cron, Problem> {
    if schedule.len() > MAX_LENGTH {
        return Err(refused("…", &format!("it is longer than {MAX_LENGTH} bytes")));
    }
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    let cron = parser.parse(schedule).map_err(|error| refused(schedule, &error))?;
    // The thirtieth of February, say.
    cron.find_next_occurrence(&now().to_chrono(), false).map_err(|error| refused(schedule, &error))?;
    Ok(cron)
}

fn refused(schedule: &str, why: &dyn std::fmt::Display) -> Problem {
    let message = format!(
        "\"{schedule}\" is no schedule such as \"*/15 * * * *\" (minute, hour, day, month, weekday; UTC): {why}"
    );
    Problem::new(Code::InvalidValue, Pointer::root().key("schedule"), message)
}

/// Makes an integration due at the next time of its schedule, or never where it has none. `job` is an id for that.
///
/// # Errors
/// As [`next`].
pub(crate) async fn plan(scope: &TenantScope, integration: &Integration, job: i64) -> Result<()> {
    scope.remove_job(QUEUE, integration.id).await?;
    if let Some(schedule) = &integration.schedule {
        scope.add_job(job, QUEUE, integration.id, next(schedule, now())?).await?;
    }
    Ok(())
}

impl Integrations {
    /// When the integration runs next by itself.
    pub async fn next_run_at(&self, ctx: &OpContext, integration: &Integration) -> Result<Option<Instant>> {
        if integration.schedule.is_none() {
            return Ok(None);
        }
        self.0.store.read(ctx.tenant()).await?.job_due(QUEUE, integration.id).await
    }

    /// Starts the runs whose time has come.
    pub(crate) async fn start_due(&self) -> Result<()> {
        while let Some(job) = self.take_job(QUEUE).await? {
            self.start_scheduled(&job).await?;
        }
        Ok(())
    }

    async fn start_scheduled(&self, job: &Job) -> Result<()> {
        let found = self.0.store.read(job.tenant).await?.integration_by_id(job.subject).await?;
        let due = match found.as_ref().and_then(|found| Some((found, found.schedule.as_ref()?))) {
            Some((integration, schedule)) => {
                let actor = Actor::Integration(integration.identifier.clone());
                let ctx = OpContext::background(job.tenant, actor);
                if let Err(error) = self.begin(&ctx, &integration.identifier, false, false).await {
                    tracing::warn!(
                        error = ?error,
                        tenant.id = job.tenant.0,
                        integration = integration.identifier,
                        "a scheduled run could not be started"
                    );
                }
                next(schedule, now()).ok()
            }
            None => None,
        };
        let scope = self.0.store.write(job.tenant).await?;
        match due {
            Some(due) => scope.return_job(job, due).await?,
            None => scope.end_job(job).await?,
        };
        scope.commit().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_due_in_utc_or_refused() {
        let after = Instant::parse("2026-03-01T09:07:30Z").unwrap();
        for (schedule, expected) in [
            ("*/15 * * * *", "2026-03-01T09:15:00.000Z"),
            ("7 9 * * *", "2026-03-02T09:07:00.000Z"),
            ("0 2 * * MON-FRI", "2026-03-02T02:00:00.000Z"),
            ("0 0 29 2 *", "2028-02-29T00:00:00.000Z"),
            ("@daily", "2026-03-02T00:00:00.000Z"),
        ] {
            assert_eq!(next(schedule, after).unwrap().to_rfc3339(), expected, "{schedule}");
        }
        let long = "0,".repeat(200);
        for schedule in
            ["", "* * * *", "* * * * * *", "60 * * * *", "0 0 30 2 *", "soon", "0 0 * * * 2030", &long]
        {
            let problem = next(schedule, after).unwrap_err();
            assert_eq!(
                (problem.code, problem.path.as_str()),
                (Code::InvalidValue, "/schedule"),
                "{schedule}"
            );
        }
    }
}
