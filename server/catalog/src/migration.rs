//! Deleting all entities of a blueprint, in the background and in small transactions (port-api.md 1.9, 1.10).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portolan_schema::{Code, Error, Instant, Result, system};
use portolan_store::migration::{EntityMigration, MigrationStatus};
use portolan_store::{Actor, OpContext, Role, Store, TenantId, TenantScope};
use tokio::sync::{Mutex, Notify};

use crate::change::{Change, Deletion, Outcome, WriteOptions};
use crate::companion::{Companion, Target};
use crate::model::PREPARING;
use crate::queue::{self, LEASE};
use crate::{Catalog, now};

/// The name of the queue.
const NAME: &str = "migration";
/// Entities that go in one transaction.
const PART: usize = 100;
/// Times that all entities are gone through: what required others may go once these are gone.
const SWEEPS: usize = 20;
/// How often the queue is looked at.
const TICK: Duration = Duration::from_secs(1);

impl Catalog {
    /// Needs Admin. Begins to delete all entities of a blueprint and, if told, the blueprint itself.
    ///
    /// # Errors
    /// `NOT_FOUND`; `IN_USE` where the blueprint is to go and others name it.
    pub async fn delete_all_entities(
        &self,
        ctx: &OpContext,
        blueprint: &str,
        delete_blueprint: bool,
    ) -> Result<EntityMigration> {
        ctx.require(Role::Admin)?;
        let id = self.store.reserve_ids(1).await?;
        let scope = self.store.write(ctx.tenant()).await?;
        let model = self.model_in(&scope).await?;
        if model.get(blueprint).is_none() {
            return Err(Error::not_found(format!("the blueprint \"{blueprint}\"")));
        }
        if delete_blueprint {
            if system::is_system(blueprint) {
                let message = format!("\"{blueprint}\" is a system blueprint: it cannot be removed");
                return Err(Error::problem(Code::Protected, message));
            }
            self.users_of(&scope, &model, &[blueprint]).await?.into_result(())?;
        }
        let at = now();
        let migration = EntityMigration {
            id,
            actor: ctx.actor().stamp(),
            blueprint: blueprint.to_owned(),
            status: MigrationStatus::Pending,
            delete_blueprint,
            succeeded: 0,
            failed: 0,
            done_to: String::new(),
            error: None,
            created_at: at,
            updated_at: at,
        };
        scope.save_migration(&migration).await?;
        scope.mark_due(NAME, at).await?;
        scope.commit().await?;
        self.migration_wake.notify_one();
        Ok(migration)
    }

    /// Needs Admin.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn migration(&self, ctx: &OpContext, id: i64) -> Result<EntityMigration> {
        ctx.require(Role::Admin)?;
        let found = self.store.read(ctx.tenant()).await?.migration(id).await?;
        found.ok_or_else(|| Error::not_found(format!("the migration {id}")))
    }

    /// The background work that carries migrations out.
    pub fn migrating(&self) -> Migrating {
        Migrating { catalog: self.clone(), store: self.store.clone(), wake: self.migration_wake.clone() }
    }

    /// Makes a change of the model whose server has stopped in the middle. What tests wait for; servers do it in the
    /// background.
    pub async fn settle_change(&self, ctx: &OpContext) -> Result<()> {
        self.resume_change(ctx.tenant()).await
    }
}

/// Carries out migrations of all tenants.
pub struct Migrating {
    catalog: Catalog,
    store: Store,
    wake: Arc<Notify>,
}

impl Migrating {
    /// Works until the task is dropped.
    pub async fn work(self) {
        queue::work(TICK, &self.wake, "a migration could not go on", || self.round()).await;
    }

    async fn round(&self) -> Result<bool> {
        let changes = self.take(PREPARING).await?;
        Ok(self.take(NAME).await? || changes)
    }

    /// The work of one tenant in a queue. Answers whether there was any.
    async fn take(&self, queue: &'static str) -> Result<bool> {
        let leased = queue::lease(&self.store, queue, 1).await?;
        for due in &leased {
            let outcome = match queue {
                PREPARING => self.catalog.resume_change(due.tenant).await,
                _ => self.turn(due.tenant).await,
            };
            let scope = self.store.write_global().await?;
            scope.end_lease(queue, *due, outcome.is_ok()).await?;
            scope.commit().await?;
            outcome?;
        }
        Ok(!leased.is_empty())
    }

