//! Machine credentials of a tenant. Admins make, rotate and revoke them; a secret is shown once and kept as a hash.

use portolan_foundation::secrets::{hash_secret, random_token};
use portolan_schema::{Error, Instant, Problems, Result};
use portolan_store::identity::{AuditAction, Credential};
use portolan_store::{GlobalScope, OpContext, Role, TenantId};
use serde_json::json;

use crate::audit::Entry;
use crate::{Identity, check_name};

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
        let mut problems = Problems::default();
        problems.extend(check_name(Some(name), "name").err());
        problems.into_result(())?;
        let mut recorder = self.recorder_of(ctx).await?;
        let scope = self.store.write_global().await?;
        let by = ctx.actor().stamp();
        let issued = add(&scope, ctx.tenant(), name, role, &by, self.now()).await?;
        let entry = about(AuditAction::CredentialCreated, &issued.credential);
        recorder.record(&scope, ctx.tenant(), entry).await?;
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
        let mut recorder = self.recorder_of(ctx).await?;
        let scope = self.store.write_global().await?;
        let found = scope.set_secret(ctx.tenant(), client_id, &hash_secret(&secret)).await?;
        let credential = found.ok_or_else(|| missing(client_id))?;
        let entry = about(AuditAction::CredentialRotated, &credential);
        recorder.record(&scope, ctx.tenant(), entry).await?;
        scope.commit().await?;
        Ok(IssuedSecret { credential, client_secret: secret })
    }

    /// Needs Admin. Its tokens are refused at once.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn revoke_credential(&self, ctx: &OpContext, client_id: &str) -> Result<()> {
        ctx.require(Role::Admin)?;
        let mut recorder = self.recorder_of(ctx).await?;
        let scope = self.store.write_global().await?;
        let found = scope.revoke_credential(ctx.tenant(), client_id).await?;
        let credential = found.ok_or_else(|| missing(client_id))?;
        let entry = about(AuditAction::CredentialRevoked, &credential);
        recorder.record(&scope, ctx.tenant(), entry).await?;
        scope.commit().await
    }
}

fn about(action: AuditAction, credential: &Credential) -> Entry {
    let details = json!({"name": credential.name, "role": credential.role.as_str()});
    Entry::new(action, credential.client_id.clone(), Some(details))
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
    at: Instant,
) -> Result<IssuedSecret> {
    let secret = new_secret();
    let credential = Credential {
        client_id: random_token(24),
        tenant,
        name: name.to_owned(),
        role,
        revoked: false,
        created_at: at,
        created_by: created_by.to_owned(),
        last_used_at: None,
    };
    scope.create_credential(&credential, &hash_secret(&secret)).await?;
    Ok(IssuedSecret { credential, client_secret: secret })
}
