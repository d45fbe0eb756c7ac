//! Kind `pull-request`: open ones, and as far as the selector asks for them closed ones.

use async_trait::async_trait;
use portolan_ingestor_contract::KindDescription;
use schemars::JsonSchema;
use serde::Deserialize;

use super::per_repository::{Out, PerRepository};
use super::windows::{Window, before};
use crate::fault::Trouble;
use crate::pages::Pages;
use crate::repositories::Repository;
use crate::selector::{Filter, State};
use crate::session::Session;

pub(crate) const KIND: KindDescription = KindDescription {
    name: "pull-request",
    title: "Pull requests",
    description: "A pull request as GET /repos/OWNER/REPO/pulls lists it, with __organization and __repository. Open ones, \
        unless the selector asks for others.",
    permissions: &["repo (classic token)", "Pull requests: read (fine-grained token, App)"],
};

/// What to read of pull requests.
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

pub(super) fn open() -> Vec<State> {
    vec![State::Open]
}

pub(super) fn days() -> u32 {
    60
}

pub(super) fn most() -> u32 {
    100
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
        let path = repository.path("/pulls");
        if self.states.contains(&State::Open) {
            // The oldest first: new ones move none to another page.
            let query = [("state", "open"), ("sort", "created"), ("direction", "asc")];
            let mut pages = Pages::new(session, &path, &query, None)?;
            while let Some(page) = pages.next().await? {
                out.send(repository, page).await?;
            }
        }
        if self.states.contains(&State::Closed) {
            let query = [("state", "closed"), ("sort", "updated"), ("direction", "desc")];
            let pages = Pages::new(session, &path, &query, None)?;
            let since = Some(before(session.began, self.since));
            let mut window = Window::new(pages, "updated_at", since, self.max_results);
            while let Some(page) = window.next(|_| true).await? {
                out.send(repository, page).await?;
            }
        }
        Ok(())
    }
}
