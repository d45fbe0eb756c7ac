//! An entity as a mapping made it, checked as far as it can be told without the catalog's entities.

use portolan_catalog::{EntityWrite, WriteMode};
use portolan_schema::identifier::{self, Kind};
use portolan_schema::mapping::MappingConfig;
use portolan_schema::{BlueprintNo, CatalogModel, Code, Pointer, Problem, Problems};
use serde_json::Value;

/// Most entities that the mapping may make of one item.
const MAX_OF_ITEM: usize = 10_000;
/// Largest entity, in bytes of JSON: what `/v1` takes.
const MAX_ENTITY: usize = 1 << 20;

pub(crate) struct Made {
    pub write: EntityWrite,
    pub blueprint: BlueprintNo,
    /// The body's JSON.
    pub json: String,
}

impl Made {
    /// # Errors
    /// What can be told of it without the catalog.
    pub(crate) fn read(model: &CatalogModel, blueprint: &str, body: &Value) -> Result<Self, Problems> {
        let root = Pointer::root();
        let write = EntityWrite::from_json(blueprint, body)?;
        let found = model.get(blueprint).ok_or_else(|| {
            let message = format!("there is no blueprint \"{blueprint}\"");
            Problem::new(Code::NotFound, root.key("blueprint"), message)
        })?;
        if let Some(identifier) = &write.identifier {
            identifier::check(Kind::of_entity(blueprint), identifier, &root.key("identifier"))?;
        }
        let json = body.to_string();
        if json.len() > MAX_ENTITY {
            let message = format!("the entity has {} bytes; at most {MAX_ENTITY} are allowed", json.len());
            return Err(Problem::new(Code::BodyTooLarge, root, message).into());
        }
        Ok(Self { write, blueprint: found.no(), json })
    }
}

/// An item that makes more than [`MAX_OF_ITEM`] entities makes none.
pub(crate) fn too_many(made: usize) -> Option<Problem> {
    let message = format!("the item makes {made} entities; at most {MAX_OF_ITEM} are allowed");
    (made > MAX_OF_ITEM).then(|| Problem::new(Code::TooManyItems, Pointer::root(), message))
}

/// How the mapping wants entities written.
pub(crate) fn mode(config: &MappingConfig) -> WriteMode {
    if config.merge { WriteMode::Merge } else { WriteMode::Replace }
}
