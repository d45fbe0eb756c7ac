//! What the GitHub ingestor says of itself, and the blueprints and mapping that ship with it.

use portolan_ingestor_contract::{Descriptor, Live, schema_of};
use serde_json::Value;

use crate::kinds;
use crate::settings::{Config, Keys};

const BLUEPRINTS: [&str; 11] = [
    include_str!("../defaults/blueprints/github-organization.yaml"),
    include_str!("../defaults/blueprints/github-repository.yaml"),
    include_str!("../defaults/blueprints/github-user.yaml"),
    include_str!("../defaults/blueprints/github-team.yaml"),
    include_str!("../defaults/blueprints/github-pull-request.yaml"),
    include_str!("../defaults/blueprints/github-issue.yaml"),
    include_str!("../defaults/blueprints/github-release.yaml"),
    include_str!("../defaults/blueprints/github-workflow.yaml"),
    include_str!("../defaults/blueprints/github-workflow-run.yaml"),
    include_str!("../defaults/blueprints/github-environment.yaml"),
    include_str!("../defaults/blueprints/github-deployment.yaml"),
];
const MAPPING: &str = include_str!("../defaults/mapping.yaml");

pub(crate) fn descriptor() -> Descriptor {
    Descriptor {
        name: "github",
        title: "GitHub",
        kinds: kinds::ALL.to_vec(),
        permissions: vec![
            "read:org (classic token)",
            "Metadata: read (fine-grained token, App), for the organization's repositories",
        ],
        config_schema: schema_of::<Config>(),
        secrets_schema: schema_of::<Keys>(),
        default_mapping: shipped(MAPPING),
        default_blueprints: BLUEPRINTS.iter().map(|text| shipped(text)).collect(),
        live: Live { deliveries: true, follows: false },
    }
}

/// A file of this crate. That each is well-formed is what the conformance suite checks first.
fn shipped(text: &str) -> Value {
    serde_norway::from_str(text).unwrap_or_default()
}
