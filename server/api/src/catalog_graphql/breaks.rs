//! What of a typed schema a change of the model breaks for those who use it.

use std::collections::BTreeMap;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    FieldDefinition, InputValueDefinition, TypeDefinition, TypeKind, TypeSystemDefinition,
};
use async_graphql_value::Name;
use portolan_schema::{CatalogModel, Error, Result};

/// One thing that clients may rest on and that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// `TYPE_REMOVED FIELD_REMOVED TYPE_CHANGED ARGUMENT_REMOVED ENUM_VALUE_REMOVED INPUT_FIELD_REMOVED INPUT_TYPE_CHANGED
    /// INPUT_REQUIRED`.
    pub change: &'static str,
    /// `Service.tier`.
    pub field: String,
}

/// Compares the schemas of two models.
pub fn breaks(before: &CatalogModel, after: &CatalogModel) -> Result<Vec<Break>> {
    let (old, new) = (types(before)?, types(after)?);
    let mut found = Vec::new();
    for (name, before) in &old {
        match new.get(name) {
            Some(after) => compare(name, &before.kind, &after.kind, &mut found),
            None => found.push(Break { change: "TYPE_REMOVED", field: name.to_string() }),
        }
    }
    Ok(found)
}

fn types(model: &CatalogModel) -> Result<BTreeMap<Name, TypeDefinition>> {
    let sdl = super::build(model)?.schema.sdl();
    let document = parse_schema(sdl).map_err(|error| Error::internal(error.to_string()))?;
    let types = document.definitions.into_iter().filter_map(|definition| match definition {
        TypeSystemDefinition::Type(found) => Some((found.node.name.node.clone(), found.node)),
        _ => None,
    });
    Ok(types.collect())
}

fn compare(name: &Name, before: &TypeKind, after: &TypeKind, found: &mut Vec<Break>) {
    let add = |found: &mut Vec<Break>, change, field: &Name| {
        found.push(Break { change, field: format!("{name}.{field}") });
    };
    match (before, after) {
        (TypeKind::Object(before), TypeKind::Object(after)) => {
            for field in &before.fields {
                let field = &field.node;
                match after.fields.iter().find(|other| other.node.name.node == field.name.node) {
                    Some(other) => compare_fields(name, field, &other.node, found),
                    None => add(found, "FIELD_REMOVED", &field.name.node),
                }
            }
        }
        (TypeKind::Enum(before), TypeKind::Enum(after)) => {
            for value in &before.values {
                if after.values.iter().all(|other| other.node.value.node != value.node.value.node) {
                    add(found, "ENUM_VALUE_REMOVED", &value.node.value.node);
                }
            }
        }
        (TypeKind::InputObject(before), TypeKind::InputObject(after)) => {
            for field in &before.fields {
                let field = &field.node;
                match after.fields.iter().find(|other| other.node.name.node == field.name.node) {
                    Some(other) => found.extend(input(name, field, &other.node)),
                    None => add(found, "INPUT_FIELD_REMOVED", &field.name.node),
                }
            }
            for field in &after.fields {
                let is_new = before.fields.iter().all(|other| other.node.name.node != field.node.name.node);
                if is_new && is_required(&field.node) {
                    add(found, "INPUT_REQUIRED", &field.node.name.node);
                }
            }
        }
        _ => {}
    }
}

fn compare_fields(name: &Name, before: &FieldDefinition, after: &FieldDefinition, found: &mut Vec<Break>) {
    let field = format!("{name}.{}", before.name.node);
    let (was, is) = (before.ty.node.to_string(), after.ty.node.to_string());
    // What was nullable and is not any more breaks nobody who reads it.
    if was != is && format!("{was}!") != is {
        found.push(Break { change: "TYPE_CHANGED", field: field.clone() });
    }
    for argument in &before.arguments {
        let argument = &argument.node;
        match after.arguments.iter().find(|other| other.node.name.node == argument.name.node) {
            Some(other) => found.extend(input(&Name::new(&field), argument, &other.node)),
            None => found
                .push(Break { change: "ARGUMENT_REMOVED", field: format!("{field}.{}", argument.name.node) }),
        }
    }
}

fn input(name: &Name, before: &InputValueDefinition, after: &InputValueDefinition) -> Option<Break> {
    let (was, is) = (before.ty.node.to_string(), after.ty.node.to_string());
    let field = format!("{name}.{}", before.name.node);
    match () {
        // What had to be given and may be left out breaks nobody who gives it.
        () if was == is || was == format!("{is}!") => None,
        () if format!("{was}!") == is => Some(Break { change: "INPUT_REQUIRED", field }),
        () => Some(Break { change: "INPUT_TYPE_CHANGED", field }),
    }
}

fn is_required(field: &InputValueDefinition) -> bool {
    !field.ty.node.nullable && field.default_value.is_none()
}
