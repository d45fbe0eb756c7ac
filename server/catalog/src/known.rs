//! What is known of entities that changed, beside the states in the log: what stands in their rows now or, where they are
//! gone, what was known of them last.

use std::collections::HashMap;

use portolan_schema::{CatalogModel, Instant, Result};
use portolan_store::TenantScope;
use portolan_store::computed::ComputedValues;
use portolan_store::entity::Entity;
use portolan_store::log::LogEntry;

use crate::{Catalog, OpContext};

/// An entity as it is now.
#[derive(Debug, Clone)]
pub struct Known {
    /// Its row, without relations; None where it is gone.
    pub present: Option<Entity>,
    /// Its computed values; the last ones where it is gone.
    pub computed: ComputedValues,
    pub created_at: Instant,
    pub created_by: String,
}

impl Known {
    /// `User-Agent` of the token's client that made it; not known of an entity that is gone.
    pub fn datasource(&self) -> Option<&str> {
        self.present.as_ref().and_then(|present| present.datasource.as_deref())
    }
}

impl Catalog {
    /// What is known now of the entities of these changes: one read, however many they are.
    pub async fn known(&self, ctx: &OpContext, entries: &[LogEntry]) -> Result<HashMap<i64, Known>> {
        let scope = self.store.read(ctx.tenant()).await?;
        let model = self.model_in(&scope).await?;
        known(&scope, &model, entries).await
    }
}

pub(crate) async fn known(
    scope: &TenantScope,
    model: &CatalogModel,
    entries: &[LogEntry],
) -> Result<HashMap<i64, Known>> {
    let mut ids: Vec<i64> = entries.iter().map(|entry| entry.entity).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut known: HashMap<i64, Known> = scope
        .entities_by_id(model, &ids)
        .await?
        .into_iter()
        .map(|entity| (entity.id, Known::of(entity)))
        .collect();
    let gone: Vec<i64> = ids.into_iter().filter(|id| !known.contains_key(id)).collect();
    if gone.is_empty() {
        return Ok(known);
    }
    let births = scope.births(&gone).await?;
    let mut computed = scope.last_computed(&gone).await?;
    for entry in entries {
        known.entry(entry.entity).or_insert_with(|| {
            // The first change may be archived.
            let birth = births.get(&entry.entity);
            Known {
                present: None,
                computed: computed.remove(&entry.entity).unwrap_or_default(),
                created_at: birth.map_or(entry.at, |birth| birth.at),
                created_by: birth.map_or(&entry.actor, |birth| &birth.actor).clone(),
            }
        });
    }
    Ok(known)
}

impl Known {
    fn of(entity: Entity) -> Self {
        Self {
            computed: entity.computed.clone(),
            created_at: entity.created_at,
            created_by: entity.created_by.clone(),
            present: Some(entity),
        }
    }
}
