//! The `Link` header (RFC 8288), as far as pages need it.

use http::HeaderMap;
use http::header::LINK;

/// The target of the first link whose relation is `next`, as it stands there: perhaps relative.
pub(crate) fn next(headers: &HeaderMap) -> Option<String> {
    let texts = headers.get_all(LINK).into_iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(links).find(|(_, parameters)| is_next(parameters)).map(|(target, _)| target.to_owned())
}

/// Each link of a header: its target, and the parameters as they stand there.
fn links(text: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((target, after)) = rest.split_once('<').and_then(|(_, open)| open.split_once('>')) {
        let end = outside_quotes(after, ',').unwrap_or(after.len());
        found.push((target, &after[..end]));
        rest = &after[end..];
    }
    found
}

fn is_next(parameters: &str) -> bool {
    let mut rest = parameters;
    loop {
        let end = outside_quotes(rest, ';').unwrap_or(rest.len());
        if let Some((name, value)) = rest[..end].split_once('=') {
            let relations = value.trim().trim_matches('"');
            if name.trim().eq_ignore_ascii_case("rel") {
                return relations.split_ascii_whitespace().any(|one| one.eq_ignore_ascii_case("next"));
            }
        }
        match rest.get(end + 1..) {
            Some(later) => rest = later,
            None => return false,
        }
    }
}

/// Where a character first stands outside double quotes.
fn outside_quotes(text: &str, wanted: char) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(at, c)| {
        quoted ^= c == '"';
        (c == wanted && !quoted).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found() {
        for (headers, expected) in [
            (
                &["<https://a/x?page=2>; rel=\"next\", <https://a/x?page=9>; rel=\"last\""][..],
                Some("https://a/x?page=2"),
            ),
            (&["</x?ids=1,2>; title=\"a, b; rel=next\"; rel=prev, </y>; REL=Next"], Some("/y")),
            (&["<a>; rel=last", "<b>; rel=\"last next\""], Some("b")),
            (&["<a>; rel=prev"], None),
            (&["a; rel=next", "<a", ""], None),
            (&[], None),
        ] {
            let mut map = HeaderMap::new();
            for header in headers {
                map.append(LINK, header.parse().expect("a header"));
            }
            assert_eq!(next(&map).as_deref(), expected, "{headers:?}");
        }
    }
}
