//! What the server holds: GitHub's examples, many times over, under names of their own.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::examples::{first, rest};

/// Objects and lists by the paths at which they are asked for.
#[derive(Debug, Clone, Default)]
pub struct Data {
    pub objects: BTreeMap<String, Value>,
    pub lists: BTreeMap<String, Vec<Value>>,
    organizations: Vec<(u64, String)>,
    repositories: Vec<(u64, String)>,
    /// Old full names of repositories.
    renamed: Vec<(String, u64)>,
    last: u64,
}

/// A moment so many days ago, as GitHub writes it.
pub fn days_ago(days: i64) -> String {
    at(Utc::now() - TimeDelta::days(days))
}

fn at(moment: DateTime<Utc>) -> String {
    moment.format("%FT%TZ").to_string()
}

impl Data {
    /// With the user whose token asks.
    pub fn new() -> Self {
        let mut data = Self { last: 1_000, ..Self::default() };
        let user = rest("private-user-response-with-public-and-private-profile-information");
        data.objects.insert("/user".to_owned(), user);
        data.lists.insert("/user/orgs".to_owned(), Vec::new());
        data.lists.insert("/installation/repositories".to_owned(), Vec::new());
        data
    }

    fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    pub fn organization(&mut self, login: &str) {
        let id = self.number();
        self.organizations.push((id, login.to_owned()));
        let mut full = rest("organization-full");
        (full["login"], full["id"]) = (login.into(), id.into());
        self.objects.insert(format!("/orgs/{login}"), full);
        let mut simple = first("organization-simple-items");
        (simple["login"], simple["id"]) = (login.into(), id.into());
        self.lists.entry("/user/orgs".to_owned()).or_default().push(simple);
        for list in ["repos", "teams", "members"] {
            self.lists.insert(format!("/orgs/{login}/{list}"), Vec::new());
        }
    }

    /// A repository, with changes to GitHub's example, and its number.
    pub fn repository(&mut self, organization: &str, name: &str, changes: Value) -> u64 {
        let id = self.number();
        let full_name = format!("{organization}/{name}");
        let mut item = first("minimal-repository-items");
        item["id"] = id.into();
        item["name"] = name.into();
        item["full_name"] = full_name.clone().into();
        item["owner"]["login"] = organization.into();
        item["created_at"] =
            at(DateTime::from_timestamp(1_600_000_000 + i64::try_from(id).unwrap(), 0).unwrap()).into();
        item["temp_clone_token"] = "ABTLWHOULUVAXGTRYU7OC2876QJ2O".into();
        for (key, value) in changes.as_object().unwrap() {
            item[key] = value.clone();
        }
        self.objects.insert(format!("/repos/{full_name}"), item.clone());
        self.repositories.push((id, full_name.clone()));
        self.add(&format!("/orgs/{organization}/repos"), item.clone());
        self.add("/installation/repositories", item);
        let lists = [
            "pulls",
            "issues",
            "releases",
            "actions/workflows",
            "actions/runs",
            "environments",
            "deployments",
        ];
        for list in lists {
            self.lists.insert(format!("/repos/{full_name}/{list}"), Vec::new());
        }
        id
    }

    /// A user who is a member of an organization, in a role.
    pub fn member(&mut self, organization: &str, login: &str, role: &str) {
        let mut user = first("simple-user-items");
        (user["login"], user["id"]) = (login.into(), self.number().into());
        let mut full = rest("public-user-default-response");
        (full["login"], full["id"], full["name"]) =
            (user["login"].clone(), user["id"].clone(), format!("Dr. {login}").into());
        self.objects.entry(format!("/users/{login}")).or_insert(full);
        let membership = json!({ "state": "active", "role": role, "user": user, "organization": {} });
        self.objects.insert(format!("/orgs/{organization}/memberships/{login}"), membership);
        user["stand-in-role"] = role.into();
        self.add(&format!("/orgs/{organization}/members"), user);
    }

