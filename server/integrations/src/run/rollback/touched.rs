//! Looking at entities that a run has touched: what their versions say is to be done with them.

use std::collections::{BTreeSet, HashMap};

use portolan_catalog::LogEntry;
use portolan_schema::{CatalogModel, Instant, Result};
use portolan_store::integration::Span;

use super::undo::{Change, Part, Undo, undo};
use crate::run::attempt::Attempt;

/// Most versions of one entity since the run.
const MAX_VERSIONS: usize = 1_000;

/// An entity that a run has touched.
#[derive(Debug)]
pub(super) struct Touched {
    pub undo: Undo,
    /// What the run wrote and others have changed since.
    pub kept: BTreeSet<Part>,
    /// Of its last version.
    pub revision: i64,
    /// Where it comes back: when and by whom it was made.
    pub birth: Option<(Instant, String)>,
    /// It has changed too often to be looked through.
    pub too_many: bool,
}

impl Attempt {
    /// Looks at entities, by id, in one snapshot.
    pub(super) async fn look_at(
        &self,
        model: &CatalogModel,
        entities: &[i64],
        target: i64,
        span: Span,
    ) -> Result<HashMap<i64, Touched>> {
        let scope = self.read().await?;
        let logs = scope.changes_since(model, entities, span.after, MAX_VERSIONS + 1).await?;
        let runs: BTreeSet<i64> = logs.values().flatten().filter_map(|entry| entry.run).collect();
        let runs: Vec<i64> = runs.into_iter().collect();
        let own = scope.runs_of(self.integration.id, &runs).await?;
        let births = scope.births(entities).await?;
        let mut found = HashMap::with_capacity(logs.len());
        for (entity, log) in logs {
            let Some(first) = log.iter().position(|entry| entry.run == Some(target)) else { continue };
            let too_many = log.len() > MAX_VERSIONS;
            let log: &[LogEntry] = &log[first..];
            let changes: Vec<Change<'_>> = log
                .iter()
                .map(|entry| Change {
                    own: entry.run.is_some_and(|run| own.contains(&run)),
                    before: entry.before.as_ref(),
                    after: entry.after.as_ref(),
                })
                .collect();
            let (undo, kept) = if too_many { (Undo::Keep, BTreeSet::new()) } else { undo(&changes) };
            let revision = log.last().map_or(0, |entry| entry.revision);
            let birth = births.get(&entity).map(|birth| (birth.at, birth.actor.clone()));
            found.insert(entity, Touched { undo, kept, revision, birth, too_many });
        }
        Ok(found)
    }
}
