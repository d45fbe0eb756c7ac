//! The resources that the stand-in serves.

/// One of them, as discovery tells it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Served {
    pub group: &'static str,
    pub version: &'static str,
    pub plural: &'static str,
    pub singular: &'static str,
    pub kind: &'static str,
    pub short: &'static str,
    pub namespaced: bool,
}

impl Served {
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// `pods`, `deployments.apps`.
    pub fn name(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }
}

const fn served(
    group: &'static str,
    version: &'static str,
    plural: &'static str,
    singular: &'static str,
    kind: &'static str,
    short: &'static str,
    namespaced: bool,
) -> Served {
    Served { group, version, plural, singular, kind, short, namespaced }
}

/// All of them. `widgets` is somebody's own, in two versions of which the older one comes last.
pub(super) const ALL: &[Served] = &[
    served("", "v1", "configmaps", "configmap", "ConfigMap", "cm", true),
    served("", "v1", "namespaces", "namespace", "Namespace", "ns", false),
    served("", "v1", "nodes", "node", "Node", "no", false),
    served("", "v1", "pods", "pod", "Pod", "po", true),
    served("", "v1", "secrets", "secret", "Secret", "", true),
    served("", "v1", "services", "service", "Service", "svc", true),
    served("apps", "v1", "daemonsets", "daemonset", "DaemonSet", "ds", true),
    served("apps", "v1", "deployments", "deployment", "Deployment", "deploy", true),
    served("apps", "v1", "replicasets", "replicaset", "ReplicaSet", "rs", true),
    served("apps", "v1", "statefulsets", "statefulset", "StatefulSet", "sts", true),
    served("batch", "v1", "cronjobs", "cronjob", "CronJob", "cj", true),
    served("batch", "v1", "jobs", "job", "Job", "", true),
    served("networking.k8s.io", "v1", "ingresses", "ingress", "Ingress", "ing", true),
    served("example.com", "v1", "widgets", "widget", "Widget", "wd", true),
    served("example.com", "v1alpha1", "gadgets", "gadget", "Gadget", "", false),
];

/// Finds one by its place in the API.
pub(super) fn find(group: &str, version: &str, plural: &str) -> Option<&'static Served> {
    ALL.iter().find(|one| (one.group, one.version, one.plural) == (group, version, plural))
}

/// Groups with their versions, in order. The core group has no name.
pub(super) fn groups() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for one in ALL {
        match groups.iter_mut().find(|(group, _)| *group == one.group) {
            Some((_, versions)) if versions.contains(&one.version) => {}
            Some((_, versions)) => versions.push(one.version),
            None => groups.push((one.group, vec![one.version])),
        }
    }
    groups
}