    /// All open migrations of a tenant, one after the other.
    async fn turn(&self, tenant: TenantId) -> Result<()> {
        while let Some(migration) = self.store.read(tenant).await?.open_migration().await? {
            // Whoever asked for it is who deletes.
            let ctx = OpContext::background(tenant, Actor::Account(migration.actor.clone()));
            let last = self.carry_out(&ctx, migration).await?;
            let scope = self.store.write(tenant).await?;
            scope.save_migration(&last).await?;
            scope.commit().await?;
        }
        Ok(())
    }

    /// Goes through the entities, again and again while that helps. One that was cut off begins anew, which finds what is
    /// left.
    async fn carry_out(&self, ctx: &OpContext, mut migration: EntityMigration) -> Result<EntityMigration> {
        migration.status = MigrationStatus::Running;
        for _ in 0..SWEEPS {
            let before = migration.succeeded;
            migration.done_to.clear();
            migration.failed = 0;
            migration = self.sweep(ctx, migration).await?;
            let gone = match migration.delete_blueprint && migration.failed == 0 {
                true => self.catalog.delete_blueprint(ctx, &migration.blueprint).await,
                false => Ok(()),
            };
            match gone {
                Ok(()) if migration.failed == 0 => {
                    return Ok(ended(migration, MigrationStatus::Completed, None));
                }
                // It went with somebody else.
                Err(error) if error.code() == Code::NotFound => {
                    return Ok(ended(migration, MigrationStatus::Completed, None));
                }
                Err(error @ Error::Fault { .. }) => return Err(error),
                Err(error) if migration.succeeded == before => {
                    return Ok(ended(migration, MigrationStatus::Failure, Some(error.to_string())));
                }
                Ok(()) if migration.succeeded == before => break,
                Ok(()) | Err(_) => {}
            }
        }
        let message = format!("{} entities are required by others", migration.failed);
        Ok(ended(migration, MigrationStatus::Failure, Some(message)))
    }

    /// Tries every entity once, from the first to the last by identifier.
    async fn sweep(&self, ctx: &OpContext, mut migration: EntityMigration) -> Result<EntityMigration> {
        loop {
            let scope = self.store.read(ctx.tenant()).await?;
            let model = self.catalog.model_in(&scope).await?;
            let Some(no) = model.get(&migration.blueprint).map(|found| found.no()) else {
                return Ok(migration);
            };
            let names = scope.identifiers_after(no, &migration.done_to, PART).await?;
            drop(scope);
            let Some(last) = names.last().cloned() else { return Ok(migration) };
            migration = self.part(ctx, names, last, migration).await?;
        }
    }

    async fn part(
        &self,
        ctx: &OpContext,
        names: Vec<String>,
        last: String,
        migration: EntityMigration,
    ) -> Result<EntityMigration> {
        let delete = |identifier: String| {
            Change::Delete(Deletion {
                blueprint: migration.blueprint.clone(),
                identifier,
                dependents: false,
                if_revision: None,
            })
        };
        let changes = names.into_iter().map(delete).collect();
        let progress = Progress(Mutex::new(EntityMigration { done_to: last, ..migration }));
        self.catalog.write_with(ctx, changes, &WriteOptions::default(), &progress).await?;
        Ok(progress.0.into_inner())
    }
}

fn ended(migration: EntityMigration, status: MigrationStatus, error: Option<String>) -> EntityMigration {
    EntityMigration { status, error, updated_at: now(), ..migration }
}

/// Keeps the counts in the transaction that deletes.
struct Progress(Mutex<EntityMigration>);

#[async_trait]
impl Companion for Progress {
    async fn expects(&self, _: &TenantScope, _: &[Target]) -> Result<std::collections::HashSet<Target>> {
        Ok(std::collections::HashSet::new())
    }

    async fn conclude(&self, scope: &TenantScope, results: &[Result<Outcome>]) -> Result<()> {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let done = results.iter().filter(|result| result.is_ok()).count();
        // What is gone already went with another, or by somebody else.
        let failed = results.iter().filter_map(|result| result.as_ref().err());
        let failed = failed.filter(|error| error.code() != Code::NotFound).count();
        let mut migration = self.0.lock().await;
        migration.succeeded += number(done);
        migration.failed += number(failed);
        migration.updated_at = now();
        scope.save_migration(&migration).await?;
        // Nobody else takes the tenant's work while this goes on.
        scope.prolong_lease(NAME, Instant(now().0 + LEASE)).await
    }
}
