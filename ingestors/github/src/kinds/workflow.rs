//! Kind `workflow`: the workflows of GitHub Actions.

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
    name: "workflow",
    title: "Workflows",
    description: "A workflow as GET /repos/OWNER/REPO/actions/workflows lists it, with __organization and __repository.",
    permissions: &["repo (classic token)", "Actions: read (fine-grained token, App)"],
};

/// What to read of workflows.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Selector {
    /// In which repositories; in those that are not archived unless given.
    #[serde(default)]
    repositories: Filter,
}

/// The list of a repository's workflows.
pub(crate) fn list<'a>(session: &'a Session, repository: &Repository) -> Result<Pages<'a>, Trouble> {
    Ok(Pages::new(session, &repository.path("/actions/workflows"), &[], Some("workflows"))?)
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
        let mut pages = list(session, repository)?;
        while let Some(page) = pages.next().await? {
            out.send(repository, page).await?;
        }
        Ok(())
    }
}
