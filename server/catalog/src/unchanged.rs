//! Writes that change nothing, found by comparing them with what is stored: most of what a source sends again.
//!
//! What is stored was checked when it was written, and what the blueprint refuses by now is known as a misfit. So a write
//! that says what is stored already is neither applied nor checked.

use std::collections::{HashMap, HashSet};

use portolan_schema::{BlueprintModel, BlueprintNo, Result, Targets};
use portolan_store::entity::Entity;
use portolan_store::stored_entity::StoredEntity;

use crate::batch::{Batch, Key};
use crate::change::{EntityWrite, RelationInput, WriteMode};
use crate::write::{Prepared, PreparedChange};

/// The entity that a write leaves as it is.
pub(crate) struct Unchanged {
    pub entity: Entity,
    /// Whether an edge of it waits for its target.
    pub waits: bool,
}

/// The changes of a batch, by their places, that change nothing whatever the others do. Their entities are taken out of
/// `stored`. `may_misfit` says whether the tenant may have entities that do not fit their blueprint.
pub(crate) async fn find(
    batch: &Batch<'_>,
    changes: &[Result<Prepared<'_>>],
    stored: &mut HashMap<Key, StoredEntity>,
    may_misfit: bool,
) -> Result<HashMap<usize, Unchanged>> {
    let mut found = HashMap::new();
    // Deletions and renames move what relations of others say.
    if stored.is_empty() || !changes.iter().flatten().all(|change| keeps_others(&change.change)) {
        return Ok(found);
    }
    let mut once: HashMap<&Key, bool> = HashMap::with_capacity(changes.len());
    for change in changes.iter().flatten() {
        once.entry(&change.key).and_modify(|once| *once = false).or_insert(true);
    }
    let mut same: Vec<(usize, &Key, &EntityWrite)> = Vec::new();
    for (index, change) in changes.iter().enumerate() {
        let Ok(Prepared { key, change: PreparedChange::Write(mode, write) }) = change else { continue };
        let Some(entity) = stored.get_mut(key).filter(|_| once.get(key) == Some(&true)) else { continue };
        if changes_nothing(batch.blueprint(key.0)?, entity, *mode, write)? {
            same.push((index, key, write));
        }
    }
    let misfits = if may_misfit { misfits(batch, stored, &same).await? } else { HashSet::new() };
    for (index, key, write) in same {
        if let Some(entity) = stored.get(key)
            && !misfits.contains(&entity.without_properties().id)
            && let Some(entity) = stored.remove(key)
        {
            let waits = entity.waits;
            let entity = entity.with_properties(|| write.properties.clone());
            found.insert(index, Unchanged { entity, waits });
        }
    }
    Ok(found)
}

fn keeps_others(change: &PreparedChange<'_>) -> bool {
    match change {
        PreparedChange::Write(_, write) => write.rename.is_none(),
        PreparedChange::Ensure => true,
        PreparedChange::Delete(_) | PreparedChange::GiveUp(..) => false,
    }
}

/// Those of the entities that do not fit their blueprint.
async fn misfits(
    batch: &Batch<'_>,
    stored: &HashMap<Key, StoredEntity>,
    same: &[(usize, &Key, &EntityWrite)],
) -> Result<HashSet<i64>> {
    let mut ids: HashMap<BlueprintNo, Vec<i64>> = HashMap::new();
    for (_, key, _) in same {
        let id = stored.get(*key).map(|entity| entity.without_properties().id);
        ids.entry(key.0).or_default().extend(id);
    }
    let mut found = HashSet::new();
    for (no, ids) in ids {
        let set = batch.blueprint(no)?.stored.numbers.invalid;
        found.extend(batch.scope.invalid_among(set, &ids).await?);
    }
    Ok(found)
}

/// Whether a write says of a stored entity what it is already.
fn changes_nothing(
    blueprint: &BlueprintModel,
    stored: &mut StoredEntity,
    mode: WriteMode,
    write: &EntityWrite,
) -> Result<bool> {
    let replaces = mode == WriteMode::Replace;
    let Entity { state, revision, .. } = stored.without_properties();
    let text = |named: &Option<Option<String>>, is: &Option<String>| match named {
        Some(named) => named == is,
        None => !replaces || is.is_none(),
    };
    let team = match &write.team {
        Some(team) => *team == state.team,
        None => !replaces || state.team.is_empty(),
    };
    let relations =
        write.relations.iter().all(|(name, input)| {
            state.relations.get(name).is_some_and(|targets| points_there(input, targets))
        }) && (!replaces
            || state.relations.iter().all(|(name, is)| write.relations.contains_key(name) || is.is_empty()));
    if mode == WriteMode::Create
        || write.if_revision.is_some_and(|wanted| wanted != *revision)
        || !(text(&write.title, &state.title) && text(&write.icon, &state.icon) && team && relations)
    {
        return Ok(false);
    }
    if stored.has_exactly(blueprint, &write.properties) {
        return Ok(true);
    }
    if replaces {
        return Ok(false);
    }
    let has = &stored.read(blueprint)?.state.properties;
    Ok(write.properties.iter().all(|(name, value)| has.get(name) == Some(value)))
}

fn points_there(input: &RelationInput, targets: &Targets) -> bool {
    match (input, targets) {
        (RelationInput::Unset, targets) => targets.is_empty(),
        (RelationInput::One(one), Targets::One(is)) => is.as_ref() == Some(one),
        (RelationInput::One(one), Targets::Many(are)) => are.as_slice() == std::slice::from_ref(one),
        (RelationInput::Many(many), Targets::Many(are)) => many == are,
        (RelationInput::Many(_), Targets::One(_)) | (RelationInput::Search(_), _) => false,
    }
}
