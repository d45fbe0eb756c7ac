//! Removing the sample, and nothing else.

use std::collections::HashSet;

use portolan_catalog::{OpContext, Role, WriteOptions};
use portolan_schema::references::{Reference, ReferenceKind};
use portolan_schema::{CatalogModel, Code, Error, Filter, Problem, Problems, Result};
use portolan_store::TenantScope;

use super::{SampleWorkspace, own};
use crate::Portal;
use crate::page::lift_out;

/// What goes beside entities and blueprints.
struct Belongings {
    /// Ids and identifiers of the pages that the sample made.
    pages: Vec<(i64, String)>,
    /// Ids of the views of its blueprints.
    views: HashSet<String>,
}

impl Portal {
    /// Needs Admin. Takes away the sample's blueprints with all their entities and views, and the pages that came with it.
    /// Pages that others put beside those move to the top.
    ///
    /// # Errors
    /// `IN_USE` for everything else that names one of its blueprints: nothing is removed then.
    pub async fn remove_sample(&self, ctx: &OpContext) -> Result<SampleWorkspace> {
        ctx.require(Role::Admin)?;
        let sample = own(ctx);
        let (scope, model) = self.begin(&sample).await?;
        let blueprints = self.present(&model);
        let names: Vec<&str> = blueprints.iter().map(String::as_str).collect();
        let belongings = belongings(&scope, &names, &sample.actor().stamp()).await?;
        self.refuse_use(&scope, &model, &names, &belongings).await?;
        // Pages name blueprints, so they go first; what is left when this is interrupted goes the next time.
        let pages: Vec<i64> = belongings.pages.iter().map(|(id, _)| *id).collect();
        lift_out(&scope, &pages).await?;
        for name in &names {
            scope.delete_saved_views_of(name).await?;
        }
        scope.commit().await?;
        for name in dependents_first(&model, &names) {
            self.delete_all(&sample, &model, name).await?;
        }
        if !names.is_empty() {
            self.catalog.delete_blueprints(&sample, &names).await?;
        }
        self.sample_workspace(&sample).await
    }

    async fn refuse_use(
        &self,
        scope: &TenantScope,
        model: &CatalogModel,
        names: &[&str],
        belongings: &Belongings,
    ) -> Result<()> {
        let references = self.catalog.references_to(scope, model, names).await?;
        let mut problems = Problems::default();
        for reference in references.iter().filter(|one| !belongings.has(one)) {
            let message = format!("\"{}\" uses \"{}\"", reference.name(), reference.to.blueprint());
            problems.0.push(Problem::new(Code::InUse, reference.full_path(), message));
        }
        Ok(problems.into_result(())?)
    }

    async fn delete_all(&self, ctx: &OpContext, model: &CatalogModel, name: &str) -> Result<()> {
        let Some(blueprint) = model.get(name) else { return Ok(()) };
        let options = WriteOptions { atomic: true, ..WriteOptions::default() };
        loop {
            let done = self
                .catalog
                .delete_matching(ctx, model, blueprint, &Filter::always(), false, &options)
                .await?;
            for result in done.results {
                match result {
                    Err(error) if error.code() != Code::NotFound => return Err(error),
                    _ => {}
                }
            }
            if done.remaining == 0 {
                return Ok(());
            }
        }
    }
}

impl Belongings {
    fn has(&self, reference: &Reference) -> bool {
        match reference.kind {
            ReferenceKind::Page | ReferenceKind::Widget => {
                self.pages.iter().any(|(_, identifier)| *identifier == reference.holder)
            }
            ReferenceKind::View => self.views.contains(&reference.holder),
            _ => false,
        }
    }
}

async fn belongings(scope: &TenantScope, names: &[&str], actor: &str) -> Result<Belongings, Error> {
    let pages = scope.pages(false).await?.into_iter();
    let pages = pages.filter(|page| page.stamps.created_by == actor).map(|page| (page.id, page.identifier));
    let views = scope.all_saved_views().await?.into_iter();
    let views = views.filter(|view| names.contains(&view.blueprint.as_str())).map(|view| view.id.to_string());
    Ok(Belongings { pages: pages.collect(), views: views.collect() })
}

/// The blueprints, each before those that its entities require.
fn dependents_first<'n>(model: &CatalogModel, names: &[&'n str]) -> Vec<&'n str> {
    let mut left = names.to_vec();
    let mut order = Vec::new();
    while !left.is_empty() {
        let is_required = |name: &str| {
            left.iter().filter(|other| **other != name).filter_map(|other| model.get(other)).any(|other| {
                other.relations.iter().any(|one| one.relation.required && one.relation.target == name)
            })
        };
        // Where they require each other, any of them: their entities say so then.
        let at = left.iter().position(|name| !is_required(name)).unwrap_or(0);
        order.push(left.remove(at));
    }
    order
}
