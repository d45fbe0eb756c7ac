//! Identifiers: which characters and lengths they may have (port-api.md 1.1, 1.2, 2.1).

use crate::{Code, Pointer, Problem, system};

/// Longest blueprint, property or relation identifier, in characters.
pub const MAX_SHORT: usize = 100;
/// Longest entity identifier, in characters.
pub const MAX_ENTITY: usize = 1000;

/// What an identifier names; decides its alphabet and length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Blueprint,
    Property,
    Relation,
    Entity,
    /// An entity of the blueprint `_user`, which has all characters that an e-mail address may have (RFC 5322, `atext`).
    Person,
    Integration,
}

impl Kind {
    /// Of the entities of this blueprint.
    pub fn of_entity(blueprint: &str) -> Self {
        if blueprint == system::USER { Kind::Person } else { Kind::Entity }
    }

    const fn word(self) -> &'static str {
        match self {
            Kind::Blueprint => "blueprint identifier",
            Kind::Property => "property identifier",
            Kind::Relation => "relation identifier",
            Kind::Entity | Kind::Person => "entity identifier",
            Kind::Integration => "integration identifier",
        }
    }

    const fn max(self) -> usize {
        if matches!(self, Kind::Entity | Kind::Person) { MAX_ENTITY } else { MAX_SHORT }
    }

    fn allows(self, c: char) -> bool {
        let word = match self {
            Kind::Property | Kind::Relation => c.is_ascii_alphanumeric(),
            _ => c.is_alphabetic() || c.is_ascii_digit(),
        };
        let marks = match self {
            Kind::Property | Kind::Relation => "@_=\\-",
            Kind::Blueprint | Kind::Integration => "@_.+:\\/-",
            Kind::Entity => "@_.+:\\/=-",
            Kind::Person => "@_.+:\\/=-!#$%&'*?^`{|}~",
        };
        word || marks.contains(c)
    }
}

/// Checks `text` as an identifier of `kind`.
///
/// # Errors
/// [`Code::Required`] where empty, [`Code::TooLong`], or [`Code::InvalidIdentifier`].
pub fn check(kind: Kind, text: &str, path: &Pointer) -> Result<(), Problem> {
    let word = kind.word();
    if text.is_empty() {
        return Err(Problem::new(Code::Required, path.clone(), format!("the {word} is empty")));
    }
    let length = text.chars().count();
    if length > kind.max() {
        let message = format!("the {word} has {length} characters; at most {} are allowed", kind.max());
        return Err(Problem::new(Code::TooLong, path.clone(), message));
    }
    if text == "." || text == ".." {
        let message = format!("the {word} may not be \"{text}\"");
        return Err(Problem::new(Code::InvalidIdentifier, path.clone(), message));
    }
    if let Some(bad) = text.chars().find(|&c| !kind.allows(c)) {
        let message = format!("the {word} may not contain {bad:?}");
        return Err(Problem::new(Code::InvalidIdentifier, path.clone(), message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_checked_by_kind() {
        let long = "a".repeat(101);
        let longer = "a".repeat(1001);
        let cases: &[(Kind, &str, Option<Code>)] = &[
            (Kind::Blueprint, "service", None),
            (Kind::Blueprint, "дом/a.b+c:d@e", None),
            (Kind::Blueprint, "_user", None),
            (Kind::Blueprint, "", Some(Code::Required)),
            (Kind::Blueprint, ".", Some(Code::InvalidIdentifier)),
            (Kind::Blueprint, "a b", Some(Code::InvalidIdentifier)),
            (Kind::Blueprint, "a=b", Some(Code::InvalidIdentifier)),
            (Kind::Blueprint, &long, Some(Code::TooLong)),
            (Kind::Property, "open_issues", None),
            (Kind::Property, "a.b", Some(Code::InvalidIdentifier)),
            (Kind::Property, "größe", Some(Code::InvalidIdentifier)),
            (Kind::Entity, "arn:aws:s3:::a=b", None),
            (Kind::Entity, "o'brien@x.y", Some(Code::InvalidIdentifier)),
            (Kind::Person, "o'brien@x.y", None),
            (Kind::Person, "o brien@x.y", Some(Code::InvalidIdentifier)),
            (Kind::Entity, "a\0b", Some(Code::InvalidIdentifier)),
            (Kind::Entity, &longer, Some(Code::TooLong)),
        ];
        for (kind, text, expected) in cases {
            let found = check(*kind, text, &Pointer::root()).err().map(|problem| problem.code);
            assert_eq!(found, *expected, "{kind:?} {text:?}");
        }
    }
}
