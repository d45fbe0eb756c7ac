//! What an ingestor says of itself is complete and fits together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portolan_schema::mapping::{EntityMapping, MappingConfig};
use portolan_schema::model::{Numbers, Stamps};
use portolan_schema::{Blueprint, BlueprintNo, CatalogModel, Instant, Pointer, StoredBlueprint};
use serde_json::Value;

use super::Peer;
use crate::Descriptor;

/// Names, schemas, permissions, mapping and blueprints.
pub async fn is_sound(peer: Arc<dyn Peer>) {
    let ingestor = peer.ingestor();
    let descriptor = ingestor.descriptor();
    assert_name(descriptor.name);
    assert!(!descriptor.title.trim().is_empty(), "the ingestor needs a title");
    assert!(!descriptor.permissions.is_empty(), "what the source must allow has to be said");
    let mut names = BTreeSet::new();
    for kind in &descriptor.kinds {
        assert_name(kind.name);
        assert!(names.insert(kind.name), "there are two kinds {}", kind.name);
        assert!(!kind.title.trim().is_empty() && !kind.description.trim().is_empty(), "{}", kind.name);
        assert!(!kind.permissions.is_empty(), "what the source must allow for {} has to be said", kind.name);
        assert_eq!(descriptor.kind(kind.name).map(|found| found.title), Some(kind.title));
    }
    assert!(!names.is_empty(), "an ingestor reads something");
    for (part, schema) in [("config", &descriptor.config_schema), ("secrets", &descriptor.secrets_schema)] {
        jsonschema::meta::validate(schema).unwrap_or_else(|error| panic!("{part}: {error}"));
        assert_eq!(schema["type"], "object", "{part}: {schema}");
        closed(schema, part);
    }
    let model = model(descriptor);
    mapping(descriptor, &model);
}

/// Lower case, digits, single hyphens between.
#[track_caller]
fn assert_name(name: &str) {
    let part =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    assert!(name.split('-').all(part) && name.starts_with(|c: char| c.is_ascii_lowercase()), "{name:?}");
}

/// Every object names its keys and takes no other, and says of each what it is for: the settings form is made of it.
fn closed(schema: &Value, at: &str) {
    let types = schema["type"].as_array().cloned().unwrap_or_else(|| vec![schema["type"].clone()]);
    if types.iter().any(|name| name == "object") {
        assert_eq!(
            schema["additionalProperties"],
            Value::Bool(false),
            "{at} takes keys that it does not know"
        );
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let at = format!("{at}/{name}");
        let said = property["description"].as_str().is_some_and(|text| !text.trim().is_empty());
        assert!(said, "{at} has no description");
        closed(property, &at);
    }
    for keyword in ["items", "anyOf", "oneOf", "allOf"] {
        match schema.get(keyword) {
            Some(Value::Array(parts)) => parts.iter().for_each(|part| closed(part, at)),
            Some(part @ Value::Object(_)) => closed(part, at),
            _ => {}
        }
    }
}

/// The shipped blueprints, compiled together and with nothing else.
fn model(descriptor: &Descriptor) -> CatalogModel {
    let never = Instant(0);
    let stamps = || Stamps {
        created_at: never,
        created_by: String::new(),
        updated_at: never,
        updated_by: String::new(),
    };
    let stored = descriptor.default_blueprints.iter().zip(1..).map(|(definition, no)| {
        let blueprint = Blueprint::parse(definition)
            .unwrap_or_else(|problems| panic!("{}: {problems}", definition["identifier"]));
        StoredBlueprint {
            no: BlueprintNo(no),
            blueprint,
            numbers: Numbers::default(),
            names: Default::default(),
            revision: 1,
            stamps: stamps(),
        }
    });
    let stored = stored.collect();
    CatalogModel::compile(1, stored).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The shipped mapping covers every kind, fills every blueprint, and names only what these have.
fn mapping(descriptor: &Descriptor, model: &CatalogModel) {
    let config = MappingConfig::parse(&descriptor.default_mapping, &Pointer::root())
        .unwrap_or_else(|problems| panic!("{problems}"));
    let mut mapped: BTreeMap<&str, usize> = BTreeMap::new();
    let mut filled = BTreeSet::new();
    for resource in &config.resources {
        assert!(descriptor.kind(&resource.kind).is_some(), "{} maps an unknown kind", resource.path);
        *mapped.entry(&resource.kind).or_default() += resource.mappings.len();
        for mapping in &resource.mappings {
            filled.insert(fits(mapping, model, &resource.kind));
        }
    }
    for kind in &descriptor.kinds {
        assert!(mapped.get(kind.name).is_some_and(|count| *count > 0), "{} is not mapped", kind.name);
    }
    for blueprint in model.blueprints() {
        assert!(filled.contains(blueprint.identifier()), "{} is never filled", blueprint.identifier());
    }
}

/// The blueprint that a mapping fills; it has everything the mapping names.
fn fits(mapping: &EntityMapping, model: &CatalogModel, kind: &str) -> String {
    let name: String = serde_json::from_str(&mapping.blueprint)
        .unwrap_or_else(|_| panic!("{kind}: a default mapping names its blueprint: \"name\""));
    let Some(blueprint) = model.get(&name) else { panic!("{kind} maps to the unknown {name}") };
    for property in mapping.properties.keys() {
        assert!(blueprint.property(property).is_some(), "{kind}: {name} has no property {property}");
    }
    for relation in mapping.relations.keys() {
        assert!(blueprint.relation(relation).is_some(), "{kind}: {name} has no relation {relation}");
    }
    for required in &blueprint.blueprint().required {
        assert!(mapping.properties.contains_key(required), "{kind}: {name} needs {required}");
    }
    for (identifier, relation) in &blueprint.blueprint().relations {
        assert!(!relation.required || mapping.relations.contains_key(identifier), "{kind}: {identifier}");
    }
    name
}
