//! Members in the tenant's catalog: whoever changes them tells it in the same transaction.

use portolan_catalog::{BASE_VERSION, Person, PersonStatus};
use portolan_schema::Result;
use portolan_store::identity::{MemberRow, OneTimeLink};
use portolan_store::{Actor, GlobalScope, OpContext, Role, TenantId, TenantScope};

use crate::{Identity, Member};

const WORK: Actor = Actor::System("people");

impl Identity {
    /// Commits a change of one member together with the entity of that person. `id` is reserved for the entity.
    pub(crate) async fn commit_member(
        &self,
        scope: GlobalScope,
        tenant: TenantId,
        by: Actor,
        id: i64,
        person: &Person,
    ) -> Result<()> {
        let scope = scope.enter(tenant).await?;
        self.catalog.show_person(&scope, &OpContext::background(tenant, by), id, person).await?;
        self.catalog.commit_people(scope).await
    }

    /// Commits a new tenant with its system blueprints and the entity of its first member. `id` is reserved for that.
    pub(crate) async fn commit_tenant(
        &self,
        scope: GlobalScope,
        tenant: TenantId,
        by: Actor,
        id: i64,
        person: &Person,
    ) -> Result<()> {
        let scope = scope.enter(tenant).await?;
        let ctx = OpContext::background(tenant, by);
        self.catalog.begin_tenant(&scope, &ctx).await?;
        self.catalog.show_person(&scope, &ctx, id, person).await?;
        scope.set_base_version(BASE_VERSION).await?;
        self.catalog.commit_people(scope).await
    }

    /// Gives tenants that were made by an older version what tenants begin with now: system blueprints, and an entity for
    /// each member. To be called before a server serves; where there is nothing to do it is one statement.
    ///
    /// A tenant whose own blueprints stand in the way is left as it is; the log says why.
    pub async fn complete_tenants(&self) -> Result<()> {
        let tenants = self.store.read_global().await?.tenants_before(BASE_VERSION).await?;
        for tenant in tenants {
            match self.complete_tenant(tenant).await {
                Ok(()) => tracing::info!(tenant = tenant.0, "the tenant has its people in the catalog now"),
                Err(error) => {
                    tracing::error!(tenant = tenant.0, error = ?error, "the tenant's people are not in its catalog");
                }
            }
        }
        Ok(())
    }

    async fn complete_tenant(&self, tenant: TenantId) -> Result<()> {
        let ctx = OpContext::background(tenant, WORK);
        self.catalog.complete_tenant(&ctx).await?;
        loop {
            // Ids are reserved before the transaction: on SQLite there is one writer, and it would wait for itself.
            let scope = self.store.read_global().await?;
            let count = people(&scope, tenant).await?.len();
            drop(scope);
            let first = self.store.reserve_ids(count).await?;
            let scope = self.store.write_global().await?;
            scope.lock_tenant(tenant).await?;
            let people = people(&scope, tenant).await?;
            if people.len() > count {
                continue;
            }
            let scope: TenantScope = scope.enter(tenant).await?;
            for (id, person) in (first..).zip(&people) {
                self.catalog.show_person(&scope, &ctx, id, person).await?;
            }
            scope.set_base_version(BASE_VERSION).await?;
            return self.catalog.commit_people(scope).await;
        }
    }

    /// Removes invitations whose time is over; who was invited is but known to the catalog again.
    pub(crate) async fn end_invitations(&self) -> Result<()> {
        let ended = self.store.read_global().await?.ended_invitations(self.now()).await?;
        for link in ended {
            let Some((tenant, _)) = link.invitation else { continue };
            let id = self.store.reserve_ids(1).await?;
            let scope = self.store.write_global().await?;
            scope.lock_tenant(tenant).await?;
            // Another link may have come in its place.
            if scope.delete_invitation(tenant, link.id).await? {
                let person = known(link.email, None, PersonStatus::Staged);
                self.commit_member(scope, tenant, WORK, id, &person).await?;
            }
        }
        Ok(())
    }
}

/// Members and those invited, also where the time of the invitation is over.
async fn people(scope: &GlobalScope, tenant: TenantId) -> Result<Vec<Person>> {
    let members: Vec<MemberRow> = scope.members(tenant).await?;
    let links: Vec<OneTimeLink> = scope.invitations(tenant).await?;
    let invited = |link: OneTimeLink| Some(invited(link.email, link.invitation?.1));
    let mut people: Vec<Person> = links.into_iter().filter_map(invited).collect();
    people.extend(members.into_iter().map(|member| active(member.email, member.name, member.role)));
    Ok(people)
}

pub(crate) fn active(email: String, name: Option<String>, role: Role) -> Person {
    Person { email, name, status: PersonStatus::Active, role: Some(role) }
}

pub(crate) fn invited(email: String, role: Role) -> Person {
    Person { email, name: None, status: PersonStatus::Invited, role: Some(role) }
}

/// Somebody without a role.
pub(crate) fn known(email: String, name: Option<String>, status: PersonStatus) -> Person {
    Person { email, name, status, role: None }
}

impl Member {
    /// The member with this role, as the catalog shows them.
    pub(crate) fn person(&self, role: Role) -> Person {
        match self.invited_until {
            Some(_) => invited(self.email.clone(), role),
            None => active(self.email.clone(), self.name.clone(), role),
        }
    }

    /// What is left of the member in the catalog when the membership, or the invitation, is gone.
    pub(crate) fn former(&self) -> Person {
        let status = match self.invited_until {
            Some(_) => PersonStatus::Staged,
            None => PersonStatus::Disabled,
        };
        known(self.email.clone(), self.name.clone(), status)
    }
}
