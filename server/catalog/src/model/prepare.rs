//! Changes of the model for which many entities have to be looked at first: prepared in small transactions, while reads
//! and writes go on by the old model, then made at once (docs/decisions/006).
//!
//! The change is recorded before anything is done. Whoever finds it later, as after a crash, does it again from the start:
//! what is prepared stands under numbers that nobody reads yet.

use std::time::Duration;

use portolan_schema::model::{Numbers, Stamps};
use portolan_schema::names::GraphqlNames;
use portolan_schema::{Blueprint, BlueprintNo, CatalogModel, Code, Error, Instant, Result, StoredBlueprint};
use portolan_store::head::Head;
use portolan_store::pending::PendingChange;
use portolan_store::{TenantId, TenantScope};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::commit::{Switch, check_guards, stored};
use super::difference::{Difference, Work};
use super::follower::Rename;
use super::work::View;
use crate::{Catalog, OpContext, now};

/// The name of the queue of changes whose server has stopped.
pub(crate) const NAME: &str = "model";
/// Entities that are looked at in one transaction.
const PAGE: usize = 500;
/// Entities whose rows are made again in the last transaction.
const LAST: usize = 100;
/// How long a change is left to whoever works on it, in microseconds.
const LEASE: i64 = 30_000_000;
/// How long a change waits for another one of the same tenant.
const PATIENCE: Duration = Duration::from_secs(45);
const POLL: Duration = Duration::from_millis(100);

/// A change as it is recorded.
#[derive(Serialize, Deserialize)]
pub(super) struct Prepared {
    revision: i64,
    next_no: i32,
    blueprints: Vec<PreparedBlueprint>,
    work: Vec<Work>,
    renames: Vec<Rename>,
}

/// A changed blueprint as it is to be.
#[derive(Serialize, Deserialize)]
struct PreparedBlueprint {
    no: BlueprintNo,
    definition: Value,
    numbers: Numbers,
    names: GraphqlNames,
    revision: i64,
    created: (i64, String),
    updated: (i64, String),
}

impl PreparedBlueprint {
    fn new(stored: &StoredBlueprint) -> Self {
        let mut definition = stored.blueprint.definition.clone();
        definition.extend(stored.blueprint.graphql.clone().map(|wishes| ("graphql".to_owned(), wishes)));
        let Stamps { created_at, created_by, updated_at, updated_by } = stored.stamps.clone();
        Self {
            no: stored.no,
            definition: Value::Object(definition),
            numbers: stored.numbers.clone(),
            names: stored.names.clone(),
            revision: stored.revision,
            created: (created_at.0, created_by),
            updated: (updated_at.0, updated_by),
        }
    }

    fn stored(self) -> Result<StoredBlueprint> {
        Ok(StoredBlueprint {
            no: self.no,
            blueprint: Blueprint::parse(&self.definition)?,
            numbers: self.numbers,
            names: self.names,
            revision: self.revision,
            stamps: Stamps {
                created_at: Instant(self.created.0),
                created_by: self.created.1,
                updated_at: Instant(self.updated.0),
                updated_by: self.updated.1,
            },
        })
    }
}

impl Prepared {
    pub(super) fn new(
        model: &CatalogModel,
        next_no: i32,
        difference: &Difference,
        renames: &[Rename],
    ) -> Self {
        Self {
            revision: model.revision(),
            next_no,
            blueprints: difference.changed.iter().map(PreparedBlueprint::new).collect(),
            work: difference.work.clone(),
            renames: renames.to_vec(),
        }
    }

    fn read(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(Error::internal)
    }

    pub(super) fn text(&self) -> Result<String> {
        serde_json::to_string(self).map_err(Error::internal)
    }

    /// All blueprints as they are to be.
    fn apply(&mut self, old: &CatalogModel) -> Result<Vec<StoredBlueprint>> {
        let mut all = stored(old);
        for prepared in std::mem::take(&mut self.blueprints) {
            let prepared = prepared.stored()?;
            match all.iter_mut().find(|stored| stored.no == prepared.no) {
                Some(stored) => *stored = prepared,
                None => all.push(prepared),
            }
        }
        Ok(all)
    }
}