    pub fn team(&mut self, organization: &str, slug: &str, members: &[&str]) {
        let mut team = first("team-items");
        (team["id"], team["name"], team["slug"]) =
            (self.number().into(), slug.to_uppercase().into(), slug.into());
        self.add(&format!("/orgs/{organization}/teams"), team);
        let member = |login: &&str| {
            let mut member = first("team-member-items");
            member["login"] = (*login).into();
            member
        };
        let path = format!("/orgs/{organization}/teams/{slug}/members");
        self.lists.insert(path, members.iter().map(member).collect());
    }

    /// Something of a repository's, made of GitHub's example with changes, in the list's order.
    pub fn thing(&mut self, full_name: &str, list: &str, changes: Value) -> u64 {
        let mut item = match list {
            "pulls" => first("pull-request-simple-items"),
            "issues" => first("issue-items"),
            "releases" => first("release-items"),
            "actions/workflows" => rest("workflow-paginated")["workflows"][0].clone(),
            "actions/runs" => rest("workflow-run-paginated")["workflow_runs"][0].clone(),
            "environments" => rest("environments")["environments"][0].clone(),
            "deployments" => first("deployment-items"),
            other => panic!("repositories have no {other}"),
        };
        let id = self.number();
        item["id"] = id.into();
        if list == "issues" {
            item.as_object_mut().unwrap().shift_remove("pull_request");
        }
        for (key, value) in changes.as_object().unwrap() {
            item[key] = value.clone();
        }
        self.add(&format!("/repos/{full_name}/{list}"), item);
        if list == "deployments" {
            let path = format!("/repos/{full_name}/deployments/{id}/statuses");
            self.lists.insert(path, rest("deployment-status-items").as_array().unwrap().clone());
        }
        id
    }

    /// A file, its content in Base64.
    pub fn file(&mut self, full_name: &str, path: &str, content: &str) {
        let mut file = rest("content-file");
        (file["path"], file["content"], file["encoding"]) = (path.into(), content.into(), "base64".into());
        let at = if path == "README.md" { "readme".to_owned() } else { format!("contents/{path}") };
        self.objects.insert(format!("/repos/{full_name}/{at}"), file);
    }

    fn add(&mut self, list: &str, item: Value) {
        self.lists.entry(list.to_owned()).or_default().push(item);
    }

    /// Changes a repository where it is shown.
    pub fn change(&mut self, full_name: &str, changes: &Value) {
        let shown = self
            .lists
            .iter_mut()
            .filter(|(path, _)| path.ends_with("/repos") || path.ends_with("/repositories"));
        for item in shown.flat_map(|(_, items)| items).filter(|item| item["full_name"] == full_name) {
            for (key, value) in changes.as_object().unwrap() {
                item[key] = value.clone();
            }
        }
    }

    /// The repository is no longer there; lists that were read before still name it.
    pub fn delete(&mut self, full_name: &str) {
        let path = format!("/repos/{full_name}");
        self.objects.retain(|known, _| known != &path && !known.starts_with(&format!("{path}/")));
        self.lists.retain(|known, _| !known.starts_with(&format!("{path}/")));
    }

    /// The repository has another name; lists that were read before still have the old one.
    pub fn rename(&mut self, from: &str, to: &str) {
        let id = self.repositories.iter().find(|(_, name)| name == from).unwrap().0;
        let moved = |path: &str| path.replacen(&format!("/repos/{from}"), &format!("/repos/{to}"), 1);
        self.objects =
            std::mem::take(&mut self.objects).into_iter().map(|(path, it)| (moved(&path), it)).collect();
        self.lists =
            std::mem::take(&mut self.lists).into_iter().map(|(path, it)| (moved(&path), it)).collect();
        self.repositories
            .iter_mut()
            .filter(|(known, _)| *known == id)
            .for_each(|(_, name)| *name = to.to_owned());
        self.renamed.push((format!("/repos/{from}"), id));
    }

    /// Where a path of a repository that has another name now leads to.
    pub fn moved(&self, path: &str) -> Option<String> {
        let (from, id) =
            self.renamed.iter().find(|(from, _)| path.starts_with(&format!("{from}/")) || path == from)?;
        Some(format!("/repositories/{id}{}", &path[from.len()..]))
    }

