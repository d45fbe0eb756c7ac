//! How a list is read to its end: where its next page is.

use portolan_ingestor_contract::{PlainPath, SourceError};
use portolan_schema::{Code, Pointer, Problems};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::answer::Answer;
use crate::link;

/// `none`: one answer holds everything. `link`: the header `Link` has the next page. `cursor`: the answer has a token, or
/// the address, of the next page. `page`: pages are numbered. `offset`: the number of items to skip is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Style {
    #[default]
    None,
    Link,
    Cursor,
    Page,
    Offset,
}

/// How a list is read to its end.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Paging {
    /// none, link, cursor, page or offset.
    #[serde(default)]
    style: Style,
    /// The query's parameter for the cursor, page number or offset. `page` and `offset` by default; without it, the
    /// value at `cursor` is the address of the next page.
    #[serde(default)]
    parameter: Option<String>,
    /// Where the cursor of the next page is in an answer, a plain path; it is missing, null or empty in the last.
    #[serde(default)]
    cursor: Option<String>,
    /// Number of the first page, 1 by default.
    #[serde(default)]
    first: Option<u64>,
    /// The query's parameter for the number of items a page.
    #[serde(default)]
    size_parameter: Option<String>,
    /// Items a page to ask for.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100_000))]
    size: Option<u32>,
    /// Where an answer says, by true or false, whether more pages follow. Without `more` and `total`, numbered pages and
    /// offsets are read up to the first empty page.
    #[serde(default)]
    more: Option<String>,
    /// Where an answer says how many items there are in all pages (with `offset`).
    #[serde(default)]
    total: Option<String>,
}

/// The same, checked.
#[derive(Debug, Clone)]
pub(crate) struct Pages {
    style: Style,
    parameter: Option<String>,
    cursor: Option<PlainPath>,
    first: u64,
    size: Option<(String, Option<u32>)>,
    more: Option<PlainPath>,
    total: Option<PlainPath>,
}

impl Paging {
    /// None where a problem was found.
    pub fn check(&self, at: &Pointer, problems: &mut Problems) -> Option<Pages> {
        let found = problems.0.len();
        let mut path = |key: &str, text: &Option<String>| {
            text.as_deref().and_then(|text| PlainPath::check(text, &at.key(key), problems))
        };
        let (cursor, more, total) =
            (path("cursor", &self.cursor), path("more", &self.more), path("total", &self.total));
        if self.style == Style::Cursor && self.cursor.is_none() {
            problems.add(Code::Required, at.key("cursor"), "the style \"cursor\" needs to know where it is");
        }
        if self.size.is_some() && self.size_parameter.is_none() {
            let message = "a size needs the name of its parameter";
            problems.add(Code::Required, at.key("sizeParameter"), message);
        }
        use Style::{Cursor, Offset, Page};
        for (key, given, styles) in [
            ("parameter", self.parameter.is_some(), &[Cursor, Page, Offset][..]),
            ("cursor", self.cursor.is_some(), &[Cursor]),
            ("first", self.first.is_some(), &[Page]),
            ("more", self.more.is_some(), &[Cursor, Page, Offset]),
            ("total", self.total.is_some(), &[Offset]),
        ] {
            if given && !styles.contains(&self.style) {
                problems.add(Code::InvalidValue, at.key(key), "means nothing with this style of paging");
            }
        }
        let parameter = self.parameter.clone().or(match self.style {
            Page => Some("page".to_owned()),
            Offset => Some("offset".to_owned()),
            _ => None,
        });
        let size = self.size_parameter.clone().map(|name| (name, self.size));
        let first = self.first.unwrap_or(1);
        (problems.0.len() == found).then_some(Pages {
            style: self.style,
            parameter,
            cursor,
            first,
            size,
            more,
            total,
        })
    }
}

impl Pages {
    /// The first page of the list at an address, in pages of a size where it can be asked for.
    pub fn first(&self, list: &Url, asked: Option<u32>) -> Url {
        let mut url = list.clone();
        if let Some((name, own)) = &self.size
            && let Some(size) = asked.or(*own)
        {
            set(&mut url, name, &size.to_string());
        }
        match (self.style, &self.parameter) {
            (Style::Page, Some(name)) => set(&mut url, name, &self.first.to_string()),
            (Style::Offset, Some(name)) => set(&mut url, name, "0"),
            _ => {}
        }
        url
    }

