//! Kind `environment`: where repositories are deployed to.

use async_trait::async_trait;
use portolan_ingestor_contract::KindDescription;
use schemars::JsonSchema;
use serde::Deserialize;

use super::per_repository::{Out, PerRepository};
use crate::fault::Trouble;
use crate::pages::Pages;
use crate::repositories::Repository;
use crate::selector::Filter;
use crate::session::Session;

pub(crate) const KIND: KindDescription = KindDescription {
    name: "environment",
    title: "Environments",
    description: "An environment as GET /repos/OWNER/REPO/environments lists it, with __organization and __repository.",
    permissions: &["repo (classic token)", "Actions: read (fine-grained token, App)"],
};

/// What to read of environments.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Selector {
    /// In which repositories; in those that are not archived unless given.
    #[serde(default)]
    repositories: Filter,
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
        let path = repository.path("/environments");
        let mut pages = Pages::new(session, &path, &[], Some("environments"))?;
        while let Some(page) = pages.next().await? {
            out.send(repository, page).await?;
        }
        Ok(())
    }
}
