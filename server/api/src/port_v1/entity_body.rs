//! The JSON of an entity on the wire (port-api.md 2.1).

use portolan_catalog::Entity;
use portolan_schema::{CatalogModel, Targets};
use serde_json::{Map, Value, json};

/// The JSON of an entity; `own_only` leaves computed values out.
pub(crate) fn json(model: &CatalogModel, entity: &Entity, own_only: bool) -> Value {
    let blueprint = model.by_no(entity.blueprint);
    let mut relations = Map::new();
    for relation in blueprint.iter().flat_map(|blueprint| &blueprint.relations) {
        let name = &relation.relation.identifier;
        let value = match entity.state.relations.get(name) {
            Some(Targets::One(one)) => json!(one),
            Some(Targets::Many(many)) => json!(many),
            None if relation.relation.many => json!([]),
            None => Value::Null,
        };
        relations.insert(name.clone(), value);
    }
    json!({
        "identifier": entity.state.identifier,
        "title": entity.state.title,
        "icon": entity.state.icon,
        "blueprint": blueprint.map(|blueprint| blueprint.identifier()),
        "team": blueprint.map_or_else(|| entity.state.team.clone(), |blueprint| entity.team(blueprint)),
        "properties": match blueprint {
            Some(blueprint) if !own_only => entity.all_properties(blueprint),
            _ => entity.state.properties.clone(),
        },
        "relations": relations,
        "scorecards": {},
        "createdAt": entity.created_at.to_rfc3339(),
        "createdBy": entity.created_by,
        "updatedAt": entity.updated_at.to_rfc3339(),
        "updatedBy": entity.updated_by,
    })
}
