//! Ingestors and integrations. Secrets are never readable.

use async_graphql::{Context, ID, InputObject, Json, Object, SimpleObject};
use portolan_catalog::OpContext;
use portolan_integrations::{Integrations, NewIntegration};
use serde_json::Value;

use super::problem::{ProblemObject, payload, refuse};
use super::run::ResyncRun;

/// The code for one kind of source.
#[derive(SimpleObject)]
struct Ingestor {
    name: ID,
    title: String,
    kinds: Vec<String>,
    config_schema: Json<Value>,
    secrets_schema: Json<Value>,
    default_mapping: Json<Value>,
    permissions: Vec<String>,
}

/// One tenant's configured use of an ingestor.
struct Integration(portolan_integrations::Integration);

#[Object]
impl Integration {
    async fn identifier(&self) -> ID {
        ID::from(&self.0.identifier)
    }

    async fn ingestor(&self) -> &str {
        &self.0.ingestor
    }

    async fn config(&self) -> Json<Value> {
        Json(self.0.config.clone())
    }

    async fn mapping(&self) -> Json<Value> {
        Json(self.0.mapping.clone())
    }

    async fn guard(&self) -> Json<Value> {
        Json(self.0.guard.clone())
    }

    async fn last_run(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ResyncRun>> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        let Some(run) = integrations.last_run(who, self.0.id).await.map_err(refuse)? else { return Ok(None) };
        ResyncRun::load(ctx, run.id).await.map(Some)
    }
}

#[derive(InputObject)]
struct IntegrationInput {
    identifier: ID,
    ingestor: String,
    #[graphql(default)]
    config: Option<Json<Value>>,
    #[graphql(default)]
    secrets: Option<Json<Value>>,
    /// Without it, the ingestor's default; its missing blueprints are made.
    mapping: Option<Json<Value>>,
    /// `{share, atLeast}`: what a run may delete unasked.
    guard: Option<Json<Value>>,
}

#[derive(SimpleObject)]
struct IntegrationPayload {
    integration: Option<Integration>,
    errors: Vec<ProblemObject>,
}

#[derive(Default)]
pub struct IntegrationQuery;

#[Object]
impl IntegrationQuery {
    async fn ingestors(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Ingestor>> {
        let integrations: &Integrations = ctx.data()?;
        let show = |found: &portolan_integrations::Descriptor| Ingestor {
            name: found.name.into(),
            title: found.title.to_owned(),
            kinds: found.kinds.iter().map(|kind| kind.name.to_owned()).collect(),
            config_schema: Json(found.config_schema.clone()),
            secrets_schema: Json(found.secrets_schema.clone()),
            default_mapping: Json(found.default_mapping.clone()),
            permissions: found.permissions.iter().map(|text| (*text).to_owned()).collect(),
        };
        Ok(integrations.ingestors().map(show).collect())
    }

    async fn integrations(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Integration>> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        Ok(integrations.integrations(who).await.map_err(refuse)?.into_iter().map(Integration).collect())
    }
}

#[derive(Default)]
pub struct IntegrationMutation;

#[Object]
impl IntegrationMutation {
    /// Starts nothing.
    async fn create_integration(
        &self,
        ctx: &Context<'_>,
        input: IntegrationInput,
    ) -> async_graphql::Result<IntegrationPayload> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        let json = |value: Option<Json<Value>>| {
            value.map_or_else(|| Value::Object(Default::default()), |value| value.0)
        };
        let wanted = NewIntegration {
            identifier: input.identifier.0,
            ingestor: input.ingestor,
            config: json(input.config),
            secrets: json(input.secrets),
            mapping: input.mapping.map(|mapping| mapping.0),
            guard: input.guard.map(|guard| guard.0),
        };
        let (made, errors) = payload(integrations.create(who, &wanted).await)?;
        Ok(IntegrationPayload { integration: made.map(Integration), errors })
    }

    /// The entities stay.
    async fn delete_integration(
        &self,
        ctx: &Context<'_>,
        identifier: ID,
    ) -> async_graphql::Result<IntegrationPayload> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        let (_, errors) = payload(integrations.delete(who, &identifier).await)?;
        Ok(IntegrationPayload { integration: None, errors })
    }
}
