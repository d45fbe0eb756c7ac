//! Descriptions in the schema: title and description as the author gave them, and the original identifier.

/// `Tier. How important it is.` and, below, "Property `tier`".
pub fn describe(kind: &str, identifier: &str, title: Option<&str>, description: Option<&str>) -> String {
    let mut text = String::new();
    for part in [title, description].into_iter().flatten().map(str::trim).filter(|part| !part.is_empty()) {
        if !text.is_empty() {
            text.push_str(if text.ends_with(['.', '!', '?']) { " " } else { ". " });
        }
        text.push_str(part);
    }
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(&format!("{kind} `{identifier}`."));
    printable(&text)
}

/// Keeps a text from ending the block string that it is printed in, and drops what GraphQL does not allow.
pub fn printable(text: &str) -> String {
    text.replace("\"\"\"", "'''").chars().filter(|c| !c.is_control() || *c == '\n' || *c == '\t').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_name_the_identifier_and_cannot_break_out() {
        assert_eq!(describe("Property", "tier", Some("Tier"), None), "Tier\n\nProperty `tier`.");
        let both = describe("Property", "a\\b", Some("Tier"), Some("How \"\"\"important\0."));
        assert_eq!(both, "Tier. How '''important.\n\nProperty `a\\b`.");
        assert_eq!(describe("Blueprint", "x", None, None), "Blueprint `x`.");
    }
}
