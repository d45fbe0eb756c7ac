//! Who may act where: tenants, accounts, credentials, and the tokens that stand for them.
//!
//! The only maker of an [`OpContext`] for a request. What a token may do is read anew at every request, so that a revoked
//! credential or a suspended tenant is refused at once, on every server.

mod credential;
mod key;
mod tenant;
mod token;

pub use credential::IssuedSecret;
pub use portolan_store::identity::{Credential, Tenant, TenantStatus};
pub use portolan_store::{OpContext, Role, TenantId};
pub use tenant::{NewTenant, NewTenantRequest};
pub use token::Token;

use std::sync::Arc;

use portolan_foundation::secrets::Sealer;
use portolan_schema::{Instant, Result};
use portolan_store::Store;

use crate::key::Keys;

/// The identities of all tenants. Cheap to clone.
#[derive(Clone)]
pub struct Identity {
    store: Store,
    keys: Arc<Keys>,
}

impl Identity {
    /// Loads the signing keys, or makes the first.
    ///
    /// # Errors
    /// Where the master key does not open the stored keys.
    pub async fn open(store: Store, sealer: &Sealer) -> Result<Self> {
        let keys = Arc::new(Keys::open(&store, sealer).await?);
        Ok(Self { store, keys })
    }

    /// The public keys as a JSON Web Key Set (RFC 7517).
    pub fn jwks(&self) -> serde_json::Value {
        self.keys.jwks()
    }
}

/// The present time. The only clock of this crate.
fn now() -> Instant {
    chrono::Utc::now().into()
}
