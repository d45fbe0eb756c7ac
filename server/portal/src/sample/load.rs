//! Loading the sample.

use portolan_catalog::{OpContext, Role};
use portolan_schema::{CatalogModel, Code, Error, Result};
use portolan_store::portal::PageKind;

use super::{FOLDER, SampleWorkspace, make, own};
use crate::page::insert;
use crate::starter::table;
use crate::{NewPage, Portal};

impl Portal {
    /// Needs Admin. What is there of it already is made as it was.
    ///
    /// # Errors
    /// `NOT_SUPPORTED` where this program brings none along; `ENTITY_LIMIT_REACHED`; what is wrong with the model that it
    /// would make.
    pub async fn load_sample(&self, ctx: &OpContext) -> Result<SampleWorkspace> {
        ctx.require(Role::Admin)?;
        if self.supplies.sample.blueprints.is_empty() {
            let message = "this server has no sample workspace";
            return Err(Error::problem(Code::NotSupported, message));
        }
        let made = make::make(&self.supplies.sample)?;
        let sample = own(ctx);
        self.catalog.apply(&sample, &made.blueprints, &made.entities, false).await?;
        self.make_sample_pages(&sample, &made).await?;
        // The model is newer than the caller's.
        self.sample_workspace(&sample).await
    }

    /// Makes the pages, unless there are some.
    async fn make_sample_pages(&self, sample: &OpContext, made: &make::Made) -> Result<()> {
        let first = self.store.reserve_ids(made.blueprints.len() + 2).await?;
        let (scope, model) = self.begin(sample).await?;
        let pages = scope.pages(false).await?;
        if pages.iter().any(|page| page.stamps.created_by == sample.actor().stamp()) {
            return Ok(());
        }
        let mut ids = first..;
        let mut id = || ids.next().unwrap_or(first);
        let folder = insert(sample, &scope, &model, id(), &NewPage::new(PageKind::Folder, FOLDER)).await?;
        if !made.dashboard.is_null() {
            let overview = NewPage {
                parent: Some(folder.identifier.clone()),
                dashboard: Some(made.dashboard.clone()),
                ..NewPage::new(PageKind::Dashboard, "Sample overview")
            };
            insert(sample, &scope, &model, id(), &overview).await?;
        }
        for blueprint in &made.blueprints {
            let name = blueprint["identifier"].as_str().unwrap_or_default();
            table(sample, &scope, &model, id(), (name, title(&model, name)), &folder.identifier).await?;
        }
        scope.commit().await
    }
}

fn title<'m>(model: &'m CatalogModel, name: &'m str) -> &'m str {
    model.get(name).map_or(name, |found| &found.blueprint().title)
}
