//! Pages are removed.

use portolan_catalog::{OpContext, Role};
use portolan_schema::{Code, Error, Problems, Result};
use portolan_store::TenantScope;
use portolan_store::portal::Page;

use super::{locked, not_found, tree};
use crate::{Portal, expect_revision};

impl Portal {
    /// Needs Admin. A folder goes with what is in it only where `with_contents` says so. Answers the page as it was.
    ///
    /// # Errors
    /// `NOT_FOUND`; `CONFLICT`; `PROTECTED` for each page that is locked; `IN_USE` for a folder that is not empty.
    pub async fn delete_page(
        &self,
        ctx: &OpContext,
        identifier: &str,
        with_contents: bool,
        if_revision: Option<i64>,
    ) -> Result<Page> {
        ctx.require(Role::Admin)?;
        let (scope, _) = self.begin(ctx).await?;
        let pages = scope.pages(true).await?;
        let page = pages.iter().find(|page| page.identifier == identifier);
        let page = page.ok_or_else(|| not_found(identifier))?;
        expect_revision("the page", page.revision, if_revision)?;
        let gone = tree::within(&pages, page.id);
        if gone.len() > 1 && !with_contents {
            let message = format!("the folder \"{}\" holds {} pages", page.title, gone.len() - 1);
            return Err(Error::problem(Code::InUse, message));
        }
        let mut problems = Problems::default();
        for kept in pages.iter().filter(|page| gone.contains(&page.id) && page.locked) {
            problems.extend(locked(kept).public());
        }
        problems.into_result(())?;
        let gone: Vec<i64> = gone.into_iter().collect();
        scope.delete_pages(&gone).await?;
        let left: Vec<i64> =
            tree::children(&pages, page.parent).into_iter().filter(|id| !gone.contains(id)).collect();
        scope.place_pages(&tree::moves(&pages, &left)).await?;
        scope.commit().await?;
        Ok(page.clone())
    }
}

/// Removes pages in a transaction that holds the head's lock. What else is in a folder that goes moves to the top.
pub(crate) async fn lift_out(scope: &TenantScope, gone: &[i64]) -> Result<()> {
    let pages = scope.pages(true).await?;
    let stays = |page: &&Page| !gone.contains(&page.id);
    for page in pages.iter().filter(stays) {
        if page.parent.is_some_and(|parent| gone.contains(&parent)) {
            let position = i32::try_from(pages.len()).unwrap_or(i32::MAX);
            scope.update_page(&Page { parent: None, position, ..page.clone() }).await?;
        }
    }
    scope.delete_pages(gone).await?;
    let pages = scope.pages(false).await?;
    let mut parents: Vec<Option<i64>> = pages.iter().map(|page| page.parent).collect();
    parents.sort_unstable();
    parents.dedup();
    for parent in parents {
        scope.place_pages(&tree::moves(&pages, &tree::children(&pages, parent))).await?;
    }
    Ok(())
}
