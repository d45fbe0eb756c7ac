//! Signing in: an e-mail and a password become a session.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portolan_foundation::secrets::{hash_secret, random_token};
use portolan_schema::{Code, Error, Instant, Result};
use portolan_store::identity::{Account, AccountMembership, AuditAction, NewSession};
use portolan_store::{GlobalScope, TenantId};
use secrecy::SecretString;

use crate::audit::{Entry, Recorder, record_later};
use crate::throttle::Subject;
use crate::{Identity, Origin, Refused, after, email, password};

/// What the browser's cookies said.
#[derive(Debug, Clone, Default)]
pub struct Browser {
    /// The session that a new one takes the place of.
    pub session: Option<String>,
    /// The mark of a browser that signed in before.
    pub mark: Option<String>,
}

/// A session that began.
pub struct SignedIn {
    /// The cookie's value, which nobody can read again.
    pub token: String,
    /// To be kept by the browser beyond the session: its own failures are counted apart from those of others.
    pub mark: String,
}

/// A password that was right, for the moment in which it is used.
pub(crate) struct Proof {
    pub account: Account,
    pub hash: String,
    mark: String,
}

impl Identity {
    /// Begins a session.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, with one message whether the e-mail is unknown or the password wrong;
    /// [`Refused::TooMany`] after failures of this account, browser or address.
    pub async fn sign_in(
        &self,
        email: &str,
        password: &SecretString,
        browser: &Browser,
        origin: &Origin,
    ) -> Result<SignedIn, Refused> {
        let proof = self.prove(email, password, browser, origin).await?;
        let memberships = self.store.read_global().await?.memberships_of(proof.account.id, None).await?;
        let tenants = tenants_of(&memberships);
        let mut recorder = self.recorder(&proof.account.email, origin, tenants.len()).await?;
        let scope = self.store.write_global().await?;
        let signed_in = self.begin_session(&scope, &proof, browser, origin).await?;
        record_sign_in(&scope, &mut recorder, &proof.account, &tenants).await?;
        scope.commit().await?;
        Ok(signed_in)
    }

    /// Checks a password, slowly where it failed before.
    pub(crate) async fn prove(
        &self,
        email: &str,
        password: &SecretString,
        browser: &Browser,
        origin: &Origin,
    ) -> Result<Proof, Refused> {
        let email = email::plain(email);
        let mark = browser.mark.as_deref().filter(|mark| self.opens(mark, &email));
        let mut subjects = Vec::new();
        match mark {
            Some(mark) => subjects.push(Subject::Browser(mark.to_owned())),
            None => {
                subjects.push(Subject::Account(email.clone()));
                subjects.extend(origin.address.map(Subject::Address));
            }
        }
        let slow = |at: Instant| match self.throttle.wait(&subjects, at) {
            Some(seconds) => Err(Refused::TooMany { seconds }),
            None => Ok(()),
        };
        slow(self.now())?;
        let account = self.store.read_global().await?.account_by_email(&email).await?;
        let account = account.filter(|account| account.active);
        let turn = self.passwords.turn().await?;
        // Others may have failed while this one waited.
        slow(self.now())?;
        let hash = account.as_ref().and_then(|account| account.password_hash.clone());
        let right =
            password::is_possible(password) && self.passwords.verify(password, hash.as_deref()).await?;
        if !right {
            self.throttle.fail(&subjects, self.now());
        }
        drop(turn);
        match (account, hash) {
            (Some(account), Some(hash)) if right => {
                self.throttle.forgive(&subjects[0]);
                let mark = mark.map_or_else(|| self.new_mark(&email), |mark| Ok(mark.to_owned()))?;
                Ok(Proof { account, hash, mark })
            }
            (account, _) => {
                if let Some(account) = account {
                    record_later(self.clone().record_failure(account, origin.clone()));
                }
                tracing::info!(
                    client.address = origin.address_text().as_deref().unwrap_or("-"),
                    request.id = origin.request_id,
                    "a sign-in failed"
                );
                Err(wrong().into())
            }
        }
    }

    async fn record_failure(self, account: Account, origin: Origin) -> Result<()> {
        let tenants = tenants_of(&self.store.read_global().await?.memberships_of(account.id, None).await?);
        self.record_refusal(tenants, account.email, origin, AuditAction::SignInFailed, None).await
    }

    /// Begins a session, provided the password is still the one that was proved. Ends the one it takes the place of.
    pub(crate) async fn begin_session(
        &self,
        scope: &GlobalScope,
        proof: &Proof,
        browser: &Browser,
        origin: &Origin,
    ) -> Result<SignedIn> {
        let at = self.now();
        if !scope.record_sign_in(proof.account.id, &proof.hash, at).await? {
            return Err(wrong());
        }
        if let Some(old) = &browser.session {
            scope.delete_session(&hash_secret(old)).await?;
        }
        let token = random_token(32);
        let session = NewSession {
            token_hash: hash_secret(&token).to_vec(),
            account: proof.account.id,
            at,
            ends_at: after(at, self.settings.session_life),
            address: origin.address_text(),
            user_agent: origin.user_agent_text(),
        };
        scope.create_session(&session).await?;
        Ok(SignedIn { token, mark: proof.mark.clone() })
    }

    /// For an account that was made, or whose password was set, in the scope that is open: nothing is left to prove.
    pub(crate) fn proven(&self, account: Account, hash: String, browser: &Browser) -> Result<Proof> {
        let known = browser.mark.as_deref().filter(|mark| self.opens(mark, &account.email));
        let mark = known.map_or_else(|| self.new_mark(&account.email), |mark| Ok(mark.to_owned()))?;
        Ok(Proof { account, hash, mark })
    }

    /// Marks a browser that knew the password of this account.
    pub(crate) fn new_mark(&self, email: &str) -> Result<String> {
        let text = format!("{}\n{email}", random_token(12));
        Ok(URL_SAFE_NO_PAD.encode(self.sealer.seal(MARK, text.as_bytes())?))
    }

    fn opens(&self, mark: &str, email: &str) -> bool {
        let sealed = URL_SAFE_NO_PAD.decode(mark).ok();
        let text = sealed.and_then(|sealed| self.sealer.open(MARK, &sealed).ok());
        text.is_some_and(|text| text.split(|byte| *byte == b'\n').nth(1) == Some(email.as_bytes()))
    }
}

/// What the mark of a browser is sealed for.
const MARK: &str = "browser-mark";

pub(crate) fn wrong() -> Error {
    Error::problem(Code::Unauthenticated, "the e-mail or the password is wrong")
}

pub(crate) async fn record_sign_in(
    scope: &GlobalScope,
    recorder: &mut Recorder,
    account: &Account,
    tenants: &[TenantId],
) -> Result<()> {
    for tenant in tenants {
        let entry = Entry::new(AuditAction::SignedIn, account.email.clone(), None);
        recorder.record(scope, *tenant, entry).await?;
    }
    Ok(())
}

/// The tenants' ids.
pub(crate) fn tenants_of(memberships: &[AccountMembership]) -> Vec<TenantId> {
    memberships.iter().map(|membership| membership.tenant.id).collect()
}
