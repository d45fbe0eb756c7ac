//! Changes applied in memory, one after the other, to drafts of what is stored.

use std::collections::HashSet;

use portolan_schema::{Code, EntityState, Error, Pointer, Problems, Result, system};
use portolan_store::OpContext;

use super::prepare::{Prepared, PreparedChange, prepare};
use crate::batch::{Batch, Key};
use crate::change::{Change, Kind, WriteOptions};
use crate::deletion::IncomingEdges;
use crate::unchanged::Unchanged;
use crate::{draft, people, unchanged};

/// What one change came to in memory.
pub(super) struct Planned {
    pub key: Key,
    pub kind: Kind,
    /// The draft's state before this change, to go back to.
    pub prior: Option<EntityState>,
    pub deleted: Vec<Key>,
    /// Where a comparison told that nothing changes: there is no draft then.
    pub unchanged: Option<Box<Unchanged>>,
}

impl Planned {
    fn new(key: Key, kind: Kind, prior: Option<EntityState>) -> Self {
        Self { key, kind, prior, deleted: Vec::new(), unchanged: None }
    }
}

/// Loads what the changes touch and applies them one after the other in memory. `may_misfit` says whether the tenant may
/// have entities that do not fit their blueprint.
pub(super) async fn plan(
    batch: &mut Batch<'_>,
    ctx: &OpContext,
    changes: &[Change],
    options: &WriteOptions,
    may_misfit: bool,
) -> Result<Vec<Result<Planned>>> {
    let model = batch.model;
    let mut prepared: Vec<Result<Prepared<'_>>> = Vec::with_capacity(changes.len());
    for change in changes {
        prepared.push(prepare(batch.scope, ctx, model, change).await);
    }
    let mut keys: Vec<Key> = Vec::with_capacity(prepared.len());
    for prepared in prepared.iter().flatten() {
        keys.push(prepared.key.clone());
        if let PreparedChange::GiveUp(_, target) = &prepared.change {
            keys.push(target.clone());
        }
    }
    let mut stored = batch.fetch(&keys).await?;
    let mut unchanged = unchanged::find(batch, &prepared, &mut stored, may_misfit).await?;
    let untouched: HashSet<&Key> =
        unchanged.keys().filter_map(|index| Some(&prepared[*index].as_ref().ok()?.key)).collect();
    batch.adopt(keys.iter().filter(|key| !untouched.contains(key)), stored)?;
    let deleted: Vec<&Key> = prepared
        .iter()
        .flatten()
        .filter(|prepared| matches!(prepared.change, PreparedChange::Delete(_)))
        .map(|prepared| &prepared.key)
        .collect();
    let doomed: Vec<i64> = deleted
        .iter()
        .filter_map(|key| batch.drafts.get(*key)?.before.as_ref().map(|before| before.id))
        .collect();
    batch.deleted = deleted.into_iter().cloned().collect();
    let mut incoming = IncomingEdges::default();
    incoming.load(batch, &doomed).await?;
    let mut results = Vec::with_capacity(prepared.len());
    for (index, prepared) in prepared.into_iter().enumerate() {
        let result = match (prepared, unchanged.remove(&index)) {
            (Ok(prepared), Some(found)) => {
                let planned = Planned::new(prepared.key, Kind::Unchanged, None);
                Ok(Planned { unchanged: Some(Box::new(found)), ..planned })
            }
            (Ok(prepared), None) => apply(batch, &mut incoming, prepared).await,
            (Err(error), _) => Err(error),
        };
        results.push(result.map_err(|error| located(error, options, index)));
    }
    Ok(results)
}

