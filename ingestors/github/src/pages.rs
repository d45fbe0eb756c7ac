//! Reads a list page after page, to where GitHub says it ends.

use std::collections::HashSet;

use serde_json::Value;
use url::Url;

use crate::fault::Fault;
use crate::session::Session;

/// Pages of one list after which something must be wrong.
const MAX_PAGES: usize = 10_000;

/// A list that is being read.
pub(crate) struct Pages<'a> {
    session: &'a Session,
    call: String,
    /// The key of the answer that holds the list; none where the answer is the list.
    key: Option<&'static str>,
    next: Option<Url>,
    /// Pages that were read: none may come again.
    read: HashSet<Url>,
    items: usize,
}

impl<'a> Pages<'a> {
    /// The list at a path of the API, with these parameters.
    pub fn new(
        session: &'a Session,
        path: &str,
        query: &[(&str, &str)],
        key: Option<&'static str>,
    ) -> Result<Self, Fault> {
        let mut url = session.url(path)?;
        url.query_pairs_mut().extend_pairs(query).append_pair("per_page", &session.page_size.to_string());
        Ok(Self::at(session, url, key))
    }

    /// The list at an address.
    pub fn at(session: &'a Session, url: Url, key: Option<&'static str>) -> Self {
        Self {
            session,
            call: format!("GET {}", url.path()),
            key,
            next: Some(url),
            read: HashSet::new(),
            items: 0,
        }
    }

    /// The next page; none after the last.
    ///
    /// # Errors
    /// Where it cannot be read, or the list does not end.
    pub async fn next(&mut self) -> Result<Option<Vec<Value>>, Fault> {
        let Some(url) = self.next.take() else { return Ok(None) };
        if self.read.len() >= MAX_PAGES || !self.read.insert(url.clone()) {
            return Err(self.endless());
        }
        let answer = self.session.get_url(url.clone(), None).await?;
        self.next = answer.next.clone();
        let (linked, total) = (answer.linked, answer.body["total_count"].as_u64());
        let page = answer.into_list(self.key)?;
        self.items += page.len();
        // Some lists tell how much there is, and not where the rest is.
        let full = page.len() >= self.session.page_size as usize;
        if self.key.is_some() && !linked && full && total.is_some_and(|total| total > self.items as u64) {
            self.next = Some(numbered(url, self.read.len() + 1));
        }
        Ok(Some(page))
    }

    /// Everything that is left.
    pub async fn all(mut self) -> Result<Vec<Value>, Fault> {
        let mut all = Vec::new();
        while let Some(page) = self.next().await? {
            all.extend(page);
        }
        Ok(all)
    }

    fn endless(&self) -> Fault {
        Fault::nonsense(format!("GitHub does not come to the end of the list of {}", self.call))
    }
}

/// The address with another page's number.
fn numbered(mut url: Url, page: usize) -> Url {
    let rest: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| name != "page")
        .map(|(n, v)| (n.into_owned(), v.into_owned()))
        .collect();
    url.query_pairs_mut().clear().extend_pairs(rest).append_pair("page", &page.to_string());
    url
}
