//! What a mapping's `selector` may say beside `query`, for each kind.

use portolan_ingestor_contract::{KindRequest, Settings, SourceError};
use portolan_schema::Code;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::repositories::Repository;

/// There are none.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Which repositories are meant. What is not said does not matter.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Filter {
    /// Whether archived ones are.
    #[serde(default)]
    archived: Option<bool>,
    /// Whether forks are.
    #[serde(default)]
    forks: Option<bool>,
    /// `public`, `private`, `internal`.
    #[serde(default)]
    visibility: Option<Vec<Visibility>>,
    /// Names or full names, in which `*` stands for anything.
    #[serde(default)]
    names: Option<Vec<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Visibility {
    Public,
    Private,
    Internal,
}

/// Whether an issue or a pull request is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum State {
    Open,
    Closed,
}

impl State {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

impl Filter {
    /// Whether a repository is meant; `archived` where the selector does not say.
    pub fn takes(&self, repository: &Repository, archived: bool) -> bool {
        let visibility = |known: &Vec<Visibility>| known.contains(&repository.visibility);
        (self.archived.unwrap_or(archived) || !repository.archived)
            && (self.forks.unwrap_or(true) || !repository.fork)
            && self.visibility.as_ref().is_none_or(visibility)
            && self.names.as_ref().is_none_or(|names| names.iter().any(|name| is_named(repository, name)))
    }
}

fn is_named(repository: &Repository, pattern: &str) -> bool {
    let name = match pattern.contains('/') {
        true => repository.full_name.as_str(),
        false => repository.full_name.split_once('/').map_or("", |(_, name)| name),
    };
    matches(&name.to_ascii_lowercase(), &pattern.to_ascii_lowercase())
}

/// Whether a text fits a pattern in which `*` stands for anything.
fn matches(text: &str, pattern: &str) -> bool {
    let Some((head, mut rest)) = pattern.split_once('*') else { return text == pattern };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    while let Some((part, after)) = rest.split_once('*') {
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
        rest = after;
    }
    text.ends_with(rest)
}

/// For kinds of which there is nothing to choose.
///
/// # Errors
/// `INVALID_MAPPING` where the selector says something.
pub(crate) fn nothing(request: &KindRequest) -> Result<(), SourceError> {
    match request.selector.keys().next() {
        None => Ok(()),
        Some(key) => {
            let message =
                format!("{}: selector/{key}: \"{key}\" is not known here; nothing is set here", request.kind);
            Err(SourceError::new(Code::InvalidMapping, message))
        }
    }
}

/// Reads the selector of a request.
///
/// # Errors
/// `INVALID_MAPPING` with everything that is wrong.
pub(crate) fn parse<T: DeserializeOwned + JsonSchema>(request: &KindRequest) -> Result<T, SourceError> {
    let settings = Settings::new(Value::Object(request.selector.clone()), json!({}));
    settings.parse::<T, Nothing>().map(|(selector, Nothing {})| selector).map_err(|problems| {
        let told: Vec<String> = problems
            .0
            .iter()
            .map(|problem| {
                let path = problem.path.as_str();
                format!("selector{}: {}", path.strip_prefix("/config").unwrap_or(path), problem.message)
            })
            .collect();
        SourceError::new(Code::InvalidMapping, format!("{}: {}", request.kind, told.join("; ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (text, pattern, expected) in [
            ("shop", "shop", true),
            ("shop", "shops", false),
            ("lib-a", "lib-*", true),
            ("a-lib", "lib-*", false),
            ("acme/lib-a", "acme/*-a", true),
            ("aba", "ab*ba", false),
            ("abxba", "a*x*a", true),
            ("anything", "*", true),
            ("", "*", true),
        ] {
            assert_eq!(matches(text, pattern), expected, "{text} {pattern}");
        }
    }
}
