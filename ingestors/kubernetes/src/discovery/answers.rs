//! The answers of discovery, as the API's reference describes them.

use std::sync::Arc;

use serde::Deserialize;

use super::{Group, Resource, Version};

/// Either form of the answer to `/api` and `/apis`.
#[derive(Deserialize)]
#[serde(tag = "kind")]
enum Groups {
    #[serde(rename = "APIGroupDiscoveryList")]
    Whole { items: Vec<FoundGroup> },
    #[serde(rename = "APIVersions")]
    Core { versions: Vec<String> },
    #[serde(rename = "APIGroupList")]
    Others { groups: Vec<PlainGroup> },
}

#[derive(Deserialize)]
struct FoundGroup {
    #[serde(default)]
    metadata: Named,
    #[serde(default)]
    versions: Vec<FoundVersion>,
}

#[derive(Default, Deserialize)]
struct Named {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct FoundVersion {
    version: String,
    #[serde(default)]
    resources: Vec<FoundResource>,
    #[serde(default)]
    freshness: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FoundResource {
    resource: String,
    response_kind: Option<Kind>,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    singular_resource: String,
    #[serde(default)]
    short_names: Vec<String>,
    #[serde(default)]
    verbs: Vec<String>,
}

#[derive(Deserialize)]
struct Kind {
    kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlainGroup {
    name: String,
    versions: Vec<PlainVersion>,
    preferred_version: Option<PlainVersion>,
}

#[derive(Deserialize)]
struct PlainVersion {
    version: String,
}

#[derive(Deserialize)]
struct Resources {
    kind: String,
    resources: Vec<PlainResource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlainResource {
    name: String,
    #[serde(default)]
    singular_name: String,
    namespaced: bool,
    kind: String,
    #[serde(default)]
    verbs: Vec<String>,
    #[serde(default)]
    short_names: Vec<String>,
}

/// The groups of an answer to `/api` or `/apis`; none where it is no such answer.
pub(super) fn groups(path: &str, body: &[u8]) -> Option<Vec<Group>> {
    let version = |name: String| Version { name, resources: None, stale: false };
    Some(match serde_json::from_slice(body).ok()? {
        Groups::Whole { items } => items.into_iter().map(found).collect(),
        Groups::Core { versions } if path == "/api" => {
            vec![Group { name: String::new(), versions: versions.into_iter().map(version).collect() }]
        }
        Groups::Others { groups } if path == "/apis" => groups
            .into_iter()
            .map(|group| {
                let mut versions: Vec<String> = group.versions.into_iter().map(|one| one.version).collect();
                if let Some(preferred) = group.preferred_version {
                    versions.sort_by_key(|name| *name != preferred.version);
                }
                Group { name: group.name, versions: versions.into_iter().map(version).collect() }
            })
            .collect(),
        _ => return None,
    })
}

fn found(group: FoundGroup) -> Group {
    let name = group.metadata.name;
    let versions = group.versions.into_iter().map(|version| {
        let resources = version.resources.into_iter().map(|resource| {
            let mut other_names = resource.short_names;
            other_names.push(resource.singular_resource);
            Resource {
                group: name.clone(),
                version: version.version.clone(),
                plural: resource.resource,
                kind: resource.response_kind.map(|kind| kind.kind).unwrap_or_default(),
                namespaced: resource.scope == "Namespaced",
                verbs: resource.verbs,
                other_names,
            }
        });
        let resources = Some(Arc::new(resources.collect()));
        Version { resources, stale: version.freshness == "Stale", name: version.version }
    });
    let versions = versions.collect();
    Group { name, versions }
}

/// The resources of an answer to `/apis/group/version`; none where it is no such answer. Parts of resources
/// (`pods/status`) are left out.
pub(super) fn resources(group: &str, version: &str, body: &[u8]) -> Option<Vec<Resource>> {
    let answer: Resources =
        serde_json::from_slice(body).ok().filter(|it: &Resources| it.kind == "APIResourceList")?;
    let whole = answer.resources.into_iter().filter(|resource| !resource.name.contains('/'));
    let resource = |resource: PlainResource| {
        let mut other_names = resource.short_names;
        other_names.push(resource.singular_name);
        Resource {
            group: group.to_owned(),
            version: version.to_owned(),
            plural: resource.name,
            kind: resource.kind,
            namespaced: resource.namespaced,
            verbs: resource.verbs,
            other_names,
        }
    };
    Some(whole.map(resource).collect())
}
