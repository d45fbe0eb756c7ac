//! Who asks, and the members of their tenant.

use async_graphql::{Context, ID, Object, SimpleObject};
use portolan_catalog::OpContext;
use portolan_identity::Identity;
use portolan_schema::{Error, Instant};

use super::problem::{ProblemObject, payload, refuse};
use super::role::Role;

/// The tenant of who asks.
#[derive(SimpleObject)]
struct Tenant {
    slug: String,
    title: String,
}

/// Who asks: a person has an e-mail, a machine a client id.
#[derive(SimpleObject)]
struct Me {
    email: Option<String>,
    name: Option<String>,
    client_id: Option<ID>,
    role: Role,
    tenant: Tenant,
}

/// A member of the tenant, or somebody who was invited.
#[derive(SimpleObject)]
struct Member {
    id: ID,
    email: String,
    name: Option<String>,
    role: Role,
    /// Until when the invitation can be accepted; null for a member.
    invited_until: Option<String>,
    /// When the membership, or the invitation, was made.
    since: String,
    last_sign_in_at: Option<String>,
}

impl From<portolan_identity::Member> for Member {
    fn from(member: portolan_identity::Member) -> Self {
        Self {
            id: member.id.into(),
            email: member.email,
            name: member.name,
            role: member.role.into(),
            invited_until: member.invited_until.map(Instant::to_rfc3339),
            since: member.since.to_rfc3339(),
            last_sign_in_at: member.last_sign_in_at.map(Instant::to_rfc3339),
        }
    }
}

#[derive(SimpleObject)]
struct InvitePayload {
    member: Option<Member>,
    /// To be handed to the one who was invited; good once, and shown this once.
    link: Option<String>,
    errors: Vec<ProblemObject>,
}

#[derive(SimpleObject)]
struct MemberPayload {
    /// As it is now, or was when it was removed.
    member: Option<Member>,
    errors: Vec<ProblemObject>,
}

impl MemberPayload {
    fn new(result: portolan_schema::Result<portolan_identity::Member>) -> async_graphql::Result<Self> {
        let (member, errors) = payload(result)?;
        Ok(Self { member: member.map(Member::from), errors })
    }
}

/// An id that is no number belongs to nobody.
fn number(id: &ID) -> portolan_schema::Result<i64> {
    id.parse().map_err(|_| Error::not_found(format!("the member \"{}\"", id.as_str())))
}

#[derive(Default)]
pub struct MemberQuery;

#[Object]
impl MemberQuery {
    async fn me(&self, ctx: &Context<'_>) -> async_graphql::Result<Me> {
        let (identity, who): (&Identity, &OpContext) = (ctx.data()?, ctx.data()?);
        let me = identity.me(who).await.map_err(refuse)?;
        Ok(Me {
            email: me.email,
            name: me.name,
            client_id: me.client_id.map(ID::from),
            role: me.role.into(),
            tenant: Tenant { slug: me.tenant.slug, title: me.tenant.title },
        })
    }

    /// Members and those invited, by e-mail.
    async fn members(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Member>> {
        let (identity, who): (&Identity, &OpContext) = (ctx.data()?, ctx.data()?);
        let found = identity.members(who).await.map_err(refuse)?;
        Ok(found.into_iter().map(Member::from).collect())
    }
}

#[derive(Default)]
pub struct MemberMutation;

#[Object]
impl MemberMutation {
    /// Makes a one-time link; inviting again replaces it. No e-mail is sent.
    async fn invite_member(
        &self,
        ctx: &Context<'_>,
        email: String,
        role: Role,
    ) -> async_graphql::Result<InvitePayload> {
        let (identity, who): (&Identity, &OpContext) = (ctx.data()?, ctx.data()?);
        let (invited, errors) = payload(identity.invite_member(who, &email, role.into()).await)?;
        let (member, link) = invited.unzip();
        Ok(InvitePayload { member: member.map(Member::from), link: link.map(|link| link.url), errors })
    }

    async fn set_role(
        &self,
        ctx: &Context<'_>,
        member: ID,
        role: Role,
    ) -> async_graphql::Result<MemberPayload> {
        let (identity, who): (&Identity, &OpContext) = (ctx.data()?, ctx.data()?);
        let changed = match number(&member) {
            Ok(id) => identity.set_role(who, id, role.into()).await,
            Err(error) => Err(who.require(portolan_identity::Role::Admin).err().unwrap_or(error)),
        };
        MemberPayload::new(changed)
    }

    /// Removes a member, who is refused at once, or cancels an invitation. The last admin stays.
    async fn remove_member(&self, ctx: &Context<'_>, member: ID) -> async_graphql::Result<MemberPayload> {
        let (identity, who): (&Identity, &OpContext) = (ctx.data()?, ctx.data()?);
        let removed = match number(&member) {
            Ok(id) => identity.remove_member(who, id).await,
            Err(error) => Err(who.require(portolan_identity::Role::Admin).err().unwrap_or(error)),
        };
        MemberPayload::new(removed)
    }
}
