//! Rows of the global tables: tenants, accounts, memberships, credentials, signing keys.

use portolan_schema::{Code, Error, Instant, Result};
use sea_orm::QueryResult;

use crate::row::column;
use crate::sql::Sql;
use crate::{GlobalScope, Role, TenantId};

/// Whether a tenant is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TenantStatus {
    Active,
    Suspended,
}

impl TenantStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    pub id: TenantId,
    pub slug: String,
    pub title: String,
    pub status: TenantStatus,
    pub created_at: Instant,
}

/// A person, in all tenants.
#[derive(Clone)]
pub struct NewAccount {
    pub id: i64,
    pub email: String,
    pub password_hash: String,
}

/// A machine's right to act in a tenant. Its secret is kept as a hash, which is not part of this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    pub client_id: String,
    pub tenant: TenantId,
    pub name: String,
    pub role: Role,
    pub revoked: bool,
    pub created_at: Instant,
    pub created_by: String,
    pub last_used_at: Option<Instant>,
}

/// What deciding about a token needs: one row.
pub struct CredentialCheck {
    pub credential: Credential,
    pub secret_hash: Vec<u8>,
    pub tenant_status: TenantStatus,
}

/// A key that tokens are signed with.
pub struct SigningKeyRow {
    pub kid: String,
    pub private_sealed: Vec<u8>,
    pub public_jwk: String,
    pub retired_at: Option<Instant>,
}

const TENANT: &str = "tenants.tenant_id, tenants.slug, tenants.title, tenants.status, tenants.created_at";
const CREDENTIAL: &str = "credentials.client_id, credentials.tenant_id, credentials.name, credentials.role, \
     credentials.status, credentials.created_at, credentials.created_by, credentials.last_used_at";

impl GlobalScope {
    /// # Errors
    /// `ALREADY_EXISTS` where the slug is taken.
    pub async fn create_tenant(&self, tenant: &Tenant) -> Result<()> {
        let mut sql = Sql::new("INSERT INTO tenants (tenant_id, slug, title, status, created_at) VALUES (");
        sql.bind(tenant.id.0).push(", ").bind(tenant.slug.as_str());
        sql.push(", ").bind(tenant.title.as_str()).push(", ").bind(tenant.status.as_str());
        sql.push(", ").bind(tenant.created_at.0).push(") ON CONFLICT (slug) DO NOTHING");
        if self.execute(sql).await? == 0 {
            let message = format!("there is a tenant \"{}\" already", tenant.slug);
            return Err(Error::problem(Code::AlreadyExists, message));
        }
        Ok(())
    }

    /// All tenants, by slug.
    pub async fn tenants(&self) -> Result<Vec<Tenant>> {
        let sql = Sql::new(&format!("SELECT {TENANT} FROM tenants ORDER BY slug"));
        self.all(sql).await?.iter().map(|row| tenant(row, 0)).collect()
    }

    pub async fn tenant_by_slug(&self, slug: &str) -> Result<Option<Tenant>> {
        let mut sql = Sql::new(&format!("SELECT {TENANT} FROM tenants WHERE slug = "));
        sql.bind(slug);
        self.one(sql).await?.map(|row| tenant(&row, 0)).transpose()
    }

    pub async fn tenant(&self, id: TenantId) -> Result<Option<Tenant>> {
        let mut sql = Sql::new(&format!("SELECT {TENANT} FROM tenants WHERE tenant_id = "));
        sql.bind(id.0);
        self.one(sql).await?.map(|row| tenant(&row, 0)).transpose()
    }

    /// Answers whether there is such a tenant.
    pub async fn set_tenant_status(&self, slug: &str, status: TenantStatus) -> Result<bool> {
        let mut sql = Sql::new("UPDATE tenants SET status = ");
        sql.bind(status.as_str()).push(" WHERE slug = ").bind(slug);
        Ok(self.execute(sql).await? == 1)
    }

