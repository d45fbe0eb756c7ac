//! Who may act where: tenants, accounts, members, credentials, and the tokens and sessions that stand for them.
//!
//! The only maker of an [`OpContext`] for a request. What a token or a session may do is read anew at every request, so
//! that a revoked credential, a removed member or a suspended tenant is refused at once, on every server.

mod audit;
mod caller;
mod credential;
mod email;
mod housekeeping;
mod invitation;
mod key;
mod member;
mod one_time_link;
mod origin;
mod password;
mod password_reset;
mod people;
mod refused;
mod session;
mod settings;
mod sign_in;
mod sign_up;
mod tenant;
mod tenant_deletion;
mod throttle;
mod token;

pub use audit::{AuditPage, MAX_AUDIT_PAGE};
pub use caller::{Caller, Wanted};
pub use credential::IssuedSecret;
pub use invitation::{Acceptance, InvitationView};
pub use member::{Me, Member};
pub use one_time_link::Link;
pub use origin::Origin;
pub use password::{MAX_PASSWORD, MIN_PASSWORD};
pub use portolan_store::identity::{
    AccountMembership, AuditAction, AuditEvent, AuditFilter, Credential, Tenant, TenantLimits, TenantStatus,
};
pub use portolan_store::{OpContext, Role, TenantId};
pub use refused::Refused;
pub use session::OpenSession;
pub use settings::{
    Clock, DEFAULT_BODY_BYTES, DEFAULT_QUERY_COST, DEFAULT_REQUESTS_PER_MINUTE, OperatorToken, Settings,
};
pub use sign_in::{Browser, SignedIn};
pub use sign_up::SignUp;
pub use tenant::{LimitsChange, NewTenant, NewTenantRequest, TenantChange};
pub use token::Token;

use std::sync::Arc;
use std::time::Duration;

use portolan_catalog::Catalog;
use portolan_foundation::secrets::Sealer;
use portolan_schema::{Code, Instant, Pointer, Problem, Result};
use portolan_store::Store;

use crate::key::KeyRing;
use crate::password::Passwords;
use crate::throttle::Throttle;
use crate::token::VerifiedTokens;

/// Longest name of a person, a credential or a tenant, in characters.
const MAX_NAME: usize = 100;

/// The identities of all tenants. Cheap to clone.
#[derive(Clone)]
pub struct Identity {
    store: Store,
    /// Hears of every change of members.
    catalog: Catalog,
    sealer: Sealer,
    settings: Arc<Settings>,
    keys: Arc<KeyRing>,
    passwords: Arc<Passwords>,
    throttle: Arc<Throttle>,
    verified: VerifiedTokens,
}

impl Identity {
    /// As [`Identity::open_with`], with the settings of a server that nobody configured and a catalog of its own: for
    /// commands beside a server.
    ///
    /// # Errors
    /// Where the master key does not open the stored keys.
    pub async fn open(store: Store, sealer: &Sealer) -> Result<Self> {
        Self::open_with(store.clone(), Catalog::new(store, None), sealer, Settings::default()).await
    }

    /// Loads the signing keys, or makes the first.
    ///
    /// # Errors
    /// Where the master key does not open the stored keys.
    pub async fn open_with(
        store: Store,
        catalog: Catalog,
        sealer: &Sealer,
        settings: Settings,
    ) -> Result<Self> {
        let keys = Arc::new(KeyRing::open(&store, sealer, settings.clock.now()).await?);
        Ok(Self {
            store,
            catalog,
            sealer: sealer.clone(),
            settings: Arc::new(settings),
            keys,
            passwords: Arc::new(Passwords::new()),
            throttle: Arc::new(Throttle::default()),
            verified: token::verified_tokens(),
        })
    }

    /// The operator's choices.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The present time. The only clock of this crate.
    pub fn now(&self) -> Instant {
        self.settings.clock.now()
    }
}

fn after(at: Instant, time: Duration) -> Instant {
    Instant(at.0.saturating_add(micros(time)))
}

fn before(at: Instant, time: Duration) -> Instant {
    Instant(at.0.saturating_sub(micros(time)))
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

/// Checks a name for people to read, at `/{key}`; None is fine.
fn check_name(name: Option<&str>, key: &str) -> Result<(), Problem> {
    let Some(name) = name else { return Ok(()) };
    let length = name.chars().count();
    if !name.trim().is_empty() && length <= MAX_NAME && !name.chars().any(char::is_control) {
        return Ok(());
    }
    let message = format!("a {key} has 1 to {MAX_NAME} characters, none of them a control character");
    Err(Problem::new(Code::InvalidValue, Pointer::root().key(key), message))
}
