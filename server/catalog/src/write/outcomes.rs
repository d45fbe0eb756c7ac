//! What a batch answers: one outcome a change.

use std::collections::HashMap;

use portolan_schema::{BlueprintNo, CatalogModel, Code, EntityState, Pointer, Problem, Result};
use portolan_store::entity_write::EntityChange;

use super::plan::Planned;
use super::stamp::Stamp;
use crate::batch::{Batch, Key};
use crate::change::Outcome;
use crate::unchanged::Unchanged;

pub(super) fn aborted(result: Result<Planned>) -> Result<Outcome> {
    match result {
        Err(error) => Err(error),
        Ok(_) => {
            let message = "nothing was written, because another item of the batch failed";
            Err(Problem::new(Code::Aborted, Pointer::root(), message).into())
        }
    }
}

pub(super) fn outcomes(
    batch: &Batch<'_>,
    model: &CatalogModel,
    stamp: &Stamp<'_>,
    changes: &[EntityChange],
    results: Vec<Result<Planned>>,
) -> Vec<Result<Outcome>> {
    let written: HashMap<(BlueprintNo, &str), &EntityChange> = changes
        .iter()
        .map(|change| ((change.after.blueprint, change.after.state.identifier.as_str()), change))
        .collect();
    let name = |key: &Key| {
        let blueprint = model.by_no(key.0).map_or("?", |blueprint| blueprint.identifier());
        (blueprint.to_owned(), key.1.clone())
    };
    results
        .into_iter()
        .map(|result| {
            let planned = result?;
            if let Some(found) = planned.unchanged {
                let Unchanged { entity, waits } = *found;
                return Ok(Outcome::new(planned.kind, entity, waits, Vec::new()));
            }
            let draft = batch.drafts.get(&planned.key);
            let identifier = draft
                .and_then(|draft| draft.after.as_ref())
                .map_or(planned.key.1.as_str(), |after| after.identifier.as_str());
            let written = written.get(&(planned.key.0, identifier));
            let waits = match written {
                Some(change) => change.edges.iter().any(|edge| edge.target.is_err()),
                None => draft.is_some_and(|draft| draft.waits),
            };
            let entity = written
                .map(|change| change.after.clone())
                .or_else(|| draft.and_then(|draft| draft.before.clone()));
            // Made and deleted by the same batch: it was never stored.
            let entity = entity.unwrap_or_else(|| {
                let nameless = || EntityState { identifier: identifier.to_owned(), ..EntityState::default() };
                let state = planned.prior.clone().unwrap_or_else(nameless);
                stamp.entity(planned.key.0, 0, None, &state, 0)
            });
            let deleted = planned.deleted.iter().map(name).collect();
            Ok(Outcome::new(planned.kind, entity, waits, deleted))
        })
        .collect()
}