    /// Makes the account, or answers the id of the one that has the e-mail already.
    pub async fn ensure_account(&self, account: &NewAccount, at: Instant) -> Result<(i64, bool)> {
        let mut sql =
            Sql::new("INSERT INTO accounts (account_id, email, password_hash, status, created_at) VALUES (");
        sql.bind(account.id).push(", ").bind(account.email.as_str());
        sql.push(", ").bind(account.password_hash.as_str()).push(", 'ACTIVE', ").bind(at.0);
        sql.push(") ON CONFLICT (email) DO NOTHING");
        let made = self.execute(sql).await? == 1;
        let mut sql = Sql::new("SELECT account_id FROM accounts WHERE email = ");
        sql.bind(account.email.as_str());
        let row = self.one(sql).await?.ok_or_else(|| Error::internal("an account vanished"))?;
        Ok((column(&row, 0)?, made))
    }

    pub async fn set_membership(
        &self,
        tenant: TenantId,
        account: i64,
        role: Role,
        at: Instant,
    ) -> Result<()> {
        let mut sql = Sql::new("INSERT INTO memberships (tenant_id, account_id, role, created_at) VALUES (");
        sql.bind(tenant.0).push(", ").bind(account).push(", ").bind(role.as_str());
        sql.push(", ")
            .bind(at.0)
            .push(") ON CONFLICT (tenant_id, account_id) DO UPDATE SET role = excluded.role");
        self.execute(sql).await?;
        Ok(())
    }

