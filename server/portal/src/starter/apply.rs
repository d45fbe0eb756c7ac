//! A model is taken: what is missing is made, what is there stays.

use portolan_catalog::{OpContext, Role};
use portolan_schema::{Blueprint, CatalogModel, Code, Error, Pointer, Problems, Result, system};
use portolan_store::TenantScope;
use portolan_store::portal::{Page, PageKind};
use serde_json::Value;

use super::StarterModel;
use crate::page::insert;
use crate::{NewPage, Portal};

/// What came of taking a model, or would.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StarterOutcome {
    /// Identifiers of blueprints that were not there.
    pub created: Vec<String>,
    /// Those that were there, just so.
    pub unchanged: Vec<String>,
    /// Those that are there and are something else.
    pub conflicts: Vec<String>,
    /// Identifiers of pages that were made; in a dry run, the blueprints that would get one.
    pub pages: Vec<String>,
}

impl Portal {
    /// Needs Admin. Makes the blueprints that are missing, and a folder with a page for each that has none. What a tenant
    /// has under the same identifier is never changed: it is a conflict, and nothing is made, unless `keep_existing` is set.
    ///
    /// # Errors
    /// `NOT_FOUND` for the model; `ALREADY_EXISTS` for each conflict; what is wrong with the model that it would make.
    pub async fn apply_starter_model(
        &self,
        ctx: &OpContext,
        name: &str,
        keep_existing: bool,
        dry_run: bool,
    ) -> Result<StarterOutcome> {
        ctx.require(Role::Admin)?;
        let starter = self.starter(ctx, name)?;
        let model = self.catalog.model(ctx).await?;
        let mut outcome = compare(&model, &starter)?;
        if !keep_existing && !dry_run {
            refuse(&starter, &outcome)?;
        }
        let missing = |blueprint: &&Value| {
            outcome.created.iter().any(|created| blueprint["identifier"] == created.as_str())
        };
        let missing: Vec<Value> = starter.blueprints.iter().filter(missing).cloned().collect();
        if !missing.is_empty() && (keep_existing || outcome.conflicts.is_empty()) {
            self.catalog.apply_blueprints(ctx, &missing, dry_run).await?;
        }
        outcome.pages = match dry_run {
            true => self.pageless(ctx, &starter).await?,
            false => self.make_pages(ctx, &starter).await?,
        };
        Ok(outcome)
    }

    fn starter(&self, ctx: &OpContext, name: &str) -> Result<StarterModel> {
        let found = self.starter_models(ctx)?.into_iter().find(|starter| starter.name == name);
        found.ok_or_else(|| Error::not_found(format!("the starter model \"{name}\"")))
    }

    /// The blueprints of a model that no page shows.
    async fn pageless(&self, ctx: &OpContext, starter: &StarterModel) -> Result<Vec<String>> {
        let pages = self.store.look(ctx.tenant()).await?.pages(false).await?;
        Ok(without_page(&pages, starter).map(|(identifier, _)| identifier.to_owned()).collect())
    }

    async fn make_pages(&self, ctx: &OpContext, starter: &StarterModel) -> Result<Vec<String>> {
        let first = self.store.reserve_ids(starter.blueprints.len() + 1).await?;
        let (scope, model) = self.begin(ctx).await?;
        let pages = scope.pages(false).await?;
        let wanted: Vec<(&str, &str)> = without_page(&pages, starter).collect();
        let mut made = Vec::new();
        if wanted.is_empty() {
            return Ok(made);
        }
        let mut ids = first..;
        let mut id = || ids.next().unwrap_or(first);
        let folder = match pages.iter().find(|page| is_folder_of(page, starter)) {
            Some(folder) => folder.identifier.clone(),
            None => {
                let wanted = NewPage::new(PageKind::Folder, &starter.title);
                let folder = insert(ctx, &scope, &model, id(), &wanted).await?;
                made.push(folder.identifier.clone());
                folder.identifier
            }
        };
        for (blueprint, title) in wanted {
            let page = table(ctx, &scope, &model, id(), (blueprint, title), &folder).await?;
            made.push(page.identifier);
        }
        scope.commit().await?;
        Ok(made)
    }
}

/// A page with the entities of a blueprint.
pub(crate) async fn table(
    ctx: &OpContext,
    scope: &TenantScope,
    model: &CatalogModel,
    id: i64,
    (blueprint, title): (&str, &str),
    folder: &str,
) -> Result<Page> {
    let wanted = NewPage {
        parent: Some(folder.to_owned()),
        blueprint: Some(blueprint.to_owned()),
        icon: model.get(blueprint).and_then(|found| found.blueprint().icon.clone()),
        ..NewPage::new(PageKind::Table, title)
    };
    insert(ctx, scope, model, id, &wanted).await
}

/// The folder that the model's pages are put into, if an earlier time has made it.
fn is_folder_of(page: &Page, starter: &StarterModel) -> bool {
    page.kind == PageKind::Folder && page.parent.is_none() && page.title == starter.title
}

/// Identifiers and titles of the blueprints that no table shows.
fn without_page<'s>(
    pages: &'s [Page],
    starter: &'s StarterModel,
) -> impl Iterator<Item = (&'s str, &'s str)> {
    let named = starter.blueprints.iter().filter_map(|blueprint| {
        let identifier = blueprint["identifier"].as_str()?;
        Some((identifier, blueprint["title"].as_str().unwrap_or(identifier)))
    });
    named.filter(|(identifier, _)| {
        !pages.iter().any(|page| page.kind == PageKind::Table && page.spec["blueprint"] == *identifier)
    })
}

fn compare(model: &CatalogModel, starter: &StarterModel) -> Result<StarterOutcome> {
    let mut outcome = StarterOutcome::default();
    for definition in &starter.blueprints {
        let mut wanted = Blueprint::parse(&system::complete(definition)?)?;
        let list = match model.get(&wanted.identifier) {
            None => &mut outcome.created,
            Some(present) => {
                let present = present.blueprint();
                // Names in GraphQL are chosen when it is made.
                wanted.graphql.clone_from(&present.graphql);
                if *present == wanted { &mut outcome.unchanged } else { &mut outcome.conflicts }
            }
        };
        list.push(wanted.identifier);
    }
    Ok(outcome)
}

fn refuse(starter: &StarterModel, outcome: &StarterOutcome) -> Result<()> {
    let mut problems = Problems::default();
    for (index, blueprint) in starter.blueprints.iter().enumerate() {
        if let Some(name) = outcome.conflicts.iter().find(|name| blueprint["identifier"] == name.as_str()) {
            let path = Pointer::root().key("blueprints").index(index);
            let message =
                format!("there is another blueprint \"{name}\" already; keep it, or rename it first");
            problems.add(Code::AlreadyExists, path, message);
        }
    }
    Ok(problems.into_result(())?)
}
