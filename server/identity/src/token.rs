//! Access tokens: signed for three hours, checked against the database at every request.

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{Algorithm, Header, Validation};
use moka::future::Cache;
use portolan_foundation::secrets::{hash_secret, secret_matches};
use portolan_schema::{Code, Error, Instant, Result};
use portolan_store::identity::{AuditAction, CredentialCheck, TenantStatus};
use portolan_store::{Actor, OpContext};
use serde::{Deserialize, Serialize};

use crate::audit::{Entry, record_later};
use crate::caller::{Caller, Wanted};
use crate::throttle::Subject;
use crate::{Identity, Origin, Refused};

/// Seconds that a token lives (port-api.md 0.2).
const LIFE: i64 = 10_800;
pub(crate) const LIFE_MICROS: i64 = LIFE * MICROS;
const ISSUER: &str = "portolan";
/// `last_used_at` moves at most this often, in microseconds.
const TOUCH_INTERVAL: i64 = 60_000_000;
const MICROS: i64 = 1_000_000;
/// Most tokens that are remembered; about 300 bytes each.
const MAX_VERIFIED: u64 = 10_000;

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

/// What is remembered of a token whose signature was found right.
pub(crate) struct Verified {
    /// The key that signed it, which may be gone by now.
    kid: String,
    /// The credential's client id.
    client: String,
    /// Seconds since 1970.
    expires: i64,
}

/// Tokens that were verified lately, by their hashes.
pub(crate) type VerifiedTokens = Cache<[u8; 32], Arc<Verified>>;

pub(crate) fn verified_tokens() -> VerifiedTokens {
    Cache::builder().max_capacity(MAX_VERIFIED).time_to_live(Duration::from_secs(LIFE.unsigned_abs())).build()
}

impl Identity {
    /// Exchanges a credential for a token.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, with one message whether the id is unknown, the secret wrong, the credential revoked or the
    /// tenant suspended.
    pub async fn issue_token(&self, client_id: &str, client_secret: &str) -> Result<Token> {
        let token = self.issue_token_to(client_id, client_secret, &Origin::default()).await;
        token.map_err(Refused::into_error)
    }

    /// As [`Identity::issue_token`], for a caller somewhere. Wrong secrets are slowed down by client id and by address; a
    /// right one is never refused for the failures of others: it is too long to be guessed.
    ///
    /// # Errors
    /// [`Refused::TooMany`] for a wrong secret after many others.
    pub async fn issue_token_to(
        &self,
        client_id: &str,
        client_secret: &str,
        origin: &Origin,
    ) -> Result<Token, Refused> {
        let scope = self.store.read_global().await?;
        let found = scope.credential_check(client_id, "").await?;
        let keys = self.signing_keys(&scope).await?;
        drop(scope);
        let right = match &found {
            Some(check) => secret_matches(client_secret, &check.secret_hash) && usable(check),
            None => {
                // As much work as for a known one.
                let _ = secret_matches(client_secret, &hash_secret(client_id));
                false
            }
        };
        let Some(check) = found.as_ref().filter(|_| right) else {
            return Err(self.refuse_token(client_id, found.as_ref(), origin).await);
        };
        let issued = self.now();
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
        let key = keys.signing();
        let header = Header { kid: Some(key.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        let token = jsonwebtoken::encode(&header, &claims, &key.signing).map_err(Error::internal)?;
        self.touch(check, issued, origin).await?;
        Ok(Token { access_token: token, expires_in: LIFE })
    }

    async fn refuse_token(
        &self,
        client_id: &str,
        known: Option<&CredentialCheck>,
        origin: &Origin,
    ) -> Refused {
        let mut subjects = vec![Subject::Client(client_id.to_owned())];
        subjects.extend(origin.address.map(Subject::Address));
        if let Some(seconds) = self.throttle.wait(&subjects, self.now()) {
            return Refused::TooMany { seconds };
        }
        self.throttle.fail(&subjects, self.now());
        if let Some(check) = known {
            let details = serde_json::json!({
                "revoked": check.credential.revoked, "tenant": check.tenant.status.as_str(),
            });
            let tenants = vec![check.tenant.id];
            let action = AuditAction::TokenRefused;
            record_later(self.clone().record_refusal(
                tenants,
                client_id.to_owned(),
                origin.clone(),
                action,
                Some(details),
            ));
        }
        let message = "the client id or secret is wrong, or may not be used";
        Refused::Error(Error::problem(Code::Unauthenticated, message))
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
        let origin = Origin { request_id: request_id.to_owned(), user_agent, address: None };
        Ok(self.authenticate_token(token, &Wanted::default(), &origin).await?.ctx)
    }

    /// As [`Identity::authenticate`], with the tenant's limits.
    ///
    /// # Errors
    /// `NOT_FOUND` where another tenant than the token's is wanted.
    pub async fn authenticate_token(&self, token: &str, wanted: &Wanted, origin: &Origin) -> Result<Caller> {
        let refused =
            || Error::problem(Code::Unauthenticated, "the token is missing, malformed, expired or revoked");
        let verified = self.verify(token).await?.ok_or_else(refused)?;
        let found = self.store.read_global().await?.credential_check(&verified.client, &verified.kid).await?;
        let check = found.filter(|check| usable(check) && check.key_is_known).ok_or_else(refused)?;
        wanted.refuse_other(&check.tenant.slug)?;
        let credential = check.credential;
        let actor = Actor::Credential(credential.client_id);
        Ok(self.caller(&check.tenant, actor, credential.role, origin))
    }

    /// What a genuine token says that has not expired. Its signature is looked at once: what was right stays so.
    async fn verify(&self, token: &str) -> Result<Option<Arc<Verified>>> {
        let hash = hash_secret(token);
        let found = match self.verified.get(&hash).await {
            Some(known) => known,
            None => {
                let Some(found) = self.read(token).await? else { return Ok(None) };
                let found = Arc::new(found);
                self.verified.insert(hash, found.clone()).await;
                found
            }
        };
        let seconds = self.now().0.div_euclid(MICROS);
        Ok(Some(found).filter(|found| found.expires > seconds))
    }

    async fn read(&self, token: &str) -> Result<Option<Verified>> {
        let Some(kid) = jsonwebtoken::decode_header(token).ok().and_then(|header| header.kid) else {
            return Ok(None);
        };
        let keys = self.verifying_keys(&kid).await?;
        // The header only names the key; the algorithm is ours.
        let Some(key) = keys.find(&kid) else { return Ok(None) };
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The time is ours too, and is compared at every request.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &key.verifying, &validation);
        let verified = claims.map(|data| Verified { kid, client: data.claims.sub, expires: data.claims.exp });
        Ok(verified.ok())
    }

    /// Notes that a credential was used, once a minute.
    async fn touch(&self, check: &CredentialCheck, at: Instant, origin: &Origin) -> Result<()> {
        let credential = &check.credential;
        if credential.last_used_at.is_some_and(|last| at.0 - last.0 < TOUCH_INTERVAL) {
            return Ok(());
        }
        let mut recorder = self.recorder(&credential.client_id, origin, 1).await?;
        let scope = self.store.write_global().await?;
        scope.touch_credential(&credential.client_id, at).await?;
        let entry = Entry::new(AuditAction::TokenIssued, credential.client_id.clone(), None);
        recorder.record(&scope, credential.tenant, entry).await?;
        scope.commit().await
    }
}

fn usable(check: &CredentialCheck) -> bool {
    !check.credential.revoked && check.tenant.status == TenantStatus::Active
}
