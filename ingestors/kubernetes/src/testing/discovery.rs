//! What there is, in the plain and in the aggregated form.

use serde_json::{Value, json};

use super::resources::{self, Served};

const VERBS: [&str; 3] = ["get", "list", "watch"];

pub(super) fn version() -> Value {
    json!({ "major": "1", "minor": "34", "gitVersion": "v1.34.2", "gitCommit": "0000000000000000000000000000000000000000",
        "gitTreeState": "clean", "buildDate": "2026-01-31T12:00:00Z", "goVersion": "go1.24.9", "compiler": "gc",
        "platform": "linux/amd64" })
}

/// `/api` and `/apis` in the aggregated form.
pub(super) fn aggregated(core: bool, version: &str) -> Value {
    let resource = |one: &Served| {
        let mut resource = json!({
            "resource": one.plural, "scope": if one.namespaced { "Namespaced" } else { "Cluster" },
            "responseKind": { "group": one.group, "version": one.version, "kind": one.kind },
            "singularResource": one.singular, "verbs": VERBS,
        });
        if !one.short.is_empty() {
            resource["shortNames"] = json!([one.short]);
        }
        if one.plural == "pods" {
            resource["subresources"] = json!([{ "subresource": "log", "verbs": ["get"],
                "responseKind": { "group": "", "version": "v1", "kind": "Pod" } }]);
        }
        resource
    };
    let groups = resources::groups().into_iter().filter(|(group, _)| group.is_empty() == core);
    let items = groups.map(|(group, versions)| {
        let versions = versions.into_iter().map(|version| {
            let served = resources::ALL.iter().filter(|one| (one.group, one.version) == (group, version));
            let served: Vec<Value> = served.map(resource).collect();
            json!({ "version": version, "resources": served, "freshness": "Current" })
        });
        let versions: Vec<Value> = versions.collect();
        let mut item = json!({ "metadata": { "creationTimestamp": null }, "versions": versions });
        if !group.is_empty() {
            item["metadata"]["name"] = group.into();
        }
        item
    });
    let items: Vec<Value> = items.collect();
    json!({ "kind": "APIGroupDiscoveryList", "apiVersion": format!("apidiscovery.k8s.io/{version}"), "metadata": {},
        "items": items })
}

/// `/api`.
pub(super) fn core_versions() -> Value {
    json!({ "kind": "APIVersions", "versions": ["v1"],
        "serverAddressByClientCIDRs": [{ "clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1:6443" }] })
}

/// `/apis`.
pub(super) fn groups() -> Value {
    let groups =
        resources::groups().into_iter().filter(|(group, _)| !group.is_empty()).map(|(group, versions)| {
            let version =
                |version: &str| json!({ "groupVersion": format!("{group}/{version}"), "version": version });
            let all: Vec<Value> = versions.iter().map(|one| version(one)).collect();
            json!({ "name": group, "versions": all, "preferredVersion": version(versions[0]) })
        });
    let groups: Vec<Value> = groups.collect();
    json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups })
}

/// `/apis/group/version`; none where nothing is there.
pub(super) fn resources(group: &str, version: &str) -> Option<Value> {
    let served: Vec<&Served> =
        resources::ALL.iter().filter(|one| (one.group, one.version) == (group, version)).collect();
    let mut list = Vec::new();
    for one in &served {
        let mut resource = json!({ "name": one.plural, "singularName": one.singular, "namespaced": one.namespaced,
            "kind": one.kind, "verbs": VERBS, "storageVersionHash": "aaaaaaaaaaa=" });
        if !one.short.is_empty() {
            resource["shortNames"] = json!([one.short]);
        }
        list.push(resource);
        let name = format!("{}/status", one.plural);
        list.push(json!({ "name": name, "singularName": "", "namespaced": one.namespaced, "kind": one.kind,
            "verbs": ["get"] }));
    }
    let group_version = served.first()?.api_version();
    Some(
        json!({ "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": list }),
    )
}
