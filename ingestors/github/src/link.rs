//! The `Link` header (RFC 8288): where a list goes on.

/// The address with `rel="next"`, as it is written; none on the last page.
pub(crate) fn next(header: &str) -> Option<&str> {
    let mut rest = header;
    loop {
        let (_, after) = rest.split_once('<')?;
        let (address, after) = after.split_once('>')?;
        let end = parameters(after);
        if is_next(&after[..end]) {
            return Some(address);
        }
        rest = &after[end..];
    }
}

/// Length of an entry's parameters: up to the comma that is not inside of quotes.
fn parameters(text: &str) -> usize {
    let mut quoted = false;
    for (at, sign) in text.char_indices() {
        match sign {
            '"' => quoted = !quoted,
            ',' if !quoted => return at,
            _ => {}
        }
    }
    text.len()
}

fn is_next(parameters: &str) -> bool {
    parameters.split(';').any(|parameter| {
        let Some((name, value)) = parameter.split_once('=') else { return false };
        let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
        name.trim().eq_ignore_ascii_case("rel") && relations.any(|one| one.eq_ignore_ascii_case("next"))
    })
}

#[cfg(test)]
mod tests {
    use super::next;

    #[test]
    fn the_next_page_is_found() {
        for (header, expected) in [
            ("", None),
            (
                "<https://a/x?page=2>; rel=\"next\", <https://a/x?page=9>; rel=\"last\"",
                Some("https://a/x?page=2"),
            ),
            ("<https://a/x?page=1>; rel=\"first\", <https://a/x?page=3>; rel=\"prev\"", None),
            ("<https://a/1>; rel=\"prev\",<https://a/3?q=a,b>;rel=next", Some("https://a/3?q=a,b")),
            (
                "<https://a/1>; title=\"to, <be>\"; rel=\"last\", <https://a/2>; Rel=\"next last\"",
                Some("https://a/2"),
            ),
            ("<https://a/1", None),
        ] {
            assert_eq!(next(header), expected, "{header}");
        }
    }
}
