//! Integrations: made, read, changed, removed. Creating one starts nothing.

use std::sync::Arc;

use portolan_catalog::{OpContext, Role, TenantId};
use portolan_ingestor_contract::{Context, Settings};
use portolan_schema::identifier::{self, Kind};
use portolan_schema::mapping::MappingConfig;
use portolan_schema::{Code, Error, Pointer, Problems, Result};
use portolan_store::integration::{Integration, RunStatus};
use serde_json::{Value, json};

use crate::files::Allowed;
use crate::http::Guarded;
use crate::{Integrations, deliveries, follow, guard, now, schedule};

/// What a user asks for.
#[derive(Debug, Clone, Default)]
pub struct NewIntegration {
    pub identifier: String,
    pub ingestor: String,
    pub config: Value,
    pub secrets: Value,
    /// None: the ingestor's default, whose missing blueprints are made.
    pub mapping: Option<Value>,
    /// When it runs by itself: a cron expression of five fields, in UTC. None: never.
    pub schedule: Option<String>,
    /// `{share: 0…1, atLeast: n}`.
    pub guard: Option<Value>,
}

/// What is to change; `None` stays as it is. An inner `None` means the default.
#[derive(Debug, Clone, Default)]
pub struct IntegrationChange {
    pub identifier: Option<String>,
    pub config: Option<Value>,
    /// Replaces all secrets.
    pub secrets: Option<Value>,
    pub mapping: Option<Option<Value>>,
    pub schedule: Option<Option<String>>,
    pub guard: Option<Option<Value>>,
}

impl Integrations {
    /// Needs Admin.
    pub async fn integrations(&self, ctx: &OpContext) -> Result<Vec<Integration>> {
        ctx.require(Role::Admin)?;
        self.0.store.read(ctx.tenant()).await?.integrations().await
    }

    /// Needs Admin.
    ///
    /// # Errors
    /// All problems of settings, mapping and guard; `ALREADY_EXISTS`.
    pub async fn create(&self, ctx: &OpContext, wanted: &NewIntegration) -> Result<Integration> {
        ctx.require(Role::Admin)?;
        let mut integration = self.checked(ctx, wanted)?;
        let takes_deliveries = self.ingestor(&wanted.ingestor)?.descriptor().live.deliveries;
        if wanted.mapping.is_none() {
            let defaults = self.ingestor(&wanted.ingestor)?.defaults(&wanted.config);
            self.make_blueprints(ctx, &defaults.blueprints).await?;
        }
        integration.id = self.0.store.reserve_ids(3).await?;
        integration.secrets = Some(self.seal(ctx, integration.id, &object(&wanted.secrets))?);
        (integration.created_at, integration.updated_at) = (now(), now());
        (integration.created_by, integration.updated_by) = (ctx.actor().stamp(), ctx.actor().stamp());
        let scope = self.0.store.write(ctx.tenant()).await?;
        scope.create_integration(&integration).await?;
        schedule::plan(&scope, &integration, integration.id + 1).await?;
        if takes_deliveries {
            self.give_hook(&scope, integration.id, integration.id + 2).await?;
        }
        scope.commit().await?;
        Ok(integration)
    }

