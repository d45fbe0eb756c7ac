//! Saved views of a blueprint's entities: of one person, or shared by all of a tenant.

pub(crate) mod spec;

pub use spec::Pinned;

use portolan_catalog::{OpContext, Role};
use portolan_schema::{CatalogModel, Code, Error, Pointer, Problem, Problems, Result};
use portolan_store::TenantScope;
use portolan_store::portal::SavedView;
use serde_json::Value;

use crate::page::pages_of_view;
use crate::subject::Subject;
use crate::texts::check_title;
use crate::{Portal, expect_revision, restamp, stamps};

/// Most views that one person has alone.
const MAX_OWN: u64 = 200;
/// Most views that a tenant shares.
const MAX_SHARED: u64 = 1_000;

/// What a view is to be.
#[derive(Debug, Clone)]
pub struct NewView {
    pub blueprint: String,
    pub title: String,
    pub shared: bool,
    /// `{rules, orderBy, groupBy, columns, density}`; whatever is left out has its default.
    pub spec: Value,
}

/// What is to change of a view; None stays.
#[derive(Debug, Clone, Default)]
pub struct ViewChange {
    pub title: Option<String>,
    pub shared: Option<bool>,
    /// Fields of the specification; those that are not there stay.
    pub spec: Value,
}

impl Portal {
    /// The shared views and one's own, the shared ones first.
    pub async fn saved_views(&self, ctx: &OpContext, blueprint: Option<&str>) -> Result<Vec<SavedView>> {
        ctx.require(Role::Viewer)?;
        self.store.look(ctx.tenant()).await?.saved_views(&ctx.actor().stamp(), blueprint).await
    }

    /// One view; None where there is none, or where somebody else has it alone.
    pub async fn saved_view(&self, ctx: &OpContext, id: &str) -> Result<Option<SavedView>> {
        ctx.require(Role::Viewer)?;
        let scope = self.store.look(ctx.tenant()).await?;
        find(ctx, &scope, id).await
    }

    /// Needs Member for one's own, Admin for one that is shared.
    ///
    /// # Errors
    /// All problems of the view; `TOO_MANY_ITEMS`.
    pub async fn create_view(&self, ctx: &OpContext, wanted: &NewView) -> Result<SavedView> {
        ctx.require(if wanted.shared { Role::Admin } else { Role::Member })?;
        let id = self.store.reserve_ids(1).await?;
        let (scope, model) = self.begin(ctx).await?;
        let view = SavedView {
            id,
            blueprint: wanted.blueprint.clone(),
            owner: (!wanted.shared).then(|| ctx.actor().stamp()),
            title: wanted.title.clone(),
            spec: spec::merged(&Value::Null, &wanted.spec),
            revision: 1,
            stamps: stamps(ctx),
        };
        check(&model, &view)?;
        check_room(&scope, &view).await?;
        scope.insert_saved_view(&view).await?;
        scope.commit().await?;
        Ok(view)
    }

    /// Needs Member for one's own, Admin for one that is or becomes shared. A shared one that is shared no longer is its
    /// changer's.
    ///
    /// # Errors
    /// `NOT_FOUND`; `CONFLICT`; `IN_USE` where pages begin with it and it would not be shared any more; `PROTECTED` where
    /// one of them is locked; all problems of what it would be.
    pub async fn update_view(
        &self,
        ctx: &OpContext,
        id: &str,
        change: &ViewChange,
        if_revision: Option<i64>,
    ) -> Result<SavedView> {
        ctx.require(Role::Member)?;
        let (scope, model) = self.begin(ctx).await?;
        let mut view = find(ctx, &scope, id).await?.ok_or_else(|| not_found(id))?;
        let shared = change.shared.unwrap_or(view.owner.is_none());
        if shared || view.owner.is_none() {
            ctx.require(Role::Admin)?;
        }
        expect_revision("the view", view.revision, if_revision)?;
        let before = view.clone();
        if shared != view.owner.is_none() {
            view.owner = (!shared).then(|| ctx.actor().stamp());
            check_room(&scope, &view).await?;
        }
        view.title = change.title.clone().unwrap_or(view.title);
        view.spec = spec::merged(&view.spec, &change.spec);
        check(&model, &view)?;
        if view == before {
            return Ok(view);
        }
        let pages = pages_of_view(&scope, view.id).await?;
        if !shared {
            refuse_use(&view, &pages)?;
        }
        if let Some(page) = pages.iter().find(|page| page.locked) {
            let message = format!("the page \"{}\" shows it and is locked; unlock it first", page.title);
            return Err(Error::problem(Code::Protected, message));
        }
        view.revision += 1;
        restamp(&mut view.stamps, ctx);
        scope.update_saved_view(&view).await?;
        scope.commit().await?;
        Ok(view)
    }

    /// Needs Member for one's own, Admin for one that is shared. Answers the view as it was.
    ///
    /// # Errors
    /// `NOT_FOUND`; `CONFLICT`; `IN_USE` for each page that begins with it.
    pub async fn delete_view(
        &self,
        ctx: &OpContext,
        id: &str,
        if_revision: Option<i64>,
    ) -> Result<SavedView> {
        ctx.require(Role::Member)?;
        let (scope, _) = self.begin(ctx).await?;
        let view = find(ctx, &scope, id).await?.ok_or_else(|| not_found(id))?;
        if view.owner.is_none() {
            ctx.require(Role::Admin)?;
        }
        expect_revision("the view", view.revision, if_revision)?;
        refuse_use(&view, &pages_of_view(&scope, view.id).await?)?;
        scope.delete_saved_view(view.id).await?;
        scope.commit().await?;
        Ok(view)
    }
}

/// A view that the caller may see.
async fn find(ctx: &OpContext, scope: &TenantScope, id: &str) -> Result<Option<SavedView>> {
    let Ok(id) = id.parse() else { return Ok(None) };
    let found = scope.saved_view(id).await?;
    let own = ctx.actor().stamp();
    Ok(found.filter(|view| view.owner.as_ref().is_none_or(|owner| *owner == own)))
}

fn check(model: &CatalogModel, view: &SavedView) -> Result<()> {
    let (mut problems, root) = (Problems::default(), Pointer::root());
    check_title(&view.title, &root.key("title"), &mut problems);
    let subject = Subject::find(model, &view.blueprint, &root.key("blueprint"), &mut problems);
    spec::check(subject, &view.spec, &mut problems);
    Ok(problems.into_result(())?)
}

async fn check_room(scope: &TenantScope, view: &SavedView) -> Result<()> {
    let (maximum, what) = match view.owner {
        Some(_) => (MAX_OWN, "number of your own views"),
        None => (MAX_SHARED, "number of shared views"),
    };
    let count = scope.count_saved_views(view.owner.as_deref()).await?;
    if count < maximum {
        return Ok(());
    }
    Err(Problem::over(Code::TooManyItems, Pointer::root(), what, maximum, count + 1).into())
}

fn refuse_use(view: &SavedView, pages: &[portolan_store::portal::Page]) -> Result<()> {
    let mut problems = Problems::default();
    for page in pages {
        let message = format!("the page \"{}\" begins with the view \"{}\"", page.title, view.title);
        problems.add(Code::InUse, Pointer::root(), message);
    }
    Ok(problems.into_result(())?)
}

fn not_found(id: &str) -> Error {
    Error::not_found(format!("the view \"{id}\""))
}
