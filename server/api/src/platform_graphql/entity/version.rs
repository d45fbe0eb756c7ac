//! Changes of entities: with the states before and after, and where they came from.

use async_graphql::{Enum, ID, Json, SimpleObject};
use portolan_catalog::LogEntry;
use serde_json::Value;

use crate::graphql::history::{History, state_json};
use crate::graphql::origins::ValueOrigin;

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

/// Who wrote a value last.
#[derive(SimpleObject)]
pub struct EntityOrigin {
    /// Identifier of the property or relation.
    name: String,
    /// The number of the change that wrote the value; see `history`.
    seq: i64,
    at: String,
    actor: String,
    /// `User-Agent` of the request, where there was one.
    origin: Option<String>,
    /// The integration that wrote it, where one did.
    integration: Option<String>,
    /// Its run.
    run: Option<ID>,
}

impl From<ValueOrigin> for EntityOrigin {
    fn from(found: ValueOrigin) -> Self {
        let integration = found.integration().map(str::to_owned);
        let ValueOrigin { name, origin } = found;
        Self {
            name,
            seq: origin.seq,
            at: origin.at.to_rfc3339(),
            actor: origin.actor,
            origin: origin.origin,
            integration,
            run: origin.run.map(ID::from),
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
