//! Some of the changes that a plan would make, to be looked at.

use portolan_schema::{BlueprintNo, CatalogModel, EntityState, Result};
use serde_json::{Value, json};

use super::attempt::Attempt;

/// Samples of a kind of change.
const MAX_SAMPLES: usize = 10;
/// Samples of a kind of change in one blueprint.
const MAX_OF_BLUEPRINT: usize = 3;
/// Largest state that is shown, in bytes of JSON.
const MAX_BYTES: usize = 16 << 10;

#[derive(Default)]
pub(crate) struct Samples(Vec<(&'static str, BlueprintNo, Value)>);

impl Samples {
    pub(crate) fn wants(&self, change: &'static str, blueprint: BlueprintNo) -> bool {
        let of_change = self.0.iter().filter(|(other, ..)| *other == change);
        let of_blueprint = of_change.clone().filter(|(_, other, _)| *other == blueprint).count();
        of_change.count() < MAX_SAMPLES && of_blueprint < MAX_OF_BLUEPRINT
    }

    pub(crate) fn into_json(self) -> Vec<Value> {
        self.0.into_iter().map(|(.., sample)| sample).collect()
    }
}

impl Attempt {
    /// Adds a change; what the catalog has of the entity is the state before it.
    pub(crate) async fn sample(
        &self,
        samples: &mut Samples,
        model: &CatalogModel,
        change: &'static str,
        blueprint: BlueprintNo,
        identifier: &str,
        after: Option<&EntityState>,
    ) -> Result<()> {
        if !samples.wants(change, blueprint) {
            return Ok(());
        }
        let Some(name) = model.by_no(blueprint).map(|blueprint| blueprint.identifier()) else {
            return Ok(());
        };
        let before = match change {
            "CREATED" => None,
            _ => self.own.0.catalog.entity(&self.ctx, blueprint, identifier).await?,
        };
        let before = before.map(|entity| shown(&entity.state)).unwrap_or_default();
        let after = after.map(shown).unwrap_or_default();
        if before.to_string().len().max(after.to_string().len()) <= MAX_BYTES {
            let entity = json!({"blueprint": name, "identifier": identifier});
            let sample = json!({"change": change, "entity": entity, "before": before, "after": after});
            samples.0.push((change, blueprint, sample));
        }
        Ok(())
    }
}

fn shown(state: &EntityState) -> Value {
    serde_json::to_value(state).unwrap_or_default()
}
