//! The kinds that the default mapping reads, and how any other resource is named in a mapping.

use portolan_ingestor_contract::KindDescription;

/// The cluster itself, which no list has.
pub(crate) const CLUSTER: KindDescription = KindDescription {
    name: "cluster",
    title: "Cluster",
    description: "The cluster: its name, and the answer of /version below version.",
    permissions: &["get /version (the ClusterRole system:public-info-viewer, which everybody has)"],
};

/// In the order in which they are read. Names are plurals as `kubectl get` takes them.
pub(crate) const ALL: [KindDescription; 11] = [
    CLUSTER,
    KindDescription {
        name: "nodes",
        title: "Nodes",
        description: "A node, as kubectl prints it (v1/nodes).",
        permissions: &["list nodes", "watch nodes"],
    },
    KindDescription {
        name: "namespaces",
        title: "Namespaces",
        description: "A namespace (v1/namespaces); of those named in the settings only, where there are any.",
        permissions: &["list namespaces", "watch namespaces"],
    },
    KindDescription {
        name: "deployments",
        title: "Deployments",
        description: "A deployment (apps/v1/deployments). Values of environment variables are left out.",
        permissions: &["list deployments.apps", "watch deployments.apps"],
    },
    KindDescription {
        name: "statefulsets",
        title: "Stateful sets",
        description: "A stateful set (apps/v1/statefulsets). Values of environment variables are left out.",
        permissions: &["list statefulsets.apps", "watch statefulsets.apps"],
    },
    KindDescription {
        name: "daemonsets",
        title: "Daemon sets",
        description: "A daemon set (apps/v1/daemonsets). Values of environment variables are left out.",
        permissions: &["list daemonsets.apps", "watch daemonsets.apps"],
    },
    KindDescription {
        name: "cronjobs",
        title: "Cron jobs",
        description: "A cron job (batch/v1/cronjobs). Values of environment variables are left out.",
        permissions: &["list cronjobs.batch", "watch cronjobs.batch"],
    },
    KindDescription {
        name: "jobs",
        title: "Jobs",
        description: "A job (batch/v1/jobs), with its cron job as __Owner and __Workload. Values of environment variables \
            are left out.",
        permissions: &["list jobs.batch", "watch jobs.batch"],
    },
    KindDescription {
        name: "pods",
        title: "Pods",
        description: "A pod (v1/pods), with what controls it as __Owner and the workload behind that, past replica sets and \
            jobs, as __Workload. Values of environment variables are left out.",
        permissions: &[
            "list pods",
            "watch pods",
            "get replicasets.apps (optional, for __Workload)",
            "list replicasets.apps (optional, for __Workload)",
            "get jobs.batch (optional, for __Workload)",
            "list jobs.batch (optional, for __Workload)",
        ],
    },
    KindDescription {
        name: "services",
        title: "Services",
        description: "A service (v1/services).",
        permissions: &["list services", "watch services"],
    },
    KindDescription {
        name: "ingresses",
        title: "Ingresses",
        description: "An ingress (networking.k8s.io/v1/ingresses).",
        permissions: &["list ingresses.networking.k8s.io", "watch ingresses.networking.k8s.io"],
    },
];

/// How a mapping names a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KindName<'a> {
    /// `apps/v1/deployments`, `v1/pods` (whose group is empty).
    Full { group: &'a str, version: &'a str, plural: &'a str },
    /// `deployments.apps`, `deployments.v1.apps`: whichever of the two readings exists.
    Dotted { plural: &'a str, rest: &'a str },
    /// `pods`.
    Plain(&'a str),
}

impl<'a> KindName<'a> {
    /// None where nothing in Kubernetes can be called so.
    pub fn parse(name: &'a str) -> Option<Self> {
        let part = |text: &str| {
            let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
            !text.is_empty() && text.chars().all(allowed) && !text.contains("..")
        };
        let parts: Vec<&str> = name.split('/').collect();
        if !parts.iter().all(|text| part(text)) {
            return None;
        }
        match parts.as_slice() {
            [version, plural] => Some(Self::Full { group: "", version, plural }),
            [group, version, plural] => Some(Self::Full { group, version, plural }),
            [one] => Some(match one.split_once('.') {
                Some((plural, rest)) => Self::Dotted { plural, rest },
                None => Self::Plain(one),
            }),
            _ => None,
        }
    }
}

/// The API group of a resource of the default mapping: its plain name means this group's, whatever else a cluster has.
pub(crate) fn group_of(plural: &str) -> Option<&'static str> {
    Some(match plural {
        "nodes" | "namespaces" | "pods" | "services" => "",
        "deployments" | "statefulsets" | "daemonsets" => "apps",
        "cronjobs" | "jobs" => "batch",
        "ingresses" => "networking.k8s.io",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_people_write_them() {
        let full = |group, version, plural| Some(KindName::Full { group, version, plural });
        for (name, expected) in [
            ("pods", Some(KindName::Plain("pods"))),
            ("v1/pods", full("", "v1", "pods")),
            ("apps/v1/deployments", full("apps", "v1", "deployments")),
            ("networking.k8s.io/v1/ingresses", full("networking.k8s.io", "v1", "ingresses")),
            ("deployments.apps", Some(KindName::Dotted { plural: "deployments", rest: "apps" })),
            ("widgets.v1.example.com", Some(KindName::Dotted { plural: "widgets", rest: "v1.example.com" })),
            ("Pod", None),
            ("", None),
            ("v1/../pods", None),
            ("v1/pods?x=1", None),
            ("a/b/c/d", None),
            ("/pods", None),
        ] {
            assert_eq!(KindName::parse(name), expected, "{name}");
        }
    }

    #[test]
    fn every_listed_kind_has_its_group() {
        for kind in &ALL[1..] {
            let group = group_of(kind.name).unwrap();
            let resource =
                if group.is_empty() { kind.name.to_owned() } else { format!("{}.{group}", kind.name) };
            assert_eq!(kind.permissions[..2], [format!("list {resource}"), format!("watch {resource}")]);
        }
    }
}
