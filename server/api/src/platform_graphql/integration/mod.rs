//! Ingestors and integrations: the fields. Secrets are never readable.

mod object;

use async_graphql::{Context, ID, Json, Object};
use portolan_catalog::OpContext;
use portolan_integrations::{Check, IntegrationChange, Integrations, NewIntegration};
use serde_json::Value;

use self::object::{
    CheckInput, CheckPayload, Ingestor, Integration, IntegrationChangeInput, IntegrationDeletePayload,
    IntegrationInput, IntegrationPayload, MappingPreview, MappingResult,
};
use super::problem::{payload, refuse};

#[derive(Default)]
pub struct IntegrationQuery;

#[Object]
impl IntegrationQuery {
    async fn ingestors(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Ingestor>> {
        let integrations: &Integrations = ctx.data()?;
        Ok(integrations.ingestors().map(Ingestor::from).collect())
    }

    async fn integrations(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Integration>> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        Ok(integrations.integrations(who).await.map_err(refuse)?.into_iter().map(Integration).collect())
    }

    /// Maps samples of a kind and tries the entities on the catalog; nothing is stored. Without a mapping, the
    /// integration's; without samples, those that runs recorded. At most 50 samples.
    async fn preview_mapping(
        &self,
        ctx: &Context<'_>,
        integration: ID,
        kind: String,
        mapping: Option<Json<Value>>,
        samples: Option<Vec<Json<Value>>>,
    ) -> async_graphql::Result<MappingPreview> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        let samples = samples.map(|samples| samples.into_iter().map(|sample| sample.0).collect());
        let mapping = mapping.map(|mapping| mapping.0).filter(|mapping| !mapping.is_null());
        let (results, errors) =
            payload(integrations.preview(who, &integration, &kind, mapping, samples).await)?;
        let results = results.unwrap_or_default().into_iter().map(MappingResult::from).collect();
        Ok(MappingPreview { results, errors })
    }

    /// Raw items of a kind, as the last run that read it recorded them; what looks like a secret is masked.
    async fn recorded_samples(
        &self,
        ctx: &Context<'_>,
        integration: ID,
        kind: String,
    ) -> async_graphql::Result<Vec<Json<Value>>> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        let recorded = integrations.recorded_samples(who, &integration, &kind).await.map_err(refuse)?;
        Ok(recorded.into_iter().map(Json).collect())
    }
}

#[derive(Default)]
pub struct IntegrationMutation;

#[Object]
impl IntegrationMutation {
    /// Whether the source's address and credentials work. Stores nothing.
    async fn check_integration(
        &self,
        ctx: &Context<'_>,
        input: CheckInput,
    ) -> async_graphql::Result<CheckPayload> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        let (done, problems) = payload(integrations.check(who, &Check::from(input)).await)?;
        Ok(CheckPayload { ok: done.is_some(), problems })
    }

    /// Starts nothing.
    async fn create_integration(
        &self,
        ctx: &Context<'_>,
        input: IntegrationInput,
    ) -> async_graphql::Result<IntegrationPayload> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        let (made, errors) = payload(integrations.create(who, &NewIntegration::from(input)).await)?;
        Ok(IntegrationPayload { integration: made.map(Integration), errors })
    }

    /// Changes only what is named. A run that is open goes on with what it began with.
    async fn update_integration(
        &self,
        ctx: &Context<'_>,
        identifier: ID,
        input: IntegrationChangeInput,
    ) -> async_graphql::Result<IntegrationPayload> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        let change = IntegrationChange::from(input);
        let (changed, errors) = payload(integrations.update(who, &identifier, &change).await)?;
        Ok(IntegrationPayload { integration: changed.map(Integration), errors })
    }

    /// The entities stay, unless `deleteEntities` is set; then nothing is deleted where somebody else's entities require
    /// one of them. Goes on where the query is given up.
    async fn delete_integration(
        &self,
        ctx: &Context<'_>,
        identifier: ID,
        #[graphql(default)] delete_entities: bool,
    ) -> async_graphql::Result<IntegrationDeletePayload> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        let (integrations, who) = (integrations.clone(), who.clone());
        let work = tokio::spawn(async move { integrations.delete(&who, &identifier, delete_entities).await });
        let (deleted, errors) =
            payload(work.await.map_err(portolan_schema::Error::internal).map_err(refuse)?)?;
        Ok(IntegrationDeletePayload { deleted_entities: deleted.unwrap_or(0), errors })
    }
}
