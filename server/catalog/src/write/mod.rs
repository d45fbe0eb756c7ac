//! The write path: changes in, one transaction, versions out.
//!
//! A batch is prepared and planned in memory item by item, the targets of its relations are settled, and what the drafts
//! came to is written. The tenant's head is read first and taken last; where another writer was faster, the batch is
//! planned again under the head's lock.

mod outcomes;
mod plan;
mod prepare;
mod settle;
mod stamp;

pub(crate) use prepare::{Prepared, PreparedChange};
pub(crate) use stamp::Stamp;

use portolan_schema::{Code, Error, Result};
use portolan_store::entity_write::EntityChange;
use portolan_store::head::Head;
use portolan_store::{OpContext, Role};

use crate::batch::Batch;
use crate::change::{Change, Outcome, WriteOptions};
use crate::companion::{Alone, Companion};
use crate::model::keep_misfits;
use crate::{Catalog, entity_limit, measured, now};
use outcomes::{aborted, outcomes};
use plan::plan;
use prepare::{may_create, with_identifier};
use settle::settle;

/// How often a batch is planned again before the caller is told that the database is busy.
const ATTEMPTS: usize = 5;
/// Most changes of one batch.
pub const MAX_CHANGES: usize = 1_000;

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