    /// A path with names instead of numbers.
    pub fn named(&self, path: &str) -> String {
        for (numbers, names, known) in [
            ("/organizations/", "/orgs/", &self.organizations),
            ("/repositories/", "/repos/", &self.repositories),
        ] {
            let Some(rest) = path.strip_prefix(numbers) else { continue };
            let (number, rest) =
                rest.split_once('/').map_or((rest, String::new()), |(n, rest)| (n, format!("/{rest}")));
            if let Some((_, name)) = known.iter().find(|(id, _)| id.to_string() == number) {
                return format!("{names}{name}{rest}");
            }
        }
        // Names are the same in other cases.
        let mut parts: Vec<&str> = path.split('/').collect();
        if parts.get(1) == Some(&"orgs") {
            let written =
                |name: &&str| self.organizations.iter().find(|(_, login)| login.eq_ignore_ascii_case(name));
            if let Some((_, login)) = parts.get(2).and_then(written) {
                parts[2] = login;
            }
        }
        parts.join("/")
    }

    /// A path with numbers instead of names, as GitHub links to further pages.
    pub fn numbered(&self, path: &str) -> String {
        for (numbers, names, known) in [
            ("/organizations/", "/orgs/", &self.organizations),
            ("/repositories/", "/repos/", &self.repositories),
        ] {
            for (id, name) in known {
                if let Some(rest) = path.strip_prefix(&format!("{names}{name}/")) {
                    return format!("{numbers}{id}/{rest}");
                }
            }
        }
        path.to_owned()
    }
}

/// Two organizations with something of everything.
pub fn filled() -> Data {
    let mut data = Data::new();
    for organization in ["octo-org", "acme"] {
        data.organization(organization);
    }
    data.repository("octo-org", "hello-world", json!({ "topics": ["greetings"], "language": "Rust" }));
    data.repository("octo-org", "shop", json!({ "private": true, "visibility": "private" }));
    data.repository("octo-org", "attic", json!({ "archived": true }));
    data.repository("acme", "empty", json!({ "has_issues": false }));
    data.member("octo-org", "mona", "admin");
    for login in ["hubot", "lee", "sam"] {
        data.member("octo-org", login, "member");
    }
    data.member("acme", "lee", "admin");
    for login in ["sam", "kim", "ada"] {
        data.member("acme", login, "member");
    }
    data.team("octo-org", "core", &["mona", "hubot", "lee"]);
    data.team("octo-org", "docs", &["sam"]);
    data.team("octo-org", "ops", &[]);
    data.team("acme", "all", &["lee", "kim"]);
    for (full_name, count) in [("octo-org/hello-world", 5), ("octo-org/shop", 3), ("octo-org/attic", 1)] {
        for number in 1..=count {
            let (made, changed) = (days_ago(20 - number), days_ago(10 - number));
            let dates =
                json!({ "created_at": made, "updated_at": changed, "closed_at": null, "merged_at": null });
            let with = |more: Value| {
                let mut all = dates.clone();
                all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                all
            };
            data.thing(full_name, "pulls", with(json!({ "number": number, "state": "open" })));
            data.thing(full_name, "issues", with(json!({ "number": number + 10, "state": "open" })));
            let linked = json!({ "number": number, "state": "open", "pull_request": { "url": "https://x" } });
            data.thing(full_name, "issues", with(linked));
            data.thing(full_name, "releases", with(json!({ "tag_name": format!("v1.{number}") })));
            let file = format!(".github/workflows/{number}.yaml");
            data.thing(full_name, "actions/workflows", with(json!({ "path": file })));
            data.thing(full_name, "actions/runs", with(json!({ "workflow_id": 159_038 + number % 2 })));
            data.thing(full_name, "environments", with(json!({ "name": format!("stage {number}") })));
            data.thing(full_name, "deployments", with(json!({ "sha": format!("{number:040}") })));
        }
        let closed = json!({ "number": 99, "state": "closed", "updated_at": days_ago(1) });
        data.thing(full_name, "pulls", closed.clone());
        data.thing(full_name, "issues", closed);
        data.file(full_name, "README.md", "SGVs\nbG8=\n");
        data.file(full_name, "docs/owners.txt", "bW9uYQ==");
        data.objects.insert(format!("/repos/{full_name}/languages"), rest("language"));
    }
    data
}
