//! References to entities: `[kind:][namespace/]name`, in lower case, since Backstage compares them so.

use std::fmt;

/// Where an entity is whose descriptor says nothing of that.
pub(super) const DEFAULT_NAMESPACE: &str = "default";

/// A whole reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    pub kind: String,
    pub namespace: String,
    pub name: String,
}

impl Reference {
    pub fn new(kind: &str, namespace: &str, name: &str) -> Self {
        let [kind, namespace, name] = [kind, namespace, name].map(str::to_lowercase);
        Self { kind, namespace, name }
    }

    /// Reads a reference that an entity makes; where it has no kind it is of `kind`, and without a namespace of
    /// `namespace`. None where it makes no sense, or has no kind and none is usual.
    pub fn parse(text: &str, kind: Option<&str>, namespace: &str) -> Option<Self> {
        let (own_kind, rest) = match text.trim().split_once(':') {
            Some((kind, rest)) => (Some(kind), rest),
            None => (None, text.trim()),
        };
        let (own_namespace, name) = match rest.split_once('/') {
            Some((namespace, name)) => (Some(namespace), name),
            None => (None, rest),
        };
        let parts = [own_kind.or(kind)?, own_namespace.unwrap_or(namespace), name];
        let is_part = |part: &&str| {
            !part.is_empty() && !part.contains([':', '/']) && !part.contains(char::is_whitespace)
        };
        parts.iter().all(is_part).then(|| Self::new(parts[0], parts[1], parts[2]))
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}/{}", self.kind, self.namespace, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_completed() {
        for (text, kind, expected) in [
            ("team-a", Some("Group"), Some("group:shop/team-a")),
            ("User:ada", Some("Group"), Some("user:shop/ada")),
            ("default/Team-A", Some("Group"), Some("group:default/team-a")),
            (" api:other/pets ", None, Some("api:other/pets")),
            ("pets", None, None),
            ("", Some("Group"), None),
            ("a:b:c", None, None),
            ("a:b/c/d", None, None),
            ("component:", None, None),
            ("team a", Some("Group"), None),
        ] {
            let found = Reference::parse(text, kind, "shop").map(|found| found.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
