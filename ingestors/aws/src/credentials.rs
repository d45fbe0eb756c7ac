//! Where credentials come from: the tenant's access key or, where granted, the server's own identity; and the role
//! assumed with them, renewed before it expires.

use std::sync::Arc;
use std::time::Duration;

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_types::region::Region;
use portolan_ingestor_contract::{Clock, SourceError};
use secrecy::ExposeSecret;
use tokio::sync::Mutex;

use crate::fault;
use crate::settings::Keys;

/// Name of the session of an assumed role, as AWS's audit log shows it.
const SESSION_NAME: &str = "portolan";
/// Credentials that expire sooner are renewed first.
const MARGIN: Duration = Duration::from_secs(300);

/// Gives valid credentials at any time of a run.
pub(crate) struct CredentialSource {
    base: SharedCredentialsProvider,
    role: Option<Role>,
    clock: Arc<dyn Clock>,
    cached: Mutex<Option<Credentials>>,
}

/// A role to assume, and the client to do it with (which signs with the base credentials).
pub(crate) struct Role {
    pub arn: String,
    pub external_id: Option<String>,
    pub sts: aws_sdk_sts::Client,
    /// The host that is asked, for messages.
    pub target: String,
}

/// The tenant's key, or the server's identity where there is none.
///
/// The default chain reads the server's own environment and metadata service with AWS's own client: it belongs to the
/// operator, not to the tenant, and is reached only with `Context::ambient_credentials`.
pub(crate) async fn base(keys: &Keys, region: &str) -> SharedCredentialsProvider {
    match (&keys.access_key_id, &keys.secret_access_key) {
        (Some(id), Some(secret)) => {
            let token = keys.session_token.as_ref().map(|token| token.expose_secret().trim().to_owned());
            let token = token.filter(|token| !token.is_empty());
            let (id, secret) = (id.expose_secret().trim(), secret.expose_secret().trim());
            SharedCredentialsProvider::new(Credentials::new(id, secret, token, None, "settings"))
        }
        _ => {
            let region = Region::new(region.to_owned());
            SharedCredentialsProvider::new(DefaultCredentialsChain::builder().region(region).build().await)
        }
    }
}

impl CredentialSource {
    pub fn new(base: SharedCredentialsProvider, role: Option<Role>, clock: Arc<dyn Clock>) -> Self {
        Self { base, role, clock, cached: Mutex::new(None) }
    }

    /// Credentials that stay valid for some minutes.
    pub async fn current(&self) -> Result<Credentials, SourceError> {
        let mut cached = self.cached.lock().await;
        if let Some(credentials) = cached.as_ref()
            && !self.expires_soon(credentials)
        {
            return Ok(credentials.clone());
        }
        let fresh = match &self.role {
            Some(role) => role.assume().await?,
            None => self.base.provide_credentials().await.map_err(|_| {
                SourceError::unauthorized("this server has no cloud identity of its own; give an access key")
            })?,
        };
        *cached = Some(fresh.clone());
        Ok(fresh)
    }

    fn expires_soon(&self, credentials: &Credentials) -> bool {
        let soon = std::time::SystemTime::from(self.clock.now()) + MARGIN;
        credentials.expiry().is_some_and(|expiry| expiry < soon)
    }
}

impl Role {
    async fn assume(&self) -> Result<Credentials, SourceError> {
        let call = format!("sts:AssumeRole on {}", self.arn);
        let answer = self
            .sts
            .assume_role()
            .role_arn(&self.arn)
            .role_session_name(SESSION_NAME)
            .set_external_id(self.external_id.clone())
            .send()
            .await
            .map_err(|error| fault::from_sdk(&call, &self.target, &error))?;
        let Some(given) = answer.credentials() else {
            return Err(SourceError::failed(format!("{call} gave no credentials")));
        };
        let expiry = std::time::SystemTime::try_from(*given.expiration()).ok();
        let token = Some(given.session_token().to_owned());
        Ok(Credentials::new(given.access_key_id(), given.secret_access_key(), token, expiry, "role"))
    }
}

/// The source as AWS's SDK wants it.
pub(crate) struct Assumed(pub Arc<CredentialSource>);

impl std::fmt::Debug for Assumed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Assumed")
    }
}

impl ProvideCredentials for Assumed {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            self.0.current().await.map_err(CredentialsError::provider_error)
        })
    }
}
