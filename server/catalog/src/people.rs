//! People in the catalog: each member of the tenant, and whoever is invited, has an entity of the blueprint `_user`.
//!
//! Whoever changes members says so in the transaction of that change, so that the two are never out of step. Others
//! write to these entities as to any, but for what follows from memberships.

use portolan_schema::model::BlueprintModel;
use portolan_schema::system::{MEMBERS, PersonStatus, ROLE, STATUS, USER};
use portolan_schema::{CatalogModel, Code, EntityState, Pointer, Problem, Problems, Result, system};
use portolan_store::{OpContext, Role, TenantScope};
use serde_json::Value;

use crate::batch::{Batch, Key};
use crate::change::{EntityWrite, WriteOptions};
use crate::write::{Stamp, keep};
use crate::{Catalog, draft, now};

/// The version of the system blueprints. Tenants of an older one are completed when a server starts.
pub const BASE_VERSION: i32 = 1;

/// How somebody stands to a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// In lower case: the identifier of the entity.
    pub email: String,
    /// None leaves the title that there is.
    pub name: Option<String>,
    pub status: PersonStatus,
    /// The role that the person has or is offered.
    pub role: Option<Role>,
}

impl Catalog {
    /// Makes the person's entity what the memberships say, in the transaction that changes them; `scope` holds the
    /// tenant's head, or takes it now. `id` is reserved for an entity that may have to be made.
    ///
    /// No rule of the blueprint stands in the way: a member who lacks what an extension requires is listed among the
    /// entities that do not fit. Nor does the limit of entities.
    pub async fn show_person(
        &self,
        scope: &TenantScope,
        ctx: &OpContext,
        id: i64,
        person: &Person,
    ) -> Result<()> {
        let head = scope.lock_head().await?;
        let model = self.models.get(scope, head.model_revision).await?;
        // A tenant of former times that no server has completed yet.
        let Some(blueprint) = model.get(USER) else { return Ok(()) };
        let mut batch = Batch::new(scope, &model, None);
        let key = (blueprint.no(), person.email.clone());
        batch.load(std::slice::from_ref(&key)).await?;
        if let Some(draft) = batch.drafts.get_mut(&key) {
            let present = draft.after.take();
            draft.bare = present.is_none();
            draft.after = Some(person.state(blueprint, present));
        }
        let stored = batch.stored_targets().await?;
        let options = WriteOptions::default();
        let stamp = Stamp { at: now(), actor: ctx.actor().stamp(), ctx, options: &options };
        let changes = stamp.changes(&batch, &stored, head.seq + 1, &[id])?;
        if !changes.is_empty() {
            keep(&batch, head, &changes, &stamp).await?;
        }
        Ok(())
    }

    /// Commits what [`Catalog::show_person`] was part of, and lets computed values follow.
    pub async fn commit_people(&self, scope: TenantScope) -> Result<()> {
        scope.commit().await?;
        self.computing.wake();
        Ok(())
    }
}

/// The identifiers of the teams that have a person as a member.
pub(crate) async fn teams_of(scope: &TenantScope, model: &CatalogModel, user: i64) -> Result<Vec<String>> {
    let members = model.get(system::TEAM).and_then(|teams| teams.relation(MEMBERS));
    let edges = scope.edges_to(&[user]).await?;
    let ids: Vec<i64> = edges
        .into_iter()
        .filter(|(_, relation, _)| members.is_some_and(|members| members.no == *relation))
        .map(|(team, ..)| team)
        .collect();
    let teams = scope.entities_by_id(model, &ids).await?;
    Ok(teams.into_iter().map(|team| team.state.identifier).collect())
}

impl Person {
    fn state(&self, blueprint: &BlueprintModel, present: Option<EntityState>) -> EntityState {
        let mut state = present.unwrap_or_else(|| draft::bare(blueprint, &self.email));
        if self.name.is_some() {
            state.title.clone_from(&self.name);
        }
        state.properties.insert(STATUS.to_owned(), self.status.as_str().into());
        state
            .properties
            .insert(ROLE.to_owned(), self.role.map_or(Value::Null, |role| role_text(role).into()));
        state
    }
}

const fn role_text(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Viewer",
        Role::Member => "Member",
        Role::Admin => "Admin",
    }
}

/// What somebody other than the keeper of memberships may make of a person: `state` is what their write came to. What
/// follows from memberships stays, and whom nobody made a member is staged.
///
/// # Errors
/// `PROTECTED` where the write gives it another value, or a member another identifier.
pub(crate) fn keep_membership(
    present: Option<&EntityState>,
    write: &EntityWrite,
    state: &mut EntityState,
) -> Result<(), Problems> {
    let mut problems = Problems::default();
    let staged = Value::from(PersonStatus::Staged.as_str());
    for (key, new) in [(STATUS, staged), (ROLE, Value::Null)] {
        let kept = match present {
            Some(present) => present.properties.get(key).cloned().unwrap_or(Value::Null),
            None => new,
        };
        let path = Pointer::root().key("properties").key(key);
        match write.properties.get(key) {
            Some(wanted) if *wanted != kept => {
                let message = format!(
                    "\"{key}\" follows from memberships: admins invite members, change their roles \
                    and remove them"
                );
                problems.add(Code::Protected, path, message);
            }
            _ if kept.is_null() && present.is_none_or(|present| !present.properties.contains_key(key)) => {
                state.properties.shift_remove(key);
            }
            _ => drop(state.properties.insert(key.to_owned(), kept)),
        }
    }
    if let Some(present) = present.filter(|present| present.identifier != state.identifier)
        && is_member(present)
    {
        let message = format!("\"{}\" is the e-mail of a member", present.identifier);
        problems.add(Code::Protected, Pointer::root().key("identifier"), message);
    }
    problems.into_result(())
}

impl Batch<'_> {
    /// Whether this is the entity of a member, or of somebody who is invited: it stays for as long.
    pub(crate) fn is_member(&self, key: &Key) -> bool {
        let blueprint = self.model.by_no(key.0);
        let state = self.drafts.get(key).and_then(|draft| draft.after.as_ref());
        blueprint.is_some_and(|blueprint| blueprint.identifier() == USER) && state.is_some_and(is_member)
    }

    /// # Errors
    /// `PROTECTED` for the entity of a member.
    pub(crate) fn refuse_member(&self, key: &Key) -> Result<(), Problem> {
        if !self.is_member(key) {
            return Ok(());
        }
        let message = format!("\"{}\" is a member, or invited; an admin removes members", key.1);
        Err(Problem::new(Code::Protected, Pointer::root().key("identifier"), message))
    }
}

fn is_member(state: &EntityState) -> bool {
    status(state).is_some_and(PersonStatus::is_member)
}

/// Whether an admin made this person a member once, or invited them.
pub(crate) fn was_member(state: &EntityState) -> bool {
    status(state).is_some_and(|status| status != PersonStatus::Staged)
}

fn status(state: &EntityState) -> Option<PersonStatus> {
    state.properties.get(STATUS).and_then(Value::as_str).and_then(PersonStatus::parse)
}
