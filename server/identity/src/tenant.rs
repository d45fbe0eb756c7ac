//! Tenants: made, listed, suspended, resumed and limited by the operator, who reads nothing of what is in them.

use portolan_foundation::secrets::random_token;
use portolan_schema::{Code, Error, Instant, Pointer, Problem, Problems, Result};
use portolan_store::identity::{AuditAction, NewAccount, Tenant, TenantLimits, TenantStatus};
use portolan_store::{Actor, GlobalScope, Role, TenantId};
use secrecy::SecretString;
use serde_json::json;

use crate::audit::Entry;
use crate::people::active;
use crate::throttle::Subject;
use crate::{Identity, Origin, Refused, check_name, email};

/// Longest slug: it is used as a DNS label.
const MAX_SLUG: usize = 63;
/// What the operator can allow a request's body, in bytes: it is held in memory as a whole.
const MAX_BODY_BYTES: u32 = 64 << 20;
const OPERATOR: &str = "system:operator";

#[derive(Debug, Clone)]
pub struct NewTenantRequest {
    /// Lower-case letters, digits and `-`, 1 to 63 characters, beginning with a letter or digit.
    pub slug: String,
    /// None: the slug.
    pub title: Option<String>,
    pub admin_email: String,
}

/// A tenant that was made, with the secrets that are shown this once.
pub struct NewTenant {
    pub tenant: Tenant,
    pub admin_email: String,
    /// None where the account existed already and keeps its password.
    pub admin_password: Option<String>,
    pub client_id: String,
    pub client_secret: String,
}

impl Identity {
    /// Lets the operator in.
    ///
    /// # Errors
    /// `NOT_FOUND` where there is no operator's token; `UNAUTHENTICATED`; [`Refused::TooMany`].
    pub fn check_operator(&self, token: &str, origin: &Origin) -> Result<(), Refused> {
        let Some(operator) = &self.settings.operator else {
            return Err(Error::problem(Code::NotFound, "there is nothing at this address").into());
        };
        let subjects: Vec<Subject> = origin.address.map(Subject::Address).into_iter().collect();
        // A right token is never refused for the failures of others: it is too long to be guessed.
        if operator.is(token) {
            return Ok(());
        }
        if let Some(seconds) = self.throttle.wait(&subjects, self.now()) {
            return Err(Refused::TooMany { seconds });
        }
        self.throttle.fail(&subjects, self.now());
        Err(Error::problem(Code::Unauthenticated, "the operator's token is missing or wrong").into())
    }

    /// Makes a tenant with an admin and an Admin credential.
    ///
    /// # Errors
    /// `ALREADY_EXISTS`; `INVALID_VALUE` for a bad slug, title or e-mail.
    pub async fn create_tenant(&self, request: &NewTenantRequest) -> Result<NewTenant> {
        let mut problems = Problems::default();
        problems.extend(check_slug(&request.slug, "slug").err());
        problems.extend(check_name(request.title.as_deref(), "title").err());
        let email = match email::normal(&request.admin_email, "adminEmail") {
            Ok(email) => email,
            Err(problem) => {
                problems.extend([problem]);
                String::new()
            }
        };
        problems.into_result(())?;
        let password = random_token(15);
        let password_hash = self.passwords.hash(&SecretString::from(password.as_str())).await?;
        let first = self.store.reserve_ids(3).await?;
        let mut recorder = self.recorder(OPERATOR, &Origin::host(), 2).await?;
        let at = self.now();
        let tenant = new_tenant(TenantId(first), &request.slug, request.title.as_deref(), at);
        let scope = self.store.write_global().await?;
        scope.create_tenant(&tenant).await?;
        let account = NewAccount { id: first + 1, email: email.clone(), name: None, password_hash };
        let (account, is_new) = scope.ensure_account(&account, at).await?;
        let name = scope.account_by_email(&email).await?.and_then(|account| account.name);
        scope.add_membership(tenant.id, account, Role::Admin, at).await?;
        let issued = crate::credential::add(&scope, tenant.id, "admin", Role::Admin, OPERATOR, at).await?;
        let made = Entry::new(AuditAction::TenantCreated, tenant.slug.clone(), None);
        recorder.record(&scope, tenant.id, made).await?;
        let joined = Some(json!({"role": Role::Admin.as_str()}));
        recorder
            .record(&scope, tenant.id, Entry::new(AuditAction::MemberJoined, email.clone(), joined))
            .await?;
        let person = active(email.clone(), name, Role::Admin);
        self.commit_tenant(scope, tenant.id, Actor::System("operator"), first + 2, &person).await?;
        let tenant = self.tenant(tenant.id).await?;
        Ok(NewTenant {
            tenant,
            admin_email: email,
            admin_password: is_new.then_some(password),
            client_id: issued.credential.client_id,
            client_secret: issued.client_secret,
        })
    }

    /// All tenants, by slug.
    pub async fn tenants(&self) -> Result<Vec<Tenant>> {
        self.store.read_global().await?.tenants().await
    }

    pub async fn tenant_by_slug(&self, slug: &str) -> Result<Option<Tenant>> {
        self.store.read_global().await?.tenant_by_slug(slug).await
    }

    pub async fn tenant(&self, id: TenantId) -> Result<Tenant> {
        let found = self.store.read_global().await?.tenant(id).await?;
        found.ok_or_else(|| Error::not_found("the tenant"))
    }

    /// # Errors
    /// `NOT_FOUND`.
    pub async fn required_tenant(&self, slug: &str) -> Result<Tenant> {
        self.tenant_by_slug(slug).await?.ok_or_else(|| missing(slug))
    }

