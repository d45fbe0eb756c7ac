//! What is told of workflows, their runs, deployments and environments.

use serde_json::Value;

use super::Told;
use crate::fault::Trouble;
use crate::item::text;
use crate::kinds::per_repository::{PerRepository, of};
use crate::kinds::{deployment, environment, workflow, workflow_run};
use crate::repositories::Repository;
use crate::session::segment;

impl Told<'_> {
    pub(super) fn workflow_run(&mut self) -> Result<(), Trouble> {
        // A workflow is new, or has another name, where it runs: nothing else tells of it.
        if self.body["workflow"].is_object() {
            let kind = workflow::KIND.name;
            if let Some((_, _, item)) = self.thing::<workflow::Selector>(kind, "workflow")? {
                self.present(kind, item);
            }
        }
        let kind = workflow_run::KIND.name;
        let Some((selector, _, item)) = self.thing::<workflow_run::Selector>(kind, "workflow_run")? else {
            return Ok(());
        };
        if selector.branch.as_deref().is_none_or(|branch| branch == text(&item, "head_branch")) {
            self.present(kind, item);
        }
        Ok(())
    }

    pub(super) async fn deployment(&mut self) -> Result<(), Trouble> {
        let kind = deployment::KIND.name;
        if let Some((selector, _, mut item)) = self.thing::<deployment::Selector>(kind, "deployment")? {
            if selector.status {
                let status = self.body.get("deployment_status").cloned().unwrap_or_default();
                item = deployment::with_status(item, status);
            }
            self.present(kind, item);
        }
        if self.event == "deployment" { self.environment().await } else { Ok(()) }
    }

    /// The first deployment to an environment makes it.
    async fn environment(&mut self) -> Result<(), Trouble> {
        let kind = environment::KIND.name;
        let Some((_, repository, deployment)) = self.thing::<environment::Selector>(kind, "deployment")?
        else {
            return Ok(());
        };
        let name = text(&deployment, "environment");
        let path = repository.path(&format!("/environments/{}", segment(name)));
        match self.session.get(&path).await {
            Ok(answer) => {
                answer.object(&["id", "name"])?;
                self.present(kind, of(&repository, answer.body));
                Ok(())
            }
            Err(fault) if fault.is_missing() || fault.is_forbidden() => Ok(()),
            Err(fault) => Err(fault.into()),
        }
    }

    /// The workflows of a repository to which files of workflows were pushed.
    pub(super) async fn workflows(&mut self, repository: &Repository) -> Result<(), Trouble> {
        let kind = workflow::KIND.name;
        let Some(selector) = self.wanted::<workflow::Selector>(kind)? else { return Ok(()) };
        if !selector.filter().takes(repository, false) || !touches_workflows(&self.body) {
            return Ok(());
        }
        let items = match workflow::list(&self.session, repository)?.all().await {
            Ok(items) => items,
            Err(fault) if fault.is_missing() || fault.is_forbidden() => return Ok(()),
            Err(fault) => return Err(fault.into()),
        };
        items.into_iter().for_each(|item| self.present(kind, of(repository, item)));
        Ok(())
    }
}

/// Whether the commits of a push change files of workflows. GitHub tells no more than 2,048 commits, of which none has to
/// be told with its files.
fn touches_workflows(body: &Value) -> bool {
    let commits = body["commits"].as_array().into_iter().flatten();
    let files = commits.flat_map(|commit| ["added", "modified", "removed"].map(|key| &commit[key]));
    let mut files = files.filter_map(Value::as_array).flatten().filter_map(Value::as_str);
    files.any(|file| file.starts_with(".github/workflows/"))
}
