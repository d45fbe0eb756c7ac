//! Checks a settings document against its struct's JSON Schema, so that all mistakes are told at once.

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{ValidationError, paths::Location};
use portolan_schema::{Code, Pointer, Problem, Problems};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::schema_of;

/// Parses `value`, which stands at `at` in the settings. Messages never repeat the value: it may be a secret.
pub(super) fn parse<T: DeserializeOwned + JsonSchema>(value: &Value, at: &Pointer) -> Result<T, Problems> {
    let schema = schema_of::<T>();
    let mut problems = Problems::default();
    match jsonschema::options().should_validate_formats(true).build(&schema) {
        Ok(validator) => {
            for error in validator.iter_errors(value) {
                problems.extend(explain(&error, &schema, at));
            }
        }
        // The suite in `conformance` keeps this from being shipped.
        Err(_) => problems.add(Code::Internal, at.clone(), "the ingestor's settings have no usable schema"),
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    // serde's own message may quote the value.
    serde_json::from_value(value.clone())
        .map_err(|_| Problem::new(Code::InvalidValue, at.clone(), "does not fit its description").into())
}

fn explain(error: &ValidationError<'_>, schema: &Value, at: &Pointer) -> Vec<Problem> {
    let path = at.join(&Pointer::from_text(error.instance_path().as_str()));
    let one = |code, message: String| vec![Problem::new(code, path.clone(), message)];
    match error.kind() {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let known = known_keys(schema, error.schema_path());
            let message = |key: &str| match known.as_str() {
                "" => format!("\"{key}\" is not known here; nothing is set here"),
                known => format!("\"{key}\" is not known here; known are {known}"),
            };
            let at_key = |key: &String| Problem::new(Code::UnknownField, path.key(key), message(key));
            unexpected.iter().map(at_key).collect()
        }
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            vec![Problem::new(Code::Required, path.key(name), format!("\"{name}\" is required"))]
        }
        Kind::Type { .. } => one(Code::WrongType, format!("is not of type {}", wanted(error, schema))),
        Kind::Pattern { pattern } => one(Code::InvalidValue, format!("does not match {pattern}")),
        Kind::Enum { options } => one(Code::InvalidValue, format!("is none of {options}")),
        Kind::Format { format } => one(Code::InvalidValue, format!("is not a valid {format}")),
        Kind::MinLength { limit } => one(Code::InvalidValue, format!("is shorter than {limit} characters")),
        Kind::MaxLength { limit } => one(Code::TooLong, format!("is longer than {limit} characters")),
        Kind::MinItems { limit } => one(Code::InvalidValue, format!("has fewer than {limit} items")),
        Kind::MaxItems { limit } => one(Code::TooManyItems, format!("has more than {limit} items")),
        Kind::UniqueItems => one(Code::InvalidValue, "has an item twice".to_owned()),
        other => one(Code::InvalidValue, format!("breaks the rule \"{}\"", other.keyword())),
    }
}

/// The value of the keyword that refused, e.g. `string` or `["string","null"]`.
fn wanted(error: &ValidationError<'_>, schema: &Value) -> String {
    let names: Vec<&str> = match schema.pointer(error.schema_path().as_str()) {
        Some(Value::String(name)) => vec![name.as_str()],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    names.into_iter().filter(|name| *name != "null").collect::<Vec<_>>().join(" or ")
}

/// The keys of `properties` beside the `additionalProperties` keyword at `location`.
fn known_keys(schema: &Value, location: &Location) -> String {
    let holder = location.as_str().rsplit_once('/').map_or("", |(holder, _)| holder);
    let properties = schema.pointer(holder).and_then(|holder| holder.get("properties"));
    let keys = properties.and_then(Value::as_object).into_iter().flat_map(|map| map.keys());
    keys.map(|key| format!("\"{key}\"")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;
    use serde::Deserialize;
    use serde_json::json;

    use crate::Settings;

    #[derive(Debug, Deserialize, schemars::JsonSchema)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Config {
        #[allow(dead_code)]
        #[schemars(length(min = 1))]
        regions: Vec<String>,
        #[allow(dead_code)]
        page_size: Option<u32>,
    }

    #[derive(Debug, Deserialize, schemars::JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Keys {
        #[allow(dead_code)]
        #[schemars(with = "String")]
        token: SecretString,
    }

    #[track_caller]
    fn check(config: serde_json::Value, secrets: serde_json::Value, expected: &[&str]) {
        let found = match Settings::new(config, secrets).parse::<Config, Keys>() {
            Ok(_) => Vec::new(),
            Err(problems) => problems.0.iter().map(|p| format!("{} {}", p.code, p.path)).collect::<Vec<_>>(),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn every_mistake_has_its_place() {
        check(json!({ "regions": ["a"], "pageSize": null }), json!({ "token": "t" }), &[]);
        check(json!({}), json!({}), &["REQUIRED /config/regions", "REQUIRED /secrets/token"]);
        check(json!([]), json!("x"), &["WRONG_TYPE /config", "WRONG_TYPE /secrets"]);
        check(
            json!({ "regions": [1], "region": "a", "pageSize": "many" }),
            json!({ "token": 5, "a/b": 1 }),
            &[
                "WRONG_TYPE /config/regions/0",
                "WRONG_TYPE /config/pageSize",
                "UNKNOWN_FIELD /config/region",
                "WRONG_TYPE /secrets/token",
                "UNKNOWN_FIELD /secrets/a~1b",
            ],
        );
        check(json!({ "regions": [] }), json!({ "token": "t" }), &["INVALID_VALUE /config/regions"]);
    }

    #[test]
    fn secrets_are_not_told() {
        let settings = Settings::new(json!({ "regions": ["a"] }), json!({ "token": ["hunter2"] }));
        let problems = settings.parse::<Config, Keys>().expect_err("a list is not a token");
        assert!(!problems.to_string().contains("hunter2"), "{problems}");
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}
