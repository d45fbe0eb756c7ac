//! Raw payloads that are recorded: few, small, and without what looks like a secret.

use serde_json::Value;

/// Payloads recorded of a kind in a run.
pub(crate) const MAX_PAYLOADS: usize = 5;
/// Largest payload that is recorded, in bytes of JSON.
const MAX_BYTES: usize = 32 << 10;
const MASK: &str = "***";
/// A key that has one of these in it, signs aside, names a secret.
const SECRET: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "credential",
    "authorization",
    "cookie",
    "connectionstring",
];

/// The first payloads that are small enough, masked.
pub(crate) fn record(items: &[Value]) -> Vec<Value> {
    let small = items.iter().filter(|item| item.to_string().len() <= MAX_BYTES);
    small.take(MAX_PAYLOADS).map(mask).collect()
}

fn mask(value: &Value) -> Value {
    match value {
        Value::Object(entries) => {
            let masked = entries.iter().map(|(key, value)| {
                let value = if is_secret(key) && is_text(value) { Value::from(MASK) } else { mask(value) };
                (key.clone(), value)
            });
            Value::Object(masked.collect())
        }
        Value::Array(items) => items.iter().map(mask).collect(),
        other => other.clone(),
    }
}

/// A text, or a list of texts.
fn is_text(value: &Value) -> bool {
    match value {
        Value::String(_) => true,
        Value::Array(items) => !items.is_empty() && items.iter().all(Value::is_string),
        _ => false,
    }
}

fn is_secret(key: &str) -> bool {
    let plain: String =
        key.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    SECRET.iter().any(|word| plain.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_masked_and_large_payloads_left_out() {
        let item = json!({"Name": "a", "Environment": {"Variables": {"DB_PASSWORD": "x", "DB_HOST": "h"}},
            "tokens": ["a"], "secretsCount": 3, "nested": [{"api-key": "k"}]});
        let items = vec![json!({"big": "x".repeat(40_000)}), item];
        let expected = json!({"Name": "a", "Environment": {"Variables": {"DB_PASSWORD": "***", "DB_HOST": "h"}},
            "tokens": "***", "secretsCount": 3, "nested": [{"api-key": "***"}]});
        assert_eq!(record(&items), [expected]);
        assert_eq!(record(&vec![json!(1); 9]).len(), MAX_PAYLOADS);
    }
}
