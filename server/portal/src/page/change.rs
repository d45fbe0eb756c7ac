//! Pages are made and changed.

use portolan_catalog::{OpContext, Role};
use portolan_schema::{Code, Error, Pointer, Problem, Problems, Result};
use portolan_store::portal::{Page, PageKind};
use serde_json::Value;

use super::content::{Content, specify};
use super::{MAX_PAGES, identifier, locked, not_found, place, tree};
use crate::texts::{check_description, check_icon, check_title};
use crate::{Portal, expect_revision, restamp, stamps};

/// What a page is to be.
#[derive(Debug, Clone)]
pub struct NewPage {
    /// None: made from the title.
    pub identifier: Option<String>,
    pub kind: PageKind,
    pub title: String,
    pub icon: Option<String>,
    pub description: Option<String>,
    /// The folder; None is the top.
    pub parent: Option<String>,
    /// The page that comes after it; None is the end.
    pub before: Option<String>,
    pub locked: bool,
    /// Of a table.
    pub blueprint: Option<String>,
    /// The shared view that a table begins with.
    pub view: Option<String>,
    /// `{widgets, filters}` of a dashboard.
    pub dashboard: Option<Value>,
}

impl NewPage {
    /// With nothing but what every page has.
    pub fn new(kind: PageKind, title: &str) -> Self {
        Self {
            identifier: None,
            kind,
            title: title.to_owned(),
            icon: None,
            description: None,
            parent: None,
            before: None,
            locked: false,
            blueprint: None,
            view: None,
            dashboard: None,
        }
    }
}

/// What is to change of a page; None stays. An inner None takes away.
#[derive(Debug, Clone, Default)]
pub struct PageChange {
    pub title: Option<String>,
    pub icon: Option<Option<String>>,
    pub description: Option<Option<String>>,
    pub locked: Option<bool>,
    pub blueprint: Option<String>,
    pub view: Option<Option<String>>,
    pub dashboard: Option<Value>,
}

impl Portal {
    /// Needs Admin.
    ///
    /// # Errors
    /// All problems of the page; `ALREADY_EXISTS`; `TOO_MANY_ITEMS` where the tenant has as many as it may.
    pub async fn create_page(&self, ctx: &OpContext, wanted: &NewPage) -> Result<Page> {
        ctx.require(Role::Admin)?;
        let id = self.store.reserve_ids(1).await?;
        let (scope, model) = self.begin(ctx).await?;
        let page = insert(ctx, &scope, &model, id, wanted).await?;
        scope.commit().await?;
        Ok(page)
    }

    /// Needs Admin. Its kind, its identifier and its place stay.
    ///
    /// # Errors
    /// `NOT_FOUND`; `CONFLICT`; `PROTECTED` where it is locked and not unlocked by this; all problems of what it would be.
    pub async fn update_page(
        &self,
        ctx: &OpContext,
        identifier: &str,
        change: &PageChange,
        if_revision: Option<i64>,
    ) -> Result<Page> {
        ctx.require(Role::Admin)?;
        let (scope, model) = self.begin(ctx).await?;
        let mut page = scope.page(identifier).await?.ok_or_else(|| not_found(identifier))?;
        expect_revision("the page", page.revision, if_revision)?;
        let before = page.clone();
        if page.locked && change.locked != Some(false) {
            return Err(locked(&page));
        }
        page.locked = change.locked.unwrap_or(page.locked);
        page.title = change.title.clone().unwrap_or(page.title);
        page.icon = change.icon.clone().unwrap_or(page.icon);
        page.description = change.description.clone().unwrap_or(page.description);
        let mut problems = check(&page);
        if change.blueprint.is_some() || change.view.is_some() || change.dashboard.is_some() {
            let (blueprint, view) = (page.spec["blueprint"].as_str(), page.spec["view"].as_str());
            // A view belongs to its blueprint.
            let kept =
                view.filter(|_| change.blueprint.as_deref().is_none_or(|name| Some(name) == blueprint));
            let content = Content {
                blueprint: change.blueprint.as_deref().or(blueprint),
                view: change.view.as_ref().map_or(kept, |view| view.as_deref()),
                dashboard: match page.kind {
                    PageKind::Dashboard => change.dashboard.as_ref().or(Some(&page.spec)),
                    _ => change.dashboard.as_ref(),
                },
            };
            page.spec = specify(&scope, &model, page.kind, &content, &mut problems).await?;
        }
        problems.into_result(())?;
        if page == before {
            return Ok(page);
        }
        page.revision += 1;
        restamp(&mut page.stamps, ctx);
        scope.update_page(&page).await?;
        scope.commit().await?;
        Ok(page)
    }
}

