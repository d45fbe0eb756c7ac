//! Integrations that run elsewhere: their clients keep their configuration and their state here, and write entities
//! themselves or hand over raw items in a run (`run/remote`). Nothing of theirs is carried out by this server.

mod change;
mod made;
mod state;

use portolan_catalog::{OpContext, Role};
use portolan_schema::{Error, Result};
use portolan_store::TenantScope;
use portolan_store::integration::Integration;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub use self::change::RemoteChange;
use crate::configuration::not_found;
use crate::{Integrations, guard, now};

/// What a client keeps here beside its configuration.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RemoteState {
    /// What the client says of itself, such as its `version`, as it said it.
    pub attributes: Map<String, Value>,
    /// How its last resync went, as it said it.
    pub resync: Map<String, Value>,
    /// When it said so, in microseconds.
    pub resync_at: Option<i64>,
    /// When somebody asked for a resync, in microseconds.
    pub requested_at: Option<i64>,
    /// How far it has come with what it reads little by little, by kind and index.
    pub cursors: Map<String, Value>,
}

impl RemoteState {
    /// What an integration's client keeps.
    ///
    /// # Errors
    /// Where what is stored cannot be read.
    pub fn of(integration: &Integration) -> Result<Self> {
        match &integration.wire {
            Some(wire) => serde_json::from_value(wire.clone()).map_err(Error::internal),
            None => Ok(Self::default()),
        }
    }

    fn store(&self, integration: &mut Integration) -> Result<()> {
        integration.wire = Some(serde_json::to_value(self).map_err(Error::internal)?);
        Ok(())
    }
}

impl Integrations {
    /// Needs Admin.
    pub async fn remotes(&self, ctx: &OpContext) -> Result<Vec<Integration>> {
        let all = self.integrations(ctx).await?;
        Ok(all.into_iter().filter(|integration| integration.remote).collect())
    }

    /// Needs Admin.
    ///
    /// # Errors
    /// `NOT_FOUND`, also where the integration is one that this server carries out.
    pub async fn remote(&self, ctx: &OpContext, identifier: &str) -> Result<Integration> {
        ctx.require(Role::Admin)?;
        let found = self.find(ctx, identifier).await?;
        Some(found).filter(|found| found.remote).ok_or_else(|| not_found(identifier))
    }

    /// Needs Admin. Makes a remote integration, or changes the one that is there. Answers whether it was made.
    ///
    /// # Errors
    /// `REQUIRED` where a new one has no ingestor; problems of the guard; `ALREADY_EXISTS` where this server carries out an
    /// integration of this name.
    pub async fn put_remote(
        &self,
        ctx: &OpContext,
        identifier: &str,
        change: &RemoteChange,
    ) -> Result<(Integration, bool)> {
        ctx.require(Role::Admin)?;
        let scope = self.0.store.write(ctx.tenant()).await?;
        if let Some(present) = scope.lock_integration(identifier).await?.filter(|present| present.remote) {
            let changed = change.apply(present, &ctx.actor().stamp())?;
            scope.update_integration(&changed).await?;
            scope.commit().await?;
            return Ok((changed, false));
        }
        drop(scope);
        let blank = Integration {
            id: 0,
            identifier: identifier.to_owned(),
            ingestor: String::new(),
            remote: true,
            config: json!({}),
            secrets: None,
            mapping: json!({}),
            schedule: None,
            guard: guard::parse(None, &mut portolan_schema::Problems::default()),
            wire: None,
            created_at: now(),
            created_by: ctx.actor().stamp(),
            updated_at: now(),
            updated_by: ctx.actor().stamp(),
        };
        let mut made = change.apply(blank, &ctx.actor().stamp())?;
        change::check_new(&made)?;
        made.id = self.0.store.reserve_ids(1).await?;
        let scope = self.0.store.write(ctx.tenant()).await?;
        scope.create_integration(&made).await?;
        scope.commit().await?;
        Ok((made, true))
    }

    /// Needs Admin. Changes what is named.
    ///
    /// # Errors
    /// `NOT_FOUND`; problems of the guard.
    pub async fn change_remote(
        &self,
        ctx: &OpContext,
        identifier: &str,
        change: &RemoteChange,
    ) -> Result<Integration> {
        ctx.require(Role::Admin)?;
        let scope = self.0.store.write(ctx.tenant()).await?;
        let changed = change.apply(lock(&scope, identifier).await?, &ctx.actor().stamp())?;
        scope.update_integration(&changed).await?;
        scope.commit().await?;
        Ok(changed)
    }

    /// Needs Admin. The entities stay; with `delete_entities` go those that its runs or its client have made. Answers how
    /// many did.
    ///
    /// # Errors
    /// `NOT_FOUND`; `RUN_IN_PROGRESS`; `HAS_DEPENDENTS` where others require an entity that would go: the integration stays.
    pub async fn delete_remote(
        &self,
        ctx: &OpContext,
        identifier: &str,
        delete_entities: bool,
    ) -> Result<u64> {
        let integration = self.remote(ctx, identifier).await?;
        let made = if delete_entities { self.delete_made(ctx, &integration).await? } else { 0 };
        Ok(made + self.delete(ctx, identifier, delete_entities).await?)
    }
}

/// A remote integration, which nobody else changes until the transaction ends.
async fn lock(scope: &TenantScope, identifier: &str) -> Result<Integration> {
    let found = scope.lock_integration(identifier).await?.filter(|found| found.remote);
    found.ok_or_else(|| not_found(identifier))
}
