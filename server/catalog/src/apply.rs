//! Whole catalogs at once: blueprints and entities that belong together, in any order.

use portolan_schema::{Code, Error, Pointer, Problems, Result, system};
use serde_json::Value;

use crate::change::{Change, EntityWrite, Kind, WriteMode, WriteOptions};
use crate::write::MAX_CHANGES;
use crate::{Catalog, OpContext};

/// What came of an [`Catalog::apply`], in entities.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    pub created: usize,
    pub updated: usize,
    pub unchanged: usize,
}

impl Catalog {
    /// Makes the blueprints and entities what the documents say; what they do not name stays. Needs Admin where there
    /// are blueprints.
    ///
    /// Up to [`MAX_CHANGES`] entities are one transaction. More are written in parts: a relation to a later part makes
    /// its target bare until that part is written. A dry run leaves out entities of blueprints that do not exist yet.
    ///
    /// # Errors
    /// All problems of the documents, with paths `/blueprints/n/…` and `/entities/n/…`; no entity of a part with a
    /// problem is written.
    pub async fn apply(
        &self,
        ctx: &OpContext,
        blueprints: &[Value],
        entities: &[Value],
        dry_run: bool,
    ) -> Result<Applied> {
        let writes = parse(entities)?;
        if !blueprints.is_empty() {
            self.apply_blueprints(ctx, blueprints, dry_run).await?;
        }
        let model = self.model(ctx).await?;
        let mut writes: Vec<(usize, EntityWrite)> = writes
            .into_iter()
            .enumerate()
            .filter(|(_, write)| !dry_run || model.get(&write.blueprint).is_some())
            .collect();
        // People and teams are never made by being pointed at, so they come before what may be in a later part.
        let rank = |write: &EntityWrite| system::ALL.iter().position(|name| *name == write.blueprint);
        writes.sort_by_key(|(_, write)| rank(write).unwrap_or(system::ALL.len()));
        let parts = writes.len() > MAX_CHANGES;
        let mut applied = Applied::default();
        for chunk in writes.chunks(MAX_CHANGES) {
            let changes: Vec<Change> = chunk
                .iter()
                .map(|(_, write)| Change::Write(WriteMode::Merge, Box::new(write.clone())))
                .collect();
            let options =
                WriteOptions { dry_run, atomic: true, create_missing: parts, ..WriteOptions::default() };
            let mut problems = Problems::default();
            let results = self.write(ctx, changes, &options).await?;
            for ((place, _), result) in chunk.iter().zip(results) {
                match result {
                    Ok(outcome) => match outcome.kind {
                        Kind::Created => applied.created += 1,
                        Kind::Updated => applied.updated += 1,
                        Kind::Unchanged | Kind::Deleted => applied.unchanged += 1,
                    },
                    Err(Error::Problems(found)) => {
                        let outer = Pointer::root().key("entities").index(*place);
                        let own = found.into_iter().filter(|problem| problem.code != Code::Aborted);
                        problems.extend(own.map(|problem| problem.under(&outer)));
                    }
                    Err(fault) => return Err(fault),
                }
            }
            problems.into_result(())?;
        }
        Ok(applied)
    }
}

fn parse(entities: &[Value]) -> Result<Vec<EntityWrite>> {
    let mut problems = Problems::default();
    let mut writes = Vec::with_capacity(entities.len());
    for (index, entity) in entities.iter().enumerate() {
        let outer = Pointer::root().key("entities").index(index);
        let Some(blueprint) = entity.get("blueprint").and_then(Value::as_str) else {
            problems.add(Code::Required, outer.key("blueprint"), "an entity names its \"blueprint\"");
            continue;
        };
        match EntityWrite::from_json(blueprint, entity) {
            Ok(write) => writes.push(write),
            Err(found) => problems.extend(found.into_iter().map(|problem| problem.under(&outer))),
        }
    }
    problems.into_result(writes).map_err(Error::from)
}
