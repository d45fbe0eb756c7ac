//! What the Kubernetes ingestor says of itself, and the blueprints and mapping that ship with it.

use portolan_ingestor_contract::{Descriptor, Live, schema_of};
use serde_json::Value;

use crate::kinds;
use crate::settings::{Config, Keys};

const BLUEPRINTS: [&str; 7] = [
    include_str!("../defaults/blueprints/k8s-cluster.yaml"),
    include_str!("../defaults/blueprints/k8s-node.yaml"),
    include_str!("../defaults/blueprints/k8s-namespace.yaml"),
    include_str!("../defaults/blueprints/k8s-workload.yaml"),
    include_str!("../defaults/blueprints/k8s-pod.yaml"),
    include_str!("../defaults/blueprints/k8s-service.yaml"),
    include_str!("../defaults/blueprints/k8s-ingress.yaml"),
];
const MAPPING: &str = include_str!("../defaults/mapping.yaml");

pub(crate) fn descriptor() -> Descriptor {
    Descriptor {
        name: "kubernetes",
        title: "Kubernetes",
        kinds: kinds::ALL.to_vec(),
        permissions: vec!["discovery (the ClusterRole system:discovery, which every authenticated user has)"],
        config_schema: schema_of::<Config>(),
        secrets_schema: schema_of::<Keys>(),
        default_mapping: shipped(MAPPING),
        default_blueprints: BLUEPRINTS.iter().map(|text| shipped(text)).collect(),
        live: Live { follows: true, ..Live::default() },
    }
}

/// A file of this crate. That each is well-formed is what the conformance suite checks first.
fn shipped(text: &str) -> Value {
    serde_norway::from_str(text).unwrap_or_default()
}
