//! One part: written, with the stream's mark in the same transaction.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use portolan_schema::{Error, Pointer, Problems, RelationNo, Result};
use portolan_store::TenantScope;
use portolan_store::stream::StreamMark;

use super::open::{Held, in_progress};
use super::part::Part;
use super::verdict::Verdict;
use crate::change::{Change, Kind, Outcome, RelationInput, WriteOptions};
use crate::companion::{Companion, Target};
use crate::now;

/// Most problems of one line that are told.
const MAX_PROBLEMS: usize = 100;

/// A part that is durable.
pub(super) struct Committed {
    pub mark: StreamMark,
    /// Its bad lines, then that it is committed.
    pub verdicts: Vec<Verdict>,
}

/// Writes a part after the lines up to `from`.
pub(super) async fn commit(held: Arc<Held>, part: Part, from: StreamMark) -> Result<Committed> {
    let Part { last, chain, changes, places, rejected, .. } = part;
    let mut next = StreamMark { lines: last, chain: chain.0, ..from };
    next.counts.failed += count(rejected.len());
    let deletes: Vec<bool> = changes.iter().map(|change| matches!(change, Change::Delete(_))).collect();
    let moving = Moving {
        held: &held,
        from,
        next,
        targets: changes.iter().map(targets).collect(),
        moved: Mutex::new(None),
    };
    let options = WriteOptions::default();
    let results = held.catalog.write_with(&held.ctx, changes, &options, &moving).await?;
    let moved = moving.moved.into_inner().unwrap_or_else(PoisonError::into_inner);
    let (mark, recorded) = moved.ok_or_else(|| Error::internal("a part was written without its mark"))?;
    held.recorded.fetch_or(recorded, Ordering::AcqRel);
    let mut failed: Vec<(i64, Problems)> = rejected;
    for ((line, result), is_delete) in places.into_iter().zip(results).zip(deletes) {
        if let Err(error) = result {
            failed.push((line, problems_of(&error, is_delete)));
        }
    }
    failed.sort_by_key(|(line, _)| *line);
    let told = |(line, mut problems): (i64, Problems)| {
        problems.0.truncate(MAX_PROBLEMS);
        Verdict::Failed { line, problems }
    };
    let mut verdicts: Vec<Verdict> = failed.into_iter().map(told).collect();
    verdicts.push(Verdict::Committed(mark.lines));
    Ok(Committed { mark, verdicts })
}

fn problems_of(error: &Error, is_delete: bool) -> Problems {
    if let Error::Fault { .. } = error {
        tracing::error!(error = ?error, "a line of a stream failed");
    }
    let problems = error.public();
    if !is_delete {
        return problems;
    }
    let outer = Pointer::root().key("delete");
    Problems(problems.into_iter().map(|problem| problem.under(&outer)).collect())
}

/// What a line's relations point at.
fn targets(change: &Change) -> Vec<String> {
    let Change::Write(_, write) = change else { return Vec::new() };
    let mut found = Vec::new();
    for input in write.relations.values() {
        match input {
            RelationInput::One(one) => found.push(one.clone()),
            RelationInput::Many(many) => found.extend_from_slice(many),
            RelationInput::Unset | RelationInput::Search(_) => {}
        }
    }
    found
}

/// Moves the stream's mark in the transaction of a part.
struct Moving<'a> {
    held: &'a Held,
    from: StreamMark,
    /// Without what came of the changes.
    next: StreamMark,
    /// What each change's relations point at.
    targets: Vec<Vec<String>>,
    /// Where the mark is, and whether the stream has a row, once the transaction is committed.
    moved: Mutex<Option<(StreamMark, bool)>>,
}

impl Moving<'_> {
    /// The edges of this part that wait.
    async fn waiting(
        &self,
        scope: &TenantScope,
        results: &[Result<Outcome>],
    ) -> Result<Vec<(i64, RelationNo, String)>> {
        let mut named: HashMap<i64, HashSet<&str>> = HashMap::new();
        for (targets, result) in self.targets.iter().zip(results) {
            if let Ok(outcome) = result
                && outcome.waits
            {
                named.entry(outcome.entity.id).or_default().extend(targets.iter().map(String::as_str));
            }
        }
        if named.is_empty() {
            return Ok(Vec::new());
        }
        let mut sources: Vec<i64> = named.keys().copied().collect();
        sources.sort_unstable();
        let mut edges = scope.waiting_edges_of(&sources).await?;
        edges.retain(|(source, _, target)| {
            named.get(source).is_some_and(|targets| targets.contains(target.as_str()))
        });
        Ok(edges)
    }
}

#[async_trait]
impl Companion for Moving<'_> {
    /// Any of them may come in a later line.
    async fn expects(&self, _: &TenantScope, missing: &[Target]) -> Result<HashSet<Target>> {
        Ok(missing.iter().cloned().collect())
    }

    async fn conclude(&self, scope: &TenantScope, results: &[Result<Outcome>]) -> Result<()> {
        let mut mark = self.next;
        for result in results {
            let counts = &mut mark.counts;
            let which = match result {
                Ok(outcome) => match outcome.kind {
                    Kind::Created => &mut counts.created,
                    Kind::Updated => &mut counts.updated,
                    Kind::Unchanged => &mut counts.unchanged,
                    Kind::Deleted => &mut counts.deleted,
                },
                Err(_) => &mut counts.failed,
            };
            *which += 1;
        }
        let held = self.held;
        let mut recorded = held.is_recorded();
        let edges = self.waiting(scope, results).await?;
        if !edges.is_empty() {
            if !recorded {
                recorded = scope.open_stream(&held.record(self.from), &held.holder, Held::until()).await?;
            }
            scope.add_stream_edges(held.id, &edges).await?;
        }
        if recorded {
            let from = self.from.lines;
            let moved =
                scope.advance_stream(held.id, &held.holder, from, &mark, now(), Held::until()).await?;
            if !moved {
                return Err(in_progress());
            }
        }
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner) = Some((mark, recorded));
        Ok(())
    }
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
