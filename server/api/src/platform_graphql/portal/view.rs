//! Saved views: the fields.

use async_graphql::{Context, ID, Object};
use portolan_catalog::OpContext;
use portolan_portal::Portal;
use portolan_schema::Pointer;

use super::super::problem::refuse;
use super::view_object::{SavedView, SavedViewChangeInput, SavedViewInput, SavedViewPayload};

#[derive(Default)]
pub struct ViewQuery;

#[Object]
impl ViewQuery {
    /// The views that all share and one's own, the shared ones first, by title.
    async fn saved_views(
        &self,
        ctx: &Context<'_>,
        blueprint: Option<ID>,
    ) -> async_graphql::Result<Vec<SavedView>> {
        let (portal, who): (&Portal, &OpContext) = (ctx.data()?, ctx.data()?);
        let blueprint = blueprint.as_ref().map(|id| id.as_str());
        let found = portal.saved_views(who, blueprint).await.map_err(refuse)?;
        Ok(found.into_iter().map(SavedView).collect())
    }

    /// Null where there is none, or where somebody else has it alone.
    async fn saved_view(&self, ctx: &Context<'_>, id: ID) -> async_graphql::Result<Option<SavedView>> {
        let (portal, who): (&Portal, &OpContext) = (ctx.data()?, ctx.data()?);
        Ok(portal.saved_view(who, &id).await.map_err(refuse)?.map(SavedView))
    }
}

#[derive(Default)]
pub struct ViewMutation;

#[Object]
impl ViewMutation {
    async fn create_saved_view(
        &self,
        ctx: &Context<'_>,
        input: SavedViewInput,
    ) -> async_graphql::Result<SavedViewPayload> {
        let (portal, who): (&Portal, &OpContext) = (ctx.data()?, ctx.data()?);
        let made = portal.create_view(who, &input.read()).await;
        SavedViewPayload::new(made, &Pointer::root().key("input"))
    }

    /// Changes what is named. One that was shared and is to be shared no longer is the caller's alone from then on.
    async fn update_saved_view(
        &self,
        ctx: &Context<'_>,
        id: ID,
        input: SavedViewChangeInput,
        if_revision: Option<i64>,
    ) -> async_graphql::Result<SavedViewPayload> {
        let (portal, who): (&Portal, &OpContext) = (ctx.data()?, ctx.data()?);
        let changed = portal.update_view(who, &id, &input.read(), if_revision).await;
        SavedViewPayload::new(changed, &Pointer::root().key("input"))
    }

    /// Answers the view as it was.
    async fn delete_saved_view(
        &self,
        ctx: &Context<'_>,
        id: ID,
        if_revision: Option<i64>,
    ) -> async_graphql::Result<SavedViewPayload> {
        let (portal, who): (&Portal, &OpContext) = (ctx.data()?, ctx.data()?);
        SavedViewPayload::new(portal.delete_view(who, &id, if_revision).await, &Pointer::root())
    }
}
