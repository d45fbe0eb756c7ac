//! Kind `release`: the newest of each repository.

use async_trait::async_trait;
use portolan_ingestor_contract::KindDescription;
use schemars::JsonSchema;
use serde::Deserialize;

use super::per_repository::{Out, PerRepository};
use super::windows::Window;
use crate::fault::Trouble;
use crate::pages::Pages;
use crate::repositories::Repository;
use crate::selector::Filter;
use crate::session::Session;

pub(crate) const KIND: KindDescription = KindDescription {
    name: "release",
    title: "Releases",
    description: "A release as GET /repos/OWNER/REPO/releases lists it, with __organization and __repository: the newest 30 \
        of a repository, unless the selector says otherwise. Drafts are shown to who may push.",
    permissions: &["repo (classic token)", "Contents: read (fine-grained token, App)"],
};

/// What to read of releases.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Selector {
    /// In which repositories; in those that are not archived unless given.
    #[serde(default)]
    repositories: Filter,
    /// Most releases of a repository, the newest; 30 unless given.
    #[serde(default = "most")]
    #[schemars(range(min = 1, max = 10_000))]
    max_results: u32,
}

fn most() -> u32 {
    30
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
        let pages = Pages::new(session, &repository.path("/releases"), &[], None)?;
        let mut window = Window::new(pages, "created_at", None, self.max_results);
        while let Some(page) = window.next(|_| true).await? {
            out.send(repository, page).await?;
        }
        Ok(())
    }
}
