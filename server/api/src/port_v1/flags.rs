//! Query strings, read leniently (port-api.md 0.5): unknown parameters are ignored, lists come repeated and with commas,
//! junk booleans count as true, what is not UTF-8 is read as far as it can be.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use url::form_urlencoded;

/// The query parameters of a request, in their order.
pub(crate) struct Query(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::read(parts.uri.query().unwrap_or_default()))
    }
}

impl Query {
    fn read(text: &str) -> Self {
        Self(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// A value; an empty one is absent, of several the last one counts.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        value.filter(|value| !value.is_empty())
    }

    /// Whether a flag is on. Absent, empty, `false` and `0` are off; of several the last one counts.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.text(name).is_some_and(|value| !matches!(value.to_ascii_lowercase().as_str(), "false" | "0"))
    }

    /// The items of a list: `a=x&a=y`, `a=x,y` and `a[]=x` are the same.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let mine = self.0.iter().filter(|(known, _)| known.strip_suffix("[]").unwrap_or(known) == name);
        let items = mine.flat_map(|(_, value)| value.split(',').map(str::trim));
        items.filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_and_lists_are_read_leniently() {
        for (text, on) in [
            ("", false),
            ("x=", false),
            ("x=false", false),
            ("x=False", false),
            ("x=0", false),
            ("x=true", true),
            ("x=0xc000123456", true),
            ("x=false&x=true", true),
            ("y=true", false),
            ("x=%ff", true),
            ("&&=&x=true&", true),
        ] {
            assert_eq!(Query::read(text).is_on("x"), on, "{text}");
        }
        for (text, items) in [
            ("", vec![]),
            ("a=x&a=y", vec!["x", "y"]),
            ("a=x,y", vec!["x", "y"]),
            ("a=x%2Cy", vec!["x", "y"]),
            ("a=x,+y&b=z&a=w", vec!["x", "y", "w"]),
            ("a[]=x&a%5B%5D=y", vec!["x", "y"]),
            ("a=,", vec![]),
        ] {
            assert_eq!(Query::read(text).list("a"), items, "{text}");
        }
    }
}