    /// Suspends or resumes; a suspended tenant's tokens and sessions are refused at once.
    ///
    /// # Errors
    /// `NOT_FOUND`; `INVALID_VALUE` for the status of a deletion, which [`Identity::delete_tenant`] gives.
    pub async fn set_tenant_status(&self, slug: &str, status: TenantStatus) -> Result<()> {
        let change = TenantChange { status: Some(status), ..TenantChange::default() };
        self.change_tenant(slug, &change, &Origin::host()).await.map(drop)
    }

    /// Changes what is named.
    ///
    /// # Errors
    /// `NOT_FOUND`; `INVALID_VALUE`.
    pub async fn change_tenant(&self, slug: &str, change: &TenantChange, origin: &Origin) -> Result<Tenant> {
        let mut problems = Problems::default();
        problems.extend(check_name(change.title.as_deref(), "title").err());
        problems.extend(change.limits.check());
        if change.status == Some(TenantStatus::Deleting) {
            let message = "a tenant is ACTIVE or SUSPENDED; DELETE removes it";
            problems.add(Code::InvalidValue, Pointer::root().key("status"), message);
        }
        problems.into_result(())?;
        let mut recorder = self.recorder(OPERATOR, origin, 2).await?;
        let scope = self.store.write_global().await?;
        let before = scope.tenant_by_slug(slug).await?.ok_or_else(|| missing(slug))?;
        scope.lock_tenant(before.id).await?;
        self.apply(&scope, &before, change, &mut recorder).await?;
        let after = scope.tenant(before.id).await?.ok_or_else(|| missing(slug))?;
        scope.commit().await?;
        Ok(after)
    }

    async fn apply(
        &self,
        scope: &GlobalScope,
        before: &Tenant,
        change: &TenantChange,
        recorder: &mut crate::audit::Recorder,
    ) -> Result<()> {
        let slug = before.slug.as_str();
        let found = |found: bool| if found { Ok(()) } else { Err(missing(slug)) };
        if let Some(title) = &change.title {
            found(scope.set_tenant_title(slug, title).await?)?;
        }
        if let Some(status) = change.status {
            found(scope.set_tenant_status(slug, status).await?)?;
            if status != before.status {
                let action = match status {
                    TenantStatus::Active => AuditAction::TenantResumed,
                    _ => AuditAction::TenantSuspended,
                };
                recorder.record(scope, before.id, Entry::new(action, before.slug.clone(), None)).await?;
            }
        }
        let limits = change.limits.apply(before.limits);
        if limits != before.limits {
            found(scope.set_tenant_limits(before.id, limits).await?)?;
            let details = Some(json!({"before": before.limits, "after": limits}));
            let entry = Entry::new(AuditAction::TenantLimitsChanged, before.slug.clone(), details);
            recorder.record(scope, before.id, entry).await?;
        }
        Ok(())
    }
}

/// What the operator changes of a tenant; None leaves it.
#[derive(Debug, Clone, Default)]
pub struct TenantChange {
    pub title: Option<String>,
    pub status: Option<TenantStatus>,
    pub limits: LimitsChange,
}

/// What the operator changes of a tenant's limits: `Some(None)` goes back to the server's default, None leaves it.
#[derive(Debug, Clone, Copy, Default)]
pub struct LimitsChange {
    pub requests_per_minute: Option<Option<u32>>,
    pub body_bytes: Option<Option<u32>>,
    pub query_cost: Option<Option<u32>>,
    pub entities: Option<Option<u32>>,
}

impl LimitsChange {
    fn apply(self, before: TenantLimits) -> TenantLimits {
        TenantLimits {
            requests_per_minute: self.requests_per_minute.unwrap_or(before.requests_per_minute),
            body_bytes: self.body_bytes.unwrap_or(before.body_bytes),
            query_cost: self.query_cost.unwrap_or(before.query_cost),
            entities: self.entities.unwrap_or(before.entities),
        }
    }

    /// A limit of nothing would only be a way to suspend.
    fn check(self) -> Problems {
        let mut problems = Problems::default();
        for (key, value, range) in [
            ("requestsPerMinute", self.requests_per_minute, 1..=u32::MAX),
            ("bodyBytes", self.body_bytes, 1_024..=MAX_BODY_BYTES),
            ("queryCost", self.query_cost, 1..=u32::MAX),
        ] {
            if value.flatten().is_some_and(|value| !range.contains(&value)) {
                let message = format!("{key} is from {} to {}", range.start(), range.end());
                problems.add(Code::InvalidValue, Pointer::root().key("limits").key(key), message);
            }
        }
        problems
    }
}

pub(crate) fn new_tenant(id: TenantId, slug: &str, title: Option<&str>, at: Instant) -> Tenant {
    Tenant {
        id,
        slug: slug.to_owned(),
        title: title.unwrap_or(slug).to_owned(),
        status: TenantStatus::Active,
        created_at: at,
        limits: TenantLimits::default(),
        model_revision: 0,
    }
}

pub(crate) fn missing(slug: &str) -> Error {
    Error::not_found(format!("the tenant \"{slug}\""))
}

/// Checks a slug at `/{key}`.
pub(crate) fn check_slug(slug: &str, key: &str) -> Result<(), Problem> {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !slug.is_empty() && slug.len() <= MAX_SLUG && slug.bytes().all(good) && !slug.starts_with('-') {
        return Ok(());
    }
    let message =
        format!("a slug has 1 to {MAX_SLUG} lower-case letters, digits and -, and does not begin with -");
    Err(Problem::new(Code::InvalidValue, Pointer::root().key(key), message))
}
