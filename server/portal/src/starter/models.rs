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

/// A part of what an ingestor fills that is a model of its own: what one kind of files holds.
struct Part {
    ingestor: &'static str,
    /// What the identifiers of its blueprints begin with.
    prefix: &'static str,
    name: &'static str,
    title: &'static str,
}

const PARTS: &[Part] = &[
    Part { ingestor: "files", prefix: "backstage", name: "backstage", title: "Backstage files" },
    Part { ingestor: "files", prefix: "terraform", name: "terraform", title: "Terraform states" },
];

/// What an ingestor fills, under the ingestor's name; or its parts, where it has some.
pub(super) fn of_source(source: &Source) -> Vec<StarterModel> {
    let parts = PARTS.iter().filter(|part| part.ingestor == source.ingestor);
    let found: Vec<StarterModel> = parts
        .filter_map(|part| {
            let own = source.blueprints.iter().filter(|blueprint| {
                blueprint["identifier"].as_str().is_some_and(|name| name.starts_with(part.prefix))
            });
            let own: Vec<Value> = own.cloned().collect();
            (!own.is_empty()).then(|| model(source, part.name, part.title, own))
        })
        .collect();
    match found.is_empty() {
        true => vec![model(source, &source.ingestor, &source.title, source.blueprints.clone())],
        false => found,
    }
}

fn model(source: &Source, name: &str, title: &str, blueprints: Vec<Value>) -> StarterModel {
    let titles: Vec<&str> = blueprints.iter().filter_map(|blueprint| blueprint["title"].as_str()).collect();
    StarterModel {
        name: name.to_owned(),
        title: title.to_owned(),
        description: format!("What an integration with {} fills: {}.", source.title, titles.join(", ")),
        ingestor: Some(source.ingestor.clone()),
        blueprints,
    }
}