    /// Needs Admin. Only what is named changes; a run that is open goes on with what it began with.
    ///
    /// # Errors
    /// `NOT_FOUND`; all problems of what it would become; `ALREADY_EXISTS` where the new identifier is taken.
    pub async fn update(
        &self,
        ctx: &OpContext,
        identifier: &str,
        change: &IntegrationChange,
    ) -> Result<Integration> {
        ctx.require(Role::Admin)?;
        if change.mapping == Some(None) {
            let integration = self.find(ctx, identifier).await?;
            let config = change.config.as_ref().unwrap_or(&integration.config);
            let defaults = self.ingestor(&integration.ingestor)?.defaults(config);
            self.make_blueprints(ctx, &defaults.blueprints).await?;
        }
        let job = self.0.store.reserve_ids(2).await?;
        let scope = self.0.store.write(ctx.tenant()).await?;
        let found = scope.lock_integration(identifier).await?;
        let present = found.ok_or_else(|| not_found(identifier))?;
        if present.remote {
            return Err(is_remote(&present));
        }
        let secrets = match &change.secrets {
            Some(secrets) => secrets.clone(),
            None => self.settings(ctx, &present)?.secrets.expose(),
        };
        let wanted = NewIntegration {
            identifier: change.identifier.clone().unwrap_or_else(|| present.identifier.clone()),
            ingestor: present.ingestor.clone(),
            config: change.config.clone().unwrap_or_else(|| present.config.clone()),
            secrets,
            mapping: change.mapping.clone().unwrap_or_else(|| Some(present.mapping.clone())),
            schedule: change.schedule.clone().unwrap_or_else(|| present.schedule.clone()),
            guard: change.guard.clone().unwrap_or_else(|| Some(present.guard.clone())),
        };
        let mut changed = Integration {
            id: present.id,
            created_at: present.created_at,
            created_by: present.created_by.clone(),
            updated_at: now(),
            updated_by: ctx.actor().stamp(),
            ..self.checked(ctx, &wanted)?
        };
        changed.secrets = match &change.secrets {
            Some(secrets) => Some(self.seal(ctx, present.id, &object(secrets))?),
            None => present.secrets,
        };
        scope.update_integration(&changed).await?;
        if changed.schedule != present.schedule {
            schedule::plan(&scope, &changed, job).await?;
        }
        if changed.config != present.config || change.secrets.is_some() {
            // It may be another source.
            scope.note_missed(changed.id, None, "the settings were changed").await?;
            scope.forget_resyncs(changed.id).await?;
        }
        if self.ingestor(&changed.ingestor)?.descriptor().live.follows {
            scope.hasten_job(job + 1, follow::QUEUE, changed.id, now()).await?;
        }
        scope.commit().await?;
        Ok(changed)
    }

    /// Needs Admin. The entities stay, and are nobody's from then on; with `delete_entities` those that the integration
    /// made go too. Answers how many did.
    ///
    /// # Errors
    /// `NOT_FOUND`; `RUN_IN_PROGRESS`; `HAS_DEPENDENTS` where somebody else's entities require one that would go: nothing
    /// is deleted then.
    pub async fn delete(&self, ctx: &OpContext, identifier: &str, delete_entities: bool) -> Result<u64> {
        ctx.require(Role::Admin)?;
        let integration = self.find(ctx, identifier).await?;
        self.refuse_while_open(ctx, &integration).await?;
        let deleted = if delete_entities { self.delete_owned(ctx, &integration).await? } else { 0 };
        let scope = self.0.store.write(ctx.tenant()).await?;
        let locked = scope.lock_integration(identifier).await?;
        let locked =
            locked.filter(|locked| locked.id == integration.id).ok_or_else(|| not_found(identifier))?;
        if !scope.runs_in(locked.id, &[RunStatus::Queued, RunStatus::Running]).await?.is_empty() {
            return Err(in_progress());
        }
        for queue in [schedule::QUEUE, deliveries::QUEUE, deliveries::retention::QUEUE, follow::QUEUE] {
            scope.remove_job(queue, locked.id).await?;
        }
        scope.delete_integration(locked.id).await?;
        scope.commit().await?;
        Ok(deleted)
    }

