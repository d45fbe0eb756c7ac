//! Machine credentials.

use portolan_schema::{Instant, Result};
use sea_orm::QueryResult;

use super::role;
use super::tenant::{TENANT, Tenant, tenant};
use crate::row::column;
use crate::sql::Sql;
use crate::{GlobalScope, Role, TenantId};

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
    pub tenant: Tenant,
    /// Whether the signing key that was asked for is still kept.
    pub key_is_known: bool,
}

const CREDENTIAL: &str = "credentials.client_id, credentials.tenant_id, credentials.name, credentials.role, \
     credentials.status, credentials.created_at, credentials.created_by, credentials.last_used_at";
/// Where the columns after [`CREDENTIAL`] begin.
const CREDENTIAL_WIDTH: usize = 8;

impl GlobalScope {
    pub async fn create_credential(&self, credential: &Credential, secret_hash: &[u8]) -> Result<()> {
        let mut sql = Sql::new(
            "INSERT INTO credentials (client_id, tenant_id, name, role, secret_hash, status, created_at, created_by)
             VALUES (",
        );
        sql.bind(credential.client_id.as_str()).push(", ").bind(credential.tenant.0);
        sql.push(", ").bind(credential.name.as_str()).push(", ").bind(credential.role.as_str());
        sql.push(", ").bind(secret_hash.to_vec()).push(", 'ACTIVE', ").bind(credential.created_at.0);
        sql.push(", ").bind(credential.created_by.as_str()).push(")");
        self.execute(sql).await.map(drop)
    }

    /// A tenant's credentials, oldest first.
    pub async fn credentials(&self, tenant: TenantId) -> Result<Vec<Credential>> {
        let mut sql = Sql::new(&format!("SELECT {CREDENTIAL} FROM credentials WHERE tenant_id = "));
        sql.bind(tenant.0).push(" ORDER BY created_at, client_id");
        self.all(sql).await?.iter().map(credential).collect()
    }

    /// A credential with its tenant, and whether the signing key `kid` is kept.
    pub async fn credential_check(&self, client_id: &str, kid: &str) -> Result<Option<CredentialCheck>> {
        let mut sql = Sql::new(&format!(
            "SELECT {CREDENTIAL}, credentials.secret_hash, (SELECT count(*) FROM signing_keys WHERE kid = "
        ));
        sql.bind(kid).push(&format!(
            "), {TENANT} FROM credentials JOIN tenants ON tenants.tenant_id = credentials.tenant_id
             WHERE credentials.client_id = "
        ));
        sql.bind(client_id);
        let Some(row) = self.one(sql).await? else { return Ok(None) };
        Ok(Some(CredentialCheck {
            credential: credential(&row)?,
            secret_hash: column(&row, CREDENTIAL_WIDTH)?,
            key_is_known: column::<i64>(&row, CREDENTIAL_WIDTH + 1)? > 0,
            tenant: tenant(&row, CREDENTIAL_WIDTH + 2)?,
        }))
    }

    /// Gives a credential that is not revoked another secret. None where the tenant has no such credential.
    pub async fn set_secret(
        &self,
        tenant: TenantId,
        client_id: &str,
        secret_hash: &[u8],
    ) -> Result<Option<Credential>> {
        let mut sql = Sql::new("UPDATE credentials SET secret_hash = ");
        sql.bind(secret_hash.to_vec()).push(" WHERE status = 'ACTIVE' AND client_id = ").bind(client_id);
        sql.push(" AND tenant_id = ").bind(tenant.0).push(&format!(" RETURNING {}", unqualified()));
        self.one(sql).await?.map(|row| credential(&row)).transpose()
    }

    /// None where the tenant has no such credential.
    pub async fn revoke_credential(&self, tenant: TenantId, client_id: &str) -> Result<Option<Credential>> {
        let mut sql = Sql::new("UPDATE credentials SET status = 'REVOKED' WHERE client_id = ");
        sql.bind(client_id).push(" AND tenant_id = ").bind(tenant.0);
        sql.push(&format!(" RETURNING {}", unqualified()));
        self.one(sql).await?.map(|row| credential(&row)).transpose()
    }

    pub async fn touch_credential(&self, client_id: &str, at: Instant) -> Result<()> {
        let mut sql = Sql::new("UPDATE credentials SET last_used_at = ");
        sql.bind(at.0).push(" WHERE client_id = ").bind(client_id);
        self.execute(sql).await.map(drop)
    }
}

/// The columns as `RETURNING` takes them on both engines.
fn unqualified() -> String {
    CREDENTIAL.replace("credentials.", "")
}

fn credential(row: &QueryResult) -> Result<Credential> {
    let status: String = column(row, 4)?;
    Ok(Credential {
        client_id: column(row, 0)?,
        tenant: TenantId(column(row, 1)?),
        name: column(row, 2)?,
        role: role(row, 3)?,
        revoked: status != "ACTIVE",
        created_at: Instant(column(row, 5)?),
        created_by: column(row, 6)?,
        last_used_at: column::<Option<i64>>(row, 7)?.map(Instant),
    })
}
