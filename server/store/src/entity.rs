//! An entity as it is stored, with its stamps.

use portolan_schema::{BlueprintModel, BlueprintNo, EntityState, Instant};
use serde_json::{Map, Value};

use crate::computed::ComputedValues;

/// A stored entity.
#[derive(Debug, Clone, PartialEq)]
pub struct Entity {
    /// Unique in the database; not shown in this form.
    pub id: i64,
    pub blueprint: BlueprintNo,
    /// `state.relations` is filled only where it was asked for.
    pub state: EntityState,
    pub computed: ComputedValues,
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

impl Entity {
    /// The teams that own it: its own, or the inherited ones.
    pub fn team(&self, blueprint: &BlueprintModel) -> Vec<String> {
        match blueprint.owner() {
            None => self.state.team.clone(),
            Some(owner) => match self.computed.get(owner.no()) {
                Some(Value::Array(teams)) => {
                    teams.iter().filter_map(|team| team.as_str().map(str::to_owned)).collect()
                }
                _ => Vec::new(),
            },
        }
    }

    /// Own and computed properties together, as `/v1` shows them.
    pub fn all_properties(&self, blueprint: &BlueprintModel) -> Map<String, Value> {
        let mut all = self.state.properties.clone();
        all.extend(self.computed.named(blueprint));
        all
    }
}
