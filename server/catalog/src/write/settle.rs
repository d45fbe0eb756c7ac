//! The targets of relations, once all changes are planned.

use std::collections::{HashMap, HashSet};

use portolan_schema::{EntityState, Error, Problems, Result};

use super::plan::{Planned, located};
use crate::batch::{Batch, Key};
use crate::change::WriteOptions;
use crate::companion::{Companion, Target};
use crate::targets::{Missing, StoredTargets};

/// Sees to the targets of relations: lets edges wait for those to come, makes bare ones, or fails the items whose targets
/// are missing, until all is well.
pub(super) async fn settle(
    batch: &mut Batch<'_>,
    results: &mut [Result<Planned>],
    options: &WriteOptions,
    companion: &dyn Companion,
) -> Result<StoredTargets> {
    let stored = batch.stored_targets().await?;
    let mut expected: Option<HashSet<Target>> = None;
    loop {
        let mut missing = batch.missing_targets(&stored, expected.as_ref())?;
        if expected.is_none() && !missing.is_empty() {
            let all: HashSet<Target> =
                missing.iter().flat_map(|(_, targets)| targets.iter().map(Missing::key)).collect();
            let all: Vec<Target> = all.into_iter().collect();
            expected = Some(companion.expects(batch.scope, &all).await?);
            missing = batch.missing_targets(&stored, expected.as_ref())?;
        }
        if missing.is_empty() {
            return Ok(stored);
        }
        if options.create_missing {
            let refused = batch.never_bare(&missing);
            if refused.is_empty() {
                for (_, targets) in &missing {
                    batch.create_bare(targets)?;
                }
                continue;
            }
            missing = refused;
        }
        let problems: HashMap<&Key, Problems> =
            missing.iter().map(|(key, targets)| (key, batch.missing_problems(targets))).collect();
        let mut reverted: HashMap<Key, Option<EntityState>> = HashMap::new();
        for (index, result) in results.iter_mut().enumerate() {
            let Ok(planned) = result else { continue };
            let Some(found) = problems.get(&planned.key) else { continue };
            reverted.entry(planned.key.clone()).or_insert_with(|| planned.prior.clone());
            *result = Err(located(found.clone().into(), options, index));
        }
        if reverted.is_empty() {
            return Err(Error::internal("a relation lost its target and no item is to blame"));
        }
        for (key, prior) in reverted {
            if let Some(draft) = batch.drafts.get_mut(&key) {
                draft.after = prior;
            }
        }
    }
}
