//! Which objects of a resource are read: the mapping's selector within what the settings allow.

use portolan_ingestor_contract::SourceError;
use portolan_schema::Code;
use serde_json::{Map, Value};

use crate::discovery::Resource;
use crate::settings::Config;

/// Keys of a selector beside `query`.
const KEYS: [&str; 3] = ["labelSelector", "fieldSelector", "namespaces"];

/// One list to read, and to watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    /// What the scope is known by in checkpoints: its namespace, or nothing.
    pub key: String,
    /// The namespace of the list; none for the whole cluster's.
    pub namespace: Option<String>,
    labels: Option<String>,
    fields: Option<String>,
}

impl Scope {
    /// The selectors as query parameters.
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        let both = [("labelSelector", &self.labels), ("fieldSelector", &self.fields)];
        both.into_iter().filter_map(|(name, text)| Some((name, text.clone()?))).collect()
    }

    /// ` in the namespace shop`, or nothing.
    pub fn place(&self) -> String {
        self.namespace.as_ref().map(|name| format!(" in the namespace {name}")).unwrap_or_default()
    }
}

/// The lists that make up a kind.
///
/// # Errors
/// `INVALID_MAPPING` where the selector is wrong.
pub(crate) fn scopes(
    resource: &Resource,
    selector: &Map<String, Value>,
    config: &Config,
) -> Result<Vec<Scope>, SourceError> {
    let wrong = |message: String| SourceError::new(Code::InvalidMapping, message);
    if let Some(key) = selector.keys().find(|key| !KEYS.contains(&key.as_str())) {
        let message =
            format!("the selector key \"{key}\" is not known; known are query, {}", KEYS.join(", "));
        return Err(wrong(message));
    }
    let text = |key: &str| match selector.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Some(_) => Err(wrong(format!("the selector's {key} is a string"))),
    };
    let (labels, fields) = (text("labelSelector")?, text("fieldSelector")?);
    let namespaces = match selector.get("namespaces") {
        None | Some(Value::Null) => config.namespaces.clone(),
        Some(Value::Array(names)) => {
            let names = names.iter().map(|name| name.as_str().filter(|name| is_namespace(name)));
            let Some(names) = names.collect::<Option<Vec<_>>>() else {
                return Err(wrong("the selector's namespaces are names of namespaces".to_owned()));
            };
            let mut chosen: Vec<String> = Vec::new();
            for name in names {
                if !config.namespaces.is_empty() && !config.namespaces.iter().any(|allowed| allowed == name) {
                    let message = format!("the settings do not have the selector's namespace {name}");
                    return Err(wrong(message));
                }
                if !chosen.iter().any(|before| before == name) {
                    chosen.push(name.to_owned());
                }
            }
            if chosen.is_empty() { config.namespaces.clone() } else { chosen }
        }
        Some(_) => return Err(wrong("the selector's namespaces are a list".to_owned())),
    };
    let is_list_of_namespaces = resource.group.is_empty() && resource.plural == "namespaces";
    if !resource.namespaced
        && !is_list_of_namespaces
        && selector.get("namespaces").is_some_and(Value::is_array)
    {
        return Err(wrong(format!("{} are in no namespace, so none can be selected", resource.name())));
    }
    if namespaces.is_empty() || (!resource.namespaced && !is_list_of_namespaces) {
        return Ok(vec![Scope { key: String::new(), namespace: None, labels, fields }]);
    }
    let scope = |name: String| match is_list_of_namespaces {
        true => {
            let own = format!("metadata.name={name}");
            let fields = Some(fields.as_ref().map_or(own.clone(), |fields| format!("{own},{fields}")));
            Scope { key: name, namespace: None, labels: labels.clone(), fields }
        }
        false => {
            Scope { key: name.clone(), namespace: Some(name), labels: labels.clone(), fields: fields.clone() }
        }
    };
    Ok(namespaces.into_iter().map(scope).collect())
}

fn is_namespace(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&name.len()) && name.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Scopes as `namespace?parameters`, or the error.
    #[track_caller]
    fn check(plural: &str, selector: Value, namespaces: &[&str], expected: Result<&[&str], &str>) {
        let resource = Resource {
            group: String::new(),
            version: "v1".into(),
            plural: plural.into(),
            kind: String::new(),
            namespaced: plural == "pods",
            verbs: Vec::new(),
            other_names: Vec::new(),
        };
        let config: Config = serde_json::from_value(json!({ "namespaces": namespaces })).unwrap();
        let found = scopes(&resource, selector.as_object().unwrap(), &config).map(|scopes| {
            let text = |scope: &Scope| {
                let parameters = scope.parameters().into_iter().map(|(key, value)| format!("{key}:{value}"));
                let parameters = parameters.collect::<Vec<_>>().join("&");
                format!("{}?{parameters}", scope.namespace.as_deref().unwrap_or("*"))
            };
            scopes.iter().map(text).collect::<Vec<_>>()
        });
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{selector}"),
            (Err(error), Err(part)) => {
                assert!(error.code == Code::InvalidMapping && error.message.contains(part), "{error}");
            }
            (found, expected) => panic!("{selector}: {found:?}, not {expected:?}"),
        }
    }

    #[test]
    fn selectors_choose_within_the_settings() {
        check("pods", json!({}), &[], Ok(&["*?"]));
        check(
            "pods",
            json!({ "labelSelector": "a=b,c in (d)", "fieldSelector": "status.phase=Running" }),
            &[],
            Ok(&["*?labelSelector:a=b,c in (d)&fieldSelector:status.phase=Running"]),
        );
        check("pods", json!({}), &["a", "b"], Ok(&["a?", "b?"]));
        check("pods", json!({ "namespaces": ["b", "b"] }), &["a", "b"], Ok(&["b?"]));
        check("pods", json!({ "namespaces": ["c"] }), &["a", "b"], Err("namespace c"));
        check("pods", json!({ "namespaces": ["c"] }), &[], Ok(&["c?"]));
        check("pods", json!({ "namespaces": ["../x"] }), &[], Err("names of namespaces"));
        check("pods", json!({ "namespaces": "a" }), &[], Err("a list"));
        check("pods", json!({ "labelSelector": ["a"] }), &[], Err("a string"));
        check("pods", json!({ "labels": "a" }), &[], Err("\"labels\" is not known"));
        check("nodes", json!({}), &["a"], Ok(&["*?"]));
        check("nodes", json!({ "namespaces": ["a"] }), &["a"], Err("no namespace"));
        check(
            "namespaces",
            json!({ "fieldSelector": "status.phase=Active" }),
            &["a", "b"],
            Ok(&[
                "*?fieldSelector:metadata.name=a,status.phase=Active",
                "*?fieldSelector:metadata.name=b,status.phase=Active",
            ]),
        );
    }
}
