//! The models: our own, and those of the ingestors.

use portolan_schema::{Error, Result};
use serde::Deserialize;
use serde_json::Value;

use super::StarterModel;
use crate::supplies::Source;

/// A model of ours: name, title, description, and its documents.
pub(super) struct Own {
    name: &'static str,
    title: &'static str,
    description: &'static str,
    text: &'static str,
}

pub(super) const OWN: &[Own] = &[Own {
    name: "service-catalog",
    title: "Service catalog",
    description: "Systems, services and their APIs, environments, and what is deployed where.",
    text: include_str!("models/service-catalog.yaml"),
}];

/// # Errors
/// A fault where a document cannot be read.
pub(super) fn read(own: &Own) -> Result<StarterModel> {
    let documents = serde_norway::Deserializer::from_str(own.text);
    let read = documents.map(|document| {
        let mut document = Value::deserialize(document).map_err(Error::internal)?;
        if let Some(object) = document.as_object_mut() {
            object.shift_remove("kind");
        }
        Ok(document)
    });
    Ok(StarterModel {
        name: own.name.to_owned(),
        title: own.title.to_owned(),
        description: own.description.to_owned(),
        ingestor: None,
        blueprints: read.collect::<Result<_>>()?,
    })
}

/// What an ingestor fills, under the ingestor's name.
pub(super) fn of_source(source: &Source) -> StarterModel {
    let titles: Vec<&str> =
        source.blueprints.iter().filter_map(|blueprint| blueprint["title"].as_str()).collect();
    StarterModel {
        name: source.ingestor.clone(),
        title: source.title.clone(),
        description: format!("What an integration with {} fills: {}.", source.title, titles.join(", ")),
        ingestor: Some(source.ingestor.clone()),
        blueprints: source.blueprints.clone(),
    }
}
