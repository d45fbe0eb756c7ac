//! Kind `issue`: open ones, and as far as the selector asks for them closed ones.

use async_trait::async_trait;
use portolan_ingestor_contract::KindDescription;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::per_repository::{Out, PerRepository};
use super::pull_request::{days, most, open};
use super::windows::{Window, before};
use crate::fault::Trouble;
use crate::pages::Pages;
use crate::repositories::Repository;
use crate::selector::{Filter, State};
use crate::session::Session;

pub(crate) const KIND: KindDescription = KindDescription {
    name: "issue",
    title: "Issues",
    description: "An issue as GET /repos/OWNER/REPO/issues lists it, with __organization and __repository; pull requests, \
        which GitHub lists as issues too, are left out. Open ones, unless the selector asks for others.",
    permissions: &["repo (classic token)", "Issues: read (fine-grained token, App)"],
};

/// What to read of issues.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Selector {
    /// In which repositories; in those that are not archived unless given.
    #[serde(default)]
    repositories: Filter,
    /// `open`, `closed` or both; open ones unless given.
    #[serde(default = "open")]
    #[schemars(length(min = 1))]
    pub states: Vec<State>,
    /// Closed ones are read where they changed in so many days; 60 unless given.
    #[serde(default = "days")]
    #[schemars(range(min = 1, max = 3650))]
    pub since: u32,
    /// Most closed ones of a repository; 100 unless given.
    #[serde(default = "most")]
    #[schemars(range(min = 1, max = 10_000))]
    max_results: u32,
}

/// GitHub's issues are pull requests as well.
pub(crate) fn is_issue(item: &Value) -> bool {
    item.get("pull_request").is_none_or(Value::is_null)
}

#[async_trait]
impl PerRepository for Selector {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    fn filter(&self) -> &Filter {
        &self.repositories
    }

    async fn read(&self, session: &Session, repository: &Repository, out: &Out<'_>) -> Result<(), Trouble> {
        if !repository.has_issues {
            return Ok(());
        }
        match self.listed(session, repository, out).await {
            // They were switched off since the repository was listed.
            Err(Trouble::Source(fault)) if fault.status == 410 => Ok(()),
            other => other,
        }
    }
}

impl Selector {
    async fn listed(&self, session: &Session, repository: &Repository, out: &Out<'_>) -> Result<(), Trouble> {
        let path = repository.path("/issues");
        if self.states.contains(&State::Open) {
            let query = [("state", "open"), ("sort", "created"), ("direction", "asc")];
            let mut pages = Pages::new(session, &path, &query, None)?;
            while let Some(page) = pages.next().await? {
                out.send(repository, page.into_iter().filter(is_issue).collect()).await?;
            }
        }
        if self.states.contains(&State::Closed) {
            let query = [("state", "closed"), ("sort", "updated"), ("direction", "desc")];
            let pages = Pages::new(session, &path, &query, None)?;
            let since = Some(before(session.began, self.since));
            let mut window = Window::new(pages, "updated_at", since, self.max_results);
            while let Some(page) = window.next(is_issue).await? {
                out.send(repository, page).await?;
            }
        }
        Ok(())
    }
}
