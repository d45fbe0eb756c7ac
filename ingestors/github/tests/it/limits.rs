//! GitHub's limits: the hourly one is waited for, secondary ones are heeded by everybody.

use std::time::{Duration, Instant, SystemTime};

use portolan_ingestor_contract::conformance::Recorder;
use portolan_ingestor_contract::{Context, RetryPolicy};
use portolan_schema::Code;
use serde_json::json;

use crate::peer::Stand;

#[tokio::test]
async fn the_hourly_limit_is_waited_for() {
    let stand = Stand::own().await;
    let whole = stand.bench().await.collect().await.well();
    {
        let limits = &mut stand.github.known().limits;
        (limits.left, limits.reset) = (10, SystemTime::now() + Duration::from_secs(3));
    }
    let bench = stand.bench().await;
    let run = bench.collect().await;
    run.well().assert_same(&whole, "with a pause");
    let known = stand.github.known();
    // Some were on their way when the last one was used up; then nobody asked until there were others.
    assert!(known.limits.ignored < 4, "{} requests came although there were none left", known.limits.ignored);
    assert!(known.limits.left > 1_000, "the hour is a new one");
}

#[tokio::test]
async fn who_does_not_want_to_wait_is_told_until_when() {
    let mut stand = Stand::own().await;
    stand.config["maxRateLimitWait"] = json!(0);
    {
        let limits = &mut stand.github.known().limits;
        (limits.left, limits.reset) = (30, SystemTime::now() + Duration::from_secs(3_000));
    }
    let bench = stand.bench().await;
    let began = Instant::now();
    let run = bench.collect().await;
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert!(run.result.is_ok(), "{:?}", run.result);
    assert!(run.record.done.contains("organization"), "{:?}", run.record.done);
    let error = &run.record.failed["deployment"];
    assert_eq!(error.code, Code::UpstreamThrottled);
    assert!(error.message.contains("requests are allowed again at 20"), "{error}");
}

#[tokio::test]
async fn a_secondary_limit_is_heeded_by_all() {
    let stand = Stand::own().await;
    let whole = stand.bench().await.collect().await.well();
    stand.github.known().limits.secondary = (1, 1);
    let bench = stand.bench().await;
    let retry = RetryPolicy { longest_pause: Duration::from_secs(5), ..bench.context().retry };
    let context = Context { retry, ..bench.context() };
    // The refusal comes in the middle of a run.
    stand.github.known().limits.secondary = (0, 0);
    let github = stand.github.clone();
    let meanwhile = async {
        while github.known().asked.iter().filter(|asked| asked.path.contains("/repos/")).count() < 5 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        github.known().limits.secondary = (1, 1);
    };
    stand.github.asked();
    let (settings, kinds, sink) = (bench.settings(), bench.kinds(), Recorder::default());
    let (run, ()) = tokio::join!(bench.collect_with(&settings, &kinds, &context, &sink), meanwhile);
    assert!(run.took >= Duration::from_millis(990), "{:?}", run.took);
    run.well().assert_same(&whole, "with a pause");
    assert!(stand.github.known().limits.ignored < 4, "only what was on its way may come");
}
