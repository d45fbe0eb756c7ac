//! An object as an item: as kubectl prints it, and what is added to it under keys that start with two underscores.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::discovery::Resource;
use crate::object::Object;

/// What controls an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Owner {
    pub api_version: String,
    pub kind: String,
    pub name: String,
    pub uid: String,
    #[serde(default)]
    controller: bool,
}

impl Owner {
    /// The one of an object's owners that controls it.
    pub fn of(object: &Object) -> Option<Self> {
        let owners = object.0.get("metadata")?.get("ownerReferences")?.as_array()?;
        let owner = owners.iter().find(|owner| owner["controller"] == true)?;
        Self::deserialize(owner).ok()
    }

    /// The one that controls, of several.
    pub fn controlling(owners: Vec<Self>) -> Option<Self> {
        owners.into_iter().find(|owner| owner.controller)
    }

    fn to_value(&self) -> Value {
        json!({ "apiVersion": self.api_version, "kind": self.kind, "name": self.name, "uid": self.uid })
    }
}

/// Whether only metadata is read of a resource: its objects hold secrets, or whatever people put into them.
pub(crate) fn is_slim(resource: &Resource) -> bool {
    resource.group.is_empty() && matches!(resource.plural.as_str(), "secrets" | "configmaps")
}

/// Makes the item. Lists leave out what each of their objects is; kubectl puts it back.
pub(crate) fn complete(
    resource: &Resource,
    cluster: &str,
    object: Object,
    owner: Option<&Owner>,
    workload: Option<&Owner>,
) -> Value {
    let mut item = Map::new();
    item.insert("apiVersion".to_owned(), resource.api_version().into());
    item.insert("kind".to_owned(), resource.kind.clone().into());
    let slim = is_slim(resource);
    for (key, value) in object.0 {
        let known = matches!(key.as_str(), "apiVersion" | "kind");
        // A server that gives more than it was asked for.
        if !known && (!slim || key == "metadata") {
            item.insert(key, value);
        }
    }
    item.insert("__Cluster".to_owned(), cluster.into());
    item.insert("__Owner".to_owned(), owner.map_or(Value::Null, Owner::to_value));
    item.insert("__Workload".to_owned(), workload.map_or(Value::Null, Owner::to_value));
    Value::Object(item)
}

/// What people know an object by: `namespace/name`.
pub(crate) fn name(object: &Object) -> String {
    match (object.meta("namespace"), object.meta("name")) {
        ("", name) => name.to_owned(),
        (namespace, name) => format!("{namespace}/{name}"),
    }
}
