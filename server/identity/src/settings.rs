//! How identities behave: the operator's choices.

use std::sync::Arc;
use std::time::Duration;

use portolan_foundation::secrets::{hash_secret, secret_matches};
use portolan_schema::{Error, Instant, Result};
use portolan_store::identity::TenantLimits;

/// Requests a minute that a tenant may make of one server where nothing else is said: more than one server answers.
pub const DEFAULT_REQUESTS_PER_MINUTE: u32 = 600_000;
/// Largest body of a request, in bytes, where nothing else is said (port-api.md 8).
pub const DEFAULT_BODY_BYTES: u32 = 1 << 20;
/// Rows that one GraphQL query may return where nothing else is said (api.md 1).
pub const DEFAULT_QUERY_COST: u32 = 20_000;
/// Shortest token of the operator's, in characters.
const MIN_OPERATOR_TOKEN: usize = 16;

/// What the operator chose.
#[derive(Clone)]
pub struct Settings {
    /// Whether anybody may make a tenant and become its admin.
    pub sign_up: bool,
    /// Where people reach the portal, without a `/` at the end; one-time links begin with it.
    pub public_url: String,
    /// A session that nobody used for this time is over.
    pub session_idle: Duration,
    /// A session is over after this time, however much it was used.
    pub session_life: Duration,
    /// For tenants where the operator set nothing else. None: without a bound, or the bound of who asks.
    pub limits: TenantLimits,
    pub clock: Clock,
    /// Turns `/api/operator` on.
    pub operator: Option<OperatorToken>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sign_up: false,
            public_url: String::new(),
            session_idle: Duration::from_hours(12),
            session_life: Duration::from_hours(7 * 24),
            limits: TenantLimits {
                requests_per_minute: Some(DEFAULT_REQUESTS_PER_MINUTE),
                body_bytes: Some(DEFAULT_BODY_BYTES),
                query_cost: Some(DEFAULT_QUERY_COST),
                entities: None,
            },
            clock: Clock::default(),
            operator: None,
        }
    }
}

/// What the operator shows to be let in. It is kept as a hash.
#[derive(Clone)]
pub struct OperatorToken([u8; 32]);

impl OperatorToken {
    /// # Errors
    /// Where it is so short that it could be guessed.
    pub fn new(token: &str) -> Result<Self> {
        if token.chars().count() < MIN_OPERATOR_TOKEN {
            let message =
                format!("PORTOLAN_OPERATOR_TOKEN must have at least {MIN_OPERATOR_TOKEN} characters");
            return Err(Error::unavailable(message));
        }
        Ok(Self(hash_secret(token)))
    }

    pub(crate) fn is(&self, token: &str) -> bool {
        secret_matches(token, &self.0)
    }
}

/// Where the time comes from. Tests have one of their own.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Instant + Send + Sync>);

impl Clock {
    pub fn new(now: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    pub fn now(&self) -> Instant {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new(|| chrono::Utc::now().into())
    }
}
