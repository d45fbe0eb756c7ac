//! Selectors of labels and fields.

use serde_json::Value;

/// Fields that can be selected by, for every resource: more than an API server knows for most.
const FIELDS: [(&str, &str); 4] = [
    ("metadata.name", "/metadata/name"),
    ("metadata.namespace", "/metadata/namespace"),
    ("spec.nodeName", "/spec/nodeName"),
    ("status.phase", "/status/phase"),
];

/// What an object's label or field has to be.
enum Rule {
    Is { at: String, values: Vec<String> },
    IsNot { at: String, values: Vec<String> },
    Exists { at: String },
    IsMissing { at: String },
}

/// Both selectors of a request.
#[derive(Default)]
pub(super) struct Selector {
    labels: Vec<Rule>,
    fields: Vec<Rule>,
}

impl Selector {
    /// # Errors
    /// What an API server says of a selector that it cannot read.
    pub fn parse(labels: &str, fields: &str) -> Result<Self, String> {
        let labels = parts(labels).into_iter().map(rule).collect::<Option<_>>();
        let labels = labels.ok_or("unable to parse requirement: found '', expected: identifier")?;
        let mut selector = Self { labels, fields: Vec::new() };
        for part in parts(fields) {
            let rule = rule(part).ok_or_else(|| format!("invalid field selector \"{part}\""))?;
            let (Rule::Is { at, .. } | Rule::IsNot { at, .. } | Rule::Exists { at } | Rule::IsMissing { at }) =
                &rule;
            if !FIELDS.iter().any(|(name, _)| name == at) {
                return Err(format!("field label not supported: {at}"));
            }
            selector.fields.push(rule);
        }
        Ok(selector)
    }

    pub fn matches(&self, object: &Value) -> bool {
        let label = |key: &str| object["metadata"]["labels"][key].as_str();
        let field = |key: &str| {
            let pointer = FIELDS.iter().find(|(name, _)| *name == key).map_or("", |(_, pointer)| pointer);
            Some(object.pointer(pointer).and_then(Value::as_str).unwrap_or_default())
        };
        self.labels.iter().all(|rule| rule.holds(label)) && self.fields.iter().all(|rule| rule.holds(field))
    }
}

impl Rule {
    fn holds<'v>(&self, value: impl Fn(&str) -> Option<&'v str>) -> bool {
        match self {
            Self::Is { at, values } => value(at).is_some_and(|found| values.iter().any(|one| one == found)),
            Self::IsNot { at, values } => value(at).is_none_or(|found| values.iter().all(|one| one != found)),
            Self::Exists { at } => value(at).is_some(),
            Self::IsMissing { at } => value(at).is_none(),
        }
    }
}

/// Splits at commas outside of parentheses.
fn parts(text: &str) -> Vec<&str> {
    let mut depth = 0;
    let separate = move |c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    };
    text.split(separate).map(str::trim).filter(|part| !part.is_empty()).collect()
}

fn rule(part: &str) -> Option<Rule> {
    let values = |text: &str| {
        let inner = text.trim().strip_prefix('(')?.strip_suffix(')')?;
        Some(inner.split(',').map(|value| value.trim().to_owned()).collect())
    };
    let key = |text: &str| Some(text.trim().to_owned()).filter(|key| !key.is_empty() && !key.contains(' '));
    if let Some((at, rest)) = part.split_once(" notin ") {
        return Some(Rule::IsNot { at: key(at)?, values: values(rest)? });
    }
    if let Some((at, rest)) = part.split_once(" in ") {
        return Some(Rule::Is { at: key(at)?, values: values(rest)? });
    }
    if let Some((at, value)) = part.split_once("!=") {
        return Some(Rule::IsNot { at: key(at)?, values: vec![value.trim().to_owned()] });
    }
    if let Some((at, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return Some(Rule::Is { at: key(at)?, values: vec![value.trim().to_owned()] });
    }
    match part.strip_prefix('!') {
        Some(at) => Some(Rule::IsMissing { at: key(at)? }),
        None => Some(Rule::Exists { at: key(part)? }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn selectors_are_kubernetes_s() {
        let object = json!({ "metadata": { "name": "web", "labels": { "app": "web", "tier": "gold" } },
            "status": { "phase": "Running" } });
        for (labels, fields, expected) in [
            ("", "", Ok(true)),
            ("app=web,tier in (gold, silver)", "", Ok(true)),
            ("app==web,tier notin (gold)", "", Ok(false)),
            ("app!=db,!gone,tier", "metadata.name=web,status.phase!=Failed", Ok(true)),
            ("gone", "", Ok(false)),
            ("gone!=x", "", Ok(true)),
            ("", "metadata.name=db", Ok(false)),
            ("a b", "", Err(())),
            ("", "spec.replicas=3", Err(())),
        ] {
            let found =
                Selector::parse(labels, fields).map(|selector| selector.matches(&object)).map_err(drop);
            assert_eq!(found, expected, "{labels} {fields}");
        }
    }
}
