//! A resource of a state and its instances.

use std::collections::{BTreeSet, HashMap};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::address::{as_identifier, index, without_keys};
use super::sensitive;

/// What makes the addresses of a resource.
#[derive(Deserialize)]
pub(super) struct Names {
    #[serde(default)]
    module: Option<String>,
    #[serde(default)]
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    #[serde(default)]
    instances: Vec<Key>,
}

#[derive(Deserialize)]
struct Key {
    #[serde(default)]
    index_key: Value,
    #[serde(default)]
    deposed: Option<String>,
}

impl Names {
    /// The resource as dependencies name it, and its instances.
    pub fn addresses(&self) -> (String, Vec<String>) {
        let own = base(self.module.as_deref(), &self.mode, &self.kind, &self.name);
        let present = self.instances.iter().filter(|key| key.deposed.is_none());
        (without_keys(&own), present.map(|key| format!("{own}{}", index(&key.index_key))).collect())
    }
}

/// `module.a.data.aws_ami.debian`.
fn base(module: Option<&str>, mode: &str, kind: &str, name: &str) -> String {
    let module = module.filter(|module| !module.is_empty());
    let data = (mode == "data").then_some("data");
    module.into_iter().chain(data).chain([kind, name]).collect::<Vec<_>>().join(".")
}

#[derive(Deserialize)]
pub(super) struct Resource {
    #[serde(default)]
    module: Option<String>,
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    #[serde(default)]
    provider: Option<String>,
    #[serde(default)]
    instances: Vec<Instance>,
}

#[derive(Deserialize)]
struct Instance {
    #[serde(default)]
    index_key: Value,
    /// Such as `tainted`.
    #[serde(default)]
    status: Option<String>,
    /// The key of an object that is to be destroyed, beside the one that took its place.
    #[serde(default)]
    deposed: Option<String>,
    #[serde(default)]
    attributes: Option<Map<String, Value>>,
    /// Of providers that know no others.
    #[serde(default)]
    attributes_flat: Option<Map<String, Value>>,
    #[serde(default)]
    sensitive_attributes: Value,
    #[serde(default)]
    dependencies: Vec<String>,
}

impl Resource {
    /// An item an instance, and about how large it is.
    pub fn items(
        self,
        instances: &HashMap<String, Vec<String>>,
        state: &str,
        of_state: &Value,
    ) -> impl Iterator<Item = (Map<String, Value>, usize)> {
        let Self { module, mode, kind, name, provider, instances: own } = self;
        let base = base(module.as_deref(), &mode, &kind, &name);
        let provider_name = provider.as_deref().and_then(provider_name);
        own.into_iter().map(move |instance| {
            let Instance { index_key, status, deposed, attributes, attributes_flat, .. } = instance;
            let mut attributes = attributes.or(attributes_flat).unwrap_or_default();
            sensitive::remove(&kind, &instance.sensitive_attributes, &mut attributes);
            let address = format!("{base}{}", index(&index_key));
            let mut id = format!("{state}/{}", as_identifier(&address));
            if let Some(key) = &deposed {
                id = format!("{id}+{}", as_identifier(key));
            }
            let depends_on: BTreeSet<String> = instance
                .dependencies
                .iter()
                .flat_map(|dependency| instances.get(dependency).into_iter().flatten())
                .map(|found| format!("{state}/{}", as_identifier(found)))
                .collect();
            let size = 500 + attributes.iter().map(|(key, value)| key.len() + weight(value)).sum::<usize>();
            let fields = [
                ("address", address.into()),
                ("module", module.clone().into()),
                ("mode", mode.clone().into()),
                ("type", kind.clone().into()),
                ("name", name.clone().into()),
                ("index", index_key),
                ("provider", provider.clone().into()),
                ("status", status.into()),
                ("deposed", deposed.into()),
                ("attributes", attributes.into()),
                ("dependencies", instance.dependencies.into()),
                ("__Id", id.into()),
                ("__Provider", provider_name.clone().into()),
                ("__DependsOn", depends_on.into_iter().collect()),
                ("__State", of_state.clone()),
            ];
            (fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(), size)
        })
    }
}

/// About as many bytes as a value has in JSON.
fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 3,
        Value::Array(items) => items.iter().map(weight).sum::<usize>() + 2,
        Value::Object(entries) => {
            entries.iter().map(|(key, value)| key.len() + 4 + weight(value)).sum::<usize>() + 2
        }
        _ => 6,
    }
}

/// `hashicorp/aws` of `provider["registry.terraform.io/hashicorp/aws"].west`, `aws` of `provider.aws`.
fn provider_name(text: &str) -> Option<String> {
    if let Some((_, rest)) = text.split_once("provider[\"") {
        let source = rest.split('"').next()?;
        let parts: Vec<&str> = source.split('/').collect();
        return Some(parts[parts.len().saturating_sub(2)..].join("/"));
    }
    let (_, rest) = text.split_once("provider.")?;
    rest.split('.').next().map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_have_short_names() {
        for (text, expected) in [
            ("provider[\"registry.terraform.io/hashicorp/aws\"]", Some("hashicorp/aws")),
            ("module.a.provider[\"registry.opentofu.org/acme/x\"].west", Some("acme/x")),
            ("provider.aws.west", Some("aws")),
            ("odd", None),
        ] {
            assert_eq!(provider_name(text).as_deref(), expected, "{text}");
        }
    }
}
