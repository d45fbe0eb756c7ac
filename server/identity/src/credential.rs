//! Machine credentials of a tenant. Admins make, rotate and revoke them; a secret is shown once and kept as a hash.

use portolan_foundation::secrets::{hash_secret, random_token};
use portolan_schema::{Code, Error, Pointer, Result};
use portolan_store::identity::Credential;
use portolan_store::{GlobalScope, OpContext, Role, TenantId};

use crate::{Identity, now};

const MAX_NAME: usize = 100;

/// A credential with its secret, which nobody can read again.
pub struct IssuedSecret {
    pub credential: Credential,
    pub client_secret: String,
}

impl Identity {
    /// Needs Admin.
    pub async fn credentials(&self, ctx: &OpContext) -> Result<Vec<Credential>> {
        ctx.require(Role::Admin)?;
        self.store.read_global().await?.credentials(ctx.tenant()).await
    }

    /// Needs Admin.
    ///
    /// # Errors
    /// `INVALID_VALUE` for an empty or over-long name.
    pub async fn create_credential(&self, ctx: &OpContext, name: &str, role: Role) -> Result<IssuedSecret> {
        ctx.require(Role::Admin)?;
        let length = name.chars().count();
        if name.trim().is_empty() || length > MAX_NAME || name.contains('\0') {
            let message = format!("a name has 1 to {MAX_NAME} characters");
            return Err(Error::at(Code::InvalidValue, Pointer::root().key("name"), message));
        }
        let scope = self.store.write_global().await?;
        let issued = add(&scope, ctx.tenant(), name, role, &ctx.actor().stamp()).await?;
        scope.commit().await?;
        Ok(issued)
    }

    /// Needs Admin. A new secret; the old one is refused from now on. Tokens that were issued live on.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn rotate_credential(&self, ctx: &OpContext, client_id: &str) -> Result<IssuedSecret> {
        ctx.require(Role::Admin)?;
        let secret = new_secret();
        let scope = self.store.write_global().await?;
        if !scope.set_secret(ctx.tenant(), client_id, &hash_secret(&secret)).await? {
            return Err(missing(client_id));
        }
        let found = scope.credential_check(client_id).await?.ok_or_else(|| missing(client_id))?;
        scope.commit().await?;
        Ok(IssuedSecret { credential: found.credential, client_secret: secret })
    }

    /// Needs Admin. Its tokens are refused at once.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn revoke_credential(&self, ctx: &OpContext, client_id: &str) -> Result<()> {
        ctx.require(Role::Admin)?;
        let scope = self.store.write_global().await?;
        if !scope.revoke_credential(ctx.tenant(), client_id).await? {
            return Err(missing(client_id));
        }
        scope.commit().await
    }
}

fn missing(client_id: &str) -> Error {
    Error::not_found(format!("the credential \"{client_id}\""))
}

fn new_secret() -> String {
    random_token(32)
}

pub(crate) async fn add(
    scope: &GlobalScope,
    tenant: TenantId,
    name: &str,
    role: Role,
    created_by: &str,
) -> Result<IssuedSecret> {
    let secret = new_secret();
    let credential = Credential {
        client_id: random_token(24),
        tenant,
        name: name.to_owned(),
        role,
        revoked: false,
        created_at: now(),
        created_by: created_by.to_owned(),
        last_used_at: None,
    };
    scope.create_credential(&credential, &hash_secret(&secret)).await?;
    Ok(IssuedSecret { credential, client_secret: secret })
}
