//! Kind `workflow-run`: the newest runs of each workflow.

use std::collections::HashMap;

use async_trait::async_trait;
use portolan_ingestor_contract::KindDescription;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::per_repository::{Out, PerRepository};
use super::windows::before;
use crate::fault::Trouble;
use crate::pages::Pages;
use crate::repositories::Repository;
use crate::selector::Filter;
use crate::session::Session;

pub(crate) const KIND: KindDescription = KindDescription {
    name: "workflow-run",
    title: "Workflow runs",
    description: "A run as GET /repos/OWNER/REPO/actions/runs lists it, with __organization and __repository: the newest 10 \
        of each workflow in the last 30 days, unless the selector says otherwise, of the newest 1,000 of a repository.",
    permissions: &["repo (classic token)", "Actions: read (fine-grained token, App)"],
};

/// What to read of workflow runs.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Selector {
    /// In which repositories; in those that are not archived unless given.
    #[serde(default)]
    repositories: Filter,
    /// Runs of so many days, in UTC; 30 unless given.
    #[serde(default = "days")]
    #[schemars(range(min = 1, max = 400))]
    since: u32,
    /// Most runs of a workflow, the newest; 10 unless given.
    #[serde(default = "most")]
    #[schemars(range(min = 1, max = 1_000))]
    max_results: u32,
    /// Only runs on this branch.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub branch: Option<String>,
}

fn days() -> u32 {
    30
}

fn most() -> u32 {
    10
}

#[async_trait]
impl PerRepository for Selector {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    fn filter(&self) -> &Filter {
        &self.repositories
    }

    /// GitHub lists the newest first, and no more than 1,000 where a time is asked for.
    async fn read(&self, session: &Session, repository: &Repository, out: &Out<'_>) -> Result<(), Trouble> {
        let since = before(session.began, self.since).format(">=%F").to_string();
        let mut query = vec![("created", since.as_str())];
        query.extend(self.branch.as_deref().map(|branch| ("branch", branch)));
        let path = repository.path("/actions/runs");
        let mut pages = Pages::new(session, &path, &query, Some("workflow_runs"))?;
        let mut taken: HashMap<u64, u32> = HashMap::new();
        while let Some(mut page) = pages.next().await? {
            page.retain(|run| {
                let taken = taken.entry(workflow(run)).or_default();
                *taken += 1;
                *taken <= self.max_results
            });
            out.send(repository, page).await?;
        }
        Ok(())
    }
}

fn workflow(run: &Value) -> u64 {
    run["workflow_id"].as_u64().unwrap_or_default()
}
