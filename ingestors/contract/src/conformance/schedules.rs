//! Faults at random moments: a run may fail, but it never tells an untruth, and leaves no trace in the next one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, StreamExt};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use super::{Answer, Bench, Deed, Failure, Peer, Record, Run, Seen};

/// Schedules of each law. They are the same in every run of the tests.
const SCHEDULES: u64 = 8;
/// Schedules tried at the same time.
const AT_ONCE: usize = 4;
/// Runs in search of a smaller schedule.
const MOST_TRIALS: usize = 25;
/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// One fault. All but the last are over when the same request is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Busy,
    BusyForNoTime,
    Status(u16),
    Cut,
    Reset,
    Truncate,
    TruncateChunks,
    Hang,
    /// The source refuses for good.
    Denied,
}

/// What is wrong with a run, beside one without faults.
type Law = fn(&Run, &Record) -> Option<String>;

/// By the number of the request that it meets.
type Schedule = BTreeMap<usize, Fault>;

/// What is wrong, and the faults that led to it.
type Breach = (String, Schedule);

const PASSING: &[Fault] = &[
    Fault::Busy,
    Fault::BusyForNoTime,
    Fault::Status(500),
    Fault::Status(502),
    Fault::Status(503),
    Fault::Status(504),
    Fault::Cut,
    Fault::Reset,
    Fault::Truncate,
    Fault::TruncateChunks,
];

impl Fault {
    fn deed(self, peer: &dyn Peer, seen: &Seen) -> Deed {
        match self {
            Self::Busy => Deed::Say(peer.says(Failure::Busy, seen, "slow down").remove(0)),
            Self::BusyForNoTime => Deed::Say(Answer::new(429, "text/plain", "").with("retry-after", "0")),
            Self::Status(status) => Deed::Say(Answer::new(status, "text/html", "<h1>Oops</h1>")),
            Self::Cut => Deed::Cut,
            Self::Reset => Deed::Reset,
            Self::Truncate => Deed::Truncate,
            Self::TruncateChunks => Deed::TruncateChunks,
            Self::Hang => Deed::Hang,
            Self::Denied => Deed::Say(peer.says(Failure::Denied, seen, "not now").remove(0)),
        }
    }
}

async fn run(peer: &Arc<dyn Peer>, schedule: &Schedule) -> Run {
    let (source, faults) = (Arc::clone(peer), schedule.clone());
    let plan = move |seen: &Seen| faults.get(&seen.number).map_or(Deed::Pass, |f| f.deed(&*source, seen));
    Bench::patient(Arc::clone(peer), PATIENCE, plan).await.collect().await
}

/// What is wrong with a run under faults that pass, fewer than a request has tries.
fn untouched(run: &Run, clean: &Record) -> Option<String> {
    match &run.result {
        Err(error) => Some(format!("the run failed: {error}")),
        Ok(()) if !run.record.failed.is_empty() => Some(format!("kinds failed: {:?}", run.record.failed)),
        Ok(()) if run.record.log != clean.log => Some(format!("a log: {:?}", run.record.log)),
        Ok(()) => different(run, clean),
    }
}

fn different(run: &Run, clean: &Record) -> Option<String> {
    clean.items.keys().find_map(|kind| run.record.difference(kind, clean))
}

/// What is untrue in a run under any faults.
fn untrue(run: &Run, clean: &Record) -> Option<String> {
    let none = Vec::new();
    for (kind, all) in &clean.items {
        let found = run.record.items.get(kind).unwrap_or(&none);
        // Details may be missing where a warning says so.
        let warned = !run.record.warnings(kind).is_empty();
        if run.record.done.contains(kind) {
            if found.len() != all.len() {
                return Some(format!("{kind} is done with {} of {} items", found.len(), all.len()));
            }
            if found != all && !warned {
                return run.record.difference(kind, clean).map(|it| format!("done without a warning: {it}"));
            }
        } else if !warned && found.iter().any(|item| !all.contains(item)) {
            return Some(format!("{kind} has an item that does not exist"));
        }
    }
    if run.result.is_err() && run.record.done.len() == clean.done.len() {
        return Some("everything is done, yet the run failed".to_owned());
    }
    None
}

/// A part of a schedule that still breaks the law, with the breach, for people to read.
async fn smaller(peer: &Arc<dyn Peer>, clean: &Record, law: Law, found: Breach) -> Breach {
    let (mut breach, mut schedule) = found;
    let mut trials = 0;
    let mut part = schedule.len().div_ceil(2);
    while part > 0 {
        for numbers in schedule.keys().copied().collect::<Vec<_>>().chunks(part) {
            if trials == MOST_TRIALS {
                return (breach, schedule);
            }
            trials += 1;
            let mut less = schedule.clone();
            less.retain(|number, _| !numbers.contains(number));
            if let Some(same) = law(&run(peer, &less).await, clean) {
                (breach, schedule) = (same, less);
            }
        }
        part /= 2;
    }
    (breach, schedule)
}

/// Runs under many schedules; then the same value of the ingestor once more, without faults.
async fn hold(peer: Arc<dyn Peer>, make: fn(&mut StdRng, usize) -> Schedule, law: Law) {
    let bench = Bench::new(Arc::clone(&peer)).await;
    let clean = bench.collect().await.well();
    let requests = bench.http.sent();
    let trial = |seed: u64| {
        let (peer, clean) = (&peer, &clean);
        async move {
            let schedule = make(&mut StdRng::seed_from_u64(seed), requests);
            law(&run(peer, &schedule).await, clean).map(|breach| (breach, schedule))
        }
    };
    let trials = stream::iter((0..SCHEDULES).map(trial)).buffer_unordered(AT_ONCE);
    let broken: Vec<Breach> = trials.filter_map(std::future::ready).collect().await;
    if let Some(first) = broken.into_iter().next() {
        let (breach, schedule) = smaller(&peer, &clean, law, first).await;
        panic!("{breach}\nunder {schedule:?}");
    }
    Bench::new(peer).await.collect().await.well().assert_same(&clean, "after the faults");
}

/// Fewer faults than a request has tries, each of a kind that passes: nobody notices.
pub async fn few_faults_change_nothing(peer: Arc<dyn Peer>) {
    let few = |random: &mut StdRng, requests: usize| {
        let mut schedule: Schedule = (0..4)
            .map(|_| (random.random_range(0..requests), *PASSING.choose(random).expect("there are faults")))
            .collect();
        schedule.insert(random.random_range(0..requests), Fault::Hang);
        schedule
    };
    hold(peer, few, untouched).await;
}

/// Any number of faults of any kind: what is called done is whole, and nothing is handed over that does not exist.
pub async fn any_faults_tell_the_truth(peer: Arc<dyn Peer>) {
    let any = |random: &mut StdRng, requests: usize| {
        let share = *[0.05, 0.3, 0.7, 0.95].choose(random).expect("there are shares");
        let from = random.random_range(0..requests);
        let mut schedule = Schedule::new();
        for number in from..requests * 3 {
            if random.random_bool(share) {
                let fault = match random.random_range(0..20) {
                    0 => Fault::Denied,
                    _ => *PASSING.choose(random).expect("there are faults"),
                };
                schedule.insert(number, fault);
            }
        }
        schedule.insert(random.random_range(0..requests), Fault::Hang);
        schedule
    };
    hold(peer, any, untrue).await;
}
