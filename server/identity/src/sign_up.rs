//! Signing up: a tenant with its first admin, where the operator allows it.

use portolan_schema::{Code, Error, Problems, Result};
use portolan_store::identity::{Account, AuditAction};
use portolan_store::{Actor, Role, TenantId};
use secrecy::SecretString;
use serde_json::json;

use crate::audit::Entry;
use crate::people::active;
use crate::sign_in::{Browser, SignedIn};
use crate::tenant::{check_slug, new_tenant};
use crate::throttle::Subject;
use crate::{Identity, Origin, Refused, check_name, email, password};

/// What a person gives to begin.
pub struct SignUp {
    /// The tenant's slug.
    pub tenant: String,
    /// None: the slug.
    pub title: Option<String>,
    pub email: String,
    pub password: SecretString,
    pub name: Option<String>,
}

impl Identity {
    /// Makes a tenant and its first admin, and signs in. Where there is an account with the e-mail, its password is asked
    /// for. No e-mail is sent: an address is believed.
    ///
    /// # Errors
    /// `FORBIDDEN` where the operator does not allow it; `ALREADY_EXISTS` where the slug is taken; `INVALID_VALUE`; as
    /// [`Identity::sign_in`] for the password of an account that there is; [`Refused::TooMany`] for many tenants from one
    /// address.
    pub async fn sign_up(
        &self,
        request: &SignUp,
        browser: &Browser,
        origin: &Origin,
    ) -> Result<SignedIn, Refused> {
        if !self.settings.sign_up {
            let message = "the operator of this server makes the tenants; sign-up is off";
            return Err(Error::problem(Code::Forbidden, message).into());
        }
        let subjects: Vec<Subject> = origin.address.map(Subject::SignUp).into_iter().collect();
        if let Some(seconds) = self.throttle.wait(&subjects, self.now()) {
            return Err(Refused::TooMany { seconds });
        }
        let email = check(request)?;
        let taken = self.tenant_by_slug(&request.tenant).await?.is_some();
        if taken {
            let path = portolan_schema::Pointer::root().key("tenant");
            let message = format!("there is a tenant \"{}\" already", request.tenant);
            return Err(Error::at(Code::AlreadyExists, path, message).into());
        }
        let known = self.store.read_global().await?.account_by_email(&email).await?;
        let first = self.store.reserve_ids(3).await?;
        let proof = match known {
            Some(_) => self.prove(&email, &request.password, browser, origin).await?,
            None => {
                let hash = self.passwords.hash(&request.password).await?;
                let account = Account {
                    id: first + 1,
                    email: email.clone(),
                    name: request.name.clone(),
                    password_hash: Some(hash.clone()),
                    active: true,
                };
                self.proven(account, hash, browser)?
            }
        };
        let mut recorder = self.recorder(&email, origin, 3).await?;
        let at = self.now();
        let tenant = new_tenant(TenantId(first), &request.tenant, request.title.as_deref(), at);
        let scope = self.store.write_global().await?;
        scope.create_tenant(&tenant).await?;
        let proof = self.keep_account(&scope, proof).await?;
        scope.add_membership(tenant.id, proof.account.id, Role::Admin, at).await?;
        let signed_in = self.begin_session(&scope, &proof, browser, origin).await?;
        let role = Some(json!({"role": Role::Admin.as_str()}));
        for (action, target, details) in [
            (AuditAction::TenantCreated, tenant.slug.clone(), None),
            (AuditAction::MemberJoined, email.clone(), role),
            (AuditAction::SignedIn, email.clone(), None),
        ] {
            recorder.record(&scope, tenant.id, Entry::new(action, target, details)).await?;
        }
        let account = &proof.account;
        let person = active(account.email.clone(), account.name.clone(), Role::Admin);
        self.commit_tenant(scope, tenant.id, Actor::Account(email), first + 2, &person).await?;
        self.throttle.fail(&subjects, self.now());
        Ok(signed_in)
    }
}

/// Answers the e-mail as it is kept.
fn check(request: &SignUp) -> Result<String, Problems> {
    let mut problems = Problems::default();
    problems.extend(check_slug(&request.tenant, "tenant").err());
    problems.extend(check_name(request.title.as_deref(), "title").err());
    problems.extend(check_name(request.name.as_deref(), "name").err());
    problems.extend(password::check(&request.password, "password").err());
    match email::normal(&request.email, "email") {
        Ok(email) => problems.into_result(email),
        Err(problem) => {
            problems.extend([problem]);
            Err(problems)
        }
    }
}
