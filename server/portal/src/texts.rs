//! Titles, descriptions and icons.

use portolan_schema::{Code, Pointer, Problem, Problems};

/// Longest title, in characters.
pub(crate) const MAX_TITLE: usize = 100;
/// Longest name of an icon, in characters.
const MAX_ICON: usize = 100;
/// Longest description, in characters.
pub(crate) const MAX_DESCRIPTION: usize = 2_000;

pub(crate) fn check_title(title: &str, path: &Pointer, problems: &mut Problems) {
    if title.trim().is_empty() {
        problems.add(Code::Required, path.clone(), "a title is not empty");
    }
    check(title, MAX_TITLE, path, problems);
}

pub(crate) fn check_icon(icon: Option<&str>, path: &Pointer, problems: &mut Problems) {
    check(icon.unwrap_or_default(), MAX_ICON, path, problems);
}

pub(crate) fn check_description(description: Option<&str>, path: &Pointer, problems: &mut Problems) {
    check(description.unwrap_or_default(), MAX_DESCRIPTION, path, problems);
}

/// A text of at most `max` characters that can be stored.
pub(crate) fn check(text: &str, max: usize, path: &Pointer, problems: &mut Problems) {
    let length = text.chars().count();
    if length > max {
        problems.0.push(Problem::over(
            Code::TooLong,
            path.clone(),
            "number of characters",
            max as u64,
            length as u64,
        ));
    }
    if text.contains('\0') {
        problems.add(Code::NulCharacter, path.clone(), "a text may not hold a NUL character");
    }
}
