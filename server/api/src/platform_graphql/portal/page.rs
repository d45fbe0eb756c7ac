//! Pages and folders: the fields.

use async_graphql::{Context, ID, Object};
use portolan_catalog::OpContext;
use portolan_portal::{MovePage, Portal};
use portolan_schema::Pointer;

use super::super::problem::refuse;
use super::page_object::{Page, PageChangeInput, PageInput, PagePayload, PagesPayload};

#[derive(Default)]
pub struct PageQuery;

#[Object]
impl PageQuery {
    /// The sidebar's tree: folders before what is in them, in their order.
    async fn pages(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Page>> {
        let (portal, who): (&Portal, &OpContext) = (ctx.data()?, ctx.data()?);
        let dashboards = ctx.look_ahead().field("dashboard").exists();
        Ok(portal.pages(who, dashboards).await.map_err(refuse)?.into_iter().map(Page).collect())
    }

    async fn page(&self, ctx: &Context<'_>, identifier: ID) -> async_graphql::Result<Option<Page>> {
        let (portal, who): (&Portal, &OpContext) = (ctx.data()?, ctx.data()?);
        Ok(portal.page(who, &identifier).await.map_err(refuse)?.map(Page))
    }
}

#[derive(Default)]
pub struct PageMutation;

#[Object]
impl PageMutation {
    async fn create_page(&self, ctx: &Context<'_>, input: PageInput) -> async_graphql::Result<PagePayload> {
        let (portal, who): (&Portal, &OpContext) = (ctx.data()?, ctx.data()?);
        PagePayload::new(portal.create_page(who, &input.read()).await, &Pointer::root().key("input"))
    }

    /// Changes what is named. A page that is locked takes only a change that unlocks it.
    async fn update_page(
        &self,
        ctx: &Context<'_>,
        identifier: ID,
        input: PageChangeInput,
        if_revision: Option<i64>,
    ) -> async_graphql::Result<PagePayload> {
        let (portal, who): (&Portal, &OpContext) = (ctx.data()?, ctx.data()?);
        let changed = portal.update_page(who, &identifier, &input.read(), if_revision).await;
        PagePayload::new(changed, &Pointer::root().key("input"))
    }

    /// Puts a page into a folder, or to the top without one; before another page there, or last without one.
    async fn move_page(
        &self,
        ctx: &Context<'_>,
        identifier: ID,
        parent: Option<ID>,
        before: Option<ID>,
        if_revision: Option<i64>,
    ) -> async_graphql::Result<PagesPayload> {
        let (portal, who): (&Portal, &OpContext) = (ctx.data()?, ctx.data()?);
        let to = MovePage { parent: parent.map(|id| id.0), before: before.map(|id| id.0) };
        PagesPayload::new(portal.move_page(who, &identifier, &to, if_revision).await)
    }

    /// Answers the page as it was. A folder that is not empty goes only with `deleteContents`.
    async fn delete_page(
        &self,
        ctx: &Context<'_>,
        identifier: ID,
        #[graphql(default)] delete_contents: bool,
        if_revision: Option<i64>,
    ) -> async_graphql::Result<PagePayload> {
        let (portal, who): (&Portal, &OpContext) = (ctx.data()?, ctx.data()?);
        let gone = portal.delete_page(who, &identifier, delete_contents, if_revision).await;
        PagePayload::new(gone, &Pointer::root())
    }
}
