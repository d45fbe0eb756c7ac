//! Deleting everything that belongs to an integration, as it goes itself.

use std::collections::BTreeSet;

use portolan_catalog::{Catalog, MAX_CHANGES, OpContext, RunOrigin, WriteOptions};
use portolan_schema::{BlueprintNo, CatalogModel, Code, Error, Pointer, Result};
use portolan_store::integration::Integration;

use super::coverage::targets_first;
use super::deletion::deletion;
use super::plan::name;
use super::required::{Going, Required};
use crate::Integrations;

/// Dependents that an error names.
const NAMED: usize = 10;

impl Integrations {
    /// Deletes everything that belongs to an integration. Answers how many entities did.
    ///
    /// # Errors
    /// `HAS_DEPENDENTS` where others require any of it: nothing is deleted then.
    pub(crate) async fn delete_owned(&self, ctx: &OpContext, integration: &Integration) -> Result<u64> {
        let model = self.0.catalog.model(ctx).await?;
        self.refuse_foreign(ctx, integration, &model).await?;
        let run = self.0.store.reserve_ids(1).await?;
        let options = WriteOptions {
            run: Some(RunOrigin { run, integration: integration.id }),
            ..WriteOptions::default()
        };
        let mut order = targets_first(&model);
        order.reverse();
        let mut total = 0;
        loop {
            let mut deleted = 0;
            let mut held = None;
            for blueprint in &order {
                let done =
                    delete_all(&self.0.catalog, ctx, self, integration, &model, *blueprint, &options).await?;
                deleted += done.0;
                held = held.or(done.1);
            }
            total += deleted;
            match held {
                None => return Ok(total),
                Some(error) if deleted == 0 => return Err(error),
                Some(_) => {}
            }
        }
    }

    async fn refuse_foreign(
        &self,
        ctx: &OpContext,
        integration: &Integration,
        model: &CatalogModel,
    ) -> Result<()> {
        let required = Required::of(model);
        let scope = self.0.store.read(ctx.tenant()).await?;
        let mut foreign: BTreeSet<i64> = BTreeSet::new();
        for blueprint in model.blueprints() {
            let mut after = 0;
            loop {
                let page = scope.owned_ids(integration.id, blueprint.no(), after, MAX_CHANGES).await?;
                let Some(last) = page.last() else { break };
                after = *last;
                let lacking = required.lacking(&scope, &page, Going::Owned(integration.id)).await?;
                foreign.extend(lacking.into_iter().map(|(source, _)| source));
            }
        }
        if foreign.is_empty() {
            return Ok(());
        }
        let more = if foreign.len() > NAMED { " and more" } else { "" };
        let foreign: Vec<i64> = foreign.into_iter().take(NAMED).collect();
        let named: Vec<String> = scope
            .holders(&foreign)
            .await?
            .iter()
            .map(|holder| format!("{} \"{}\"", name(model, holder.blueprint), holder.identifier))
            .collect();
        let message = format!("its entities are required by {}{more}; nothing was deleted", named.join(", "));
        Err(Error::at(Code::HasDependents, Pointer::root().key("deleteEntities"), message))
    }
}

/// One pass over the integration's entities of a blueprint: how many went, and why the first one that did not.
async fn delete_all(
    catalog: &Catalog,
    ctx: &OpContext,
    own: &Integrations,
    integration: &Integration,
    model: &CatalogModel,
    blueprint: BlueprintNo,
    options: &WriteOptions,
) -> Result<(u64, Option<Error>)> {
    let (mut deleted, mut held) = (0, None);
    let mut after = String::new();
    loop {
        let scope = own.0.store.read(ctx.tenant()).await?;
        let page = scope.owned_entities(integration.id, blueprint, &after, MAX_CHANGES).await?;
        drop(scope);
        let Some(last) = page.last() else { return Ok((deleted, held)) };
        after.clone_from(last);
        let changes = page.iter().map(|identifier| deletion(name(model, blueprint), identifier)).collect();
        for result in catalog.write(ctx, changes, options).await? {
            match result {
                Ok(outcome) => deleted += u64::try_from(outcome.deleted.len()).unwrap_or(0),
                Err(error) if error.code() == Code::NotFound => {}
                Err(error) => held = held.or(Some(error)),
            }
        }
    }
}
