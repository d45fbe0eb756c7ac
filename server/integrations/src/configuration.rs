//! Integrations: made, read, removed. Creating one starts nothing.

use std::sync::Arc;

use portolan_catalog::{OpContext, Role};
use portolan_ingestor_contract::{Context, Settings};
use portolan_schema::identifier::{self, Kind};
use portolan_schema::mapping::MappingConfig;
use portolan_schema::{Code, Error, Pointer, Problems, Result};
use portolan_store::integration::Integration;
use serde_json::{Value, json};

use crate::http::Guarded;
use crate::{Integrations, now};

/// What a user asks for.
#[derive(Debug, Clone, Default)]
pub struct NewIntegration {
    pub identifier: String,
    pub ingestor: String,
    pub config: Value,
    pub secrets: Value,
    /// None: the ingestor's default, whose missing blueprints are made.
    pub mapping: Option<Value>,
    /// `{share: 0…1, atLeast: n}`.
    pub guard: Option<Value>,
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
        let ingestor = self.ingestor(&wanted.ingestor)?;
        let mut problems = Problems::default();
        let path = Pointer::root().key("identifier");
        if let Err(problem) = identifier::check(Kind::Blueprint, &wanted.identifier, &path) {
            problems.0.push(problem);
        }
        let settings = Settings::new(wanted.config.clone(), wanted.secrets.clone());
        if let Err(found) = ingestor.validate(&settings, &self.context()) {
            problems.extend(found);
        }
        let descriptor = ingestor.descriptor();
        let mapping = wanted.mapping.clone().unwrap_or_else(|| descriptor.default_mapping.clone());
        if let Err(found) = MappingConfig::parse(&mapping, &Pointer::root().key("mapping")) {
            problems.extend(found);
        }
        let guard = guard(wanted.guard.as_ref(), &mut problems);
        problems.into_result(())?;
        if wanted.mapping.is_none() {
            self.make_blueprints(ctx, &descriptor.default_blueprints).await?;
        }
        let id = self.0.store.reserve_ids(1).await?;
        let secrets = wanted.secrets.to_string();
        let integration = Integration {
            id,
            identifier: wanted.identifier.clone(),
            ingestor: wanted.ingestor.clone(),
            config: if wanted.config.is_null() { json!({}) } else { wanted.config.clone() },
            secrets: Some(self.0.sealer.seal(&sealing(ctx, id), secrets.as_bytes())?),
            mapping,
            guard,
            created_at: now(),
            created_by: ctx.actor().stamp(),
        };
        let scope = self.0.store.write(ctx.tenant()).await?;
        scope.create_integration(&integration).await?;
        scope.commit().await?;
        Ok(integration)
    }

    /// Needs Admin. The entities stay.
    ///
    /// # Errors
    /// `NOT_FOUND`; `RUN_IN_PROGRESS`.
    pub async fn delete(&self, ctx: &OpContext, identifier: &str) -> Result<()> {
        ctx.require(Role::Admin)?;
        let integration = self.find(ctx, identifier).await?;
        if self.open_run(ctx, integration.id).await?.is_some() {
            return Err(Error::problem(
                Code::RunInProgress,
                "a run of the integration is open; wait for its end",
            ));
        }
        let scope = self.0.store.write(ctx.tenant()).await?;
        scope.delete_integration(integration.id).await?;
        scope.commit().await
    }

    pub(crate) async fn find(&self, ctx: &OpContext, identifier: &str) -> Result<Integration> {
        let found = self.0.store.read(ctx.tenant()).await?.integration(identifier).await?;
        found.ok_or_else(|| Error::not_found(format!("the integration \"{identifier}\"")))
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

    pub(crate) fn context(&self) -> Context {
        Context::new(Arc::new(Guarded(self.0.outbound.clone())))
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

/// What secrets are sealed for: they open for this integration only.
fn sealing(ctx: &OpContext, id: i64) -> String {
    format!("tenant:{}/integration:{id}", ctx.tenant().0)
}

fn guard(wanted: Option<&Value>, problems: &mut Problems) -> Value {
    let path = Pointer::root().key("guard");
    let share = match wanted.map(|guard| &guard["share"]).filter(|share| !share.is_null()) {
        None => 0.5,
        Some(share) => share.as_f64().filter(|share| (0.0..=1.0).contains(share)).unwrap_or_else(|| {
            problems.add(Code::InvalidValue, path.key("share"), "the share is a number from 0 to 1");
            0.5
        }),
    };
    let least = match wanted.map(|guard| &guard["atLeast"]).filter(|least| !least.is_null()) {
        None => 10,
        Some(least) => least.as_u64().unwrap_or_else(|| {
            problems.add(Code::InvalidValue, path.key("atLeast"), "\"atLeast\" is a number from 0");
            10
        }),
    };
    json!({"share": share, "atLeast": least})
}
