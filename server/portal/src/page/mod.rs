//! Pages and folders: the sidebar that everybody in a tenant has, and that admins make.

mod change;
mod content;
mod delete;
mod identifier;
mod place;
mod tree;

pub(crate) use change::insert;
pub use change::{NewPage, PageChange};
pub(crate) use content::pages_of_view;
pub(crate) use delete::lift_out;
pub use place::MovePage;

use portolan_catalog::{OpContext, Role};
use portolan_schema::{Code, Error, Result};
use portolan_store::portal::Page;

use crate::Portal;

/// Most pages and folders of a tenant.
pub(crate) const MAX_PAGES: u64 = 1_000;

impl Portal {
    /// The tree: folders before what is in them, in the order of the sidebar. Without `dashboards`, dashboards come
    /// without what they show.
    pub async fn pages(&self, ctx: &OpContext, dashboards: bool) -> Result<Vec<Page>> {
        ctx.require(Role::Viewer)?;
        let pages = self.store.look(ctx.tenant()).await?.pages(dashboards).await?;
        Ok(tree::in_order(pages))
    }

    /// One page. None where there is none.
    pub async fn page(&self, ctx: &OpContext, identifier: &str) -> Result<Option<Page>> {
        ctx.require(Role::Viewer)?;
        self.store.look(ctx.tenant()).await?.page(identifier).await
    }
}

fn not_found(identifier: &str) -> Error {
    Error::not_found(format!("the page \"{identifier}\""))
}

fn locked(page: &Page) -> Error {
    Error::problem(Code::Protected, format!("the page \"{}\" is locked; unlock it first", page.title))
}
