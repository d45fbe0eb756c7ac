//! What a writer asks for: changes of entities, and what came of each.

use std::collections::HashMap;

use indexmap::IndexMap;
use portolan_schema::{Instant, Pointer, RelationNo};
use portolan_store::entity::Entity;
use portolan_store::query::{EntityPage, EntityQuery, Graph};
use serde_json::{Map, Value};

/// What to do where the entity exists or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteMode {
    /// `ALREADY_EXISTS` where it exists.
    Create,
    /// `NOT_FOUND` where it does not; only what is named changes.
    Update,
    /// Creates, or changes only what is named.
    Merge,
    /// Creates, or replaces the whole entity: what is not named is unset.
    Replace,
}

/// Where a written relation points.
#[derive(Debug, Clone, PartialEq)]
pub enum RelationInput {
    /// Points nowhere.
    Unset,
    One(String),
    Many(Vec<String>),
    /// A search query `{combinator, rules}` that the catalog resolves: at most one hit for a to-one relation, 100 for
    /// a to-many one (port-api.md 2.2).
    Search(Value),
}

/// One entity to write. An outer `None` is "not named", an inner one "unset".
#[derive(Debug, Clone, Default)]
pub struct EntityWrite {
    /// Identifier of the blueprint.
    pub blueprint: String,
    /// None: the server makes one (`e_…`); only where a new entity may be made.
    pub identifier: Option<String>,
    /// A search query that must hit exactly one entity, instead of `identifier`.
    pub search: Option<Value>,
    /// A new identifier.
    pub rename: Option<String>,
    pub title: Option<Option<String>>,
    pub icon: Option<Option<String>>,
    pub team: Option<Vec<String>>,
    pub properties: Map<String, Value>,
    pub relations: IndexMap<String, RelationInput>,
    /// `CONFLICT` unless the entity's revision is this one.
    pub if_revision: Option<i64>,
    /// A new entity is one that was deleted: it comes back as itself, and gets no default values.
    pub revives: Option<Revived>,
}

/// Who comes back: an entity that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revived {
    pub id: i64,
    /// Its last one; it goes on from there.
    pub revision: i64,
    pub created_at: Instant,
    pub created_by: String,
}

/// One entity to delete.
#[derive(Debug, Clone)]
pub struct Deletion {
    pub blueprint: String,
    pub identifier: String,
    /// Also delete entities that require it; else `HAS_DEPENDENTS`.
    pub dependents: bool,
    pub if_revision: Option<i64>,
}

#[derive(Debug, Clone)]
pub enum Change {
    Write(WriteMode, Box<EntityWrite>),
    Delete(Deletion),
    /// Makes a bare entity where there is none: the target that a relation waits for. It may lack required values.
    Ensure {
        blueprint: String,
        identifier: String,
    },
    /// Takes a target that still does not exist out of a relation, even of a required one. Where it has come, or the
    /// edge is gone, nothing changes.
    GiveUp {
        blueprint: String,
        identifier: String,
        relation: RelationNo,
        target: String,
    },
}

/// How a batch is to be written.
#[derive(Debug, Clone, Default)]
pub struct WriteOptions {
    /// Do everything but keep nothing; answers are the same.
    pub dry_run: bool,
    /// Make bare entities for relation targets that do not exist; else `RELATION_TARGET_NOT_FOUND`.
    pub create_missing: bool,
    /// All or nothing.
    pub atomic: bool,
    /// The run and its integration, where one writes. New entities belong to the integration. A run deletes only what
    /// belongs to it, and takes dependents along only where the same batch deletes them too.
    pub run: Option<RunOrigin>,
    /// Where the input's items are in the request, for the paths of problems: item `n` is at `items/n`.
    pub path: Option<Pointer>,
    /// The answer is to have the computed values as they are after the batch; they are waited for, for half a second at
    /// most. Who writes a single entity gets them anyway.
    pub computed: bool,
    /// In a dry run, what the answer is to have of related entities: a list for each blueprint, whose filter and page are
    /// those of the entities written. Whoever writes in earnest reads them afterwards.
    pub reads: Vec<EntityQuery>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunOrigin {
    pub run: i64,
    pub integration: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Created,
    Updated,
    Unchanged,
    Deleted,
}

/// What came of one change.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub kind: Kind,
    /// The entity after the change (before it, where deleted), relations filled.
    pub entity: Entity,
    /// Whether an edge of it may wait for its target.
    pub waits: bool,
    /// Identifiers of all that a deletion took, itself first, as (blueprint, identifier).
    pub deleted: Vec<(String, String)>,
    /// What was read for [`WriteOptions::reads`], by the queries' keys.
    pub related: HashMap<String, EntityPage>,
    pub graphs: HashMap<String, Graph>,
}

impl Outcome {
    pub(crate) fn new(kind: Kind, entity: Entity, waits: bool, deleted: Vec<(String, String)>) -> Self {
        Self { kind, entity, waits, deleted, related: HashMap::new(), graphs: HashMap::new() }
    }
}
