//! Descriptors of Backstage (`catalog-info.yaml`): entities of the built-in kinds, several in a file.

mod reference;
mod relations;

use portolan_ingestor_contract::{IngestError, KindDescription, SourceError, yaml};
use serde_json::{Map, Value};

use self::reference::Reference;
use super::text;
use crate::handing::Hand;

/// Largest file, in bytes.
const MAX_FILE: usize = 4 << 20;
const READ: &[&str] =
    &["reading the files: s3:ListBucket and s3:GetObject, or GET at their address, or the operator's leave"];

macro_rules! kinds {
    ($($kind:literal $title:literal $description:literal),* $(,)?) => {
        &[$(KindDescription { name: $kind, title: $title, description: $description, permissions: READ }),*]
    };
}

pub(crate) const KINDS: &[KindDescription] = kinds![
    "backstage-component" "Backstage components" "An entity of the kind Component as its file has it, with __Ref and __Relations.",
    "backstage-api" "Backstage APIs" "An entity of the kind API as its file has it, with __Ref and __Relations.",
    "backstage-resource" "Backstage resources" "An entity of the kind Resource as its file has it, with __Ref and __Relations.",
    "backstage-system" "Backstage systems" "An entity of the kind System as its file has it, with __Ref and __Relations.",
    "backstage-domain" "Backstage domains" "An entity of the kind Domain as its file has it, with __Ref and __Relations.",
    "backstage-group" "Backstage groups" "An entity of the kind Group as its file has it, with __Ref and __Relations.",
    "backstage-user" "Backstage users" "An entity of the kind User as its file has it, with __Ref and __Relations.",
    "backstage-location" "Backstage locations" "An entity of the kind Location. The files that it names are read where they are below the source.",
    "backstage-template" "Backstage templates" "An entity of the kind Template as its file has it, with __Ref and __Relations.",
];

/// Hands over the entities of a file, and answers the targets of its locations.
///
/// # Errors
/// Where something in it is no entity: nothing of such a file is handed over.
pub(super) async fn read(bytes: &[u8], file: &str, hand: &mut Hand<'_>) -> Result<Vec<String>, IngestError> {
    let mut targets = Vec::new();
    for entity in entities(bytes, file)? {
        if entity.of.kind == "location" {
            targets.extend(entity.targets());
        }
        let size = bytes.len().min(64 << 10);
        let (kind, item) = entity.into_item();
        hand.give(&kind, file, item, size).await?;
    }
    Ok(targets)
}

/// Whether a file has entities.
///
/// # Errors
/// Where it has none, or something else.
pub(super) fn look(bytes: &[u8], file: &str) -> Result<(), SourceError> {
    entities(bytes, file).map(drop)
}

/// A document of a file.
struct Entity {
    of: Reference,
    relations: Map<String, Value>,
    document: Map<String, Value>,
}

fn entities(bytes: &[u8], file: &str) -> Result<Vec<Entity>, SourceError> {
    let wrong = |what: &dyn std::fmt::Display| SourceError::failed(format!("\"{file}\" {what}"));
    if bytes.len() > MAX_FILE {
        return Err(wrong(&format_args!("has {} bytes; at most {MAX_FILE} are read", bytes.len())));
    }
    let documents = yaml::documents(text(bytes, file)?).map_err(|error| wrong(&error))?;
    let mut entities = Vec::new();
    for (number, document) in documents.into_iter().enumerate().filter(|(_, document)| !document.is_null()) {
        let at = |what: String| wrong(&format_args!("has a document {} that {what}", number + 1));
        let Value::Object(document) = document else { return Err(at("is no entity".to_owned())) };
        entities.push(Entity::of(document).map_err(at)?);
    }
    if entities.is_empty() {
        return Err(wrong(&"has no entity"));
    }
    Ok(entities)
}

/// A text that says something.
fn said(value: Option<&Value>) -> Option<&str> {
    value.and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

impl Entity {
    /// # Errors
    /// What is wrong with it, for people.
    fn of(document: Map<String, Value>) -> Result<Self, String> {
        let metadata = document.get("metadata");
        let within = |key: &str| said(metadata.and_then(|metadata| metadata.get(key)));
        if said(document.get("apiVersion")).is_none() {
            return Err("is no entity: it has no apiVersion".to_owned());
        }
        let kind = said(document.get("kind")).ok_or("is no entity: it has no kind")?;
        let name = within("name").ok_or("is no entity: it has no metadata.name")?;
        let of = Reference::new(kind, within("namespace").unwrap_or(reference::DEFAULT_NAMESPACE), name);
        let relations = relations::of(&of, &document).map_err(|problem| format!("({of}) {problem}"))?;
        Ok(Self { of, relations, document })
    }

    /// `spec.target` and `spec.targets` of a location.
    fn targets(&self) -> Vec<String> {
        let spec = self.document.get("spec").unwrap_or(&Value::Null);
        let many = spec["targets"].as_array().into_iter().flatten();
        many.chain([&spec["target"]]).filter_map(Value::as_str).map(|text| text.trim().to_owned()).collect()
    }

    fn into_item(self) -> (String, Map<String, Value>) {
        let kind = format!("backstage-{}", self.of.kind);
        let mut item = self.document;
        item.insert("__Ref".to_owned(), self.of.to_string().into());
        item.insert("__Relations".to_owned(), self.relations.into());
        (kind, item)
    }
}
