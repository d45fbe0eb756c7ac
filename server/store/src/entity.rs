//! An entity as it is stored, with its stamps.

use portolan_schema::{BlueprintNo, EntityState, Instant};

/// A stored entity.
#[derive(Debug, Clone, PartialEq)]
pub struct Entity {
    /// Unique in the database; not shown in this form.
    pub id: i64,
    pub blueprint: BlueprintNo,
    /// `state.relations` is filled only where it was asked for.
    pub state: EntityState,
    /// Counts the entity's changes, from 1.
    pub revision: i64,
    /// Sequence number of its last version.
    pub seq: i64,
    /// The integration that created it and may delete it.
    pub integration: Option<i64>,
    /// `User-Agent` of the token's client that created it (port-api.md 2.7).
    pub datasource: Option<String>,
    pub created_at: Instant,
    pub created_by: String,
    pub updated_at: Instant,
    pub updated_by: String,
}
