//! Integrations that run by themselves.

use std::time::Duration;

use portolan_integrations::{Integration, IntegrationChange, NewIntegration, Run, RunStatus};
use portolan_schema::Instant;
use serde_json::json;

use crate::support::{Fixture, fill, mapping, on_each_engine};

pub async fn a_schedule_starts_runs_until_it_is_taken_away() {
    on_each_engine(|fixture| async move {
        let wanted = NewIntegration {
            identifier: "main".into(),
            ingestor: "test".into(),
            mapping: Some(mapping()),
            schedule: Some(" 0 0 1 1 * ".into()),
            secrets: json!({"key": "right"}),
            ..NewIntegration::default()
        };
        let made = fixture.integrations.create(&fixture.ctx, &wanted).await.unwrap();
        assert_eq!(made.schedule.as_deref(), Some("0 0 1 1 *"));
        fill(&fixture.source, 3);
        let now = Instant::from(chrono::Utc::now());
        let new_year = next(&fixture, &made).await.unwrap();
        assert!(new_year > now && new_year.to_rfc3339().ends_with("-01-01T00:00:00.000Z"));
        let runner = fixture.work();
        for passed in 1..=2 {
            // Many times passed while nobody was there: one run makes up for them.
            make_due(&fixture, &made).await;
            let run = until_another(&fixture, &made, passed).await;
            assert_eq!(run.created_by, "integration:main");
            let done = fixture.ended(run.id).await;
            assert_eq!(done.run.status, RunStatus::Succeeded, "{:?}", done.logs);
            assert_eq!(next(&fixture, &made).await, Some(new_year));
        }
        assert_eq!(fixture.entities("service").await.len(), 3);
        let change = IntegrationChange { schedule: Some(None), ..IntegrationChange::default() };
        let changed = fixture.integrations.update(&fixture.ctx, "main", &change).await.unwrap();
        assert_eq!((changed.schedule.as_deref(), next(&fixture, &changed).await), (None, None));
        let change =
            IntegrationChange { schedule: Some(Some("soon".into())), ..IntegrationChange::default() };
        let error = fixture.integrations.update(&fixture.ctx, "main", &change).await.unwrap_err();
        assert_eq!(error.public().0[0].path.as_str(), "/schedule");
        let change =
            IntegrationChange { schedule: Some(Some("*/15 * * * *".into())), ..IntegrationChange::default() };
        let changed = fixture.integrations.update(&fixture.ctx, "main", &change).await.unwrap();
        assert!(next(&fixture, &changed).await.unwrap() < Instant(now.0 + 16 * 60 * 1_000_000));
        fixture.integrations.delete(&fixture.ctx, "main", false).await.unwrap();
        let scope = fixture.store.read(fixture.ctx.tenant()).await.unwrap();
        assert_eq!(scope.job_due("schedules", made.id).await.unwrap(), None);
        runner.stop().await;
    })
    .await;
}

async fn next(fixture: &Fixture, integration: &Integration) -> Option<Instant> {
    fixture.integrations.next_run_at(&fixture.ctx, integration).await.unwrap()
}

async fn make_due(fixture: &Fixture, integration: &Integration) {
    let scope = fixture.store.write(fixture.ctx.tenant()).await.unwrap();
    scope.reschedule_job("schedules", integration.id, Instant(0)).await.unwrap();
    scope.commit().await.unwrap();
}

/// Waits until the schedule has started its `number`th run and is planned again.
async fn until_another(fixture: &Fixture, integration: &Integration, number: usize) -> Run {
    loop {
        let all = [RunStatus::Queued, RunStatus::Running, RunStatus::Succeeded, RunStatus::Failed];
        let scope = fixture.store.read(fixture.ctx.tenant()).await.unwrap();
        let mut runs = scope.runs_in(integration.id, &all).await.unwrap();
        let planned = scope.job_due("schedules", integration.id).await.unwrap() > Some(Instant(0));
        drop(scope);
        assert!(runs.len() <= number, "{runs:?}");
        if runs.len() == number && planned {
            runs.sort_by_key(|run| run.id);
            return runs.pop().unwrap();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
