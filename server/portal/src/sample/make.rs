//! The sample's documents under names of their own.

use portolan_schema::references::{self, Definitions, Part, rename_named};
use portolan_schema::{Blueprint, Error, Problems, Result};
use serde_json::{Value, json};

use super::PREFIX;
use crate::named;
use crate::supplies::Sample;

/// What is loaded.
pub(super) struct Made {
    pub blueprints: Vec<Value>,
    pub entities: Vec<Value>,
    pub dashboard: Value,
}

/// The name of a sample blueprint.
pub(super) fn name(identifier: &str) -> String {
    format!("{PREFIX}{identifier}")
}

/// # Errors
/// A fault where the documents do not fit together.
pub(super) fn make(sample: &Sample) -> Result<Made> {
    let mut blueprints: Vec<Blueprint> = sample
        .blueprints
        .iter()
        .map(|definition| Blueprint::parse(definition).map_err(fault))
        .collect::<Result<_>>()?;
    let names: Vec<String> = blueprints.iter().map(|one| one.identifier.clone()).collect();
    let mut dashboard = sample.dashboard.clone();
    for old in &names {
        let part = Part::Blueprint(old.clone());
        rename_dashboard(&blueprints, &mut dashboard, &part, &name(old));
        let all: Vec<&Blueprint> = blueprints.iter().collect();
        let renamed = references::rename(&all, &part, &name(old)).map_err(fault)?;
        for change in renamed {
            if let Some(at) = blueprints.iter().position(|one| one.identifier == change.was) {
                blueprints[at] = change.blueprint;
            }
        }
    }
    let marked = blueprints.into_iter().map(|blueprint| {
        let mut definition = Value::Object(blueprint.definition);
        definition["title"] = format!("{} (sample)", blueprint.title).into();
        definition
    });
    Ok(Made {
        blueprints: marked.collect(),
        entities: sample.entities.iter().filter_map(|entity| own_entity(&names, entity)).collect(),
        dashboard,
    })
}

fn rename_dashboard(blueprints: &[Blueprint], dashboard: &mut Value, part: &Part, to: &str) {
    let definitions = Definitions::new(blueprints);
    let mut named = named::in_page(&definitions, dashboard);
    named.extend(named::in_widgets(&definitions, dashboard).into_iter().flat_map(|(_, named)| named));
    rename_named(dashboard, &named, part, to);
}

/// None for people and teams: those of a tenant are real. For the same reason nobody owns a sample.
fn own_entity(names: &[String], entity: &Value) -> Option<Value> {
    let blueprint = entity["blueprint"].as_str()?;
    let own = names.iter().any(|name| name == blueprint);
    own.then(|| {
        let mut entity = entity.clone();
        entity["blueprint"] = json!(name(blueprint));
        if let Some(object) = entity.as_object_mut() {
            object.shift_remove("team");
        }
        entity
    })
}

fn fault(problems: Problems) -> Error {
    Error::internal(problems.to_string())
}
