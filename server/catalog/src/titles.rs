//! Titles of what entities point at, for those who show a relation by name.

use std::collections::{BTreeSet, HashMap};

use portolan_schema::{BlueprintNo, CatalogModel, Result};
use portolan_store::entity::Entity;

use crate::{Catalog, OpContext};

/// Titles by blueprint and identifier; targets that do not exist have none.
#[derive(Debug, Default)]
pub struct Titles(HashMap<BlueprintNo, HashMap<String, Option<String>>>);

impl Titles {
    pub fn of(&self, blueprint: BlueprintNo, identifier: &str) -> Option<&str> {
        self.0.get(&blueprint)?.get(identifier)?.as_deref()
    }
}

impl Catalog {
    /// Titles of all that these entities' relations point at: a statement a target blueprint, and one more each 5,000
    /// targets.
    pub async fn titles_of_targets(
        &self,
        ctx: &OpContext,
        model: &CatalogModel,
        entities: &[&Entity],
    ) -> Result<Titles> {
        let mut wanted: HashMap<BlueprintNo, BTreeSet<&str>> = HashMap::new();
        for entity in entities {
            let Some(blueprint) = model.by_no(entity.blueprint) else { continue };
            for relation in &blueprint.relations {
                if let Some(targets) = entity.state.relations.get(&relation.relation.identifier) {
                    wanted.entry(relation.target).or_default().extend(targets.identifiers());
                }
            }
        }
        wanted.retain(|_, identifiers| !identifiers.is_empty());
        let mut titles = Titles::default();
        if wanted.is_empty() {
            return Ok(titles);
        }
        let scope = self.store.read(ctx.tenant()).await?;
        for (blueprint, identifiers) in wanted {
            let identifiers: Vec<&str> = identifiers.into_iter().collect();
            titles.0.insert(blueprint, scope.entity_titles(blueprint, &identifiers).await?);
        }
        Ok(titles)
    }
}
