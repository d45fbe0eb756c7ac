//! What the AWS ingestor says of itself, and the blueprints and mapping that ship with it.

use portolan_ingestor_contract::{Descriptor, Live, schema_of};
use serde_json::Value;

use crate::kinds;
use crate::settings::{Config, Keys};

const BLUEPRINTS: [&str; 6] = [
    include_str!("../defaults/blueprints/aws-account.yaml"),
    include_str!("../defaults/blueprints/aws-region.yaml"),
    include_str!("../defaults/blueprints/s3-bucket.yaml"),
    include_str!("../defaults/blueprints/ec2-instance.yaml"),
    include_str!("../defaults/blueprints/lambda-function.yaml"),
    include_str!("../defaults/blueprints/rds-instance.yaml"),
];
const MAPPING: &str = include_str!("../defaults/mapping.yaml");

pub(crate) fn descriptor() -> Descriptor {
    Descriptor {
        name: "aws",
        title: "Amazon Web Services",
        kinds: kinds::ALL.to_vec(),
        permissions: vec!["sts:GetCallerIdentity (always allowed)", "sts:AssumeRole (where a role is given)"],
        config_schema: schema_of::<Config>(),
        secrets_schema: schema_of::<Keys>(),
        default_mapping: shipped(MAPPING),
        default_blueprints: BLUEPRINTS.iter().map(|text| shipped(text)).collect(),
        live: Live::default(),
    }
}

/// A file of this crate. That each is well-formed is what the conformance suite checks first.
fn shipped(text: &str) -> Value {
    serde_norway::from_str(text).unwrap_or_default()
}
