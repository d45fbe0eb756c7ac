//! Members of a tenant: invited, given another role, removed. The last admin stays one.

use portolan_schema::{Code, Error, Instant, Pointer, Result};
use portolan_store::identity::{AuditAction, MemberRow, OneTimeLink, Tenant};
use portolan_store::{Actor, GlobalScope, OpContext, Role};
use serde_json::json;

use crate::audit::{Entry, Recorder};
use crate::one_time_link::Link;
use crate::{Identity, Origin, email};

/// A member, or somebody who was invited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Of the account, or of the invitation.
    pub id: i64,
    pub email: String,
    pub name: Option<String>,
    pub role: Role,
    /// Until when the invitation can be accepted; None for a member.
    pub invited_until: Option<Instant>,
    /// When the membership, or the invitation, was made.
    pub since: Instant,
    pub last_sign_in_at: Option<Instant>,
}

/// Who asks, as they know themselves.
pub struct Me {
    /// Of a person.
    pub email: Option<String>,
    pub name: Option<String>,
    /// Of a machine.
    pub client_id: Option<String>,
    pub role: Role,
    pub tenant: Tenant,
}

impl Identity {
    /// Who asks.
    pub async fn me(&self, ctx: &OpContext) -> Result<Me> {
        let scope = self.store.read_global().await?;
        let tenant = scope.tenant(ctx.tenant()).await?.ok_or_else(|| Error::not_found("the tenant"))?;
        let mut me = Me { email: None, name: None, client_id: None, role: ctx.role(), tenant };
        match ctx.actor() {
            Actor::Account(email) => {
                me.name = scope.account_by_email(email).await?.and_then(|account| account.name);
                me.email = Some(email.clone());
            }
            Actor::Credential(id) => me.client_id = Some(id.clone()),
            Actor::Integration(_) | Actor::System(_) => {}
        }
        Ok(me)
    }

    /// Members and those invited, by e-mail.
    pub async fn members(&self, ctx: &OpContext) -> Result<Vec<Member>> {
        ctx.require(Role::Viewer)?;
        let scope = self.store.read_global().await?;
        let mut members: Vec<Member> =
            scope.members(ctx.tenant()).await?.into_iter().map(Member::from).collect();
        let now = self.now();
        let open = scope.invitations(ctx.tenant()).await?;
        let open = open.into_iter().filter(|link| link.expires_at > now);
        members.extend(open.filter_map(Member::invited));
        members.sort_by(|a, b| a.email.cmp(&b.email));
        Ok(members)
    }

    /// Invites somebody; an invitation that was not accepted yet is replaced. Needs Admin.
    ///
    /// # Errors
    /// `ALREADY_EXISTS` where this is a member; `INVALID_VALUE` for the e-mail.
    pub async fn invite_member(&self, ctx: &OpContext, email: &str, role: Role) -> Result<(Member, Link)> {
        ctx.require(Role::Admin)?;
        let tenant = self.tenant(ctx.tenant()).await?;
        self.invite(&tenant, email, role, ctx.actor(), &Origin::of(ctx)).await
    }

    /// Invites somebody into the tenant `slug`, as the operator: from the machine that has the database.
    ///
    /// # Errors
    /// `NOT_FOUND`; as [`Identity::invite_member`].
    pub async fn invite_into(&self, slug: &str, email: &str, role: Role) -> Result<Link> {
        let tenant = self.required_tenant(slug).await?;
        let by = Actor::System("operator");
        Ok(self.invite(&tenant, email, role, &by, &Origin::host()).await?.1)
    }

    async fn invite(
        &self,
        tenant: &Tenant,
        email: &str,
        role: Role,
        by: &Actor,
        origin: &Origin,
    ) -> Result<(Member, Link)> {
        let email = email::normal(email, "email")?;
        let id = self.store.reserve_ids(2).await?;
        let mut recorder = self.recorder(&by.stamp(), origin, 1).await?;
        let scope = self.store.write_global().await?;
        scope.lock_tenant(tenant.id).await?;
        if scope.members(tenant.id).await?.iter().any(|member| member.email == email) {
            let message = format!("\"{email}\" is a member already");
            return Err(Error::at(Code::AlreadyExists, Pointer::root().key("email"), message));
        }
        let link = self.new_link(&scope, id, &email, Some((tenant.id, role)), &by.stamp()).await?;
        let details = Some(json!({"role": role.as_str()}));
        recorder.record(&scope, tenant.id, Entry::new(AuditAction::MemberInvited, email, details)).await?;
        let made = scope.invitation(tenant.id, id).await?.and_then(Member::invited);
        let made = made.ok_or_else(|| Error::internal("an invitation vanished"))?;
        self.commit_member(scope, tenant.id, by.clone(), id + 1, &made.person(role)).await?;
        Ok((made, link))
    }

