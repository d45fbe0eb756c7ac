//! The repositories of a run: what the kinds that each repository lists by itself go by.

use std::collections::HashSet;

use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use crate::fault::Fault;
use crate::item::text;
use crate::selector::Visibility;
use crate::session::{Session, segment};

/// Pages of one owner after which something must be wrong.
const MAX_PAGES: usize = 10_000;

/// What is kept of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repository {
    pub id: u64,
    /// `owner/name`.
    pub full_name: String,
    pub owner: String,
    pub archived: bool,
    pub fork: bool,
    pub visibility: Visibility,
    /// Without issues, GitHub refuses to list them.
    pub has_issues: bool,
    pub default_branch: String,
}

impl Repository {
    /// Reads GitHub's object; none where it is no repository.
    pub fn read(item: &Value) -> Option<Self> {
        let full_name = text(item, "full_name").to_owned();
        let (owner, name) = full_name.split_once('/')?;
        if owner.is_empty() || name.is_empty() {
            return None;
        }
        let visibility = match (text(item, "visibility"), &item["private"]) {
            ("internal", _) => Visibility::Internal,
            ("private", _) | ("", Value::Bool(true)) => Visibility::Private,
            _ => Visibility::Public,
        };
        let flag = |key: &str, default: bool| item.get(key).and_then(Value::as_bool).unwrap_or(default);
        Some(Self {
            id: item["id"].as_u64()?,
            owner: owner.to_owned(),
            archived: flag("archived", false),
            fork: flag("fork", false),
            has_issues: flag("has_issues", true),
            default_branch: text(item, "default_branch").to_owned(),
            visibility,
            full_name,
        })
    }

    /// The path of something of the repository's, such as `/pulls`.
    pub fn path(&self, rest: &str) -> String {
        let name = self.full_name.split_once('/').map_or("", |(_, name)| name);
        format!("/repos/{}/{}{rest}", segment(&self.owner), segment(name))
    }
}

/// Where an owner's repositories are listed: all of an organization's that the credentials may see, or what an App was
/// installed for. `sort` is GitHub's own parameter.
pub(crate) fn list(session: &Session, owner: &str, sort: &str) -> Result<(Url, Option<&'static str>), Fault> {
    let size = session.page_size.to_string();
    if session.is_app() {
        let mut url = session.url("/installation/repositories")?;
        url.query_pairs_mut().append_pair("per_page", &size);
        return Ok((url, Some("repositories")));
    }
    let mut url = session.url(&format!("/orgs/{}/repos", segment(owner)))?;
    url.query_pairs_mut().extend_pairs([
        ("type", "all"),
        ("sort", sort),
        ("direction", "asc"),
        ("per_page", &size),
    ]);
    Ok((url, None))
}

/// The repositories as they were listed last, page by page, so that the next to ask is told what has changed.
#[derive(Default)]
pub(crate) struct Repositories {
    known: Mutex<Vec<Vec<Page>>>,
}

struct Page {
    url: Url,
    etag: Option<String>,
    next: Option<Url>,
    repositories: Vec<Repository>,
}

impl Repositories {
    /// Every repository, in the order of their numbers. Pages that have not changed since they were read in this run cost
    /// GitHub's limit nothing.
    ///
    /// # Errors
    /// Where a page cannot be read.
    pub async fn all(&self, session: &Session) -> Result<Vec<Repository>, Fault> {
        let mut known = self.known.lock().await;
        known.resize_with(session.owners.len(), Vec::new);
        let mut all = Vec::new();
        for (owner, pages) in session.owners.iter().zip(known.iter_mut()) {
            // In the order in which they were made: who makes another meanwhile moves none to another page.
            let (url, key) = list(session, &owner.login, "created")?;
            refresh(session, url, key, pages).await?;
            all.extend(pages.iter().flat_map(|page| page.repositories.iter().cloned()));
        }
        all.sort_by_key(|repository| repository.id);
        all.dedup_by_key(|repository| repository.id);
        Ok(all)
    }
}

async fn refresh(
    session: &Session,
    first: Url,
    key: Option<&'static str>,
    known: &mut Vec<Page>,
) -> Result<(), Fault> {
    let mut old = std::mem::take(known).into_iter();
    let (mut next, mut seen) = (Some(first), HashSet::new());
    while let Some(url) = next.take() {
        if known.len() >= MAX_PAGES || !seen.insert(url.clone()) {
            return Err(Fault::nonsense("GitHub does not come to the end of the list of repositories"));
        }
        let before = old.next().filter(|page| page.url == url);
        let answer =
            session.get_url(url.clone(), before.as_ref().and_then(|page| page.etag.as_deref())).await?;
        let page = match before.filter(|_| answer.unchanged) {
            Some(page) => Page { next: if answer.linked { answer.next } else { page.next }, ..page },
            None => Page {
                url,
                etag: answer.etag.clone(),
                next: answer.next.clone(),
                repositories: read(answer.into_list(key)?)?,
            },
        };
        next = page.next.clone();
        known.push(page);
    }
    Ok(())
}

fn read(items: Vec<Value>) -> Result<Vec<Repository>, Fault> {
    let repository = |item: &Value| {
        Repository::read(item)
            .ok_or_else(|| Fault::nonsense("an entry of the list of repositories is no repository"))
    };
    items.iter().map(repository).collect()
}