    /// What a new integration would be, without id, stamps and secrets.
    ///
    /// # Errors
    /// All problems of settings, mapping and guard.
    pub(crate) fn checked(&self, ctx: &OpContext, wanted: &NewIntegration) -> Result<Integration> {
        let ingestor = self.ingestor(&wanted.ingestor)?;
        let mut problems = Problems::default();
        let path = Pointer::root().key("identifier");
        if let Err(problem) = identifier::check(Kind::Integration, &wanted.identifier, &path) {
            problems.0.push(problem);
        }
        let config = object(&wanted.config);
        let settings = Settings::new(config.clone(), object(&wanted.secrets));
        if let Err(found) = ingestor.validate(&settings, &self.context(ctx.tenant())?) {
            problems.extend(found);
        }
        let path = Pointer::root().key("mapping");
        let mapping = wanted.mapping.clone().unwrap_or_else(|| ingestor.defaults(&config).mapping);
        match MappingConfig::parse(&mapping, &path) {
            Err(found) => problems.extend(found),
            Ok(parsed) => {
                for resource in parsed.resources.iter().filter(|resource| resource.kind.contains('\0')) {
                    let message = "a kind may not hold a NUL character";
                    problems.add(Code::NulCharacter, resource.path.key("kind"), message);
                }
            }
        }
        let schedule = schedule::checked(wanted.schedule.as_deref(), &mut problems);
        if schedule.is_some() && !ingestor.has_source() {
            let message = "there is nothing to read by a schedule: everything comes in deliveries";
            problems.add(Code::NotSupported, Pointer::root().key("schedule"), message);
        }
        let guard = guard::parse(wanted.guard.as_ref(), &mut problems);
        problems.into_result(())?;
        Ok(Integration {
            id: 0,
            identifier: wanted.identifier.clone(),
            ingestor: wanted.ingestor.clone(),
            remote: false,
            config,
            secrets: None,
            mapping,
            schedule,
            guard,
            wire: None,
            created_at: now(),
            created_by: String::new(),
            updated_at: now(),
            updated_by: String::new(),
        })
    }

    async fn refuse_while_open(&self, ctx: &OpContext, integration: &Integration) -> Result<()> {
        let scope = self.0.store.read(ctx.tenant()).await?;
        if scope.runs_in(integration.id, &[RunStatus::Queued, RunStatus::Running]).await?.is_empty() {
            return Ok(());
        }
        Err(in_progress())
    }

    pub(crate) async fn find(&self, ctx: &OpContext, identifier: &str) -> Result<Integration> {
        let found = self.0.store.read(ctx.tenant()).await?.integration(identifier).await?;
        found.ok_or_else(|| not_found(identifier))
    }

    fn seal(&self, ctx: &OpContext, id: i64, secrets: &Value) -> Result<Vec<u8>> {
        self.0.sealer.seal(&sealing(ctx, id), secrets.to_string().as_bytes())
    }

    pub(crate) fn settings(&self, ctx: &OpContext, integration: &Integration) -> Result<Settings> {
        let secrets = match &integration.secrets {
            Some(sealed) => {
                let plain = self.0.sealer.open(&sealing(ctx, integration.id), sealed)?;
                serde_json::from_slice(&plain).map_err(Error::internal)?
            }
            None => json!({}),
        };
        Ok(Settings::new(integration.config.clone(), secrets))
    }

    pub(crate) fn context(&self, tenant: TenantId) -> Result<Context> {
        let reach = &self.0.reach;
        let context = Context::new(Arc::new(Guarded(reach.outbound.clone())));
        let files = Arc::new(Allowed(reach.files.clone()));
        Ok(Context { external_id: Some(self.proof(tenant)?), files, ..context })
    }

    async fn make_blueprints(&self, ctx: &OpContext, definitions: &[Value]) -> Result<()> {
        let model = self.0.catalog.model(ctx).await?;
        let missing: Vec<Value> = definitions
            .iter()
            .filter(|definition| {
                definition["identifier"].as_str().is_none_or(|name| model.get(name).is_none())
            })
            .cloned()
            .collect();
        self.0.catalog.apply_blueprints(ctx, &missing, false).await.map(drop)
    }
}

pub(crate) fn not_found(identifier: &str) -> Error {
    Error::not_found(format!("the integration \"{identifier}\""))
}

pub(crate) fn is_remote(integration: &Integration) -> Error {
    let message = format!("\"{}\" runs elsewhere; only its own program may do this", integration.identifier);
    Error::problem(Code::NotSupported, message)
}

fn in_progress() -> Error {
    Error::problem(Code::RunInProgress, "a run of the integration is open; wait for its end or cancel it")
}

/// What secrets are sealed for: they open for this integration only.
fn sealing(ctx: &OpContext, id: i64) -> String {
    format!("tenant:{}/integration:{id}", ctx.tenant().0)
}

/// Nothing given is nothing set.
fn object(value: &Value) -> Value {
    if value.is_null() { json!({}) } else { value.clone() }
}
