//! Tenants: made, listed, suspended and resumed by the operator.

use argon2::{Argon2, PasswordHasher};
use portolan_foundation::secrets::random_token;
use portolan_schema::{Code, Error, Pointer, Problems, Result};
use portolan_store::identity::{NewAccount, Tenant, TenantStatus};
use portolan_store::{Role, TenantId};

use crate::{Identity, now};

/// Longest slug: it is used as a DNS label.
const MAX_SLUG: usize = 63;
const MAX_EMAIL: usize = 254;

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
    /// Makes a tenant with an admin and an Admin credential.
    ///
    /// # Errors
    /// `ALREADY_EXISTS`; `INVALID_VALUE` for a bad slug or e-mail.
    pub async fn create_tenant(&self, request: &NewTenantRequest) -> Result<NewTenant> {
        check(request)?;
        let password = random_token(15);
        let password_hash = hash_password(password.clone()).await?;
        let first = self.store.reserve_ids(2).await?;
        let (id, at) = (TenantId(first), now());
        let tenant = Tenant {
            id,
            slug: request.slug.clone(),
            title: request.title.clone().unwrap_or_else(|| request.slug.clone()),
            status: TenantStatus::Active,
            created_at: at,
        };
        // The head comes first: a tenant that can be found is whole.
        let scope = self.store.write(id).await?;
        scope.create_head().await?;
        scope.commit().await?;
        let scope = self.store.write_global().await?;
        scope.create_tenant(&tenant).await?;
        let account = NewAccount { id: first + 1, email: request.admin_email.to_lowercase(), password_hash };
        let (account, is_new) = scope.ensure_account(&account, at).await?;
        scope.set_membership(id, account, Role::Admin, at).await?;
        let issued = crate::credential::add(&scope, id, "admin", Role::Admin, "system:operator").await?;
        scope.commit().await?;
        Ok(NewTenant {
            tenant,
            admin_email: request.admin_email.clone(),
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

    /// Suspends or resumes; a suspended tenant's tokens are refused at once.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn set_tenant_status(&self, slug: &str, status: TenantStatus) -> Result<()> {
        let scope = self.store.write_global().await?;
        if !scope.set_tenant_status(slug, status).await? {
            return Err(Error::not_found(format!("the tenant \"{slug}\"")));
        }
        scope.commit().await
    }
}

fn check(request: &NewTenantRequest) -> Result<()> {
    let mut problems = Problems::default();
    let slug = &request.slug;
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if slug.is_empty() || slug.len() > MAX_SLUG || !slug.bytes().all(good) || slug.starts_with('-') {
        let message =
            format!("a slug has 1 to {MAX_SLUG} lower-case letters, digits and -, and does not begin with -");
        problems.add(Code::InvalidValue, Pointer::root().key("slug"), message);
    }
    let email = &request.admin_email;
    let parts: Vec<&str> = email.split('@').collect();
    let sound = parts.len() == 2 && parts.iter().all(|part| !part.is_empty());
    if !sound
        || email.len() > MAX_EMAIL
        || email.contains(|char: char| char.is_whitespace() || char.is_control())
    {
        problems.add(Code::InvalidValue, Pointer::root().key("adminEmail"), "this is not an e-mail address");
    }
    problems.into_result(()).map_err(Error::from)
}

/// Takes about 20 ms of a core, so it runs beside the async threads.
async fn hash_password(password: String) -> Result<String> {
    let hash = tokio::task::spawn_blocking(move || {
        Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string())
    });
    hash.await.map_err(Error::internal)?.map_err(|error| Error::internal(error.to_string()))
}
