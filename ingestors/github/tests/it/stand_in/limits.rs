//! The hourly limit, and secondary ones.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::Said;

/// As far as they were used.
pub struct Limits {
    pub left: u32,
    /// When there is a whole hour's again.
    pub reset: SystemTime,
    /// Refusals still to come by a secondary limit, each asking for this pause in seconds.
    pub secondary: (u32, u32),
    /// Requests that came while they had to be held back.
    pub ignored: u32,
    closed_until: Option<Instant>,
}

impl Default for Limits {
    fn default() -> Self {
        let reset = SystemTime::now() + Duration::from_secs(3600);
        Self { left: 5_000, reset, secondary: (0, 0), ignored: 0, closed_until: None }
    }
}

impl Limits {
    pub fn refuse(&mut self) -> Option<Said> {
        if self.closed_until.is_some_and(|until| Instant::now() < until) {
            self.ignored += 1;
        }
        if self.secondary.0 > 0 {
            self.secondary.0 -= 1;
            let pause = self.secondary.1;
            self.closed_until = Some(Instant::now() + Duration::from_secs(pause.into()));
            let message =
                "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
            return Some(Said::error(403, message).with("retry-after", pause.to_string()));
        }
        if self.left == 0 && SystemTime::now() >= self.reset {
            *self = Self { ignored: self.ignored, ..Self::default() };
        }
        if self.left == 0 {
            self.ignored += 1;
            return Some(Said::error(403, "API rate limit exceeded for user ID 1."));
        }
        None
    }

    /// The answer with the headers of the limit.
    pub fn told(&mut self, said: Said, counted: bool) -> Said {
        if counted && said.status != 403 {
            self.left = self.left.saturating_sub(1);
        }
        let reset = self.reset.duration_since(UNIX_EPOCH).unwrap().as_secs();
        said.with("x-ratelimit-limit", "5000")
            .with("x-ratelimit-remaining", self.left.to_string())
            .with("x-ratelimit-used", (5_000_u32.saturating_sub(self.left)).to_string())
            .with("x-ratelimit-reset", reset.to_string())
            .with("x-ratelimit-resource", "core")
    }
}