impl Catalog {
    /// The head's lock, once no other change is being prepared.
    ///
    /// # Errors
    /// `CONFLICT` where another change takes too long.
    pub(super) async fn lock_model(&self, ctx: &OpContext) -> Result<(TenantScope, Head)> {
        let began = std::time::Instant::now();
        loop {
            let scope = self.store.write(ctx.tenant()).await?;
            let head = scope.lock_head().await?;
            if scope.pending_change().await?.is_none() {
                return Ok((scope, head));
            }
            drop(scope);
            if began.elapsed() > PATIENCE {
                let message = "another change of the blueprints is being made; try again when it is done";
                return Err(Error::problem(Code::Conflict, message));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Records a change that is to be prepared; `scope` holds the head's lock.
    pub(super) async fn begin_change(
        &self,
        scope: &TenantScope,
        head: Head,
        prepared: &Prepared,
        at: Instant,
        actor: &str,
    ) -> Result<PendingChange> {
        let pending = PendingChange {
            change: prepared.text()?,
            since: head.seq,
            at,
            actor: actor.to_owned(),
            attempt: 0,
        };
        scope.begin_pending(&pending).await?;
        // Its numbers are given out from now on.
        scope.advance_model(head.model_revision, prepared.next_no).await?;
        scope.mark_due(NAME, Instant(at.0 + LEASE)).await?;
        Ok(pending)
    }

    /// Prepares a recorded change and makes it.
    ///
    /// # Errors
    /// Where the change is not allowed any more: it is given up then.
    pub(super) async fn carry_out(&self, tenant: TenantId, pending: &PendingChange) -> Result<()> {
        let mut prepared = Prepared::read(&pending.change)?;
        let old = {
            let scope = self.store.read(tenant).await?;
            self.model_in(&scope).await?
        };
        let after = prepared.apply(&old)?;
        let model = CatalogModel::compile(prepared.revision, after.clone())?;
        for work in &prepared.work {
            let view = View::new(&old, &model, work)?;
            let mut place = view.start();
            loop {
                let seen = view.next(&self.store.read(tenant).await?, &mut place, PAGE).await?;
                if seen.is_empty() {
                    break;
                }
                let scope = self.hold(tenant, pending).await?;
                view.store(&scope, &seen).await?;
                scope.commit().await?;
            }
        }
        let blueprints: Vec<BlueprintNo> = prepared.work.iter().map(|work| work.blueprint).collect();
        // What was written in the meantime is looked at again, until little is left for the last transaction.
        let mut since = pending.since;
        loop {
            let (written, last) =
                self.store.read(tenant).await?.written_after(&blueprints, since, PAGE).await?;
            let Some(last) = last.filter(|_| written.len() > LAST) else { break };
            let scope = self.hold(tenant, pending).await?;
            renew(&scope, &old, &model, &prepared.work, &written).await?;
            scope.commit().await?;
            since = last;
        }
        let scope = self.store.write(tenant).await?;
        let head = scope.lock_head().await?;
        scope.hold_pending(pending.attempt).await?;
        loop {
            let (written, last) = scope.written_after(&blueprints, since, PAGE).await?;
            let Some(last) = last else { break };
            renew(&scope, &old, &model, &prepared.work, &written).await?;
            since = last;
        }
        debug_assert!(head.model_revision + 1 == model.revision(), "no change passes another");
        let before = stored(&old);
        let difference = Difference::between(&before, &after, &scope.populated().await?);
        if let Err(error) = check_guards(&scope, &difference.guards, None).await {
            drop(scope);
            self.give_up(tenant, pending, &old, &after).await?;
            return Err(error);
        }
        let switch = Switch {
            old: &old,
            model: &model,
            difference: &difference,
            renames: &prepared.renames,
            next_no: prepared.next_no,
            at: pending.at,
            actor: &pending.actor,
        };
        self.switch(&scope, &switch).await?;
        scope.end_pending().await?;
        scope.commit().await?;
        self.changed(&old, &model);
        Ok(())
    }
}

impl Catalog {
    /// A transaction that only whoever works on the change can commit, and that keeps it for them.
    async fn hold(&self, tenant: TenantId, pending: &PendingChange) -> Result<TenantScope> {
        let scope = self.store.write(tenant).await?;
        scope.hold_pending(pending.attempt).await?;
        scope.mark_due(NAME, Instant(now().0 + LEASE)).await?;
        Ok(scope)
    }

    /// Forgets a change that is not allowed any more; what was prepared for it is swept away.
    async fn give_up(
        &self,
        tenant: TenantId,
        pending: &PendingChange,
        old: &CatalogModel,
        after: &[StoredBlueprint],
    ) -> Result<()> {
        let scope = self.hold(tenant, pending).await?;
        let nobody = std::collections::HashSet::new();
        let unused = Difference::between(after, &stored(old), &nobody).retired;
        scope.retire(&unused, now()).await?;
        scope.mark_due(crate::sweep::NAME, crate::sweep::due(now())).await?;
        scope.end_pending().await?;
        scope.commit().await
    }

    /// Takes a change over whose server has stopped, and makes it.
    pub(crate) async fn resume_change(&self, tenant: TenantId) -> Result<()> {
        let scope = self.store.write(tenant).await?;
        let pending = scope.take_pending().await?;
        scope.commit().await?;
        match pending {
            Some(pending) => self.carry_out(tenant, &pending).await,
            None => Ok(()),
        }
    }
}

/// Makes what is prepared right again for entities that were written since.
async fn renew(
    scope: &TenantScope,
    old: &CatalogModel,
    model: &CatalogModel,
    work: &[Work],
    written: &[(BlueprintNo, i64)],
) -> Result<()> {
    for work in work {
        let mine = written.iter().filter(|(no, _)| *no == work.blueprint);
        let ids: Vec<i64> = mine.map(|(_, id)| *id).collect();
        View::new(old, model, work)?.renew(scope, &ids).await?;
    }
    Ok(())
}
