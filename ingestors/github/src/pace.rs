//! Asks GitHub no faster than it allows: what it says of its limits holds for every request of a run.
//!
//! The hourly limit shows in the headers of each answer. Where it is used up, nothing is sent until it is renewed, unless
//! that takes longer than the settings allow; a refusal for that reason then says so in `Retry-After`, and whoever tries
//! again gives up. After a refusal with `Retry-After` (a secondary limit) nothing is sent for that long either: GitHub
//! shuts out who goes on.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::header::{DATE, HeaderValue, RETRY_AFTER};
use portolan_ingestor_contract::{Clock, Http, HttpError, Pieces};
use tokio::sync::mpsc::UnboundedSender;

use crate::fault;

/// Requests that github.com takes in a minute before its secondary limit, less some for others who use the same token.
const A_MINUTE: u32 = 850;
const MINUTE: TimeDelta = TimeDelta::minutes(1);

/// An [`Http`] that waits for its turn.
pub(crate) struct Paced {
    pub inner: Arc<dyn Http>,
    pub clock: Arc<dyn Clock>,
    /// Longest wait for the hourly limit.
    pub longest: Duration,
    /// Whether the source is GitHub's own, whose secondary limits are known.
    pub public: bool,
    /// Takes what people should know of a long wait.
    pub notices: Option<UnboundedSender<String>>,
    pub state: Mutex<State>,
}

#[derive(Default)]
pub(crate) struct State {
    /// Nothing is sent before.
    closed_until: Option<DateTime<Utc>>,
    /// When the current minute began, and how much was sent in it.
    minute: Option<(DateTime<Utc>, u32)>,
}

impl Paced {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The moment to wait for, if any; else the request counts as sent.
    fn turn(&self) -> Option<DateTime<Utc>> {
        let now = self.clock.now();
        let mut state = self.state();
        if let Some(until) = state.closed_until {
            return Some(until);
        }
        let (began, sent) = state.minute.filter(|(began, _)| now - *began < MINUTE).unwrap_or((now, 0));
        if self.public && sent >= A_MINUTE {
            return Some(began + MINUTE);
        }
        state.minute = Some((began, sent + 1));
        None
    }

    async fn wait(&self) {
        while let Some(until) = self.turn() {
            let pause = (until - self.clock.now()).to_std().unwrap_or_default();
            tokio::time::sleep(pause).await;
            let mut state = self.state();
            if state.closed_until == Some(until) {
                state.closed_until = None;
            }
            if state.minute.is_some_and(|(began, _)| began + MINUTE <= until) {
                state.minute = None;
            }
        }
    }

    fn close(&self, pause: TimeDelta) {
        let until = self.clock.now() + pause;
        let mut state = self.state();
        state.closed_until = Some(state.closed_until.map_or(until, |known| known.max(until)));
    }

    /// Heeds an answer's limits.
    fn heed(&self, response: &mut http::Response<Bytes>) {
        let refused = fault::is_throttled(response);
        let asked =
            response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        if let Some(seconds) = asked.filter(|_| refused) {
            // Longer ones are given up by who tries again.
            if let Some(pause) = TimeDelta::try_seconds(seconds).filter(|pause| *pause <= MINUTE) {
                self.close(pause);
            }
            return;
        }
        let Some(pause) = self.renewal(response) else { return };
        if pause.to_std().is_ok_and(|pause| pause <= self.longest) {
            self.close(pause);
            if pause >= MINUTE {
                let at = (self.clock.now() + pause).format("%H:%M");
                let message = format!(
                    "GitHub's hourly limit of requests is used up; the run goes on at {at} UTC, when it is renewed"
                );
                tracing::info!(pause_s = pause.num_seconds(), "github's hourly limit is used up");
                // Nobody listens where nothing is waited for.
                self.notices.as_ref().and_then(|notices| notices.send(message).ok());
            }
        } else if refused {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(pause.num_seconds()));
        }
    }

    /// How long it takes until the hourly limit is renewed, where it is used up: by GitHub's clock.
    fn renewal(&self, response: &http::Response<Bytes>) -> Option<TimeDelta> {
        let headers = response.headers();
        if fault::number(headers, "x-ratelimit-remaining")? > 0 {
            return None;
        }
        let date = headers.get(DATE).and_then(|value| value.to_str().ok());
        let now = date.and_then(|text| DateTime::parse_from_rfc2822(text).ok());
        let now = now.map_or_else(|| self.clock.now(), |at| at.to_utc());
        let reset = DateTime::from_timestamp(fault::number(headers, "x-ratelimit-reset")?, 0)?;
        // Both are in whole seconds.
        Some(reset - now)
            .filter(|pause| *pause >= TimeDelta::zero())
            .map(|pause| pause + TimeDelta::seconds(1))
    }
}

#[async_trait]
impl Http for Paced {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
        self.wait().await;
        let mut response = self.inner.send(request).await?;
        self.heed(&mut response);
        Ok(response)
    }

    async fn stream(&self, request: http::Request<Bytes>) -> Result<http::Response<Pieces>, HttpError> {
        self.inner.stream(request).await
    }
}
