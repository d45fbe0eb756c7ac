//! How often a tenant may ask, and how much at once.
//!
//! A bucket of tokens a tenant, kept in the process: each server counts for itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::extract::Request;
use axum::http::header::RETRY_AFTER;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use portolan_identity::{Caller, TenantId};
use portolan_schema::{Code, Error, Instant, Result};

use crate::App;

/// Seconds in which an empty bucket is full again.
const PERIOD: i64 = 60;
/// Parts of a token: what one microsecond adds for each request a minute.
const TOKEN: i64 = PERIOD * 1_000_000;
/// Full buckets are forgotten beyond this number.
const MAX_BUCKETS: usize = 10_000;

/// The buckets of all tenants that asked lately.
#[derive(Default)]
pub(crate) struct RateLimiter(Mutex<HashMap<TenantId, Bucket>>);

struct Bucket {
    /// In parts of a token.
    level: i64,
    at: Instant,
    capacity: i64,
}

impl Bucket {
    fn fill(&mut self, limit: i64, at: Instant) {
        let capacity = limit * TOKEN;
        // The operator may have changed it: what was used stays used.
        self.level = (self.level + capacity - self.capacity).clamp(0, capacity);
        self.capacity = capacity;
        let elapsed = (at.0 - self.at.0).clamp(0, TOKEN);
        self.level = (self.level + elapsed * limit).min(capacity);
        self.at = at;
    }
}

/// What the headers of port-api.md 0.4 say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    pub limit: i64,
    pub remaining: i64,
    /// Seconds until the bucket is full: not a time of day, see port-api.md 0.4.
    pub reset: i64,
    /// Seconds until the next request is taken; None where this one was.
    pub retry_after: Option<i64>,
}

impl RateLimiter {
    /// Takes a token of the tenant's, if there is one.
    pub(crate) fn take(&self, tenant: TenantId, per_minute: u32, at: Instant) -> Rate {
        let limit = i64::from(per_minute.max(1));
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MAX_BUCKETS {
            buckets.retain(|_, bucket| {
                bucket.fill(bucket.capacity / TOKEN, at);
                bucket.level < bucket.capacity
            });
        }
        let full = || Bucket { level: limit * TOKEN, at, capacity: limit * TOKEN };
        let bucket = buckets.entry(tenant).or_insert_with(full);
        bucket.fill(limit, at);
        let taken = bucket.level >= TOKEN;
        if taken {
            bucket.level -= TOKEN;
        }
        let seconds = |parts: i64| (parts + limit * 1_000_000 - 1) / (limit * 1_000_000);
        Rate {
            limit,
            remaining: bucket.level / TOKEN,
            reset: seconds(bucket.capacity - bucket.level),
            retry_after: (!taken).then(|| seconds(TOKEN - bucket.level).max(1)),
        }
    }
}

impl RateLimiter {
    /// How many requests of the last minute still count. Takes nothing.
    pub(crate) fn used(&self, tenant: TenantId, per_minute: u32, at: Instant) -> u64 {
        let limit = i64::from(per_minute.max(1));
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(bucket) = buckets.get_mut(&tenant) else { return 0 };
        bucket.fill(limit, at);
        ((bucket.capacity - bucket.level + TOKEN - 1) / TOKEN).unsigned_abs()
    }
}

/// Carries the rate from where the tenant is known to where the answer is.
#[derive(Clone, Default)]
struct Measured(Arc<OnceLock<Rate>>);

/// Largest body that the tenant may send to a route without a bound of its own.
#[derive(Clone, Copy)]
pub(crate) struct BodyLimit(pub usize);

/// Marks routes that bound their bodies themselves.
#[derive(Clone, Copy)]
pub(crate) struct OwnBodyLimit;

/// Counts a request of a verified caller.
///
/// # Errors
/// `RATE_LIMITED`.
pub(crate) fn admit(parts: &mut Parts, app: &App, caller: &Caller) -> Result<()> {
    let limits = caller.ctx.limits();
    if let Some(bytes) = limits.body_bytes
        && parts.extensions.get::<OwnBodyLimit>().is_none()
    {
        parts.extensions.insert(BodyLimit(usize::try_from(bytes).unwrap_or(usize::MAX)));
    }
    let Some(per_minute) = limits.requests_per_minute else { return Ok(()) };
    let rate = app.rates.take(caller.ctx.tenant(), per_minute, app.identity.now());
    if let Some(measured) = parts.extensions.get::<Measured>() {
        // It is set once a request.
        let _ = measured.0.set(rate);
    }
    match rate.retry_after {
        None => Ok(()),
        Some(seconds) => {
            let message =
                format!("the tenant may make {} requests a minute; try again in {seconds} s", rate.limit);
            Err(Error::problem(Code::RateLimited, message))
        }
    }
}

/// Puts the headers on every answer to a tenant.
pub(crate) async fn tell(mut request: Request, next: Next) -> Response {
    let measured = Measured::default();
    request.extensions_mut().insert(measured.clone());
    let mut response = next.run(request).await;
    if let Some(rate) = measured.0.get() {
        let headers = response.headers_mut();
        set(headers, "x-ratelimit-limit", rate.limit);
        set(headers, "x-ratelimit-remaining", rate.remaining);
        set(headers, "x-ratelimit-period", PERIOD);
        set(headers, "x-ratelimit-reset", rate.reset);
        if let Some(seconds) = rate.retry_after {
            set(headers, RETRY_AFTER.as_str(), seconds);
        }
    }
    response
}

fn set(headers: &mut HeaderMap, name: &'static str, value: i64) {
    headers.insert(name, HeaderValue::from(value));
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn a_bucket_empties_and_fills() {
        let limiter = RateLimiter::default();
        let take = |seconds: i64| {
            let rate = limiter.take(TenantId(1), 3, Instant(seconds * SECOND));
            (rate.remaining, rate.reset, rate.retry_after)
        };
        assert_eq!(take(0), (2, 20, None));
        assert_eq!(take(0), (1, 40, None));
        assert_eq!(take(0), (0, 60, None));
        assert_eq!(take(0), (0, 60, Some(20)));
        assert_eq!(take(19), (0, 41, Some(1)));
        assert_eq!(take(20), (0, 60, None), "a third of a minute adds one of three");
        assert_eq!(take(10), (0, 60, Some(20)), "a clock that was set back gives nothing");
        assert_eq!(take(500), (2, 20, None), "never more than the limit");
        let other = limiter.take(TenantId(2), 3, Instant(0));
        assert_eq!(other.remaining, 2, "a tenant has its own");
    }

    #[test]
    fn another_limit_keeps_what_was_used() {
        let limiter = RateLimiter::default();
        let take = |limit: u32| limiter.take(TenantId(1), limit, Instant(0)).remaining;
        assert_eq!((take(10), take(10), take(5), take(100)), (9, 8, 2, 96));
        let largest = limiter.take(TenantId(2), u32::MAX, Instant(0));
        assert_eq!((largest.remaining, largest.reset), (i64::from(u32::MAX) - 1, 1));
    }

    #[test]
    fn buckets_are_bounded() {
        let limiter = RateLimiter::default();
        for number in 0..3 * i64::try_from(MAX_BUCKETS).unwrap() {
            limiter.take(TenantId(number), 60, Instant(number * SECOND));
        }
        assert!(limiter.0.lock().unwrap().len() <= MAX_BUCKETS);
    }
}