    pub async fn create_credential(&self, credential: &Credential, secret_hash: &[u8]) -> Result<()> {
        let mut sql = Sql::new(
            "INSERT INTO credentials (client_id, tenant_id, name, role, secret_hash, status, created_at, created_by)
             VALUES (",
        );
        sql.bind(credential.client_id.as_str()).push(", ").bind(credential.tenant.0);
        sql.push(", ").bind(credential.name.as_str()).push(", ").bind(credential.role.as_str());
        sql.push(", ").bind(secret_hash.to_vec()).push(", 'ACTIVE', ").bind(credential.created_at.0);
        sql.push(", ").bind(credential.created_by.as_str()).push(")");
        self.execute(sql).await?;
        Ok(())
    }

    /// A tenant's credentials, oldest first.
    pub async fn credentials(&self, tenant: TenantId) -> Result<Vec<Credential>> {
        let mut sql = Sql::new(&format!("SELECT {CREDENTIAL} FROM credentials WHERE tenant_id = "));
        sql.bind(tenant.0).push(" ORDER BY created_at, client_id");
        self.all(sql).await?.iter().map(|row| credential(row, 0)).collect()
    }

    /// A credential with its tenant's status.
    pub async fn credential_check(&self, client_id: &str) -> Result<Option<CredentialCheck>> {
        let mut sql = Sql::new(&format!(
            "SELECT {CREDENTIAL}, credentials.secret_hash, tenants.status FROM credentials
               JOIN tenants ON tenants.tenant_id = credentials.tenant_id WHERE credentials.client_id = "
        ));
        sql.bind(client_id);
        let Some(row) = self.one(sql).await? else { return Ok(None) };
        Ok(Some(CredentialCheck {
            credential: credential(&row, 0)?,
            secret_hash: column(&row, 8)?,
            tenant_status: status(&row, 9)?,
        }))
    }

    /// Answers whether the tenant has such a credential that is not revoked.
    pub async fn set_secret(&self, tenant: TenantId, client_id: &str, secret_hash: &[u8]) -> Result<bool> {
        let mut sql = Sql::new("UPDATE credentials SET secret_hash = ");
        sql.bind(secret_hash.to_vec()).push(" WHERE status = 'ACTIVE' AND client_id = ").bind(client_id);
        sql.push(" AND tenant_id = ").bind(tenant.0);
        Ok(self.execute(sql).await? == 1)
    }

    /// Answers whether the tenant has such a credential.
    pub async fn revoke_credential(&self, tenant: TenantId, client_id: &str) -> Result<bool> {
        let mut sql = Sql::new("UPDATE credentials SET status = 'REVOKED' WHERE client_id = ");
        sql.bind(client_id).push(" AND tenant_id = ").bind(tenant.0);
        Ok(self.execute(sql).await? == 1)
    }

    pub async fn touch_credential(&self, client_id: &str, at: Instant) -> Result<()> {
        let mut sql = Sql::new("UPDATE credentials SET last_used_at = ");
        sql.bind(at.0).push(" WHERE client_id = ").bind(client_id);
        self.execute(sql).await?;
        Ok(())
    }

    /// All signing keys, newest first.
    pub async fn signing_keys(&self) -> Result<Vec<SigningKeyRow>> {
        let sql = Sql::new(
            "SELECT kid, private_sealed, public_jwk, retired_at FROM signing_keys ORDER BY created_at DESC, kid",
        );
        let read = |row: &QueryResult| {
            Ok(SigningKeyRow {
                kid: column(row, 0)?,
                private_sealed: column(row, 1)?,
                public_jwk: column(row, 2)?,
                retired_at: column::<Option<i64>>(row, 3)?.map(Instant),
            })
        };
        self.all(sql).await?.iter().map(read).collect()
    }

    /// Adds a signing key unless another server has added one since; answers whether it did.
    pub async fn add_first_signing_key(&self, key: &SigningKeyRow, at: Instant) -> Result<bool> {
        // The id row serves as a lock: two servers that start together make one key.
        self.execute(Sql::new("UPDATE id_blocks SET next_id = next_id WHERE name = 'any'")).await?;
        let mut sql = Sql::new(
            "INSERT INTO signing_keys (kid, private_sealed, public_jwk, created_at) SELECT * FROM (SELECT ",
        );
        let bytes = if self.is_postgres() { "::bytea" } else { "" };
        let number = if self.is_postgres() { "::bigint" } else { "" };
        sql.bind(key.kid.as_str()).push(" AS kid, ").bind(key.private_sealed.clone()).push(bytes);
        sql.push(" AS private_sealed, ").bind(key.public_jwk.as_str()).push(" AS public_jwk, ");
        sql.bind(at.0).push(number);
        sql.push(
            " AS created_at) AS fresh WHERE NOT EXISTS (SELECT 1 FROM signing_keys WHERE retired_at IS NULL)",
        );
        Ok(self.execute(sql).await? == 1)
    }
}

fn tenant(row: &QueryResult, from: usize) -> Result<Tenant> {
    Ok(Tenant {
        id: TenantId(column(row, from)?),
        slug: column(row, from + 1)?,
        title: column(row, from + 2)?,
        status: status(row, from + 3)?,
        created_at: Instant(column(row, from + 4)?),
    })
}

fn status(row: &QueryResult, index: usize) -> Result<TenantStatus> {
    let text: String = column(row, index)?;
    [TenantStatus::Active, TenantStatus::Suspended]
        .into_iter()
        .find(|status| status.as_str() == text)
        .ok_or_else(|| Error::internal(format!("the tenant status {text} is not known")))
}

fn credential(row: &QueryResult, from: usize) -> Result<Credential> {
    let role: String = column(row, from + 3)?;
    let status: String = column(row, from + 4)?;
    Ok(Credential {
        client_id: column(row, from)?,
        tenant: TenantId(column(row, from + 1)?),
        name: column(row, from + 2)?,
        role: Role::parse(&role).ok_or_else(|| Error::internal(format!("the role {role} is not known")))?,
        revoked: status != "ACTIVE",
        created_at: Instant(column(row, from + 5)?),
        created_by: column(row, from + 6)?,
        last_used_at: column::<Option<i64>>(row, from + 7)?.map(Instant),
    })
}
