//! What a writer sends.

use async_graphql::{Enum, ID, InputObject, Json, MaybeUndefined};
use portolan_catalog::EntityWrite;
use portolan_schema::Problems;
use serde_json::{Map, Value};

/// An entity to write. What is left out keeps its value (with `merge: false`, is unset); null unsets.
#[derive(InputObject)]
pub struct EntityInput {
    /// Identifier of its blueprint.
    pub blueprint: ID,
    /// Without one, the server makes one.
    pub identifier: Option<ID>,
    pub title: MaybeUndefined<String>,
    pub icon: MaybeUndefined<String>,
    pub team: MaybeUndefined<Vec<String>>,
    /// Values by property; an object.
    pub properties: Option<Json<Value>>,
    /// What each relation points at: an identifier, a list of them, null, or a query that finds them; an object.
    pub relations: Option<Json<Value>>,
}

impl EntityInput {
    /// # Errors
    /// All problems, with paths in the input.
    pub fn read(self) -> Result<EntityWrite, Problems> {
        let mut body = Map::new();
        if let Some(identifier) = self.identifier {
            body.insert("identifier".into(), identifier.0.into());
        }
        let mut put = |key: &str, value: MaybeUndefined<Value>| match value {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => drop(body.insert(key.into(), Value::Null)),
            MaybeUndefined::Value(value) => drop(body.insert(key.into(), value)),
        };
        put("title", self.title.map_value(Value::from));
        put("icon", self.icon.map_value(Value::from));
        put("team", self.team.map_value(Value::from));
        put("properties", self.properties.map(|value| Some(value.0)).into());
        put("relations", self.relations.map(|value| Some(value.0)).into());
        EntityWrite::from_json(&self.blueprint, &Value::Object(body))
    }
}

/// What to do with the good items of a list where others fail.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum OnError {
    /// Write them.
    Skip,
    /// Write nothing.
    Abort,
}
