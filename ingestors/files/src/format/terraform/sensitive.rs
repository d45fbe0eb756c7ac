//! Which values of a resource nobody else is to see: those that its state marks, and those that its state forgets to mark.
//!
//! Terraform wrote marks only for values that follow from sensitive variables before it wrote them for what providers call
//! sensitive as well. So attributes are also left out by their names, and some by the type of their resource.

use serde_json::{Map, Value};

/// An attribute that has one of these in its name, signs aside, holds a secret.
const NAMES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "privatepem",
    "credential",
    "authorization",
    "cookie",
    "connectionstring",
    "kubeconfig",
    "clientkey",
    "encryptionkey",
    "sharedkey",
    "masterkey",
    "primarykey",
    "secondarykey",
];
/// Attributes that hold secrets under harmless names, by type of resource.
const TYPES: &[(&str, &[&str])] = &[
    ("aws_ecs_task_definition", &["container_definitions"]),
    ("aws_iam_access_key", &["secret", "ses_smtp_password_v4"]),
    ("aws_instance", &["user_data", "user_data_base64"]),
    ("aws_lambda_function", &["environment"]),
    ("aws_launch_template", &["user_data"]),
    ("aws_ssm_parameter", &["value", "insecure_value"]),
    ("azurerm_key_vault_secret", &["value"]),
    ("external", &["result", "query"]),
    ("google_secret_manager_secret_version", &["secret_data"]),
    ("helm_release", &["values", "set", "set_list", "set_sensitive", "metadata", "manifest"]),
    ("kubernetes_config_map", &["data", "binary_data"]),
    ("kubernetes_config_map_v1", &["data", "binary_data"]),
    ("kubernetes_secret", &["data", "binary_data"]),
    ("kubernetes_secret_v1", &["data", "binary_data"]),
    ("local_file", &["content", "content_base64", "sensitive_content"]),
    ("local_sensitive_file", &["content", "content_base64"]),
    ("null_resource", &["triggers"]),
    ("random_bytes", &["base64", "hex"]),
    ("random_password", &["result", "bcrypt_hash"]),
    ("terraform_data", &["input", "output", "triggers_replace"]),
    ("terraform_remote_state", &["outputs", "config", "defaults"]),
    ("tls_private_key", &["private_key_pem", "private_key_openssh", "private_key_pem_pkcs8"]),
    ("vault_generic_secret", &["data", "data_json"]),
    ("vault_kv_secret_v2", &["data", "data_json"]),
];

/// Takes out of the attributes of a resource what is sensitive. `marks` are paths as a state has them
/// (`sensitive_attributes`); of a path that makes no sense everything is taken out that it can mean.
pub(super) fn remove(kind: &str, marks: &Value, attributes: &mut Map<String, Value>) {
    match marks {
        Value::Null => {}
        Value::Array(paths) => paths.iter().for_each(|path| remove_marked(path, attributes)),
        _ => attributes.clear(),
    }
    if let Some((_, names)) = TYPES.iter().find(|(name, _)| *name == kind) {
        attributes.retain(|name, _| !names.contains(&name.as_str()));
    }
    remove_named(attributes);
}

fn remove_marked(path: &Value, attributes: &mut Map<String, Value>) {
    let Some((first, rest)) = path.as_array().and_then(|steps| steps.split_first()) else {
        attributes.clear();
        return;
    };
    let Some(name) = key(first) else {
        attributes.clear();
        return;
    };
    let gone = match attributes.get_mut(&name) {
        Some(value) => !rest.is_empty() && remove_below(rest, value),
        None => true,
    };
    if !gone {
        attributes.remove(&name);
    }
}

/// Whether the end of the path was found, and what is there taken out.
fn remove_below(path: &[Value], value: &mut Value) -> bool {
    let Some((first, rest)) = path.split_first() else { return false };
    let (name, number) = (key(first), position(first));
    let inner = match (&mut *value, name, number) {
        (Value::Object(entries), Some(name), _) => {
            if !entries.contains_key(&name) {
                // Nothing is there to be hidden.
                return true;
            }
            let is_found =
                !rest.is_empty() && entries.get_mut(&name).is_some_and(|inner| remove_below(rest, inner));
            if !is_found {
                entries.remove(&name);
            }
            return true;
        }
        (Value::Array(items), _, Some(number)) => items.get_mut(number),
        // The elements of a set have no place, and an empty value hides nothing.
        (Value::Null, ..) => return true,
        _ => return false,
    };
    match inner {
        Some(inner) => {
            if rest.is_empty() || !remove_below(rest, inner) {
                *inner = Value::Null;
            }
            true
        }
        None => false,
    }
}

