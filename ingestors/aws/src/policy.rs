//! The least that AWS has to allow: IAM's policy document for the kinds that are read.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::accounts::LIST_ACCOUNTS;
use crate::kinds::{self, any, region};

/// The policy for the key or the role that reads the kinds with a configuration; null stands for the defaults.
pub(crate) fn of(config: &Value, kinds: &[&str]) -> Value {
    let holds_star = |key: &str| {
        let list = config.get(key).and_then(Value::as_array);
        list.is_some_and(|list| list.iter().any(|one| one == "*"))
    };
    let all_regions = config.get("regions").is_none_or(Value::is_null) || holds_star("regions");
    let mut actions = BTreeSet::new();
    for kind in kinds {
        let described = kinds::ALL.iter().find(|known| known.name == *kind);
        let needed = match described {
            Some(known) => known.permissions,
            None if any::is_type(kind) => any::PERMISSIONS,
            None => &[],
        };
        // Behind the action it says what it is for.
        actions.extend(needed.iter().filter_map(|said| said.split(' ').next()));
        if all_regions && kinds::is_regional(kind) {
            actions.extend(region::KIND.permissions);
        }
    }
    if holds_star("accounts") {
        actions.insert(LIST_ACCOUNTS);
    }
    if actions.is_empty() {
        // Allowed in any case; IAM takes no policy without an action.
        actions.insert("sts:GetCallerIdentity");
    }
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Sid": "PortolanReads", "Effect": "Allow", "Action": actions, "Resource": "*" }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(config: Value, kinds: &[&str], expected: &[&str]) {
        let policy = of(&config, kinds);
        assert_eq!(policy["Statement"][0]["Action"], json!(expected), "{config} {kinds:?}");
    }

    #[test]
    fn a_policy_has_what_the_kinds_need_and_no_more() {
        let named = json!({ "regions": ["eu-west-1"] });
        check(named.clone(), &["lambda-function"], &["lambda:ListFunctions", "lambda:ListTags"]);
        let regions = ["ec2:DescribeRegions", "lambda:ListFunctions", "lambda:ListTags"];
        check(json!({}), &["lambda-function"], &regions);
        check(Value::Null, &["lambda-function"], &regions);
        check(json!({ "regions": ["*"] }), &["lambda-function"], &regions);
        check(Value::Null, &["account"], &["iam:ListAccountAliases"]);
        check(
            json!({ "regions": ["eu-west-1"], "accounts": ["*"] }),
            &["account", "ec2-instance"],
            &["ec2:DescribeInstances", "iam:ListAccountAliases", "organizations:ListAccounts"],
        );
        let cloud_control = ["cloudformation:GetResource", "cloudformation:ListResources"];
        check(named, &["AWS::Logs::LogGroup", "AWS::SQS::Queue"], &cloud_control);
        check(Value::Null, &["AWS::IAM::User"], &cloud_control);
        check(Value::Null, &["no-such-kind"], &["sts:GetCallerIdentity"]);
    }
}
