//! Kind `deployment`: the newest of each repository, with what came of them.

use async_trait::async_trait;
use portolan_ingestor_contract::KindDescription;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::per_repository::{Out, PerRepository};
use super::windows::Window;
use crate::fault::{Fault, Trouble};
use crate::item;
use crate::pages::Pages;
use crate::repositories::Repository;
use crate::selector::Filter;
use crate::session::Session;

pub(crate) const KIND: KindDescription = KindDescription {
    name: "deployment",
    title: "Deployments",
    description: "A deployment as GET /repos/OWNER/REPO/deployments lists it, with __organization, __repository and \
        __status, its last status: the newest 10 of a repository, unless the selector says otherwise.",
    permissions: &["repo_deployment or repo (classic token)", "Deployments: read (fine-grained token, App)"],
};

/// What to read of deployments.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Selector {
    /// In which repositories; in those that are not archived unless given.
    #[serde(default)]
    repositories: Filter,
    /// Most deployments of a repository, the newest; 10 unless given.
    #[serde(default = "most")]
    #[schemars(range(min = 1, max = 1_000))]
    max_results: u32,
    /// Whether the last status is read, with one request each; it is unless this is false.
    #[serde(default = "yes")]
    pub status: bool,
}

fn most() -> u32 {
    10
}

fn yes() -> bool {
    true
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
        let pages = Pages::new(session, &repository.path("/deployments"), &[], None)?;
        let mut window = Window::new(pages, "created_at", None, self.max_results);
        while let Some(page) = window.next(|_| true).await? {
            let mut items = Vec::with_capacity(page.len());
            for deployment in page {
                if !self.status {
                    items.push(deployment);
                    continue;
                }
                match last_status(session, repository, &deployment).await {
                    Ok(status) => items.push(with_status(deployment, status)),
                    // It was deleted since it was listed.
                    Err(fault) if fault.is_missing() => {}
                    Err(fault) if fault.is_forbidden() => {
                        let item = format!("{} deployment {}", repository.full_name, deployment["id"]);
                        out.warnings.empty("__status", &item, &fault).await?;
                        items.push(with_status(deployment, Value::Null));
                    }
                    Err(fault) => return Err(fault.into()),
                }
            }
            out.send(repository, items).await?;
        }
        Ok(())
    }
}

/// The deployment with what came of it.
pub(crate) fn with_status(deployment: Value, status: Value) -> Value {
    item::with(deployment, [("__status", status)])
}

/// The last status of a deployment; null before the first.
pub(crate) async fn last_status(
    session: &Session,
    repository: &Repository,
    deployment: &Value,
) -> Result<Value, Fault> {
    let number = deployment["id"].as_u64().unwrap_or_default();
    let mut url = session.url(&repository.path(&format!("/deployments/{number}/statuses")))?;
    url.query_pairs_mut().append_pair("per_page", "1");
    let statuses = session.get_url(url, None).await?.into_list(None)?;
    Ok(json!(statuses.into_iter().next()))
}
