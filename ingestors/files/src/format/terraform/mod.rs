//! States of Terraform and OpenTofu, version 4: what is managed, and what a configuration gives away.
//!
//! Values that a state marks as sensitive, and those that often are, are left out before anybody sees an item.

mod address;
mod instance;
mod sensitive;

use std::collections::{BTreeMap, HashMap};

use portolan_ingestor_contract::{IngestError, KindDescription, SourceError};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use self::instance::Resource;
use super::text;
use crate::handing::Hand;

const STATE: &str = "terraform-state";
const RESOURCE: &str = "terraform-resource";
const OUTPUT: &str = "terraform-output";
const READ: &[&str] =
    &["reading the state: s3:ListBucket and s3:GetObject, or GET at its address, or the operator's leave"];

pub(crate) const KINDS: &[KindDescription] = &[
    KindDescription {
        name: STATE,
        title: "Terraform states",
        description: "A state: its lineage, serial and Terraform's version, and how many resources it has.",
        permissions: READ,
    },
    KindDescription {
        name: RESOURCE,
        title: "Terraform resources",
        description: "An instance of a resource or data source in a state, with its attributes. Sensitive values are left out.",
        permissions: READ,
    },
    KindDescription {
        name: OUTPUT,
        title: "Terraform outputs",
        description: "A root output of a state with its value, which is left out where the output is sensitive.",
        permissions: READ,
    },
];

/// The version of the format that is read: since Terraform 0.12, and every version of OpenTofu.
const VERSION: u64 = 4;
/// Most instances that one dependency is taken to mean.
const MAX_INSTANCES: usize = 100;

/// What is read first, to know what the rest means.
#[derive(Deserialize)]
struct Head {
    version: Option<Value>,
    encrypted_data: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct State<'a> {
    terraform_version: Option<String>,
    serial: Option<u64>,
    lineage: Option<String>,
    #[serde(borrow, default)]
    outputs: BTreeMap<String, &'a RawValue>,
    #[serde(borrow)]
    resources: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Output {
    #[serde(default)]
    value: Value,
    #[serde(rename = "type", default)]
    kind: Value,
    #[serde(default)]
    sensitive: bool,
}

/// Hands over the state of a file, its resources' instances and its outputs.
///
/// # Errors
/// Where it is no state of version 4, or not whole.
pub(super) async fn read(bytes: &[u8], file: &str, hand: &mut Hand<'_>) -> Result<(), IngestError> {
    let state = parse(bytes, file)?;
    // The name of a state: its lineage stays when it is moved. States that were written by hand may have none.
    let name = state.lineage.clone().filter(|lineage| !lineage.is_empty()).unwrap_or_else(|| file.to_owned());
    let name = address::as_identifier(&name);
    let of_state = json!({
        "lineage": state.lineage, "serial": state.serial, "terraform_version": state.terraform_version, "__Id": name,
    });
    let mut count = 0;
    if hand.wants(RESOURCE) || hand.wants(STATE) {
        let instances = instances(&state, file)?;
        for raw in &state.resources {
            let resource: Resource = part(raw, file, "a resource")?;
            for (item, bytes) in resource.items(&instances, &name, &of_state) {
                count += 1;
                hand.give(RESOURCE, file, item, bytes).await?;
            }
        }
    }
    for (output, raw) in &state.outputs {
        let told: Output = part(raw, file, "an output")?;
        let mut item = Map::new();
        item.insert("name".to_owned(), output.as_str().into());
        item.insert("type".to_owned(), told.kind);
        item.insert("sensitive".to_owned(), told.sensitive.into());
        item.insert("value".to_owned(), if told.sensitive { Value::Null } else { told.value });
        item.insert("__Id".to_owned(), format!("{name}/{}", address::as_identifier(output)).into());
        item.insert("__State".to_owned(), of_state.clone());
        hand.give(OUTPUT, file, item, raw.get().len()).await?;
    }
    let mut item = of_state.as_object().cloned().unwrap_or_default();
    item.insert("version".to_owned(), VERSION.into());
    item.insert("resources".to_owned(), count.into());
    item.insert("outputs".to_owned(), state.outputs.keys().cloned().collect());
    hand.give(STATE, file, item, 0).await
}

/// Whether a file is a state that can be read.
///
/// # Errors
/// Where it is none.
pub(super) fn look(bytes: &[u8], file: &str) -> Result<(), SourceError> {
    parse(bytes, file).map(drop)
}

fn parse<'a>(bytes: &'a [u8], file: &str) -> Result<State<'a>, SourceError> {
    let text = text(bytes, file)?;
    let wrong = |what: String| SourceError::failed(format!("\"{file}\" {what}"));
    let head: Head = serde_json::from_str(text)
        .map_err(|_| wrong("is no Terraform state: it is no JSON object".to_owned()))?;
    match head.version.as_ref().and_then(Value::as_u64) {
        Some(VERSION) => {}
        Some(other) => {
            let hint = if other < VERSION {
                "; run terraform 0.12 or later on it, which writes version 4"
            } else {
                ""
            };
            return Err(wrong(format!(
                "is a Terraform state of version {other}; version {VERSION} is read{hint}"
            )));
        }
        None if head.encrypted_data.is_some() => {
            return Err(wrong("is an encrypted state, which only OpenTofu can read".to_owned()));
        }
        None => return Err(wrong("is no Terraform state: it has no version".to_owned())),
    }
    serde_json::from_str(text)
        .map_err(|_| wrong(format!("says that it is a Terraform state of version {VERSION}, and is none")))
}

fn part<T: serde::de::DeserializeOwned>(raw: &RawValue, file: &str, what: &str) -> Result<T, SourceError> {
    // The parser's words may quote a value.
    serde_json::from_str(raw.get())
        .map_err(|_| SourceError::failed(format!("\"{file}\" has {what} that is not as Terraform writes it")))
}

/// The addresses of each resource's instances, by the resource's own: dependencies name resources.
fn instances(state: &State<'_>, file: &str) -> Result<HashMap<String, Vec<String>>, SourceError> {
    let mut all: HashMap<String, Vec<String>> = HashMap::new();
    for raw in &state.resources {
        let names: instance::Names = part(raw, file, "a resource")?;
        let (resource, instances) = names.addresses();
        let known = all.entry(resource).or_default();
        let left = MAX_INSTANCES.saturating_sub(known.len());
        known.extend(instances.into_iter().take(left));
    }
    Ok(all)
}
