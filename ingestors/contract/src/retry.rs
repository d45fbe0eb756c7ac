//! Trying a request again: with growing, jittered pauses, as long as the source asks for, a bounded number of times.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::DateTime;
use http::header::RETRY_AFTER;
use rand::Rng;

use crate::{Clock, Http, HttpError, Pieces};

/// How patient an ingestor is with its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries of one request in all, at least 1.
    pub attempts: u32,
    /// Upper bound of the first pause; doubles with every further one.
    pub first_pause: Duration,
    /// Longest pause. A source that asks for more is not waited for.
    pub longest_pause: Duration,
}

impl Default for RetryPolicy {
    /// Six tries: at most about 15 seconds of pauses, and up to a minute each where the source asks for it.
    fn default() -> Self {
        Self { attempts: 6, first_pause: Duration::from_millis(500), longest_pause: Duration::from_secs(60) }
    }
}

impl RetryPolicy {
    /// The pause after the given try (from 1), or none where it was the last or the source asks for too much.
    fn pause(&self, attempt: u32, asked: Option<Duration>) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        let bound = self.first_pause.saturating_mul(1 << (attempt - 1).min(16)).min(self.longest_pause);
        let jittered = bound.mul_f64(rand::rng().random_range(0.5..=1.0));
        match asked {
            Some(asked) if asked > self.longest_pause => None,
            Some(asked) => Some(asked.max(jittered)),
            None => Some(jittered),
        }
    }
}

/// What an answer means for trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It will not change by asking again.
    Final,
    /// The same request may succeed later: the source is overloaded, or failed.
    Again,
}

/// An [`Http`] that tries again. Only for requests that may be repeated, which reads are.
///
/// When the tries are used up it returns the last answer or error as it is. To stop waiting, drop the future.
pub struct Retrying {
    inner: Arc<dyn Http>,
    policy: RetryPolicy,
    clock: Arc<dyn Clock>,
    judge: fn(&http::Response<Bytes>) -> Outcome,
}

impl Retrying {
    /// `judge` knows the source's ways to say "slow down".
    pub fn new(
        inner: Arc<dyn Http>,
        policy: RetryPolicy,
        clock: Arc<dyn Clock>,
        judge: fn(&http::Response<Bytes>) -> Outcome,
    ) -> Self {
        Self { inner, policy, clock, judge }
    }

    /// `Retry-After` as seconds or as a date.
    fn asked(&self, response: &http::Response<Bytes>) -> Option<Duration> {
        let text = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = text.parse::<u32>() {
            return Some(Duration::from_secs(seconds.into()));
        }
        let until = DateTime::parse_from_rfc2822(text).ok()?;
        Some((until.to_utc() - self.clock.now()).to_std().unwrap_or_default())
    }
}

#[async_trait]
impl Http for Retrying {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
        let mut attempt = 1;
        loop {
            let result = self.inner.send(request.clone()).await;
            let asked = match &result {
                Ok(response) if (self.judge)(response) == Outcome::Final => return result,
                Ok(response) => self.asked(response),
                Err(error) if error.is_transient() => None,
                Err(_) => return result,
            };
            let Some(pause) = self.policy.pause(attempt, asked) else { return result };
            tracing::debug!(
                attempt,
                pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                "trying again"
            );
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    /// Once: who reads a body in pieces knows from where to go on.
    async fn stream(&self, request: http::Request<Bytes>) -> Result<http::Response<Pieces>, HttpError> {
        self.inner.stream(request).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let policy = RetryPolicy {
            attempts: 4,
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_millis(250),
        };
        for (attempt, bound) in [(1, 100), (2, 200), (3, 250)] {
            let pause = policy.pause(attempt, None).expect("there are tries left");
            assert!(pause <= Duration::from_millis(bound), "{attempt}: {pause:?}");
            assert!(pause >= Duration::from_millis(bound / 2), "{attempt}: {pause:?}");
        }
        assert_eq!(policy.pause(4, None), None);
        let asked = Duration::from_millis(240);
        assert_eq!(policy.pause(1, Some(asked)), Some(asked));
        assert_eq!(policy.pause(1, Some(Duration::from_secs(1))), None, "longer than we are ready to wait");
    }
}
