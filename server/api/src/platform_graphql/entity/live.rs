//! Changes as they are committed.

use async_graphql::futures_util::stream::BoxStream;
use async_graphql::{Context, ID, Json, SimpleObject, Subscription};
use futures::StreamExt;
use portolan_catalog::{Catalog, OpContext};
use serde_json::Value;

use super::blueprint;
use super::plan::rules_filter;
use super::version::EntityChange;
use crate::graphql::live;
use crate::graphql::refusal::refuse;

/// The tenant's blueprints have changed.
#[derive(SimpleObject)]
pub struct ModelChange {
    revision: i64,
}

type Answers<T> = BoxStream<'static, async_graphql::Result<T>>;

#[derive(Default)]
pub struct EntitySubscription;

#[Subscription]
impl EntitySubscription {
    /// Each committed change of a blueprint's entities, once, where the rules hold before it or after it. With `afterSeq`
    /// it begins behind that change, without a gap. Computed values and what related entities are like are those of now.
    async fn entity_changed(
        &self,
        ctx: &Context<'_>,
        blueprint: ID,
        rules: Option<Json<Value>>,
        after_seq: Option<i64>,
    ) -> async_graphql::Result<Answers<EntityChange>> {
        let (catalog, who): (&Catalog, &OpContext) = (ctx.data()?, ctx.data()?);
        let model = catalog.present_model(who).await.map_err(refuse)?;
        let found = self::blueprint(&model, &blueprint).map_err(refuse)?;
        let filter = rules_filter(&model, found, rules.as_ref().map(|rules| &rules.0)).map_err(refuse)?;
        let changes =
            live::changes(catalog, who, found.no(), filter, false, after_seq).await.map_err(refuse)?;
        let show = |entry: portolan_schema::Result<_>| match entry {
            Ok(entry) => Ok(EntityChange::from(&entry)),
            Err(error) => Err(refuse(error)),
        };
        Ok(changes.map(show).boxed())
    }

    /// Each revision of the tenant's blueprints, once. With `afterRevision` it begins behind that one, without a gap.
    async fn model_changed(
        &self,
        ctx: &Context<'_>,
        after_revision: Option<i64>,
    ) -> async_graphql::Result<Answers<ModelChange>> {
        let (catalog, who): (&Catalog, &OpContext) = (ctx.data()?, ctx.data()?);
        let revisions = live::model_revisions(catalog, who, after_revision).await.map_err(refuse)?;
        let show = |revision: portolan_schema::Result<i64>| {
            revision.map(|revision| ModelChange { revision }).map_err(refuse)
        };
        Ok(revisions.map(show).boxed())
    }
}
