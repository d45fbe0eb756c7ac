//! One entity a line: as the stream takes it, with own values only; or with the columns that were chosen.

use portolan_catalog::Entity;
use portolan_schema::{BlueprintModel, Error, Result, Targets};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::columns::Columns;

#[derive(Serialize)]
struct Line<'a> {
    blueprint: &'a str,
    identifier: &'a str,
    title: Option<&'a str>,
    icon: Option<&'a str>,
    team: &'a [String],
    properties: &'a Map<String, Value>,
    relations: Relations<'a>,
}

/// Every relation of the blueprint, set or not.
struct Relations<'a>(&'a BlueprintModel, &'a Entity);

impl Serialize for Relations<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.relations.len()))?;
        for relation in &self.0.relations {
            let name = &relation.relation.identifier;
            match self.1.state.relations.get(name) {
                Some(targets) => map.serialize_entry(name, targets)?,
                None if relation.relation.many => map.serialize_entry(name, &Targets::Many(Vec::new()))?,
                None => map.serialize_entry(name, &Targets::One(None))?,
            }
        }
        map.end()
    }
}

pub(super) fn entity(blueprint: &BlueprintModel, entity: &Entity, out: &mut Vec<u8>) -> Result<()> {
    let state = &entity.state;
    let line = Line {
        blueprint: blueprint.identifier(),
        identifier: &state.identifier,
        title: state.title.as_deref(),
        icon: state.icon.as_deref(),
        team: &state.team,
        properties: &state.properties,
        relations: Relations(blueprint, entity),
    };
    serde_json::to_writer(&mut *out, &line).map_err(Error::internal)?;
    out.push(b'\n');
    Ok(())
}

/// An object with the columns' names.
pub(super) fn row(
    blueprint: &BlueprintModel,
    columns: &Columns,
    entity: &Entity,
    out: &mut Vec<u8>,
) -> Result<()> {
    let row: Map<String, Value> =
        columns.cells(blueprint, entity).map(|(column, value)| (column.name().to_owned(), value)).collect();
    serde_json::to_writer(&mut *out, &row).map_err(Error::internal)?;
    out.push(b'\n');
    Ok(())
}
