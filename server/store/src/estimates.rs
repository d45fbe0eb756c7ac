//! Counts that were taken a moment ago. They only help to choose between two ways to the same answer, so an old one costs
//! time and never a row.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::TenantId;
use crate::sql::Sql;

/// How long a count is believed.
const LIFE: Duration = Duration::from_secs(10);
/// Most counts kept; the oldest half goes when there are more.
const CAPACITY: usize = 10_000;

/// The counts of all tenants.
#[derive(Default)]
pub(crate) struct Estimates {
    counts: Mutex<HashMap<u64, (usize, Instant)>>,
    /// For tests: lists walk even where hits are few.
    walks_only: AtomicBool,
}

impl Estimates {
    /// The key of what a statement counts.
    pub(crate) fn key(tenant: TenantId, sql: &Sql) -> u64 {
        let mut hasher = DefaultHasher::new();
        tenant.0.hash(&mut hasher);
        sql.hash_into(&mut hasher);
        hasher.finish()
    }

    pub(crate) fn walks_only(&self) -> bool {
        self.walks_only.load(Ordering::Relaxed)
    }

    pub(crate) fn walk_only(&self, flag: bool) {
        self.walks_only.store(flag, Ordering::Relaxed);
    }

    pub(crate) fn get(&self, key: u64) -> Option<usize> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(&key).filter(|(_, at)| at.elapsed() < LIFE).map(|(count, _)| *count)
    }

    pub(crate) fn put(&self, key: u64, count: usize) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= CAPACITY {
            let mut ages: Vec<Instant> = counts.values().map(|(_, at)| *at).collect();
            ages.sort_unstable();
            let middle = ages[ages.len() / 2];
            counts.retain(|_, (_, at)| *at > middle);
        }
        counts.insert(key, (count, Instant::now()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_kept_apart_and_their_number_is_bounded() {
        let estimates = Estimates::default();
        let key = |tenant, value: i64| {
            let mut sql = Sql::new("SELECT ");
            sql.bind(value);
            Estimates::key(TenantId(tenant), &sql)
        };
        assert_ne!(key(1, 1), key(2, 1));
        assert_ne!(key(1, 1), key(1, 2));
        estimates.put(key(1, 1), 7);
        assert_eq!(estimates.get(key(1, 1)), Some(7));
        assert_eq!(estimates.get(key(1, 2)), None);
        for value in 0..30_000 {
            estimates.put(key(3, value), 1);
        }
        assert_eq!(estimates.get(key(3, 29_999)), Some(1));
        assert!(estimates.counts.lock().unwrap().len() <= CAPACITY);
    }
}
