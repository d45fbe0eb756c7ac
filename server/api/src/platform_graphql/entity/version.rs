//! Changes of entities: with the states before and after, and where they came from.

use async_graphql::{Enum, ID, Json, SimpleObject};
use portolan_catalog::LogEntry;
use serde_json::Value;

use crate::graphql::history::{History, state_json};

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum EntityChangeKind {
    Created,
    Updated,
    Deleted,
}

impl From<&LogEntry> for EntityChangeKind {
    fn from(entry: &LogEntry) -> Self {
        match entry.kind.as_str() {
            "CREATED" => Self::Created,
            "DELETED" => Self::Deleted,
            _ => Self::Updated,
        }
    }
}

/// When and by whom.
#[derive(SimpleObject)]
pub struct EntityEvent {
    /// Numbers the changes of the tenant in the order of their commits.
    seq: i64,
    at: String,
    actor: String,
    /// `User-Agent` of the request, where there was one.
    origin: Option<String>,
    /// The run of an integration, where one wrote.
    run: Option<ID>,
}

impl From<&LogEntry> for EntityEvent {
    fn from(entry: &LogEntry) -> Self {
        Self {
            seq: entry.seq,
            at: entry.at.to_rfc3339(),
            actor: entry.actor.clone(),
            origin: entry.origin.clone(),
            run: entry.run.map(ID::from),
        }
    }
}

/// One change. The states are `{identifier, title, icon, team, properties, relations}`.
#[derive(SimpleObject)]
pub struct EntityChange {
    kind: EntityChangeKind,
    /// Null where it was created.
    before: Option<Json<Value>>,
    /// Null where it was deleted.
    after: Option<Json<Value>>,
    event: EntityEvent,
}

impl From<&LogEntry> for EntityChange {
    fn from(entry: &LogEntry) -> Self {
        let state = |state: &Option<portolan_schema::EntityState>| {
            state.as_ref().map(|state| Json(state_json(state)))
        };
        Self {
            kind: entry.into(),
            before: state(&entry.before),
            after: state(&entry.after),
            event: entry.into(),
        }
    }
}

/// A page of a history, newest change first.
#[derive(SimpleObject)]
pub struct EntityHistory {
    nodes: Vec<EntityChange>,
    has_next_page: bool,
    /// For `after`.
    end_cursor: Option<String>,
}

impl From<History> for EntityHistory {
    fn from(history: History) -> Self {
        Self {
            end_cursor: history.end_cursor(),
            has_next_page: history.has_next,
            nodes: history.entries.iter().map(EntityChange::from).collect(),
        }
    }
}
