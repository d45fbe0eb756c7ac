//! What the answer of a write shows beside what was written: the computed values that follow from it and, in a dry run, what
//! would be related.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use portolan_schema::{CatalogModel, Field, Filter, Meta, Result, Scalar};
use portolan_store::TenantScope;
use portolan_store::entity::Entity;
use portolan_store::query::{EntityQuery, Page};

use crate::asking::settled_query;
use crate::change::{Change, Kind, Outcome, WriteOptions};
use crate::{Catalog, OpContext};

impl Catalog {
    /// Whether a dry run has to write, and to roll back, for its answer to be that of the write.
    pub(crate) async fn foresees(
        &self,
        ctx: &OpContext,
        changes: &[Change],
        options: &WriteOptions,
    ) -> Result<bool> {
        if !options.reads.is_empty() {
            return Ok(true);
        }
        if !options.computed {
            return Ok(false);
        }
        let model = self.model(ctx).await?;
        Ok(changes.iter().any(|change| match change {
            Change::Write(_, write) => {
                model.get(&write.blueprint).is_some_and(|blueprint| !blueprint.computed.is_empty())
            }
            _ => false,
        }))
    }

    /// Completes the answers of a dry run whose changes are in the transaction, after the log's entry `since`.
    pub(crate) async fn foresee(
        &self,
        ctx: &OpContext,
        scope: &TenantScope,
        model: &Arc<CatalogModel>,
        since: i64,
        options: &WriteOptions,
        outcomes: &mut [Result<Outcome>],
    ) -> Result<()> {
        let mut written: Vec<&mut Entity> = written(outcomes).map(|outcome| &mut outcome.entity).collect();
        if options.computed && !written.is_empty() {
            self.computing.foresee(scope, model, since, &mut written).await?;
        }
        read_related(ctx, scope, model, options, outcomes).await
    }

    /// Gives the entities that were written the computed values that follow: these are computed now rather than a moment
    /// later, unless that takes long. A dry run has them already.
    pub(crate) async fn show_computed(
        &self,
        ctx: &OpContext,
        options: &WriteOptions,
        outcomes: &mut [Result<Outcome>],
    ) -> Result<()> {
        if options.dry_run || !options.computed {
            return Ok(());
        }
        let model = self.model(ctx).await?;
        let computes = |entity: &Entity| {
            model.by_no(entity.blueprint).is_some_and(|blueprint| !blueprint.computed.is_empty())
        };
        let written = written(outcomes).map(|outcome| &mut outcome.entity);
        let mut written: Vec<&mut Entity> = written.filter(|entity| computes(entity)).collect();
        if written.is_empty() {
            return Ok(());
        }
        self.computing.hurry(ctx.tenant()).await;
        let ids: Vec<i64> = written.iter().map(|entity| entity.id).collect();
        let found = self.store.look(ctx.tenant()).await?.computed_values(&ids).await?;
        for entity in &mut written {
            entity.computed = found.get(&entity.id).cloned().unwrap_or_default();
        }
        Ok(())
    }
}

/// Reads what a dry run is to show of related entities: one read a blueprint.
async fn read_related(
    ctx: &OpContext,
    scope: &TenantScope,
    model: &CatalogModel,
    options: &WriteOptions,
    outcomes: &mut [Result<Outcome>],
) -> Result<()> {
    for query in &options.reads {
        let of = |outcome: &&mut Outcome| {
            outcome.entity.blueprint == query.blueprint && outcome.kind != Kind::Deleted
        };
        let mut shown: Vec<&mut Outcome> = outcomes.iter_mut().flatten().filter(of).collect();
        if shown.is_empty() {
            continue;
        }
        let identifiers = shown.iter().map(|outcome| Scalar::Text(outcome.entity.state.identifier.clone()));
        let filter = Filter::In { field: Field::Meta(Meta::Identifier), values: identifiers.collect() };
        let page = Page { limit: shown.len(), ..Page::default() };
        let query = EntityQuery { filter, page, count: false, ..query.clone() };
        let query = settled_query(scope, ctx, model, &query).await?;
        let nodes = scope.list(model, &query).await?.nodes.into_iter();
        let found: HashMap<i64, _> =
            nodes.map(|node| (node.entity.id, (node.related, node.graphs))).collect();
        for outcome in &mut shown {
            (outcome.related, outcome.graphs) = found.get(&outcome.entity.id).cloned().unwrap_or_default();
        }
    }
    Ok(())
}

/// Outcomes whose entity is there after the batch and is not as it was before it.
fn written(outcomes: &mut [Result<Outcome>]) -> impl Iterator<Item = &mut Outcome> {
    let is_written = |outcome: &&Outcome| matches!(outcome.kind, Kind::Created | Kind::Updated);
    let written = outcomes.iter().flatten().filter(is_written).map(|outcome| outcome.entity.id);
    let written: HashSet<i64> = written.collect();
    let there = outcomes.iter_mut().flatten().filter(|outcome| outcome.kind != Kind::Deleted);
    there.filter(move |outcome| written.contains(&outcome.entity.id))
}
