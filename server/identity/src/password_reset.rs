//! Resets: the operator hands out a one-time link that sets a new password.

use portolan_foundation::secrets::hash_secret;
use portolan_schema::{Error, Problems, Result};
use portolan_store::identity::AuditAction;
use secrecy::SecretString;

use crate::audit::Entry;
use crate::one_time_link::{Link, gone};
use crate::sign_in::tenants_of;
use crate::{Identity, Origin, email, password};

impl Identity {
    /// Makes a link for who forgot the password; the operator's right. It replaces the ones before it.
    ///
    /// # Errors
    /// `NOT_FOUND` where there is no such account.
    pub async fn new_password_reset(&self, email: &str) -> Result<Link> {
        let email = email::plain(email);
        let account = self.store.read_global().await?.account_by_email(&email).await?;
        let account = account.ok_or_else(|| Error::not_found(format!("the account \"{email}\"")))?;
        let id = self.store.reserve_ids(1).await?;
        let scope = self.store.write_global().await?;
        let link = self.new_link(&scope, id, &account.email, None, "system:operator").await?;
        scope.commit().await?;
        Ok(link)
    }

    /// Whose password a link sets.
    ///
    /// # Errors
    /// `NOT_FOUND` for every link that cannot be used.
    pub async fn password_reset(&self, token: &str) -> Result<String> {
        let scope = self.store.read_global().await?;
        Ok(self.live_link(&scope, token, false).await?.email)
    }

    /// Sets a new password. All sessions of the account end. Answers the mark of this browser, by which its owner is counted
    /// apart from others who guess.
    ///
    /// # Errors
    /// `NOT_FOUND` for every link that cannot be used; `INVALID_VALUE` for the password, which leaves the link good.
    pub async fn reset_password(
        &self,
        token: &str,
        password: &SecretString,
        origin: &Origin,
    ) -> Result<String> {
        let scope = self.store.read_global().await?;
        let link = self.live_link(&scope, token, false).await?;
        let account = scope.account_by_email(&link.email).await?.ok_or_else(gone)?;
        let tenants = tenants_of(&scope.memberships_of(account.id, None).await?);
        drop(scope);
        let mut problems = Problems::default();
        problems.extend(password::check(password, "password").err());
        problems.into_result(())?;
        let hash = self.passwords.hash(password).await?;
        let mut recorder = self.recorder(&account.email, origin, tenants.len()).await?;
        let mark = self.new_mark(&account.email)?;
        let scope = self.store.write_global().await?;
        if !scope.use_link(&hash_secret(token)).await? {
            return Err(gone());
        }
        scope.set_password(account.id, &hash).await?;
        scope.delete_sessions_of(account.id).await?;
        for tenant in tenants {
            let details = Some(serde_json::json!({"by": "one-time link"}));
            let entry = Entry::new(AuditAction::PasswordChanged, account.email.clone(), details);
            recorder.record(&scope, tenant, entry).await?;
        }
        scope.commit().await?;
        Ok(mark)
    }
}
