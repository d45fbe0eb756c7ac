//! Where a page stands: in which folder, before which other page.

use portolan_catalog::{OpContext, Role};
use portolan_schema::{Code, Error, Pointer, Result};
use portolan_store::portal::{Page, PageKind};

use super::{not_found, tree};
use crate::{Portal, expect_revision, restamp};

/// Most levels of the tree.
pub(super) const MAX_DEPTH: usize = 6;

/// Where a page goes.
#[derive(Debug, Clone, Default)]
pub struct MovePage {
    /// The folder; None is the top.
    pub parent: Option<String>,
    /// The page that comes after it; None is the end.
    pub before: Option<String>,
}

impl Portal {
    /// Needs Admin. Answers the tree as it is then: other pages may stand elsewhere too.
    ///
    /// # Errors
    /// `NOT_FOUND` for the page, the folder or the neighbour; `CONFLICT`; `INVALID_VALUE` where a folder would be in itself;
    /// `TOO_DEEP`.
    pub async fn move_page(
        &self,
        ctx: &OpContext,
        identifier: &str,
        to: &MovePage,
        if_revision: Option<i64>,
    ) -> Result<Vec<Page>> {
        ctx.require(Role::Admin)?;
        let (scope, _) = self.begin(ctx).await?;
        let pages = scope.pages(true).await?;
        let page = pages.iter().find(|page| page.identifier == identifier);
        let mut page = page.cloned().ok_or_else(|| not_found(identifier))?;
        expect_revision("the page", page.revision, if_revision)?;
        let parent = folder(&pages, to.parent.as_deref())?;
        if parent.is_some_and(|parent| tree::within(&pages, page.id).contains(&parent)) {
            let message = "a folder cannot be in itself";
            return Err(Error::at(Code::InvalidValue, Pointer::root().key("parent"), message));
        }
        check_depth(tree::depth(&pages, parent) + 1 + tree::height(&pages, page.id))?;
        let order = order(&pages, parent, page.id, to.before.as_deref())?;
        let old = page.parent;
        page.parent = parent;
        page.revision += 1;
        restamp(&mut page.stamps, ctx);
        scope.update_page(&page).await?;
        if old != parent {
            let left: Vec<i64> =
                tree::children(&pages, old).into_iter().filter(|id| *id != page.id).collect();
            scope.place_pages(&tree::moves(&pages, &left)).await?;
        }
        scope.place_pages(&tree::moves(&pages, &order)).await?;
        let pages = tree::in_order(scope.pages(false).await?);
        scope.commit().await?;
        Ok(pages)
    }
}

/// The id of a folder.
pub(super) fn folder(pages: &[Page], identifier: Option<&str>) -> Result<Option<i64>> {
    let Some(identifier) = identifier else { return Ok(None) };
    let path = Pointer::root().key("parent");
    let found = pages.iter().find(|page| page.identifier == identifier);
    let found = found.ok_or_else(|| {
        Error::at(Code::NotFound, path.clone(), format!("the folder \"{identifier}\" was not found"))
    })?;
    if found.kind != PageKind::Folder {
        return Err(Error::at(Code::InvalidValue, path, format!("\"{}\" is not a folder", found.title)));
    }
    Ok(Some(found.id))
}

/// The pages of a parent in the order that they have with `page` among them.
pub(super) fn order(
    pages: &[Page],
    parent: Option<i64>,
    page: i64,
    before: Option<&str>,
) -> Result<Vec<i64>> {
    let mut order: Vec<i64> = tree::children(pages, parent).into_iter().filter(|id| *id != page).collect();
    let at = match before {
        None => order.len(),
        Some(before) => {
            let neighbour = pages.iter().find(|page| page.identifier == before).map(|page| page.id);
            let at = neighbour.and_then(|neighbour| order.iter().position(|id| *id == neighbour));
            at.ok_or_else(|| {
                let message = format!("there is no other page \"{before}\" in that folder");
                Error::at(Code::NotFound, Pointer::root().key("before"), message)
            })?
        }
    };
    order.insert(at, page);
    Ok(order)
}

/// # Errors
/// `TOO_DEEP`.
pub(super) fn check_depth(depth: usize) -> Result<()> {
    if depth <= MAX_DEPTH {
        return Ok(());
    }
    let message = format!("pages nest at most {MAX_DEPTH} deep");
    Err(Error::at(Code::TooDeep, Pointer::root().key("parent"), message))
}