/// Writes a new page in a transaction that holds the head's lock.
pub(crate) async fn insert(
    ctx: &OpContext,
    scope: &portolan_store::TenantScope,
    model: &portolan_schema::CatalogModel,
    id: i64,
    wanted: &NewPage,
) -> Result<Page> {
    let pages = scope.pages(false).await?;
    if pages.len() as u64 >= MAX_PAGES {
        let over = Problem::over(
            Code::TooManyItems,
            Pointer::root(),
            "number of pages",
            MAX_PAGES,
            pages.len() as u64 + 1,
        );
        return Err(over.into());
    }
    let is_taken = |name: &str| pages.iter().any(|page| page.identifier == name);
    let identifier = match &wanted.identifier {
        Some(identifier) => identifier.clone(),
        None => identifier::from_title(&wanted.title, is_taken),
    };
    let mut page = Page {
        id,
        identifier,
        kind: wanted.kind,
        parent: None,
        folder: wanted.parent.clone(),
        position: -1,
        title: wanted.title.clone(),
        icon: wanted.icon.clone(),
        description: wanted.description.clone(),
        locked: wanted.locked,
        spec: Value::Null,
        revision: 1,
        stamps: stamps(ctx),
    };
    let mut problems = check(&page);
    let path = Pointer::root().key("identifier");
    identifier::check(&page.identifier, &path, &mut problems);
    if is_taken(&page.identifier) {
        let message = format!("there is a page \"{}\" already", page.identifier);
        problems.add(Code::AlreadyExists, path, message);
    }
    let content = Content {
        blueprint: wanted.blueprint.as_deref(),
        view: wanted.view.as_deref(),
        dashboard: wanted.dashboard.as_ref(),
    };
    page.spec = specify(scope, model, page.kind, &content, &mut problems).await?;
    let order = noted(&mut problems, placed(&pages, &page, wanted))?;
    problems.into_result(())?;
    let (parent, order) = order.unwrap_or_default();
    page.parent = parent;
    let at = order.iter().position(|other| *other == id).unwrap_or(order.len());
    page.position = i32::try_from(at).unwrap_or(i32::MAX);
    scope.insert_page(&page).await?;
    let others: Vec<(i64, i32)> =
        tree::moves(&pages, &order).into_iter().filter(|(other, _)| *other != id).collect();
    scope.place_pages(&others).await?;
    Ok(page)
}

/// The folder and the order of what is in it.
fn placed(pages: &[Page], page: &Page, wanted: &NewPage) -> Result<(Option<i64>, Vec<i64>)> {
    let parent = place::folder(pages, wanted.parent.as_deref())?;
    place::check_depth(tree::depth(pages, parent) + 1)?;
    Ok((parent, place::order(pages, parent, page.id, wanted.before.as_deref())?))
}

/// Puts mistakes among the problems; faults stay errors.
fn noted<T>(problems: &mut Problems, result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::Problems(found)) => {
            problems.extend(found);
            Ok(None)
        }
        Err(fault) => Err(fault),
    }
}

fn check(page: &Page) -> Problems {
    let (mut problems, root) = (Problems::default(), Pointer::root());
    check_title(&page.title, &root.key("title"), &mut problems);
    check_icon(page.icon.as_deref(), &root.key("icon"), &mut problems);
    check_description(page.description.as_deref(), &root.key("description"), &mut problems);
    problems
}
