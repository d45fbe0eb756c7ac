use portolan_catalog::query::Interval;
use portolan_catalog::{Actor, Change, Deletion, OpContext, Role, TenantId, WriteMode, WriteOptions};
use portolan_schema::{Code, Instant};
use portolan_store::testing::on_each_engine;
use serde_json::json;

use crate::support::Fixture;

/// What was there at the end of each hour is what the log says of it.
#[tokio::test]
async fn what_is_gone_counts_while_it_was_there() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let service = |name: &str| json!({"blueprint": "service", "identifier": name});
        for name in ["a", "b", "c"] {
            fixture.upsert(service(name)).await;
        }
        let delete = |name: &str| {
            Change::Delete(Deletion {
                blueprint: "service".into(),
                identifier: name.into(),
                dependents: false,
                if_revision: None,
            })
        };
        let options = WriteOptions::default();
        fixture.catalog.write_one(&fixture.ctx, delete("b"), &options).await.unwrap();
        // One that came again is another one.
        fixture.upsert(service("b")).await;
        fixture.catalog.write_one(&fixture.ctx, delete("b"), &options).await.unwrap();
        fixture
            .write(WriteMode::Update, json!({"blueprint": "service", "identifier": "a", "title": "A"}))
            .await
            .unwrap();
        fixture.upsert(json!({"blueprint": "system", "identifier": "other"})).await;

        let now = chrono::Utc::now().timestamp_micros();
        let later = |hours: i64| Instant(now + hours * 3_600_000_000);
        let asked = |at: Instant| {
            let actor = Actor::Credential("tester".into());
            OpContext::verified(TenantId(1), actor, Role::Viewer, "test", None).with_asked_at(Some(at))
        };
        let points = fixture
            .catalog
            .entities_over_time(&asked(later(2)), "service", Interval::Hour, later(-2), None)
            .await
            .unwrap();
        let counts: Vec<_> = points.iter().map(|point| (point.count, point.created, point.deleted)).collect();
        let made: u64 = points.iter().map(|point| point.created).sum();
        let gone: u64 = points.iter().map(|point| point.deleted).sum();
        assert_eq!((points.len(), made, gone), (5, 4, 2), "{counts:?}");
        assert_eq!((points[0].count, points[4].count), (0, 2), "{counts:?}");
        // Those that were made before the first interval count in it.
        let points = fixture
            .catalog
            .entities_over_time(&asked(later(3)), "service", Interval::Hour, later(2), None)
            .await
            .unwrap();
        let counts: Vec<_> = points.iter().map(|point| (point.count, point.created, point.deleted)).collect();
        assert_eq!(counts, [(2, 0, 0), (2, 0, 0)]);
        // Before there was anything.
        let points = fixture
            .catalog
            .entities_over_time(
                &asked(later(0)),
                "service",
                Interval::Year,
                Instant(0),
                Instant::parse("1971-01-01"),
            )
            .await
            .unwrap();
        assert_eq!(points.iter().map(|point| point.count).collect::<Vec<_>>(), [0, 0]);
        let missing = fixture
            .catalog
            .entities_over_time(&asked(later(0)), "nope", Interval::Year, later(-1), None)
            .await;
        assert_eq!(missing.unwrap_err().code(), Code::NotFound);
    })
    .await;
}
