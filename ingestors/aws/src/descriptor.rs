//! What the AWS ingestor says of itself, and the blueprints and mapping that ship with it.

use portolan_ingestor_contract::{Descriptor, Live, schema_of};
use serde_json::Value;

use crate::kinds;
use crate::settings::{Config, Keys};

const BLUEPRINTS: [&str; 15] = [
    include_str!("../defaults/blueprints/aws-account.yaml"),
    include_str!("../defaults/blueprints/aws-region.yaml"),
    include_str!("../defaults/blueprints/s3-bucket.yaml"),
    include_str!("../defaults/blueprints/ec2-instance.yaml"),
    include_str!("../defaults/blueprints/lambda-function.yaml"),
    include_str!("../defaults/blueprints/rds-instance.yaml"),
    include_str!("../defaults/blueprints/dynamodb-table.yaml"),
    include_str!("../defaults/blueprints/sqs-queue.yaml"),
    include_str!("../defaults/blueprints/sns-topic.yaml"),
    include_str!("../defaults/blueprints/ecs-cluster.yaml"),
    include_str!("../defaults/blueprints/ecs-service.yaml"),
    include_str!("../defaults/blueprints/ecs-task-definition.yaml"),
    include_str!("../defaults/blueprints/eks-cluster.yaml"),
    include_str!("../defaults/blueprints/eks-node-group.yaml"),
    include_str!("../defaults/blueprints/iam-role.yaml"),
];
const MAPPING: &str = include_str!("../defaults/mapping.yaml");

pub(crate) fn descriptor() -> Descriptor {
    Descriptor {
        name: "aws",
        title: "Amazon Web Services",
        kinds: kinds::ALL.to_vec(),
        permissions: vec![
            "sts:GetCallerIdentity (always allowed)",
            "sts:AssumeRole (the key, on roleArn or, with accounts, on the role of that name in each)",
            "organizations:ListAccounts (the role, with accounts: [\"*\"])",
        ],
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::policy;

    const PAGE: &str = include_str!("../../../docs/ingestors/aws.md");

    /// The policy that the page gives to copy allows what the kinds need, and nothing else.
    #[test]
    fn the_documented_policy_is_what_the_kinds_need() {
        let (_, rest) = PAGE.split_once("```json").expect("the page has a policy");
        let (policy, _) = rest.split_once("```").expect("the policy ends");
        let policy: Value = serde_json::from_str(policy).expect("the policy is JSON");
        let allowed: Vec<&str> = policy["Statement"][0]["Action"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let descriptor = descriptor();
        let kinds: Vec<&str> = descriptor.kinds.iter().map(|kind| kind.name).collect();
        let made = policy::of(&Value::Null, &kinds);
        let needed: BTreeSet<&str> = made["Statement"][0]["Action"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(allowed.iter().copied().collect::<BTreeSet<_>>(), needed);
        assert_eq!(allowed.len(), needed.len(), "an action is named twice");
    }
}
