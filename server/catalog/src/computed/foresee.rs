//! What computed values would be after a write that is not kept: its consequences are computed in its own transaction.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use portolan_schema::{BlueprintNo, CatalogModel, Code, Result};
use portolan_store::TenantScope;
use portolan_store::computed::ComputedValues;
use portolan_store::entity::Entity;

use super::dirty::{Wanted, from_log};
use super::fill::Formulas;
use super::pass::{ENTRIES, Keeping, Pass, Reading};
use super::{Computing, NAME};
use crate::now;

impl Computing {
    /// Gives entities the computed values that they would have, were the transaction of `scope` kept. It holds changes that
    /// are in the log after `since`. What follows is written to the transaction as well, as far as the values of these
    /// entities' blueprints rest on it.
    ///
    /// Nobody else writes meanwhile, so it takes half a second at most; where that is not enough, there are no values, and
    /// each says so.
    pub(crate) async fn foresee(
        &self,
        scope: &TenantScope,
        model: &Arc<CatalogModel>,
        since: i64,
        entities: &mut [&mut Entity],
    ) -> Result<()> {
        let shown: Vec<(BlueprintNo, i64)> =
            entities.iter().map(|entity| (entity.blueprint, entity.id)).collect();
        match tokio::time::timeout(self.hurry, self.compute_ahead(scope, model, since, &shown)).await {
            Ok(found) => {
                let found = found?;
                for entity in entities {
                    if let Some(values) = found.get(&entity.id) {
                        entity.computed.clone_from(values);
                    }
                }
            }
            Err(_) => entities.iter_mut().for_each(|entity| give_up(model, entity)),
        }
        Ok(())
    }

    async fn compute_ahead(
        &self,
        scope: &TenantScope,
        model: &Arc<CatalogModel>,
        since: i64,
        shown: &[(BlueprintNo, i64)],
    ) -> Result<HashMap<i64, ComputedValues>> {
        let at = now();
        let blueprints: HashSet<BlueprintNo> = shown.iter().map(|(blueprint, _)| *blueprint).collect();
        let wanted = Wanted::of(model, &blueprints);
        let mut formulas = Formulas::load(scope, model, at).await?;
        // What was written before and is not followed yet, and then the changes themselves.
        let place = scope.consumer(NAME).await?;
        let mut entries = scope.log_after(model, place.seq, ENTRIES).await?;
        entries.retain(|entry| entry.seq <= since);
        entries.extend(scope.log_after(model, since, usize::MAX).await?);
        let mut dirty = from_log(scope, model, &entries, &wanted).await?;
        // A formula that is new may not be filled in yet: the next part of it is, as the write's pass would do, and they are.
        let parts = formulas.next_parts(scope, &mut dirty, at).await?;
        dirty.retain(|no, _| wanted.holds(*no));
        for (blueprint, entity) in shown {
            let own = model.by_no(*blueprint).into_iter().flat_map(|blueprint| &blueprint.computed);
            for computed in own {
                dirty.entry(computed.no()).or_default().insert(*entity);
            }
        }
        let mut pass = Pass::new(Keeping::Foreseen, self.jq.as_ref(), at, model.clone(), wanted);
        pass.compute(Reading::Lent(scope), &mut formulas, dirty, &parts).await?;
        pass.write(scope).await?;
        let values = shown.iter().filter_map(|(_, entity)| Some((*entity, pass.values(*entity)?.clone())));
        Ok(values.collect())
    }
}

fn give_up(model: &CatalogModel, entity: &mut Entity) {
    let Some(blueprint) = model.by_no(entity.blueprint) else { return };
    for computed in &blueprint.computed {
        let problem = format!("{}: the value takes too long to be foreseen", Code::Timeout);
        entity.computed.set(computed.no(), Err(problem));
    }
}
