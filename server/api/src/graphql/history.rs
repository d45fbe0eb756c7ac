//! Histories of entities, read in one statement for all entities of an answer that ask for the same part.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::{DataLoader, Loader};
use portolan_catalog::{Catalog, LogEntry, OpContext};
use portolan_schema::{Code, EntityState, Error, Pointer, Result};
use serde_json::Value;

use super::bounds::bound;
use super::limits::{MAX_PAGE, NESTED_PAGE};

/// What part of an entity's history is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Part {
    pub entity: i64,
    /// Changes before this sequence number.
    pub before: Option<i64>,
    /// Changes to read: one more than are shown.
    limit: usize,
}

impl Part {
    /// The part after a cursor, which is the sequence number of the last change shown.
    ///
    /// # Errors
    /// `INVALID_CURSOR`, `QUERY_TOO_COSTLY`.
    pub fn new(entity: i64, first: Option<usize>, after: Option<&str>) -> Result<Self> {
        let first = first.unwrap_or(NESTED_PAGE);
        bound(Code::QueryTooCostly, "page size", MAX_PAGE as u64, first as u64)?;
        let wrong = || {
            let path = Pointer::root().key("after");
            Error::at(Code::InvalidCursor, path, "the cursor is not one of a history")
        };
        let before = after.map(|after| after.parse().map_err(|_| wrong())).transpose()?;
        Ok(Self { entity, before, limit: first + 1 })
    }
}

/// A page of a history, newest change first.
pub struct History {
    pub entries: Vec<LogEntry>,
    pub has_next: bool,
}

impl History {
    pub fn end_cursor(&self) -> Option<String> {
        self.entries.last().map(|entry| entry.seq.to_string())
    }
}

/// Reads histories; made for one request.
pub struct Histories {
    pub catalog: Catalog,
    pub ctx: OpContext,
}

impl Loader<Part> for Histories {
    type Value = Vec<LogEntry>;
    type Error = Arc<Error>;

    async fn load(&self, parts: &[Part]) -> Result<HashMap<Part, Vec<LogEntry>>, Arc<Error>> {
        let mut alike: HashMap<(Option<i64>, usize), Vec<i64>> = HashMap::new();
        for part in parts {
            alike.entry((part.before, part.limit)).or_default().push(part.entity);
        }
        let mut found = HashMap::new();
        for ((before, limit), entities) in alike {
            let histories = self.catalog.histories(&self.ctx, &entities, before, limit).await?;
            found.extend(
                histories.into_iter().map(|(entity, entries)| (Part { entity, before, limit }, entries)),
            );
        }
        Ok(found)
    }
}

/// A loader for one request.
pub fn loader(catalog: &Catalog, ctx: &OpContext) -> DataLoader<Histories> {
    DataLoader::new(Histories { catalog: catalog.clone(), ctx: ctx.clone() }, tokio::spawn)
}

pub async fn read(loader: &DataLoader<Histories>, part: Part) -> Result<History> {
    let entries = loader.load_one(part).await.map_err(shared)?;
    let mut entries = entries.unwrap_or_default();
    let has_next = entries.len() == part.limit;
    entries.truncate(part.limit - 1);
    Ok(History { entries, has_next })
}

/// An error of a loader, which all who wait for it get.
pub(super) fn shared(error: Arc<Error>) -> Error {
    match &*error {
        Error::Problems(problems) => Error::Problems(problems.clone()),
        fault => Error::internal(format!("{fault:?}")),
    }
}

/// The state of an entity at a time, as JSON.
pub fn state_json(state: &EntityState) -> Value {
    serde_json::to_value(state).unwrap_or_default()
}
