//! Identifiers of pages: parts of an address, so of few characters. One is made from the title where none is given.

use portolan_schema::{Code, Pointer, Problem, Problems};

/// Longest identifier, in characters.
const MAX: usize = 100;
/// Longest one that is made from a title, in characters.
const MADE: usize = 60;

pub(super) fn check(identifier: &str, path: &Pointer, problems: &mut Problems) {
    if identifier.len() > MAX {
        let length = identifier.chars().count() as u64;
        problems.0.push(Problem::over(
            Code::TooLong,
            path.clone(),
            "number of characters",
            MAX as u64,
            length,
        ));
    }
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if identifier.is_empty() || !identifier.bytes().all(good) {
        let message = "a page's identifier has letters from a to z, digits, - and _";
        problems.add(Code::InvalidIdentifier, path.clone(), message);
    }
}

/// `Services & systems` becomes `services-systems`, or `services-systems-2` where that is taken.
pub(super) fn from_title(title: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let ascii = any_ascii::any_ascii(title).to_lowercase();
    let words = ascii.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut base = String::new();
    for word in words {
        if !base.is_empty() {
            base.push('-');
        }
        base.extend(word.chars().take(MADE - base.len().min(MADE)));
        if base.len() >= MADE {
            break;
        }
    }
    let base = match base.trim_end_matches('-') {
        "" => "page",
        made => made,
    };
    let mut identifier = base.to_owned();
    for number in 2.. {
        if !is_taken(&identifier) {
            break;
        }
        identifier = format!("{base}-{number}");
    }
    identifier
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_made_from_titles() {
        let long = "word ".repeat(40);
        for (title, expected) in [
            ("Services & systems", "services-systems"),
            ("  Überblick 2 ", "uberblick-2"),
            ("🚀", "rocket"),
            ("***", "page"),
            ("Taken", "taken-3"),
            (&long, "word-word-word-word-word-word-word-word-word-word-word-word"),
        ] {
            let made = from_title(title, |name| ["taken", "taken-2"].contains(&name));
            assert_eq!(made, expected);
            let mut problems = Problems::default();
            check(&made, &Pointer::root(), &mut problems);
            assert!(problems.is_empty(), "{problems}");
        }
        for bad in ["", "a b", "a/b", "größe", "a.b", &"a".repeat(101)] {
            let mut problems = Problems::default();
            check(bad, &Pointer::root(), &mut problems);
            assert!(!problems.is_empty(), "{bad}");
        }
    }
}