/// `{"type": "get_attr", "value": "name"}`, or an index that is a text.
fn key(step: &Value) -> Option<String> {
    let value = &step["value"];
    value.as_str().or_else(|| value["value"].as_str()).map(ToOwned::to_owned)
}

/// `{"type": "index", "value": {"value": 0, "type": "number"}}`.
fn position(step: &Value) -> Option<usize> {
    let value = &step["value"];
    let number = value.as_u64().or_else(|| value["value"].as_u64())?;
    usize::try_from(number).ok()
}

/// At any depth, where the value is no empty one and no truth: `manage_master_user_password: true` hides nothing.
fn remove_named(entries: &mut Map<String, Value>) {
    entries.retain(|name, value| {
        let harmless = matches!(value, Value::Null | Value::Bool(_));
        harmless || !is_secret(name)
    });
    entries.values_mut().for_each(remove_inside);
}

fn remove_inside(value: &mut Value) {
    match value {
        Value::Object(entries) => remove_named(entries),
        Value::Array(items) => items.iter_mut().for_each(remove_inside),
        _ => {}
    }
}

fn is_secret(name: &str) -> bool {
    let plain: String =
        name.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    NAMES.iter().any(|word| plain.contains(word))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(kind: &str, marks: Value, mut attributes: Value, expected: Value) {
        let entries = attributes.as_object_mut().expect("attributes");
        remove(kind, &marks, entries);
        assert_eq!(attributes, expected, "{marks}");
    }

    fn attr(name: &str) -> Value {
        json!({"type": "get_attr", "value": name})
    }

    fn at(value: Value) -> Value {
        let kind = if value.is_number() { "number" } else { "string" };
        json!({"type": "index", "value": {"value": value, "type": kind}})
    }

    #[test]
    fn what_a_state_marks_is_gone() {
        let some = || json!({"a": "x", "map": {"k": "x", "l": 1}, "list": [{"v": "x", "w": 1}, {"v": "y"}]});
        check("t", json!([]), some(), some());
        check("t", json!([[attr("a")]]), some(), json!({"map": some()["map"], "list": some()["list"]}));
        check(
            "t",
            json!([[attr("a")], [attr("map"), at(json!("k"))], [attr("list"), at(json!(0)), attr("v")]]),
            some(),
            json!({"map": {"l": 1}, "list": [{"w": 1}, {"v": "y"}]}),
        );
        check(
            "t",
            json!([[attr("list"), at(json!(1))]]),
            some(),
            json!({"a": "x", "map": some()["map"],
            "list": [{"v": "x", "w": 1}, null]}),
        );
        // The path ends in what is no place: all of it goes.
        check(
            "t",
            json!([[attr("list"), at(json!(7)), attr("v")]]),
            some(),
            json!({"a": "x", "map": some()["map"]}),
        );
        let in_a_set =
            json!([[attr("list"), {"type": "index", "value": {"value": {"v": "x"}, "type": "object"}}]]);
        check("t", in_a_set, some(), json!({"a": "x", "map": some()["map"]}));
        check(
            "t",
            json!([[attr("a"), attr("b")]]),
            some(),
            json!({"map": some()["map"], "list": some()["list"]}),
        );
        check("t", json!([[attr("none")], [attr("map"), attr("none")]]), some(), some());
        for odd in [json!({"a": true}), json!(["a"]), json!([[]]), json!([[{"type": "splat"}]])] {
            check("t", odd, some(), json!({}));
        }
    }

    #[test]
    fn what_a_state_forgets_to_mark_is_gone_too() {
        check(
            "aws_db_instance",
            json!([]),
            json!({"id": "db", "password": "x", "manage_master_user_password": true, "master_user_secret": [{"x": 1}],
                "nested": [{"api-key": "x", "ok": 1}], "secret_token": null}),
            json!({"id": "db", "manage_master_user_password": true, "nested": [{"ok": 1}], "secret_token": null}),
        );
        check(
            "random_password",
            json!([]),
            json!({"id": "none", "result": "x", "length": 8}),
            json!({"id": "none", "length": 8}),
        );
        check("aws_ssm_parameter", json!([]), json!({"name": "/a", "value": "x"}), json!({"name": "/a"}));
        check("null_resource", json!([]), json!({"id": "1", "triggers": {"a": "x"}}), json!({"id": "1"}));
    }
}
