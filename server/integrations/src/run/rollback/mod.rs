//! A run that takes another one back, and keeps what others have written since (docs/integrations.md).
//!
//! What the run has touched is staged by the log: made entities as deletions, all others as items under their ids. Then
//! entities that are gone come back, values go back, and last what the run made goes. What is to be done with an entity is
//! decided when its batch is written, from its versions as they are then, and what a batch did leaves the staged items in
//! its transaction: whoever takes the rollback up after an interruption goes on with the rest.

mod change;
mod plan;
mod removal;
mod start;
mod touched;
mod undo;
mod write;

use portolan_schema::{CatalogModel, Error, RelationNo};
use portolan_store::integration::{KindCounts, KindStatus, LogLevel, Phase, RunKind, Span};

use super::attempt::{Attempt, Step};
use super::plan::name;

/// Entities that are looked at together.
const PAGE: usize = 100;

impl Attempt {
    /// All phases of a rollback that are left.
    pub(super) async fn roll_back(&self, target: i64) -> Step<()> {
        // The database's counts are the right ones from the beginning.
        self.progress().is_over = true;
        let span = self.read().await?.run_span(target).await?;
        let mut phase = self.run.phase;
        if phase == Phase::Plan {
            self.stage_touched(target, span).await?;
            if self.run.plan_only {
                self.foretell(span).await?;
                return self.finish().await;
            }
            self.advance(Phase::Commit).await?;
            phase = Phase::Commit;
        }
        if phase == Phase::Commit {
            self.undo_writes(span).await?;
            self.advance(Phase::Delete).await?;
        }
        self.remove_made(span).await?;
        self.finish().await
    }

    /// Stages everything that the run has touched, and makes the counts, one row a blueprint under its number.
    async fn stage_touched(&self, target: i64, span: Span) -> Step<()> {
        let run = self.run.id;
        // An interrupted plan begins anew.
        loop {
            let scope = self.write().await?;
            let more = scope.remove_some_items(run).await?;
            scope.commit().await?;
            if !more {
                break;
            }
        }
        let mut rest = Some(span);
        while let Some(part) = rest {
            self.go_on()?;
            let scope = self.write().await?;
            rest = scope.stage_touched(run, target, part).await?.map(|after| Span { after, ..span });
            scope.commit().await?;
        }
        let model = self.own.0.catalog.model(&self.ctx).await?;
        let scope = self.write().await?;
        let counts = scope.staged_counts(run).await?;
        let kind = |kind: &str, count: i64| RunKind {
            kind: kind.to_owned(),
            status: KindStatus::Succeeded,
            seen: count,
            mapped: count,
            counts: KindCounts::default(),
            error: None,
        };
        let named = counts.iter().filter(|(blueprint, _)| model.by_no(**blueprint).is_some());
        let kinds: Vec<(i32, RunKind)> =
            named.map(|(blueprint, count)| (blueprint.0, kind(name(&model, *blueprint), *count))).collect();
        scope.replace_run_kinds(run, &kinds).await?;
        scope.commit().await?;
        let touched: i64 = kinds.iter().map(|(_, kind)| kind.seen).sum();
        let message = format!("the run {target} is taken back: it has touched {touched} entities");
        self.log.say(LogLevel::Info, &message);
        Ok(())
    }
}

/// The name of the relation in the blueprint that holds it.
fn relation_name(model: &CatalogModel, relation: RelationNo) -> Result<&str, Error> {
    let relations = model.blueprints().iter().flat_map(|blueprint| &blueprint.relations);
    let found = relations.into_iter().find(|found| found.no == relation);
    found
        .map(|found| found.relation.identifier.as_str())
        .ok_or_else(|| Error::internal("an edge of a relation that the model lacks"))
}
