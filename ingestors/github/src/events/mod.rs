//! Webhooks: what GitHub's deliveries say, in the words of runs.

mod actions;
mod people;
mod repository;
pub(crate) mod signature;
mod work;

use portolan_ingestor_contract::{Delivery, Event, IngestError, KindRequest, SourceError};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::fault::Trouble;
use crate::item::text;
use crate::kinds::per_repository::{PerRepository, of};
use crate::repositories::Repository;
use crate::selector;
use crate::session::{Owner, Session};
use crate::settings::{Config, Keys};

/// Says what a delivery is about.
pub(super) const EVENT: &str = "x-github-event";
/// A delivery that is sent once more has the same.
pub(crate) const DELIVERY: &str = "x-github-delivery";

/// A delivery, and what is made of it.
struct Told<'a> {
    session: Session,
    config: &'a Config,
    kinds: &'a [KindRequest],
    event: &'a str,
    body: Value,
    /// Whose things are read, where the settings do not say and it had to be asked for.
    owners: Option<Vec<Owner>>,
    events: Vec<Event>,
}

/// Reads a delivery.
///
/// # Errors
/// Where it is no JSON, lacks what its kind always has, or GitHub does not answer what it leaves out.
pub(crate) async fn read(
    session: Session,
    config: &Config,
    keys: &Keys,
    kinds: &[KindRequest],
    delivery: &Delivery,
) -> Result<Vec<Event>, IngestError> {
    let event = delivery.headers.get(EVENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let body = payload(delivery)?;
    let installation = body["installation"]["id"].as_u64();
    if keys.installation().zip(installation).is_some_and(|(own, told)| own != told) {
        return Ok(Vec::new());
    }
    let mut told = Told { session, config, kinds, event, body, owners: None, events: Vec::new() };
    let done = match event {
        "repository" | "public" => told.repository().await,
        "push" => told.push().await,
        "installation_repositories" => told.installed_repositories().await,
        "organization" => told.organization().await,
        "team" => told.team().await,
        "membership" => told.membership().await,
        "pull_request" => told.pull_request(),
        "issues" => told.issue(),
        "release" => told.release(),
        "workflow_run" => told.workflow_run(),
        "deployment" | "deployment_status" => told.deployment().await,
        _ => Ok(()),
    };
    done?;
    Ok(told.events)
}

/// The JSON of a delivery: the body, or the field `payload` of a form.
fn payload(delivery: &Delivery) -> Result<Value, SourceError> {
    let body = &delivery.body;
    let form = || url::form_urlencoded::parse(body).find(|(name, _)| name == "payload");
    let parsed = match body.first() {
        Some(b'{') => serde_json::from_slice(body).ok(),
        _ => form().and_then(|(_, text)| serde_json::from_str(&text).ok()),
    };
    parsed.filter(Value::is_object).ok_or_else(|| SourceError::failed("the delivery is no JSON object"))
}

impl Told<'_> {
    fn action(&self) -> &str {
        text(&self.body, "action")
    }

    /// Whether an account's things are read, as far as it is known.
    fn reads(&self, login: &str) -> bool {
        let is = |owner: &Owner| owner.login.eq_ignore_ascii_case(login);
        self.config.names(login) && self.owners.as_ref().is_none_or(|owners| owners.iter().any(is))
    }

    /// The selector of a kind that is asked for.
    fn wanted<T: DeserializeOwned + JsonSchema>(&self, kind: &str) -> Result<Option<T>, SourceError> {
        self.kinds.iter().find(|request| request.kind == kind).map(selector::parse).transpose()
    }

    fn present(&mut self, kind: &str, item: Value) {
        self.events.push(Event::Present { kind: kind.to_owned(), item });
    }

    fn gone(&mut self, kind: &str, item: Value) {
        self.events.push(Event::Gone { kind: kind.to_owned(), item });
    }

    /// A part of the delivery that its kind always has.
    fn part(&self, key: &str) -> Result<Value, SourceError> {
        let part = self.body.get(key).filter(|part| part.is_object());
        part.cloned()
            .ok_or_else(|| SourceError::failed(format!("the delivery \"{}\" has no {key}", self.event)))
    }

    /// The organization that it is about, where that is read.
    fn told_organization(&self) -> Option<String> {
        let login = text(&self.body["organization"], "login");
        (!login.is_empty() && self.reads(login)).then(|| login.to_owned())
    }

    /// The repository that it is about, where that is read.
    fn told_repository(&self) -> Result<Option<Repository>, SourceError> {
        let part = self.part("repository")?;
        let repository = Repository::read(&part).ok_or_else(|| {
            SourceError::failed(format!("the repository of the delivery \"{}\" is none", self.event))
        })?;
        Ok(Some(repository).filter(|repository| self.reads(&repository.owner)))
    }

    /// What a delivery about a repository's things goes by: the selector, the repository, and the thing. None where
    /// nobody asked.
    fn thing<T>(&self, kind: &str, key: &str) -> Result<Option<(T, Repository, Value)>, Trouble>
    where
        T: PerRepository + DeserializeOwned + JsonSchema,
    {
        let Some(selector) = self.wanted::<T>(kind)? else { return Ok(None) };
        let Some(repository) = self.told_repository()? else { return Ok(None) };
        if !selector.filter().takes(&repository, false) {
            return Ok(None);
        }
        let item = of(&repository, self.part(key)?);
        Ok(Some((selector, repository, item)))
    }
}
