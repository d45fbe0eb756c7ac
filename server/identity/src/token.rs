//! Access tokens: signed for three hours, checked against the database at every request.

use jsonwebtoken::{Algorithm, Header, Validation};
use portolan_foundation::secrets::{hash_secret, secret_matches};
use portolan_schema::{Code, Error, Instant, Result};
use portolan_store::identity::{CredentialCheck, TenantStatus};
use portolan_store::{Actor, OpContext};
use serde::{Deserialize, Serialize};

use crate::{Identity, now};

/// Seconds that a token lives (port-api.md 0.2).
const LIFE: i64 = 10_800;
const ISSUER: &str = "portolan";
/// `last_used_at` moves at most this often, in microseconds.
const TOUCH_INTERVAL: i64 = 60_000_000;
const MICROS: i64 = 1_000_000;

/// A signed token.
pub struct Token {
    pub access_token: String,
    /// Seconds.
    pub expires_in: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claims {
    iss: String,
    aud: String,
    /// The credential's client id.
    sub: String,
    iat: i64,
    exp: i64,
    org_id: String,
    /// Read by clients (port-api.md 0.2).
    is_machine: bool,
}

impl Identity {
    /// Exchanges a credential for a token.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, with one message whether the id is unknown, the secret wrong, the credential revoked or the
    /// tenant suspended.
    pub async fn issue_token(&self, client_id: &str, client_secret: &str) -> Result<Token> {
        let refused =
            || Error::problem(Code::Unauthenticated, "the client id or secret is wrong, or may not be used");
        let found = self.store.read_global().await?.credential_check(client_id).await?;
        let Some(check) = found else {
            // As much work as for a known one.
            let _ = secret_matches(client_secret, &hash_secret(client_id));
            return Err(refused());
        };
        if !secret_matches(client_secret, &check.secret_hash) || !usable(&check) {
            return Err(refused());
        }
        let issued = now();
        let seconds = issued.0 / MICROS;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: ISSUER.to_owned(),
            sub: client_id.to_owned(),
            iat: seconds,
            exp: seconds + LIFE,
            org_id: format!("org_{}", check.credential.tenant.0),
            is_machine: true,
        };
        let key = self.keys.signing();
        let header = Header { kid: Some(key.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        let access_token = jsonwebtoken::encode(&header, &claims, &key.signing).map_err(Error::internal)?;
        self.touch(&check, issued).await?;
        Ok(Token { access_token, expires_in: LIFE })
    }

    /// Checks a token and answers who asks.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, with one message for every reason.
    pub async fn authenticate(
        &self,
        token: &str,
        request_id: &str,
        user_agent: Option<String>,
    ) -> Result<OpContext> {
        let refused =
            || Error::problem(Code::Unauthenticated, "the token is missing, malformed, expired or revoked");
        let claims = self.verify(token).ok_or_else(refused)?;
        let found = self.store.read_global().await?.credential_check(&claims.sub).await?;
        let check = found.filter(usable).ok_or_else(refused)?;
        let credential = check.credential;
        let actor = Actor::Credential(credential.client_id);
        Ok(OpContext::verified(credential.tenant, actor, credential.role, request_id, user_agent))
    }

    fn verify(&self, token: &str) -> Option<Claims> {
        // The header only names the key; the algorithm is ours.
        let header = jsonwebtoken::decode_header(token).ok()?;
        let key = self.keys.find(header.kid.as_deref()?)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.leeway = 0;
        jsonwebtoken::decode::<Claims>(token, &key.verifying, &validation).ok().map(|data| data.claims)
    }

    async fn touch(&self, check: &CredentialCheck, at: Instant) -> Result<()> {
        let recent = check.credential.last_used_at.is_some_and(|last| at.0 - last.0 < TOUCH_INTERVAL);
        if recent {
            return Ok(());
        }
        let scope = self.store.write_global().await?;
        scope.touch_credential(&check.credential.client_id, at).await?;
        scope.commit().await
    }
}

fn usable(check: &CredentialCheck) -> bool {
    !check.credential.revoked && check.tenant_status == TenantStatus::Active
}
