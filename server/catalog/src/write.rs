//! The write path: changes in, one transaction, versions out.
//!
//! A batch is loaded, planned in memory item by item, and written. The tenant's head is read first and taken last; where
//! another writer was faster, the batch is planned again under the head's lock.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use portolan_schema::identifier::{self, Kind as IdentifierKind};
use portolan_schema::{
    BlueprintNo, CatalogModel, Code, EntityState, Error, Instant, Pointer, Problem, Problems, RelationNo,
    Result, system,
};
use portolan_store::entity::Entity;
use portolan_store::entity_write::{Cause, EntityChange};
use portolan_store::head::Head;
use portolan_store::{Actor, OpContext, Role, TenantScope};
use uuid::Uuid;

use crate::batch::{Batch, Key};
use crate::change::{Change, Deletion, EntityWrite, Kind, Outcome, WriteMode, WriteOptions};
use crate::companion::{Alone, Companion, Target};
use crate::deletion::IncomingEdges;
use crate::entity_limit;
use crate::model::keep_misfits;
use crate::targets::{Missing, StoredTargets};
use crate::unchanged::Unchanged;
use crate::{Catalog, draft, measured, now, people, unchanged};

/// How often a batch is planned again before the caller is told that the database is busy.
const ATTEMPTS: usize = 5;
/// Most changes of one batch.
pub const MAX_CHANGES: usize = 1_000;

/// What one change came to in memory.
struct Planned {
    key: Key,
    kind: Kind,
    /// The draft's state before this change, to go back to.
    prior: Option<EntityState>,
    deleted: Vec<Key>,
    /// Where a comparison told that nothing changes: there is no draft then.
    unchanged: Option<Box<Unchanged>>,
}

impl Planned {
    fn new(key: Key, kind: Kind, prior: Option<EntityState>) -> Self {
        Self { key, kind, prior, deleted: Vec::new(), unchanged: None }
    }
}

impl Catalog {
    /// Applies changes in one transaction. One result each change, in order.
    ///
    /// With `atomic` any failure rolls everything back and the other items' results say so; without, good items are
    /// written and bad ones reported.
    ///
    /// # Errors
    /// Only where nothing could be tried at all: rights, more than [`MAX_CHANGES`], a fault. Mistakes in items are in
    /// their results.
    pub async fn write(
        &self,
        ctx: &OpContext,
        changes: Vec<Change>,
        options: &WriteOptions,
    ) -> Result<Vec<Result<Outcome>>> {
        self.write_with(ctx, changes, options, &Alone).await
    }

    /// [`Catalog::write`], with somebody who takes part in its transaction.
    ///
    /// # Errors
    /// As [`Catalog::write`], and what the companion says.
    pub async fn write_with(
        &self,
        ctx: &OpContext,
        changes: Vec<Change>,
        options: &WriteOptions,
        companion: &dyn Companion,
    ) -> Result<Vec<Result<Outcome>>> {
        ctx.require(Role::Member)?;
        if changes.len() > MAX_CHANGES {
            let message = format!("{} changes at once; at most {MAX_CHANGES} are allowed", changes.len());
            return Err(Error::problem(Code::TooManyItems, message));
        }
        let measured = (!options.dry_run).then(measured::Batch::begin);
        let changes: Vec<Change> = changes.into_iter().map(with_identifier).collect();
        let foresees = options.dry_run && self.foresees(ctx, &changes, options).await?;
        // Ids are reserved before the transaction: on SQLite there is one writer, and it would wait for itself.
        let mut wanted = changes.iter().filter(|change| may_create(change)).count();
        let mut ids = self.reserve(wanted).await?;
        for attempt in 0..ATTEMPTS {
            // A dry run reads one snapshot and keeps no writer waiting, unless it has to show what follows from it.
            let scope = match options.dry_run && !foresees {
                true => self.store.read(ctx.tenant()).await?,
                false => self.store.write(ctx.tenant()).await?,
            };
            let head = if attempt == 0 { scope.head().await? } else { scope.lock_head().await? };
            let model = self.models.get(&scope, head.model_revision).await?;
            let mut batch = Batch::new(&scope, &model, options.run);
            let mut results = plan(&mut batch, ctx, &changes, options, head.invalid).await?;
            let stored = settle(&mut batch, &mut results, options, companion).await?;
            if options.atomic && results.iter().any(Result::is_err) {
                return Ok(results.into_iter().map(aborted).collect());
            }
            let created =
                batch.drafts.values().filter(|draft| draft.before.is_none() && draft.after.is_some());
            let created = created.count();
            if created > ids.len() && (foresees || !options.dry_run) {
                wanted = created;
                drop(scope);
                ids = self.reserve(wanted).await?;
                continue;
            }
            let stamp = Stamp { at: now(), actor: ctx.actor().stamp(), ctx, options };
            let entity_changes = stamp.changes(&batch, &stored, head.seq + 1, &ids)?;
            let growth = entity_limit::growth(&model, &entity_changes);
            entity_limit::refuse_beyond(head, growth)?;
            let mut outcomes = outcomes(&batch, &model, &stamp, &entity_changes, results);
            if options.dry_run && !foresees {
                return Ok(outcomes);
            }
            if !entity_changes.is_empty() && !keep(&batch, head, &entity_changes, &stamp).await? {
                continue;
            }
            if foresees {
                self.foresee(ctx, &scope, &model, head.seq, options, &mut outcomes).await?;
                return Ok(outcomes);
            }
            let computes = !entity_changes.is_empty() && !model.computed_order().is_empty();
            companion.conclude(&scope, &outcomes).await?;
            scope.commit().await?;
            if computes {
                self.computing.wake();
            }
            if let Some(measured) = measured {
                measured.committed(&outcomes);
            }
            if let Some(first) = ids.get(created) {
                self.store.give_back_ids(*first, ids.len() - created).await;
            }
            return Ok(outcomes);
        }
        Err(Error::unavailable("the tenant's head moved at every attempt"))
    }

