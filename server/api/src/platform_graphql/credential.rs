//! Machine credentials. A secret is shown once.

use async_graphql::{Context, ID, Object, SimpleObject};
use portolan_catalog::OpContext;
use portolan_identity::{Identity, IssuedSecret};

use super::problem::{ProblemObject, payload, refuse};
use super::role::Role;

#[derive(SimpleObject)]
struct Credential {
    client_id: ID,
    name: String,
    role: Role,
    revoked: bool,
    created_at: String,
    created_by: String,
    last_used_at: Option<String>,
}

impl From<portolan_identity::Credential> for Credential {
    fn from(credential: portolan_identity::Credential) -> Self {
        Self {
            client_id: credential.client_id.into(),
            name: credential.name,
            role: credential.role.into(),
            revoked: credential.revoked,
            created_at: credential.created_at.to_rfc3339(),
            created_by: credential.created_by,
            last_used_at: credential.last_used_at.map(portolan_schema::Instant::to_rfc3339),
        }
    }
}

#[derive(SimpleObject)]
struct CredentialPayload {
    client_id: Option<ID>,
    /// Shown this once.
    client_secret: Option<String>,
    errors: Vec<ProblemObject>,
}

impl CredentialPayload {
    fn new(result: portolan_schema::Result<IssuedSecret>) -> async_graphql::Result<Self> {
        let (issued, errors) = payload(result)?;
        let (id, secret) = issued.map(|issued| (issued.credential.client_id, issued.client_secret)).unzip();
        Ok(Self { client_id: id.map(ID::from), client_secret: secret, errors })
    }
}

#[derive(SimpleObject)]
struct RevokePayload {
    errors: Vec<ProblemObject>,
}

#[derive(Default)]
pub struct CredentialQuery;

#[Object]
impl CredentialQuery {
    async fn credentials(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Credential>> {
        let (identity, who): (&Identity, &OpContext) = (ctx.data()?, ctx.data()?);
        let found = identity.credentials(who).await.map_err(refuse)?;
        Ok(found.into_iter().map(Credential::from).collect())
    }
}

#[derive(Default)]
pub struct CredentialMutation;

#[Object]
impl CredentialMutation {
    async fn create_credential(
        &self,
        ctx: &Context<'_>,
        role: Role,
        name: String,
    ) -> async_graphql::Result<CredentialPayload> {
        let (identity, who): (&Identity, &OpContext) = (ctx.data()?, ctx.data()?);
        CredentialPayload::new(identity.create_credential(who, &name, role.into()).await)
    }

    async fn rotate_credential(
        &self,
        ctx: &Context<'_>,
        client_id: ID,
    ) -> async_graphql::Result<CredentialPayload> {
        let (identity, who): (&Identity, &OpContext) = (ctx.data()?, ctx.data()?);
        CredentialPayload::new(identity.rotate_credential(who, &client_id).await)
    }

    async fn revoke_credential(
        &self,
        ctx: &Context<'_>,
        client_id: ID,
    ) -> async_graphql::Result<RevokePayload> {
        let (identity, who): (&Identity, &OpContext) = (ctx.data()?, ctx.data()?);
        let (_, errors) = payload(identity.revoke_credential(who, &client_id).await)?;
        Ok(RevokePayload { errors })
    }
}
