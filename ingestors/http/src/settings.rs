//! The settings of an HTTP integration.

use http::{HeaderName, HeaderValue};
use portolan_ingestor_contract::{Header, PlainPath, Settings, check_headers, is_address};
use portolan_schema::{Code, Pointer, Problems};
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use crate::descriptor::ITEM;
use crate::list::List;
use crate::paging::Paging;

/// What to read, and from where.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Config {
    /// Address of the list of the kind `item`, with the query it needs. Everything else is asked for at its origin only.
    #[schemars(url)]
    url: String,
    /// Where the items are in an answer: a plain path such as `.data.items`; `.` where the answer is the list.
    #[serde(default = "whole")]
    items: String,
    /// How the list at `url` is read to its end.
    #[serde(default)]
    paging: Paging,
    /// Something small that only good credentials can read, such as `/myself`: asked for first in each check and run.
    #[serde(default)]
    check: Option<String>,
    /// Further lists, each a kind of its own.
    #[serde(default)]
    #[schemars(length(max = 100))]
    resources: Vec<Resource>,
}

/// A list of its own name.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Resource {
    /// Name of the kind, as mappings use it.
    #[schemars(length(max = 100), regex(pattern = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"))]
    kind: String,
    /// Where the list is, with the query it needs, seen from `url`: `/v2/teams` is at the root of its origin.
    path: String,
    /// Where the items are in an answer.
    #[serde(default = "whole")]
    items: String,
    /// How the list is read to its end.
    #[serde(default)]
    paging: Paging,
}

/// What the API knows us by.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Keys {
    /// Sent with every request, such as `Authorization`.
    #[serde(default)]
    #[schemars(length(max = 20))]
    headers: Vec<Header>,
}

fn whole() -> String {
    ".".to_owned()
}

/// Everything a run needs, checked.
pub(crate) struct Wanted {
    /// `item` first, then the resources in their order.
    pub lists: Vec<List>,
    pub check: Option<Url>,
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl Wanted {
    /// The list that a check looks at: the first that the settings name.
    pub fn first(&self) -> Option<&List> {
        self.lists.get(1).or(self.lists.first())
    }
}

/// Parses and checks everything that can be checked without asking.
pub(crate) fn parse(settings: &Settings) -> Result<Wanted, Problems> {
    let (config, keys) = settings.parse::<Config, Keys>()?;
    let mut problems = Problems::default();
    let (lists, check) = config.check_all(&Pointer::root().key("config"), &mut problems);
    let headers = check_headers(&keys.headers, &Pointer::root().key("secrets").key("headers"), &mut problems);
    problems.into_result(Wanted { lists, check, headers })
}

impl Config {
    fn check_all(self, at: &Pointer, problems: &mut Problems) -> (Vec<List>, Option<Url>) {
        let Some(url) = Url::parse(&self.url).ok().filter(is_address) else {
            let message = "is no http or https address without user and fragment";
            problems.add(Code::InvalidValue, at.key("url"), message);
            return (Vec::new(), None);
        };
        let mut lists = Vec::new();
        lists.extend(list(ITEM.name, url.clone(), &self.items, &self.paging, at, problems));
        for (index, resource) in self.resources.iter().enumerate() {
            let at = at.key("resources").index(index);
            let before = &self.resources[..index];
            if resource.kind == ITEM.name || before.iter().any(|other| other.kind == resource.kind) {
                let message = format!("there is another list named {}", resource.kind);
                problems.add(Code::InvalidValue, at.key("kind"), message);
            }
            if let Some(url) = beside(&url, &resource.path, &at.key("path"), problems) {
                lists.extend(list(&resource.kind, url, &resource.items, &resource.paging, &at, problems));
            }
        }
        let check = self.check.and_then(|path| beside(&url, &path, &at.key("check"), problems));
        (lists, check)
    }
}

fn list(
    kind: &str,
    url: Url,
    items: &str,
    paging: &Paging,
    at: &Pointer,
    problems: &mut Problems,
) -> Option<List> {
    let path = PlainPath::check(items, &at.key("items"), problems);
    let paging = paging.check(&at.key("paging"), problems);
    Some(List { kind: kind.to_owned(), url, items: path?, paging: paging? })
}

/// An address at the same origin.
fn beside(url: &Url, path: &str, at: &Pointer, problems: &mut Problems) -> Option<Url> {
    let found = url.join(path).ok().filter(|found| is_address(found) && found.origin() == url.origin());
    if found.is_none() {
        problems.add(Code::InvalidValue, at.clone(), "does not lead to the origin of \"url\"");
    }
    found
}
