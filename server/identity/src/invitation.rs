//! Invitations: a one-time link makes its reader a member.

use portolan_foundation::secrets::hash_secret;
use portolan_schema::{Code, Error, Pointer, Problems, Result};
use portolan_store::identity::{Account, AuditAction, NewAccount, OneTimeLink, Tenant, TenantStatus};
use portolan_store::{Actor, Role};
use secrecy::SecretString;
use serde_json::json;

use crate::audit::Entry;
use crate::one_time_link::gone;
use crate::sign_in::{Browser, Proof, SignedIn};
use crate::{Identity, Member, Origin, Refused, check_name, password};

/// What an invitation says to who holds its link.
pub struct InvitationView {
    pub email: String,
    pub role: Role,
    pub tenant: Tenant,
    /// Whether the present password is asked for, rather than a new one.
    pub has_account: bool,
}

/// What a person answers.
pub struct Acceptance {
    pub token: String,
    /// A new password, or the one of the account that there is.
    pub password: SecretString,
    /// For a new account.
    pub name: Option<String>,
}

impl Identity {
    /// What an invitation is for.
    ///
    /// # Errors
    /// `NOT_FOUND` for every link that cannot be used.
    pub async fn invitation(&self, token: &str) -> Result<InvitationView> {
        let (link, tenant, role) = self.open_invitation(token).await?;
        let account = self.store.read_global().await?.account_by_email(&link.email).await?;
        Ok(InvitationView { email: link.email, role, tenant, has_account: account.is_some() })
    }

    /// Makes who holds the link a member, and signs in. A link that somebody else reads opens no account: where there is
    /// one already, its password is asked for.
    ///
    /// # Errors
    /// `NOT_FOUND` for every link that cannot be used; `INVALID_VALUE` for a new password or name; as
    /// [`Identity::sign_in`] for the password of an account that there is.
    pub async fn accept_invitation(
        &self,
        acceptance: &Acceptance,
        browser: &Browser,
        origin: &Origin,
    ) -> Result<SignedIn, Refused> {
        let (link, tenant, role) = self.open_invitation(&acceptance.token).await?;
        let known = self.store.read_global().await?.account_by_email(&link.email).await?;
        let proof = match known {
            Some(_) => self.prove(&link.email, &acceptance.password, browser, origin).await?,
            None => self.new_account(&link.email, acceptance, browser).await?,
        };
        let mut recorder = self.recorder(&link.email, origin, 2).await?;
        let id = self.store.reserve_ids(1).await?;
        let at = self.now();
        let scope = self.store.write_global().await?;
        scope.lock_tenant(tenant.id).await?;
        let present = scope.tenant(tenant.id).await?;
        let is_served = present.is_some_and(|tenant| tenant.status == TenantStatus::Active);
        if !is_served || !scope.use_link(&hash_secret(&acceptance.token)).await? {
            return Err(gone().into());
        }
        let proof = self.keep_account(&scope, proof).await?;
        let is_new = scope.add_membership(tenant.id, proof.account.id, role, at).await?;
        let signed_in = self.begin_session(&scope, &proof, browser, origin).await?;
        if is_new {
            let details = json!({"role": role.as_str(), "invitedBy": link.created_by});
            let entry = Entry::new(AuditAction::MemberJoined, link.email.clone(), Some(details));
            recorder.record(&scope, tenant.id, entry).await?;
        }
        recorder.record(&scope, tenant.id, Entry::new(AuditAction::SignedIn, link.email, None)).await?;
        // A membership that there was keeps its role.
        let member = scope.member(tenant.id, proof.account.id).await?;
        let member: Member = member.ok_or_else(|| Error::internal("a membership vanished"))?.into();
        let by = Actor::Account(proof.account.email.clone());
        self.commit_member(scope, tenant.id, by, id, &member.person(member.role)).await?;
        Ok(signed_in)
    }

    async fn open_invitation(&self, token: &str) -> Result<(OneTimeLink, Tenant, Role)> {
        let scope = self.store.read_global().await?;
        let link = self.live_link(&scope, token, true).await?;
        let (tenant, role) = link.invitation.ok_or_else(gone)?;
        let tenant = scope.tenant(tenant).await?;
        let tenant = tenant.filter(|tenant| tenant.status == TenantStatus::Active).ok_or_else(gone)?;
        Ok((link, tenant, role))
    }

    /// An account that is made later, in the transaction.
    async fn new_account(
        &self,
        email: &str,
        acceptance: &Acceptance,
        browser: &Browser,
    ) -> Result<Proof, Refused> {
        let mut problems = Problems::default();
        problems.extend(password::check(&acceptance.password, "password").err());
        problems.extend(check_name(acceptance.name.as_deref(), "name").err());
        problems.into_result(())?;
        let hash = self.passwords.hash(&acceptance.password).await?;
        let account = Account {
            id: self.store.reserve_ids(1).await?,
            email: email.to_owned(),
            name: acceptance.name.clone(),
            password_hash: Some(hash.clone()),
            active: true,
        };
        Ok(self.proven(account, hash, browser)?)
    }

    /// Makes the account of a proof, unless it is there.
    ///
    /// # Errors
    /// `CONFLICT` where another request made one meanwhile: its password is not ours.
    pub(crate) async fn keep_account(
        &self,
        scope: &portolan_store::GlobalScope,
        proof: Proof,
    ) -> Result<Proof> {
        let account = &proof.account;
        let new = NewAccount {
            id: account.id,
            email: account.email.clone(),
            name: account.name.clone(),
            password_hash: proof.hash.clone(),
        };
        let (id, _) = scope.ensure_account(&new, self.now()).await?;
        if id == account.id {
            return Ok(proof);
        }
        let message = "an account with this e-mail was made at this moment; try again with its password";
        Err(Error::at(Code::Conflict, Pointer::root().key("email"), message))
    }
}