    /// The page after the one at `url`, which had `count` items; none where it was the last.
    ///
    /// # Errors
    /// Where the answer does not say whether more pages follow, though the settings say it does, or contradicts itself.
    pub fn next(&self, url: &Url, answer: &Answer, count: usize) -> Result<Option<Url>, SourceError> {
        let more = self.more.as_ref().map(|path| says_more(path, answer)).transpose()?;
        let step = u64::try_from(count).unwrap_or(u64::MAX);
        match self.style {
            Style::None => Ok(None),
            Style::Link => link::next(&answer.headers).map(|target| absolute(url, &target)).transpose(),
            Style::Cursor if more == Some(false) => Ok(None),
            Style::Cursor => match self.after_cursor(url, answer)? {
                None if more == Some(true) => Err(contradiction("more pages follow, and names no cursor")),
                next => Ok(next),
            },
            Style::Page => match more {
                Some(false) => Ok(None),
                None if count == 0 => Ok(None),
                _ => self.count_on(url, 1),
            },
            Style::Offset => {
                let total = self.total.as_ref().map(|path| number(path, answer)).transpose()?;
                let left = total.map(|total| self.place(url).saturating_add(step) < total);
                match more.or(left) {
                    Some(false) => Ok(None),
                    None if count == 0 => Ok(None),
                    Some(true) if count == 0 => {
                        Err(contradiction("more items follow, and the page is empty"))
                    }
                    _ => self.count_on(url, step),
                }
            }
        }
    }

    fn after_cursor(&self, url: &Url, answer: &Answer) -> Result<Option<Url>, SourceError> {
        let cursor = match self.cursor.as_ref().and_then(|path| path.find(&answer.body)) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) if text.is_empty() => return Ok(None),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(_) => {
                return Err(SourceError::failed("the cursor of the next page is no text and no number"));
            }
        };
        match &self.parameter {
            None => absolute(url, &cursor).map(Some),
            Some(name) => {
                let mut next = url.clone();
                set(&mut next, name, &cursor);
                Ok(Some(next))
            }
        }
    }

    /// The number that the address asks for.
    fn place(&self, url: &Url) -> u64 {
        let name = self.parameter.as_deref().unwrap_or_default();
        let found = url.query_pairs().find(|(key, _)| key == name);
        found.and_then(|(_, value)| value.parse().ok()).unwrap_or_default()
    }

    fn count_on(&self, url: &Url, step: u64) -> Result<Option<Url>, SourceError> {
        let mut next = url.clone();
        let place = self.place(url).saturating_add(step).to_string();
        set(&mut next, self.parameter.as_deref().unwrap_or_default(), &place);
        Ok(Some(next))
    }
}

fn says_more(path: &PlainPath, answer: &Answer) -> Result<bool, SourceError> {
    let found = path.find(&answer.body).and_then(Value::as_bool);
    found.ok_or_else(|| SourceError::failed("the answer does not say whether more pages follow"))
}

fn number(path: &PlainPath, answer: &Answer) -> Result<u64, SourceError> {
    let found = path.find(&answer.body).and_then(Value::as_u64);
    found.ok_or_else(|| SourceError::failed("the answer does not say how many items there are"))
}

fn contradiction(what: &str) -> SourceError {
    SourceError::failed(format!("the answer says that {what}"))
}

/// A target as seen from the page that names it.
fn absolute(url: &Url, target: &str) -> Result<Url, SourceError> {
    url.join(target).map_err(|_| SourceError::failed("the address of the next page makes no sense"))
}

/// Gives a parameter of the query its value, once.
fn set(url: &mut Url, name: &str, value: &str) {
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(key, _)| key != name)
        .map(|(k, v)| (k.into_owned(), v.into_owned()))
        .collect();
    url.query_pairs_mut().clear().extend_pairs(kept).append_pair(name, value);
}
