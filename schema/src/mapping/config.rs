//! The configuration of an integration's mapping, checked.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::files;
use crate::{Code, Pointer, Problems};

/// Defaults are those of the format's own clients (ocean-clients.md 4).
#[derive(Debug, Clone, PartialEq)]
pub struct MappingConfig {
    pub resources: Vec<ResourceMapping>,
    pub delete_dependents: bool,
    pub create_missing: bool,
    pub merge: bool,
    /// The share of a kind's entities that a run may delete; None where the mapping does not say.
    pub deletion_threshold: Option<f64>,
}

/// One entry of `resources`.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceMapping {
    pub kind: String,
    /// Must give a boolean.
    pub query: String,
    /// The selector's other keys, which are the ingestor's, and the files that properties ask for.
    pub selector: Map<String, Value>,
    pub items_to_parse: Option<String>,
    pub items_name: String,
    pub items_transform: bool,
    pub mappings: Vec<EntityMapping>,
    /// Where it is in the configuration.
    pub path: Pointer,
}

/// How one entity is made. Texts are jq.
#[derive(Debug, Clone, PartialEq)]
pub struct EntityMapping {
    pub identifier: Value,
    pub blueprint: String,
    pub title: Option<String>,
    pub icon: Option<String>,
    pub team: Option<Value>,
    pub properties: IndexMap<String, Value>,
    pub relations: IndexMap<String, Value>,
}

impl MappingConfig {
    /// Reads `{resources: […], …}`.
    ///
    /// # Errors
    /// All problems, with paths below `path`.
    pub fn parse(value: &Value, path: &Pointer) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let flag = |key: &str, problems: &mut Problems| match value.get(key) {
            None | Some(Value::Null) => true,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => {
                problems.add(Code::InvalidMapping, path.key(key), format!("\"{key}\" is true or false"));
                true
            }
        };
        let deletion_threshold =
            value.get("entityDeletionThreshold").filter(|value| !value.is_null()).and_then(|share| {
                let found = share.as_f64().filter(|share| (0.0..=1.0).contains(share));
                if found.is_none() {
                    let at = path.key("entityDeletionThreshold");
                    problems.add(Code::InvalidMapping, at, "the threshold is a number from 0 to 1");
                }
                found
            });
        let mut config = Self {
            resources: Vec::new(),
            delete_dependents: flag("deleteDependentEntities", &mut problems),
            create_missing: flag("createMissingRelatedEntities", &mut problems),
            merge: flag("enableMergeEntity", &mut problems),
            deletion_threshold,
        };
        match value.get("resources").and_then(Value::as_array) {
            Some(resources) => {
                for (index, resource) in resources.iter().enumerate() {
                    let at = path.key("resources").index(index);
                    config.resources.extend(ResourceMapping::parse(resource, &at, &mut problems));
                }
            }
            None => problems.add(Code::InvalidMapping, path.key("resources"), "\"resources\" is a list"),
        }
        problems.into_result(config)
    }
}

impl ResourceMapping {
    /// Reads one entry of `resources`.
    pub fn parse(value: &Value, path: &Pointer, problems: &mut Problems) -> Option<Self> {
        let before = problems.0.len();
        let mut text = |value: Option<&Value>, at: Pointer| match value.and_then(Value::as_str) {
            Some(text) => text.to_owned(),
            None => {
                problems.add(Code::InvalidMapping, at, "a string is needed here");
                String::new()
            }
        };
        let kind = text(value.get("kind"), path.key("kind"));
        let mut selector = value["selector"].as_object().cloned().unwrap_or_default();
        let query = selector.shift_remove("query");
        let query = text(query.as_ref(), path.key("selector").key("query"));
        let port = &value["port"];
        let at = path.key("port").key("entity").key("mappings");
        let mut mappings = Vec::new();
        match &port["entity"]["mappings"] {
            one @ Value::Object(_) => mappings.extend(EntityMapping::parse(one, &at, problems)),
            Value::Array(many) => {
                for (index, one) in many.iter().enumerate() {
                    mappings.extend(EntityMapping::parse(one, &at.index(index), problems));
                }
            }
            _ => problems.add(Code::InvalidMapping, at, "\"mappings\" is an object or a list of them"),
        }
        files::ask(&mut mappings, &mut selector);
        (problems.0.len() == before).then(|| Self {
            kind,
            query,
            selector,
            items_to_parse: port["itemsToParse"].as_str().map(str::to_owned),
            items_name: port["itemsToParseName"].as_str().unwrap_or("item").to_owned(),
            items_transform: port["itemsToParseTopLevelTransform"].as_bool().unwrap_or(true),
            mappings,
            path: path.clone(),
        })
    }
}

impl EntityMapping {
    fn parse(value: &Value, path: &Pointer, problems: &mut Problems) -> Option<Self> {
        let before = problems.0.len();
        let mut leaf = |key: &str| match value.get(key) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(_) => {
                problems.add(Code::InvalidMapping, path.key(key), format!("\"{key}\" is a jq expression"));
                None
            }
        };
        let (title, icon, blueprint) = (leaf("title"), leaf("icon"), leaf("blueprint"));
        let identifier =
            value.get("identifier").filter(|value| value.is_string() || value.is_object()).cloned();
        if identifier.is_none() {
            problems.add(
                Code::InvalidMapping,
                path.key("identifier"),
                "an \"identifier\" is needed: jq or a query",
            );
        }
        if blueprint.is_none() {
            problems.add(Code::InvalidMapping, path.key("blueprint"), "a \"blueprint\" is needed: jq");
        }
        let mut map = |key: &str| match value.get(key) {
            None | Some(Value::Null) => IndexMap::new(),
            Some(Value::Object(entries)) => {
                entries.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
            }
            Some(_) => {
                problems.add(Code::InvalidMapping, path.key(key), format!("\"{key}\" is an object"));
                IndexMap::new()
            }
        };
        let (properties, relations) = (map("properties"), map("relations"));
        (problems.0.len() == before).then(|| Self {
            identifier: identifier.unwrap_or_default(),
            blueprint: blueprint.unwrap_or_default(),
            title,
            icon,
            team: value.get("team").filter(|value| !value.is_null()).cloned(),
            properties,
            relations,
        })
    }
}
