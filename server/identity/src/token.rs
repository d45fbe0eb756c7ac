//! Access tokens: signed for three hours, checked against the database at every request.

use jsonwebtoken::{Algorithm, Header, Validation};
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
        let header = jsonwebtoken::decode_header(token).map_err(|_| refused())?;
        let kid = header.kid.ok_or_else(refused)?;
        let claims = self.verify(token, &kid).await?.ok_or_else(refused)?;
        let found = self.store.read_global().await?.credential_check(&claims.sub, &kid).await?;
        let check = found.filter(|check| usable(check) && check.key_is_known).ok_or_else(refused)?;
        wanted.refuse_other(&check.tenant.slug)?;
        let credential = check.credential;
        let actor = Actor::Credential(credential.client_id);
        Ok(self.caller(&check.tenant, actor, credential.role, origin))
    }

    async fn verify(&self, token: &str, kid: &str) -> Result<Option<Claims>> {
        let keys = self.verifying_keys(kid).await?;
        // The header only names the key; the algorithm is ours.
        let Some(key) = keys.find(kid) else { return Ok(None) };
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The time is ours too, and is compared below.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &key.verifying, &validation);
        let seconds = self.now().0.div_euclid(MICROS);
        Ok(claims.ok().map(|data| data.claims).filter(|claims| claims.exp > seconds))
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