    /// Gives a member, or somebody who was invited, another role. Needs Admin.
    ///
    /// # Errors
    /// `NOT_FOUND`; `LAST_ADMIN`.
    pub async fn set_role(&self, ctx: &OpContext, id: i64, role: Role) -> Result<Member> {
        ctx.require(Role::Admin)?;
        let mut recorder = self.recorder_of(ctx).await?;
        let entity = self.store.reserve_ids(1).await?;
        let scope = self.store.write_global().await?;
        scope.lock_tenant(ctx.tenant()).await?;
        let mut member = find(&scope, ctx, id).await?;
        let before = member.role;
        if before == role {
            return Ok(member);
        }
        if member.invited_until.is_some() {
            scope.set_invitation_role(ctx.tenant(), id, role).await?;
        } else {
            keep_an_admin(&scope, ctx, &member).await?;
            scope.set_role(ctx.tenant(), id, role).await?;
        }
        let details = json!({"before": before.as_str(), "after": role.as_str()});
        change(&mut recorder, &scope, ctx, AuditAction::RoleChanged, &member, details).await?;
        let by = ctx.actor().clone();
        self.commit_member(scope, ctx.tenant(), by, entity, &member.person(role)).await?;
        member.role = role;
        Ok(member)
    }

    /// Removes a member, whose sessions may not enter the tenant from now on, or cancels an invitation. Needs Admin.
    ///
    /// # Errors
    /// `NOT_FOUND`; `LAST_ADMIN`.
    pub async fn remove_member(&self, ctx: &OpContext, id: i64) -> Result<Member> {
        ctx.require(Role::Admin)?;
        let mut recorder = self.recorder_of(ctx).await?;
        let entity = self.store.reserve_ids(1).await?;
        let scope = self.store.write_global().await?;
        scope.lock_tenant(ctx.tenant()).await?;
        let member = find(&scope, ctx, id).await?;
        let details = json!({"role": member.role.as_str()});
        let action = if member.invited_until.is_some() {
            scope.delete_invitation(ctx.tenant(), id).await?;
            AuditAction::InvitationCancelled
        } else {
            keep_an_admin(&scope, ctx, &member).await?;
            scope.delete_membership(ctx.tenant(), id).await?;
            // Who belongs nowhere any more is signed out; others go on in their other tenants.
            if scope.memberships_of(id, None).await?.is_empty() {
                scope.delete_sessions_of(id).await?;
            }
            AuditAction::MemberRemoved
        };
        change(&mut recorder, &scope, ctx, action, &member, details).await?;
        let by = ctx.actor().clone();
        self.commit_member(scope, ctx.tenant(), by, entity, &member.former()).await?;
        Ok(member)
    }
}

async fn find(scope: &GlobalScope, ctx: &OpContext, id: i64) -> Result<Member> {
    if let Some(member) = scope.member(ctx.tenant(), id).await? {
        return Ok(member.into());
    }
    let invited = scope.invitation(ctx.tenant(), id).await?.and_then(Member::invited);
    invited.ok_or_else(|| Error::not_found(format!("the member \"{id}\"")))
}

/// Another than this member must be an admin.
async fn keep_an_admin(scope: &GlobalScope, ctx: &OpContext, member: &Member) -> Result<()> {
    if member.role == Role::Admin && scope.count_admins(ctx.tenant()).await? < 2 {
        let message = format!("\"{}\" is the only admin of the tenant", member.email);
        return Err(Error::at(Code::LastAdmin, Pointer::root().key("member"), message));
    }
    Ok(())
}

async fn change(
    recorder: &mut Recorder,
    scope: &GlobalScope,
    ctx: &OpContext,
    action: AuditAction,
    member: &Member,
    details: serde_json::Value,
) -> Result<()> {
    let entry = Entry::new(action, member.email.clone(), Some(details));
    recorder.record(scope, ctx.tenant(), entry).await
}

impl From<MemberRow> for Member {
    fn from(row: MemberRow) -> Self {
        Self {
            id: row.account,
            email: row.email,
            name: row.name,
            role: row.role,
            invited_until: None,
            since: row.joined_at,
            last_sign_in_at: row.last_sign_in_at,
        }
    }
}

impl Member {
    fn invited(link: OneTimeLink) -> Option<Self> {
        let (_, role) = link.invitation?;
        Some(Self {
            id: link.id,
            email: link.email,
            name: None,
            role,
            invited_until: Some(link.expires_at),
            since: link.created_at,
            last_sign_in_at: None,
        })
    }
}
