//! What is told of repositories.

use chrono::DateTime;
use serde_json::{Value, json};

use super::Told;
use crate::fault::Trouble;
use crate::item::{self, text};
use crate::kinds::repository::{self, Selector};
use crate::kinds::warnings::Warnings;
use crate::repositories::Repository;

const KIND: &str = repository::KIND.name;

impl Told<'_> {
    /// The events `repository` and `public`.
    pub(super) async fn repository(&mut self) -> Result<(), Trouble> {
        let Some(selector) = self.wanted::<Selector>(KIND)? else { return Ok(()) };
        let item = self.part("repository")?;
        let before = match self.action() {
            "deleted" => {
                self.leave(&item, text(&item, "full_name").to_owned());
                return Ok(());
            }
            "renamed" => {
                let name = text(&self.body["changes"]["repository"]["name"], "from");
                Some(format!("{}/{name}", owner(&item)))
            }
            "transferred" => {
                // From one that is read to one that is not, say.
                if self.config.organizations.is_empty() {
                    self.owners = Some(self.session.find_owners(self.config).await?);
                }
                let from = &self.body["changes"]["owner"]["from"];
                let login = ["organization", "user"].iter().find_map(|key| from[*key]["login"].as_str());
                login.map(|login| format!("{login}/{}", text(&item, "name")))
            }
            _ => None,
        };
        if let Some(name) = before {
            self.leave(&item, name);
        }
        self.stay(&selector, &item).await
    }

    /// A push changes what is known of a repository, and perhaps its files, where it is to the default branch.
    pub(super) async fn push(&mut self) -> Result<(), Trouble> {
        let Some(repository) = self.told_repository()? else { return Ok(()) };
        if self.body["ref"] != format!("refs/heads/{}", repository.default_branch) {
            return Ok(());
        }
        if let Some(selector) = self.wanted::<Selector>(KIND)? {
            let mut item = self.part("repository")?;
            // In this event alone, GitHub writes some times as seconds.
            for key in ["created_at", "pushed_at", "updated_at"] {
                if let Some(at) = item[key].as_i64().and_then(|at| DateTime::from_timestamp(at, 0)) {
                    item[key] = at.format("%FT%TZ").to_string().into();
                }
            }
            self.stay(&selector, &item).await?;
        }
        self.workflows(&repository).await
    }

    /// Repositories that the App is allowed to see from now on, or no longer.
    pub(super) async fn installed_repositories(&mut self) -> Result<(), Trouble> {
        let Some(selector) = self.wanted::<Selector>(KIND)? else { return Ok(()) };
        let list = |key: &str| self.body[key].as_array().cloned().unwrap_or_default();
        let (added, removed) = (list("repositories_added"), list("repositories_removed"));
        for item in removed {
            self.leave(&item, text(&item, "full_name").to_owned());
        }
        for item in added {
            // The delivery has no more than names.
            let Some(repository) = Repository::read(&item).filter(|found| self.reads(&found.owner)) else {
                continue;
            };
            match self.session.get(&repository.path("")).await {
                Ok(answer) => {
                    answer.object(&["id", "full_name"])?;
                    self.stay(&selector, &answer.body).await?;
                }
                Err(fault) if fault.is_missing() || fault.is_forbidden() => {}
                Err(fault) => return Err(fault.into()),
            }
        }
        Ok(())
    }

    /// It is there, unless the selector does not want it.
    async fn stay(&mut self, selector: &Selector, item: &Value) -> Result<(), Trouble> {
        let Some(repository) = Repository::read(item).filter(|found| self.reads(&found.owner)) else {
            return Ok(());
        };
        if !selector.repositories.takes(&repository, true) {
            self.leave(item, repository.full_name);
            return Ok(());
        }
        let warnings = Warnings::unheard(KIND);
        let item = repository::describe(&self.session, selector, item, &warnings).await?;
        self.present(KIND, item);
        Ok(())
    }

    /// It is gone from where it was.
    fn leave(&mut self, item: &Value, full_name: String) {
        let Some((owner, name)) = full_name.split_once('/').filter(|(owner, _)| self.reads(owner)) else {
            return;
        };
        let added =
            [("name", json!(name)), ("__organization", json!(owner)), ("full_name", json!(full_name))];
        let item = item::with(item.clone(), added);
        self.gone(KIND, item);
    }
}

fn owner(item: &Value) -> &str {
    text(item, "full_name").split_once('/').map_or("", |(owner, _)| owner)
}
