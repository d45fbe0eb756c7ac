//! Ingestors and integrations: the fields. Secrets are never readable.

mod delivery;
mod following;
mod object;

use async_graphql::{Context, ID, Json, Object};
use portolan_catalog::OpContext;
use portolan_integrations::{Check, IntegrationChange, Integrations, NewIntegration};
use serde_json::Value;

use self::delivery::{Delivery, DeliveryStatus, ReplayFailedPayload, ReplayPayload};
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

    /// What came to an integration's hook and is kept (seven days, 100,000), newest first: at most `first`, which is 100 at
    /// most, of those that came before the delivery `after`, with a status where one is named.
    async fn deliveries(
        &self,
        ctx: &Context<'_>,
        integration: ID,
        #[graphql(default = 50)] first: i32,
        after: Option<ID>,
        status: Option<DeliveryStatus>,
    ) -> async_graphql::Result<Vec<Delivery>> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        let after = after.map(|id| delivery::number(&id)).transpose().map_err(refuse)?;
        let first = usize::try_from(first).unwrap_or(0);
        let found = integrations
            .deliveries(who, &integration, status.map(Into::into), after, first)
            .await
            .map_err(refuse)?;
        Ok(found.into_iter().map(Delivery::from).collect())
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

    /// Has a delivery worked on once more, by the mapping as it is now. One that waits goes on waiting.
    async fn replay_delivery(&self, ctx: &Context<'_>, id: ID) -> async_graphql::Result<ReplayPayload> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        let replayed = match delivery::number(&id) {
            Ok(id) => integrations.replay_delivery(who, id).await,
            Err(error) => Err(error),
        };
        let (delivery, errors) = payload(replayed)?;
        Ok(ReplayPayload { delivery: delivery.map(Delivery::from), errors })
    }

    /// The same for all deliveries of an integration that have failed, the oldest 10,000 at a time.
    async fn replay_failed_deliveries(
        &self,
        ctx: &Context<'_>,
        integration: ID,
    ) -> async_graphql::Result<ReplayFailedPayload> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        let (replayed, errors) = payload(integrations.replay_failed_deliveries(who, &integration).await)?;
        let replayed = i32::try_from(replayed.unwrap_or_default()).unwrap_or(i32::MAX);
        Ok(ReplayFailedPayload { replayed, errors })
    }

    /// Gives the integration's hook another key; the address with the old one leads nowhere from then on.
    async fn rotate_hook_key(
        &self,
        ctx: &Context<'_>,
        integration: ID,
    ) -> async_graphql::Result<IntegrationPayload> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        let (changed, errors) = payload(integrations.rotate_hook_key(who, &integration).await)?;
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
