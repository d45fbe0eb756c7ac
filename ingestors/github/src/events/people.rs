//! What is told of organizations, their members and teams.

use serde_json::{Value, json};

use super::Told;
use crate::fault::{Fault, Trouble};
use crate::item::{self, text};
use crate::kinds::warnings::Warnings;
use crate::kinds::{organization, team, user};
use crate::session::segment;

impl Told<'_> {
    /// The event `organization`, which is about its members most of the time.
    pub(super) async fn organization(&mut self) -> Result<(), Trouble> {
        let kind = organization::KIND.name;
        let item = self.part("organization")?;
        let wanted = self.kinds.iter().any(|request| request.kind == kind);
        match self.action() {
            "member_added" | "member_removed" => return self.member().await,
            "renamed" if wanted => {
                let before = text(&self.body["changes"]["login"], "from").to_owned();
                if self.reads(&before) && before != text(&item, "login") {
                    self.gone(kind, item::with(item.clone(), [("login", json!(before))]));
                }
                if let Some(login) = self.told_organization() {
                    match organization::read(&self.session, &login).await {
                        Ok(item) => self.present(kind, item),
                        // It has yet another name by now, of which there is a delivery as well.
                        Err(fault) if fault.is_missing() => {}
                        Err(fault) => return Err(fault.into()),
                    }
                }
            }
            "deleted" if wanted && self.told_organization().is_some() => self.gone(kind, item),
            _ => {}
        }
        Ok(())
    }

    async fn member(&mut self) -> Result<(), Trouble> {
        let kind = user::KIND.name;
        let Some(selector) = self.wanted::<user::Selector>(kind)? else { return Ok(()) };
        let Some(organization) = self.told_organization() else { return Ok(()) };
        let membership = self.part("membership")?;
        let member = membership["user"].clone();
        let login = text(&member, "login").to_owned();
        if login.is_empty() {
            return Ok(());
        }
        let mut of = self.other_memberships(&organization, &login).await?;
        if self.action() == "member_added" {
            let role = if membership["role"] == "admin" { "admin" } else { "member" };
            of.insert(0, (organization, role));
        }
        if of.is_empty() {
            self.gone(kind, user::belonging(member, &of));
            return Ok(());
        }
        let user = match selector.details {
            true => user::describe(&self.session, &member, &Warnings::unheard(kind)).await?,
            false => member,
        };
        self.present(kind, user::belonging(user, &of));
        Ok(())
    }

    /// Where else the user is a member.
    async fn other_memberships(
        &self,
        organization: &str,
        login: &str,
    ) -> Result<Vec<(String, &'static str)>, Fault> {
        let mut of = Vec::new();
        for other in self.session.find_owners(self.config).await? {
            let other = other.login;
            if other.eq_ignore_ascii_case(organization) {
                continue;
            }
            let path = format!("/orgs/{}/memberships/{}", segment(&other), segment(login));
            match self.session.get(&path).await {
                Ok(answer) => {
                    let membership = answer.object(&["state", "role"])?;
                    if membership["state"] == "active" {
                        of.push((other, if membership["role"] == "admin" { "admin" } else { "member" }));
                    }
                }
                Err(fault) if fault.is_missing() || fault.is_forbidden() => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(of)
    }

    /// The event `team`.
    pub(super) async fn team(&mut self) -> Result<(), Trouble> {
        match self.action() {
            "added_to_repository" | "removed_from_repository" => Ok(()),
            "deleted" => {
                let kind = team::KIND.name;
                let wanted = self.wanted::<team::Selector>(kind)?.is_some();
                if let Some(login) = self.told_organization().filter(|_| wanted) {
                    let item = item::with(self.part("team")?, [("__organization", json!(login))]);
                    self.gone(kind, item);
                }
                Ok(())
            }
            _ => self.team_as_it_is().await,
        }
    }

    /// The event `membership`: somebody joined or left a team.
    pub(super) async fn membership(&mut self) -> Result<(), Trouble> {
        // Where the team itself is deleted, its own event says so.
        if self.body["team"]["deleted"] == Value::Bool(true) {
            return Ok(());
        }
        self.team_as_it_is().await
    }

    async fn team_as_it_is(&mut self) -> Result<(), Trouble> {
        let kind = team::KIND.name;
        let Some(selector) = self.wanted::<team::Selector>(kind)? else { return Ok(()) };
        let Some(login) = self.told_organization() else { return Ok(()) };
        let team = self.part("team")?;
        let warnings = Warnings::unheard(kind);
        if let Some(item) = team::describe(&self.session, &selector, &login, &team, &warnings).await? {
            self.present(kind, item);
        }
        Ok(())
    }
}
