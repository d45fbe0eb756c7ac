//! Sessions: signed-in browsers. What a session may do is read anew at every request.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portolan_foundation::secrets::{hash_secret, secret_matches};
use portolan_schema::{Code, Error, Instant, Pointer, Problems, Result};
use portolan_store::Actor;
use portolan_store::identity::{AccountMembership, AuditAction, Session, TenantStatus};
use secrecy::SecretString;

use crate::audit::Entry;
use crate::caller::{Caller, Wanted};
use crate::sign_in::{Browser, Proof, SignedIn, tenants_of};
use crate::{Identity, Origin, Refused, after, password};

/// `seen_at` moves at most this often, in microseconds.
const TOUCH_INTERVAL: i64 = 60_000_000;

/// A session with what its account may enter.
pub struct OpenSession {
    pub session: Session,
    pub memberships: Vec<AccountMembership>,
    /// To be sent back with every change.
    pub csrf_token: String,
}

impl Identity {
    /// The session of a cookie.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` where there is none, or its time is over.
    pub async fn session(&self, token: &str) -> Result<OpenSession> {
        let session = self.live_session(token).await?;
        let memberships = self.store.read_global().await?.memberships_of(session.account, None).await?;
        Ok(OpenSession { session, memberships, csrf_token: csrf_token(token) })
    }

    /// Who asks by a cookie. `csrf` is what the request showed beside the cookie; None for a request that changes nothing.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`; `CSRF_TOKEN_INVALID`; `REQUIRED` where the account has several tenants and none is named;
    /// `NOT_FOUND` where it is no member of the one named; `FORBIDDEN` where that one is suspended, or there is none.
    pub async fn authenticate_session(
        &self,
        token: &str,
        csrf: Option<&str>,
        wanted: &Wanted,
        origin: &Origin,
    ) -> Result<Caller> {
        let session = self.live_session(token).await?;
        if let Some(csrf) = csrf {
            check_csrf(token, csrf)?;
        }
        let scope = self.store.read_global().await?;
        let mut found = scope.memberships_of(session.account, wanted.tenant.as_deref()).await?;
        drop(scope);
        if found.len() > 1 {
            let message = "the account belongs to several tenants; X-Portolan-Tenant must name one";
            return Err(Error::problem(Code::Required, message));
        }
        let Some(membership) = found.pop() else {
            return Err(match &wanted.tenant {
                Some(slug) => Error::not_found(format!("the tenant \"{slug}\"")),
                None => Error::problem(Code::Forbidden, "the account belongs to no tenant"),
            });
        };
        if membership.tenant.status != TenantStatus::Active {
            let message = format!("the tenant \"{}\" is suspended", membership.tenant.slug);
            return Err(Error::problem(Code::Forbidden, message));
        }
        let actor = Actor::Account(session.email);
        Ok(self.caller(&membership.tenant, actor, membership.role, origin))
    }

    /// Ends a session; one that is over already is no error.
    ///
    /// # Errors
    /// `CSRF_TOKEN_INVALID`.
    pub async fn sign_out(&self, token: &str, csrf: &str) -> Result<()> {
        if self.live_session(token).await.is_ok() {
            check_csrf(token, csrf)?;
        }
        let scope = self.store.write_global().await?;
        scope.delete_session(&hash_secret(token)).await?;
        scope.commit().await
    }

    /// Changes the password of who is signed in. All sessions of the account end; a new one begins for this browser.
    ///
    /// # Errors
    /// As [`Identity::sign_in`] for the present password; `INVALID_VALUE` for the new one; `CSRF_TOKEN_INVALID`.
    pub async fn change_password(
        &self,
        csrf: &str,
        present: &SecretString,
        new: &SecretString,
        browser: &Browser,
        origin: &Origin,
    ) -> Result<SignedIn, Refused> {
        let token = browser.session.as_deref().unwrap_or_default();
        let session = self.live_session(token).await?;
        check_csrf(token, csrf)?;
        let mut problems = Problems::default();
        problems.extend(password::check(new, "newPassword").err());
        problems.into_result(())?;
        let proof = self.prove(&session.email, present, browser, origin).await?;
        let hash = self.passwords.hash(new).await?;
        self.set_password(proof, hash, browser, origin).await.map_err(Refused::Error)
    }

    async fn set_password(
        &self,
        proof: Proof,
        hash: String,
        browser: &Browser,
        origin: &Origin,
    ) -> Result<SignedIn> {
        let account = proof.account.clone();
        let memberships = self.store.read_global().await?.memberships_of(account.id, None).await?;
        let tenants = tenants_of(&memberships);
        let mut recorder = self.recorder(&account.email, origin, tenants.len()).await?;
        let new = self.proven(account.clone(), hash.clone(), browser)?;
        let scope = self.store.write_global().await?;
        if !scope.record_sign_in(account.id, &proof.hash, self.now()).await? {
            return Err(crate::sign_in::wrong());
        }
        scope.set_password(account.id, &hash).await?;
        scope.delete_sessions_of(account.id).await?;
        let signed_in = self.begin_session(&scope, &new, browser, origin).await?;
        for tenant in tenants {
            let entry = Entry::new(AuditAction::PasswordChanged, account.email.clone(), None);
            recorder.record(&scope, tenant, entry).await?;
        }
        scope.commit().await?;
        Ok(signed_in)
    }

    async fn live_session(&self, token: &str) -> Result<Session> {
        let refused = || Error::problem(Code::Unauthenticated, "there is no such session, or it is over");
        if token.is_empty() {
            return Err(refused());
        }
        let hash = hash_secret(token);
        let found = self.store.read_global().await?.session(&hash).await?;
        let at = self.now();
        let live = |session: &Session| {
            session.ends_at > at && after(session.seen_at, self.settings.session_idle) > at
        };
        let session = found.filter(live).ok_or_else(refused)?;
        if at.0 - session.seen_at.0 >= TOUCH_INTERVAL {
            self.touch_session(&hash, at).await;
        }
        Ok(session)
    }

    /// A read must not fail because this cannot be written.
    async fn touch_session(&self, hash: &[u8], at: Instant) {
        let written = async {
            let scope = self.store.write_global().await?;
            scope.touch_session(hash, at).await?;
            scope.commit().await
        };
        if let Err(error) = written.await {
            tracing::warn!(error = ?error, "the use of a session could not be noted");
        }
    }
}

/// What proves that a request comes from the portal's own pages: derived from the cookie, which only they can have read.
fn csrf_token(session: &str) -> String {
    URL_SAFE_NO_PAD.encode(hash_secret(&csrf_secret(session)))
}

fn csrf_secret(session: &str) -> String {
    format!("csrf token of {session}")
}

fn check_csrf(session: &str, given: &str) -> Result<()> {
    let given = URL_SAFE_NO_PAD.decode(given).unwrap_or_default();
    if secret_matches(&csrf_secret(session), &given) {
        return Ok(());
    }
    let message = "the header X-CSRF-Token is missing or not the one of GET /api/session";
    Err(Error::at(Code::CsrfTokenInvalid, Pointer::root(), message))
}
