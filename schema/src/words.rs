//! Under which beginnings an entity is found by prefix search: its identifier, its title, and the title from each later
//! word on. Case does not matter.
//!
//! The store keeps one row each, and follows a change by what this module says of the states before and after it: to say
//! something else is to have the rows made anew by a migration.

/// Longest beginning that is kept, in bytes; longer ones are cut at a character.
pub const MAX_BYTES: usize = 128;
/// Most words of a title that count, beside its first.
const MAX_WORDS: usize = 12;

/// What a beginning is the beginning of. The better matches come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WordKind {
    Identifier,
    Title,
    /// A later word of the title, and what follows it.
    Word,
}

impl WordKind {
    pub const ALL: [Self; 3] = [Self::Identifier, Self::Title, Self::Word];

    /// The number it is stored under.
    pub fn number(self) -> i32 {
        match self {
            Self::Identifier => 1,
            Self::Title => 2,
            Self::Word => 3,
        }
    }
}

/// The beginnings of an entity, each kept once.
pub fn words(identifier: &str, title: Option<&str>) -> Vec<(WordKind, String)> {
    let mut found = vec![(WordKind::Identifier, cut(&identifier.to_lowercase()).to_owned())];
    let Some(title) = title.map(str::to_lowercase).filter(|title| !title.trim().is_empty()) else {
        return found;
    };
    let title = title.trim_start();
    found.push((WordKind::Title, cut(title).to_owned()));
    for word in later_words(title) {
        let word = cut(word);
        // What begins like the title is found by that.
        if !title.starts_with(word)
            && !found.iter().any(|(kind, known)| *kind == WordKind::Word && known == word)
        {
            found.push((WordKind::Word, word.to_owned()));
        }
    }
    found
}

/// What is searched for: without the space around it, in lower case.
pub fn wanted(text: &str) -> String {
    text.trim().to_lowercase()
}

/// The beginning by which an entity is found first, where it is found at all. `wanted` is in lower case.
pub fn best(identifier: &str, title: Option<&str>, wanted: &str) -> Option<(WordKind, String)> {
    if identifier.to_lowercase().starts_with(wanted) {
        return Some((WordKind::Identifier, cut(&identifier.to_lowercase()).to_owned()));
    }
    let title = title?.to_lowercase();
    let title = title.trim_start();
    if title.starts_with(wanted) {
        return Some((WordKind::Title, cut(title).to_owned()));
    }
    let words = later_words(title).filter(|word| word.starts_with(wanted) && !title.starts_with(cut(word)));
    words.map(|word| cut(word).to_owned()).min().map(|word| (WordKind::Word, word))
}

/// As much of a text as is kept.
pub fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_BYTES)]
}

/// A title from its second, third, … word on. A word begins with a letter or digit that follows something else.
fn later_words(title: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    let starts = title.char_indices().filter(move |(_, character)| {
        let was = std::mem::replace(&mut inside, character.is_alphanumeric());
        inside && !was
    });
    starts.filter(|(at, _)| *at > 0).take(MAX_WORDS).map(|(at, _)| &title[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_is_found_by_the_beginnings_of_its_names() {
        let shown = |identifier: &str, title: Option<&str>| {
            let words = words(identifier, title).into_iter();
            words.map(|(kind, word)| format!("{}{word}", kind.number())).collect::<Vec<_>>().join("|")
        };
        for (identifier, title, expected) in [
            ("Pay-API", None, "1pay-api"),
            ("a", Some(""), "1a"),
            ("a", Some(" Payments  API (v2)"), "1a|2payments  api (v2)|3api (v2)|3v2)"),
            ("a", Some("Straße ÄNDERN"), "1a|2straße ändern|3ändern"),
            ("a", Some("pay pay-later pay"), "1a|2pay pay-later pay|3pay-later pay|3later pay"),
            ("a", Some("(x) b b"), "1a|2(x) b b|3x) b b|3b b|3b"),
        ] {
            assert_eq!(shown(identifier, title), expected, "{title:?}");
        }
        let long = "ä".repeat(100);
        let found = words(&long, Some(&format!("x {long}")));
        assert!(found.iter().all(|(_, word)| word.len() <= MAX_BYTES));
        assert_eq!(words("a", Some(&"b c d ".repeat(100))).len(), 4);
    }

    #[test]
    fn the_best_beginning_is_one_that_is_kept() {
        for (identifier, title, text, expected) in [
            ("pay", Some("Pay"), "pay", Some(WordKind::Identifier)),
            ("a-pay", Some("Pay"), " PAY ", Some(WordKind::Title)),
            ("a", Some("The Payments API"), "paym", Some(WordKind::Word)),
            ("a", Some("The Payments API"), "payments a", Some(WordKind::Word)),
            ("a", Some("The Payments API"), "ments", None),
            ("a", None, "b", None),
        ] {
            let found = best(identifier, title, &wanted(text));
            assert_eq!(found.as_ref().map(|(kind, _)| *kind), expected, "{text}");
            assert!(found.is_none_or(|found| words(identifier, title).contains(&found)), "{text}");
        }
        // Of two words that match, the one that comes first in the index.
        assert_eq!(best("a", Some("x paying payer"), "pay"), Some((WordKind::Word, "payer".to_owned())));
    }
}
