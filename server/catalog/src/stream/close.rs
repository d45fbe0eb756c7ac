//! The end of a stream: edges that still wait are left out, or their targets made.

use std::collections::HashSet;

use async_trait::async_trait;
use portolan_schema::{CatalogModel, Error, Result, system};
use portolan_store::TenantScope;
use portolan_store::stream::{Pending, PendingEdge, StreamState, WaitingEdge};

use super::open::{EntityStream, Held, in_progress};
use crate::change::{Change, Outcome, WriteOptions};
use crate::companion::{Companion, Target};
use crate::{Catalog, OpContext, now};

/// Most edges that a client is told of.
const LISTED: usize = 100;
/// Edges that are seen to at a time.
const PAGE: usize = 500;
/// Remembered edges that are forgotten at a time.
const DRAINED: usize = 5_000;

impl EntityStream {
    /// Sees to the edges that wait and records the stream as done. `known` is what waited, where it was closed before.
    pub(super) async fn close(&self, known: Option<Pending>) -> Result<Pending> {
        let Held { catalog, ctx, .. } = &*self.held;
        if !self.held.is_recorded() {
            return Ok(Pending::default());
        }
        let pending = match known {
            Some(pending) => pending,
            None => {
                let pending = self.pending().await?;
                self.record(StreamState::Closing, &pending).await?;
                pending
            }
        };
        catalog.see_to_edges(ctx, self.held.id, self.options.create_missing).await?;
        if self.held.key.is_some() {
            self.record(StreamState::Done, &pending).await?;
        } else {
            let scope = catalog.store.write(ctx.tenant()).await?;
            scope.remove_stream(self.held.id).await?;
            scope.commit().await?;
        }
        Ok(pending)
    }

    /// What waits and is to be left out.
    async fn pending(&self) -> Result<Pending> {
        if self.options.create_missing {
            return Ok(Pending::default());
        }
        let Held { catalog, ctx, id, .. } = &*self.held;
        let scope = catalog.store.read(ctx.tenant()).await?;
        let count = scope.count_stream_edges(*id).await?;
        if count == 0 {
            return Ok(Pending::default());
        }
        let model = catalog.model_in(&scope).await?;
        let edges = scope.stream_edges(*id, LISTED).await?;
        Ok(Pending { listed: edges.iter().map(|edge| told(&model, edge)).collect(), count })
    }

    async fn record(&self, state: StreamState, pending: &Pending) -> Result<()> {
        let held = &self.held;
        let scope = held.catalog.store.write(held.ctx.tenant()).await?;
        if !scope.close_stream(held.id, &held.holder, state, pending, now()).await? {
            return Err(in_progress());
        }
        scope.commit().await
    }
}

fn told(model: &CatalogModel, edge: &WaitingEdge) -> PendingEdge {
    let blueprint = model.by_no(edge.blueprint);
    let relation = blueprint.and_then(|blueprint| blueprint.relation_by_no(edge.relation));
    PendingEdge {
        blueprint: blueprint.map_or("?", |blueprint| blueprint.identifier()).to_owned(),
        identifier: edge.identifier.clone(),
        relation: relation.map_or("?", |relation| &relation.relation.identifier).to_owned(),
        target: edge.target.clone(),
    }
}

impl Catalog {
    /// Ends the waiting of a stream's edges, page by page, and forgets them. May be done again after it was interrupted.
    pub(super) async fn see_to_edges(&self, ctx: &OpContext, stream: i64, create: bool) -> Result<()> {
        loop {
            let scope = self.store.read(ctx.tenant()).await?;
            let edges = scope.stream_edges(stream, PAGE).await?;
            if edges.is_empty() {
                break;
            }
            let model = self.model_in(&scope).await?;
            drop(scope);
            let changes = changes(&model, &edges, create);
            let forgetting = Forgetting { stream, edges };
            let results = self.write_with(ctx, changes, &WriteOptions::default(), &forgetting).await?;
            // An entity or a blueprint that has gone in the meantime takes its edges along.
            if let Some(Err(error @ Error::Fault { .. })) = results.into_iter().find(Result::is_err) {
                return Err(error);
            }
        }
        loop {
            let scope = self.store.write(ctx.tenant()).await?;
            let drained = scope.drain_stream_edges(stream, DRAINED).await?;
            scope.commit().await?;
            if drained < DRAINED as u64 {
                return Ok(());
            }
        }
    }
}

fn changes(model: &CatalogModel, edges: &[WaitingEdge], create: bool) -> Vec<Change> {
    let mut changes = Vec::with_capacity(edges.len());
    let mut made: HashSet<(&str, &str)> = HashSet::new();
    for edge in edges {
        let Some(source) = model.by_no(edge.blueprint) else { continue };
        let Some(relation) = source.relation_by_no(edge.relation) else { continue };
        let Some(target) = model.by_no(relation.target) else { continue };
        // A person or a team is not made by being pointed at.
        if !create || system::is_system(target.identifier()) {
            changes.push(Change::GiveUp {
                blueprint: source.identifier().to_owned(),
                identifier: edge.identifier.clone(),
                relation: edge.relation,
                target: edge.target.clone(),
            });
        } else if made.insert((target.identifier(), &edge.target)) {
            changes.push(Change::Ensure {
                blueprint: target.identifier().to_owned(),
                identifier: edge.target.clone(),
            });
        }
    }
    changes
}

/// Forgets a stream's edges in the transaction that ends their waiting.
struct Forgetting {
    stream: i64,
    edges: Vec<WaitingEdge>,
}

#[async_trait]
impl Companion for Forgetting {
    async fn expects(&self, _: &TenantScope, _: &[Target]) -> Result<HashSet<Target>> {
        Ok(HashSet::new())
    }

    async fn conclude(&self, scope: &TenantScope, _: &[Result<Outcome>]) -> Result<()> {
        scope.remove_stream_edges(self.stream, &self.edges).await
    }
}