    /// Applies one change.
    ///
    /// # Errors
    /// The change's own problems, or what [`Catalog::write`] says.
    pub async fn write_one(
        &self,
        ctx: &OpContext,
        change: Change,
        options: &WriteOptions,
    ) -> Result<Outcome> {
        let options = WriteOptions { computed: true, ..options.clone() };
        let mut results = self.write(ctx, vec![change], &options).await?;
        self.show_computed(ctx, &options, &mut results).await?;
        results.pop().ok_or_else(|| Error::internal("a write gave no result"))?
    }

    async fn reserve(&self, count: usize) -> Result<Vec<i64>> {
        if count == 0 {
            return Ok(Vec::new());
        }
        let first = self.store.reserve_ids(count).await?;
        Ok((first..).take(count).collect())
    }
}

/// Writes changes and what belongs to them. Answers false where another writer was faster: nothing is written then.
pub(crate) async fn keep(
    batch: &Batch<'_>,
    head: Head,
    changes: &[EntityChange],
    stamp: &Stamp<'_>,
) -> Result<bool> {
    let Batch { scope, model, .. } = batch;
    let growth = entity_limit::growth(model, changes);
    if scope.take_seq_growing(head, changes.len(), growth).await?.is_none() {
        return Ok(false);
    }
    scope.apply(model, changes, &stamp.cause()).await?;
    let bare = |change: &EntityChange| {
        let key = (change.after.blueprint, change.after.state.identifier.clone());
        batch.drafts.get(&key).is_some_and(|draft| draft.bare)
    };
    keep_misfits(scope, model, changes, head.invalid, bare).await?;
    if !model.computed_order().is_empty() {
        scope.mark_due(crate::computed::NAME, stamp.at).await?;
    }
    Ok(true)
}

/// Gives a new entity an identifier where its author did not.
fn with_identifier(change: Change) -> Change {
    match change {
        Change::Write(mode, mut write) if write.identifier.is_none() && write.search.is_none() => {
            write.identifier = Some(format!("e_{}", Uuid::new_v4().simple()));
            Change::Write(mode, write)
        }
        other => other,
    }
}

fn may_create(change: &Change) -> bool {
    match change {
        Change::Write(mode, _) => *mode != WriteMode::Update,
        Change::Ensure { .. } => true,
        Change::Delete(_) | Change::GiveUp { .. } => false,
    }
}

/// Loads what the changes touch and applies them one after the other in memory. `may_misfit` says whether the tenant may
/// have entities that do not fit their blueprint.
async fn plan(
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

/// A change with its blueprint found, its identifier checked and its search queries resolved.
pub(crate) struct Prepared<'c> {
    pub key: Key,
    pub change: PreparedChange<'c>,
}

pub(crate) enum PreparedChange<'c> {
    /// Owned where its search queries were resolved.
    Write(WriteMode, Box<Cow<'c, EntityWrite>>),
    Delete(&'c Deletion),
    Ensure,
    GiveUp(RelationNo, Key),
}

async fn prepare<'c>(
    scope: &TenantScope,
    ctx: &OpContext,
    model: &CatalogModel,
    change: &'c Change,
) -> Result<Prepared<'c>> {
    match change {
        Change::Write(mode, write) => {
            let blueprint = find_blueprint(model, &write.blueprint)?;
            let mut write = Cow::Borrowed(write.as_ref());
            if write.has_searches() {
                crate::search::resolve(scope, ctx, model, write.to_mut()).await?;
            }
            let identifier = write.identifier.clone().unwrap_or_default();
            let path = Pointer::root().key("identifier");
            identifier::check(IdentifierKind::of_entity(&write.blueprint), &identifier, &path)?;
            Ok(Prepared {
                key: (blueprint, identifier),
                change: PreparedChange::Write(*mode, Box::new(write)),
            })
        }
        Change::Delete(deletion) => {
            let blueprint = find_blueprint(model, &deletion.blueprint)?;
            let path = Pointer::root().key("identifier");
            identifier::check(IdentifierKind::of_entity(&deletion.blueprint), &deletion.identifier, &path)?;
            let key = (blueprint, deletion.identifier.clone());
            Ok(Prepared { key, change: PreparedChange::Delete(deletion) })
        }
        Change::Ensure { blueprint, identifier } => {
            let key = (find_blueprint(model, blueprint)?, identifier.clone());
            identifier::check(
                IdentifierKind::of_entity(blueprint),
                identifier,
                &Pointer::root().key("identifier"),
            )?;
            Ok(Prepared { key, change: PreparedChange::Ensure })
        }
        Change::GiveUp { blueprint, identifier, relation, target } => {
            let key = (find_blueprint(model, blueprint)?, identifier.clone());
            let holder = model.by_no(key.0).and_then(|blueprint| blueprint.relation_by_no(*relation));
            let holder = holder.ok_or_else(|| Error::not_found("the relation"))?;
            let target = (holder.target, target.clone());
            Ok(Prepared { key, change: PreparedChange::GiveUp(*relation, target) })
        }
    }
}