async fn apply(
    batch: &mut Batch<'_>,
    incoming: &mut IncomingEdges,
    prepared: Prepared<'_>,
) -> Result<Planned> {
    let key = prepared.key;
    let prior = batch.drafts.get(&key).and_then(|draft| draft.after.clone());
    match prepared.change {
        PreparedChange::Write(mode, write) => {
            check_revision(batch, &key, write.if_revision)?;
            let blueprint = batch.blueprint(key.0)?;
            if let Some(rename) = write.rename.as_ref().filter(|rename| **rename != key.1) {
                refuse_taken(batch, &key, rename).await?;
            }
            let mut state = draft::apply(blueprint, prior.as_ref(), &key.1, mode, &write)?;
            if blueprint.identifier() == system::USER {
                people::keep_membership(prior.as_ref(), &write, &mut state)?;
            }
            let kind = match &prior {
                None => Kind::Created,
                Some(prior) if prior.is_same(&state) => Kind::Unchanged,
                Some(_) => Kind::Updated,
            };
            if let Some(draft) = batch.drafts.get_mut(&key) {
                draft.after = Some(state);
                draft.bare = false;
                draft.revives.clone_from(&write.revives);
            }
            Ok(Planned::new(key, kind, prior))
        }
        PreparedChange::Delete(deletion) => {
            if prior.is_none() || !batch.may_delete(&key) {
                let message = format!("the {} \"{}\" was not found", deletion.blueprint, deletion.identifier);
                return Err(Error::at(Code::NotFound, Pointer::root().key("identifier"), message));
            }
            check_revision(batch, &key, deletion.if_revision)?;
            batch.refuse_member(&key)?;
            let deleted = batch.delete(incoming, &key, deletion.dependents).await?;
            Ok(Planned { deleted, ..Planned::new(key, Kind::Deleted, prior) })
        }
        PreparedChange::Ensure => {
            if prior.is_none() {
                batch.refuse_bare(&key)?;
            }
            let kind = if prior.is_none() { Kind::Created } else { Kind::Unchanged };
            let bare = draft::bare(batch.blueprint(key.0)?, &key.1);
            if let Some(draft) = batch.drafts.get_mut(&key).filter(|_| prior.is_none()) {
                draft.after = Some(bare);
                draft.bare = true;
            }
            Ok(Planned::new(key, kind, prior))
        }
        PreparedChange::GiveUp(relation, target) => {
            let Some(before) = &prior else {
                return Err(Error::not_found("the entity whose relation is to be given up"));
            };
            let has_come = batch.drafts.get(&target).is_some_and(|draft| draft.after.is_some());
            if !has_come {
                batch.unset(&key, relation, &target.1)?;
            }
            let after = batch.drafts.get(&key).and_then(|draft| draft.after.as_ref());
            let unchanged = after.is_some_and(|after| after.is_same(before));
            let kind = if unchanged { Kind::Unchanged } else { Kind::Updated };
            Ok(Planned::new(key, kind, prior))
        }
    }
}

fn check_revision(batch: &Batch<'_>, key: &Key, wanted: Option<i64>) -> Result<()> {
    let Some(wanted) = wanted else { return Ok(()) };
    let present =
        batch.drafts.get(key).and_then(|draft| draft.before.as_ref()).map_or(0, |before| before.revision);
    if present == wanted {
        return Ok(());
    }
    let message = format!("the entity is at revision {present}, not {wanted}");
    Err(Error::problem(Code::Conflict, message))
}

async fn refuse_taken(batch: &mut Batch<'_>, key: &Key, rename: &str) -> Result<()> {
    let taken = (key.0, rename.to_owned());
    batch.load(std::slice::from_ref(&taken)).await?;
    if batch.drafts.get(&taken).is_some_and(|draft| draft.after.is_some()) {
        let message = format!("\"{rename}\" exists already");
        return Err(Error::at(Code::AlreadyExists, Pointer::root().key("identifier"), message));
    }
    Ok(())
}

/// Puts the place of an item in the request before the paths of its problems.
pub(super) fn located(error: Error, options: &WriteOptions, index: usize) -> Error {
    match (error, &options.path) {
        (Error::Problems(problems), Some(base)) => {
            let outer = base.index(index);
            Error::Problems(Problems(problems.into_iter().map(|problem| problem.under(&outer)).collect()))
        }
        (error, _) => error,
    }
}
