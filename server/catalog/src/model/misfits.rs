//! Entities that do not fit their blueprint: after a change of it, or because a relation made them bare. They keep their
//! values, are counted and listed, and must fit when they are written the next time.

use std::collections::HashMap;

use portolan_schema::{BlueprintNo, CatalogModel, Code, Error, Pointer, Problems, Result};
use portolan_store::TenantScope;
use portolan_store::entity::Entity;
use portolan_store::entity_write::EntityChange;

use crate::{Catalog, OpContext};

/// An entity that does not fit, and why.
#[derive(Debug)]
pub struct Misfit {
    pub entity: Entity,
    pub problems: Problems,
}

/// Some of a blueprint's misfits.
#[derive(Debug)]
pub struct Misfits {
    pub total: u64,
    /// By the order in which entities were made.
    pub nodes: Vec<Misfit>,
    /// Where the next ones begin; None at the end.
    pub next: Option<i64>,
}

impl Catalog {
    /// How many entities of a blueprint do not fit it.
    pub async fn count_misfits(&self, ctx: &OpContext, blueprint: BlueprintNo) -> Result<u64> {
        let scope = self.store.read(ctx.tenant()).await?;
        let model = self.model_in(&scope).await?;
        match model.by_no(blueprint) {
            Some(found) => scope.count_invalid(found.stored.numbers.invalid).await,
            None => Ok(0),
        }
    }

    /// The next `limit` entities of a blueprint that do not fit it.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn misfits(
        &self,
        ctx: &OpContext,
        blueprint: &str,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Misfits> {
        let scope = self.store.read(ctx.tenant()).await?;
        let model = self.model_in(&scope).await?;
        let found = model.get(blueprint).ok_or_else(|| {
            let message = format!("the blueprint \"{blueprint}\" was not found");
            Error::at(Code::NotFound, Pointer::root().key("blueprint"), message)
        })?;
        let set = found.stored.numbers.invalid;
        let ids = scope.invalid_after(set, after.unwrap_or(i64::MIN), limit).await?;
        let mut entities = scope.entities_by_id(&model, &ids).await?;
        entities.sort_by_key(|entity| entity.id);
        let mut borrowed: Vec<&mut Entity> = entities.iter_mut().collect();
        scope.fill_relations(&model, &mut borrowed).await?;
        let nodes = entities
            .into_iter()
            .map(|entity| Misfit { problems: found.check_entity(&entity.state), entity })
            .collect();
        let next = ids.last().copied().filter(|_| ids.len() >= limit);
        Ok(Misfits { total: scope.count_invalid(set).await?, nodes, next })
    }
}

/// Keeps the sets of misfits right over a batch of writes. `may_have` says whether the tenant may have any; `bare` tells
/// which changes were made without looking at what is required.
pub(crate) async fn keep(
    scope: &TenantScope,
    model: &CatalogModel,
    changes: &[EntityChange],
    may_have: bool,
    bare: impl Fn(&EntityChange) -> bool,
) -> Result<()> {
    let mut by_blueprint: HashMap<BlueprintNo, Vec<&EntityChange>> = HashMap::new();
    for change in changes.iter().filter(|change| may_have || bare(change)) {
        by_blueprint.entry(change.after.blueprint).or_default().push(change);
    }
    for (no, changes) in by_blueprint {
        let Some(blueprint) = model.by_no(no) else { continue };
        let set = blueprint.stored.numbers.invalid;
        let ids: Vec<i64> = changes.iter().map(|change| change.after.id).collect();
        let known = if may_have { scope.invalid_among(set, &ids).await? } else { Default::default() };
        let (mut fit, mut misfit) = (Vec::new(), Vec::new());
        for change in changes {
            let is_known = known.contains(&change.after.id);
            // What was written was checked; what was changed on the way, as by a deletion, was not.
            let fits = change.deleted
                || !(is_known || bare(change))
                || blueprint.check_entity(&change.after.state).is_empty();
            match (is_known, fits) {
                (true, true) => fit.push(change.after.id),
                (false, false) => misfit.push(change.after.id),
                _ => {}
            }
        }
        scope.remove_invalid(set, &fit).await?;
        scope.add_invalid(set, &misfit).await?;
    }
    Ok(())
}