fn find_blueprint(model: &CatalogModel, identifier: &str) -> Result<BlueprintNo> {
    model.get(identifier).map(|blueprint| blueprint.no()).ok_or_else(|| {
        let message = format!("there is no blueprint \"{identifier}\"");
        Error::at(Code::NotFound, Pointer::root().key("blueprint"), message)
    })
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

/// Sees to the targets of relations: lets edges wait for those to come, makes bare ones, or fails the items whose targets
/// are missing, until all is well.
async fn settle(
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

/// Puts the place of an item in the request before the paths of its problems.
fn located(error: Error, options: &WriteOptions, index: usize) -> Error {
    match (error, &options.path) {
        (Error::Problems(problems), Some(base)) => {
            let outer = base.index(index);
            Error::Problems(Problems(problems.into_iter().map(|problem| problem.under(&outer)).collect()))
        }
        (error, _) => error,
    }
}

fn aborted(result: Result<Planned>) -> Result<Outcome> {
    match result {
        Err(error) => Err(error),
        Ok(_) => {
            let message = "nothing was written, because another item of the batch failed";
            Err(Problem::new(Code::Aborted, Pointer::root(), message).into())
        }
    }
}

/// Who writes, when and for what.
pub(crate) struct Stamp<'a> {
    pub at: Instant,
    pub actor: String,
    pub ctx: &'a OpContext,
    pub options: &'a WriteOptions,
}

impl Stamp<'_> {
    fn cause(&self) -> Cause {
        Cause {
            at: self.at,
            actor: self.actor.clone(),
            origin: self.ctx.user_agent().map(str::to_owned),
            run: self.options.run.map(|run| run.run),
        }
    }

    /// What the drafts come to, in the order of their sequence numbers. `ids` are for new entities.
    pub(crate) fn changes(
        &self,
        batch: &Batch<'_>,
        stored: &StoredTargets,
        first_seq: i64,
        ids: &[i64],
    ) -> Result<Vec<EntityChange>> {
        let mut fresh = ids.iter().copied().chain(std::iter::repeat(0));
        let mut known: HashMap<(BlueprintNo, &str), i64> = HashMap::new();
        for (key, draft) in &batch.drafts {
            if let Some(after) = &draft.after {
                let id = match &draft.before {
                    Some(before) => before.id,
                    None => fresh.next().unwrap_or(0),
                };
                known.insert((key.0, after.identifier.as_str()), id);
            }
        }
        let mut changes = Vec::new();
        let mut seq = first_seq;
        for (key, draft) in batch.drafts.iter().filter(|(_, draft)| draft.is_changed()) {
            let change = match (&draft.before, &draft.after) {
                (Some(before), None) => EntityChange {
                    after: Entity { seq, revision: before.revision + 1, ..before.clone() },
                    before: Some(before.clone()),
                    deleted: true,
                    edges: Vec::new(),
                },
                (before, Some(state)) => {
                    let id = known.get(&(key.0, state.identifier.as_str())).copied().unwrap_or(0);
                    let edges = batch.edges(key.0, state, &known, stored)?;
                    let after = self.entity(key.0, id, before.as_ref(), state, seq);
                    EntityChange { before: before.clone(), after, deleted: false, edges }
                }
                (None, None) => continue,
            };
            seq += 1;
            changes.push(change);
        }
        Ok(changes)
    }

    fn entity(
        &self,
        blueprint: BlueprintNo,
        id: i64,
        before: Option<&Entity>,
        state: &EntityState,
        seq: i64,
    ) -> Entity {
        let integration = self.options.run.map(|run| run.integration);
        let user_agent = match self.ctx.actor() {
            Actor::Credential(_) => self.ctx.user_agent().map(str::to_owned),
            _ => None,
        };
        match before {
            Some(before) => Entity {
                state: state.clone(),
                revision: before.revision + 1,
                seq,
                // An entity stays with whoever made it (its integration, its datasource), whoever edits it.
                updated_at: self.at,
                updated_by: self.actor.clone(),
                ..before.clone()
            },
            None => Entity {
                computed: portolan_store::computed::ComputedValues::default(),
                id,
                blueprint,
                state: state.clone(),
                revision: 1,
                seq,
                integration,
                datasource: user_agent,
                created_at: self.at,
                created_by: self.actor.clone(),
                updated_at: self.at,
                updated_by: self.actor.clone(),
            },
        }
    }
}

fn outcomes(
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
