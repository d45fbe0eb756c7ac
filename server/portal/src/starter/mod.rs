//! Models to begin with: blueprints, and a page for each. Plain documents that `portolan apply` takes too.

mod apply;
mod models;

pub use apply::StarterOutcome;
pub(crate) use apply::table;

use portolan_catalog::{OpContext, Role};
use portolan_schema::{Error, Result};
use serde_json::{Map, Value};

use crate::Portal;

/// A model to begin with.
#[derive(Debug, Clone, PartialEq)]
pub struct StarterModel {
    pub name: String,
    pub title: String,
    pub description: String,
    /// The ingestor that fills it.
    pub ingestor: Option<String>,
    /// Definitions in Port's JSON.
    pub blueprints: Vec<Value>,
}

impl StarterModel {
    /// The documents, as YAML.
    ///
    /// # Errors
    /// A fault.
    pub fn yaml(&self) -> Result<String> {
        let mut text = format!("# {}\n", self.description);
        for blueprint in &self.blueprints {
            let mut document = Map::from_iter([("kind".to_owned(), "Blueprint".into())]);
            document.extend(blueprint.as_object().cloned().unwrap_or_default());
            text.push_str("---\n");
            text.push_str(&serde_norway::to_string(&document).map_err(Error::internal)?);
        }
        Ok(text)
    }
}

impl Portal {
    /// All models, those that no ingestor fills first.
    pub fn starter_models(&self, ctx: &OpContext) -> Result<Vec<StarterModel>> {
        ctx.require(Role::Viewer)?;
        let own = models::OWN.iter().map(models::read).collect::<Result<Vec<_>>>()?;
        let sources = self.supplies.sources.iter().filter(|source| !source.blueprints.is_empty());
        Ok(own.into_iter().chain(sources.flat_map(models::of_source)).collect())
    }
}
