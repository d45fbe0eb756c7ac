//! Entities as a write finds them: compared with what is to be written before anything is made of their properties.

use std::collections::HashMap;

use portolan_schema::{BlueprintModel, BlueprintNo, CatalogModel, Result};
use serde_json::{Map, Value};

use crate::TenantScope;
use crate::entity::Entity;
use crate::entity_read::{MAX_IN, columns_of, read_row};
use crate::list::blueprint_of;
use crate::query::{Parts, Properties};
use crate::row::column;
use crate::sql::Sql;
use crate::stored_state::{is_written_as, read_properties};

/// A stored entity, its relations filled, its own properties perhaps still the text that they are stored as.
#[derive(Debug)]
pub struct StoredEntity {
    entity: Entity,
    /// None once it was read into `entity`.
    properties: Option<String>,
    /// Whether an edge of it waits for its target.
    pub waits: bool,
}

impl StoredEntity {
    /// The entity; its own properties are missing.
    pub fn without_properties(&self) -> &Entity {
        &self.entity
    }

    /// Whether its own properties are exactly these. A no may be wrong where they have another order.
    pub fn has_exactly(&self, blueprint: &BlueprintModel, properties: &Map<String, Value>) -> bool {
        self.properties.as_ref().is_some_and(|text| is_written_as(blueprint, properties, text))
    }

    /// The entity as a whole.
    pub fn read(&mut self, blueprint: &BlueprintModel) -> Result<&Entity> {
        if let Some(text) = self.properties.take() {
            self.entity.state.properties = read_properties(blueprint, &text, &Properties::All)?;
        }
        Ok(&self.entity)
    }

    /// The entity as a whole, for whoever knows its own properties already.
    pub fn with_properties(mut self, properties: impl FnOnce() -> Map<String, Value>) -> Entity {
        if self.properties.is_some() {
            self.entity.state.properties = properties();
        }
        self.entity
    }

    /// The entity as a whole.
    pub fn into_entity(mut self, blueprint: &BlueprintModel) -> Result<Entity> {
        self.read(blueprint)?;
        Ok(self.entity)
    }
}

impl TenantScope {
    /// Entities of one blueprint by identifier, their relations filled: two statements each 5,000.
    pub async fn stored_entities(
        &self,
        model: &CatalogModel,
        blueprint: BlueprintNo,
        identifiers: &[&str],
    ) -> Result<HashMap<String, StoredEntity>> {
        let columns = columns_of(blueprint_of(model, blueprint)?, "e", &Parts::default());
        let mut found = Vec::new();
        for chunk in identifiers.chunks(MAX_IN) {
            let mut sql = Sql::new(&format!("SELECT {columns} FROM entities e WHERE e.tenant_id = "));
            sql.bind(self.tenant().0).push(" AND e.blueprint_no = ").bind(blueprint.0);
            sql.push(" AND e.identifier IN (").bind_list(chunk.iter().copied()).push(")");
            for row in self.all(sql).await? {
                let entity = read_row(&row, 0)?;
                found.push(StoredEntity { entity, properties: Some(column(&row, 6)?), waits: false });
            }
        }
        let mut entities: Vec<&mut Entity> = found.iter_mut().map(|stored| &mut stored.entity).collect();
        let waiting = self.fill_relations(model, &mut entities).await?;
        for stored in &mut found {
            stored.waits = waiting.contains(&stored.entity.id);
        }
        Ok(found.into_iter().map(|stored| (stored.entity.state.identifier.clone(), stored)).collect())
    }
}
