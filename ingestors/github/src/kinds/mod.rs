//! The kinds of items, one file each, and the names by which mappings know them.

pub(crate) mod deployment;
pub(crate) mod environment;
pub(crate) mod issue;
pub(crate) mod organization;
pub(crate) mod per_repository;
pub(crate) mod pull_request;
pub(crate) mod release;
pub(crate) mod repository;
pub(crate) mod team;
pub(crate) mod user;
pub(crate) mod warnings;
pub(crate) mod windows;
pub(crate) mod workflow;
pub(crate) mod workflow_run;

use portolan_ingestor_contract::{IngestError, KindDescription, KindRequest, Sink, SourceError, read_kind};
use portolan_schema::Code;

use self::per_repository::PerRepository;
use crate::fault::Trouble;
use crate::repositories::Repositories;
use crate::selector;
use crate::session::Session;

/// In the order in which they are read.
pub(crate) const ALL: [KindDescription; 11] = [
    organization::KIND,
    repository::KIND,
    user::KIND,
    team::KIND,
    pull_request::KIND,
    issue::KIND,
    release::KIND,
    workflow::KIND,
    workflow_run::KIND,
    environment::KIND,
    deployment::KIND,
];

/// One collection.
pub(crate) struct Run<'a> {
    pub session: Session,
    pub repositories: Repositories,
    pub sink: &'a dyn Sink,
}

impl Run<'_> {
    pub async fn all(&self, kinds: &[KindRequest]) -> Result<(), IngestError> {
        for request in kinds {
            read_kind(self.sink, &request.kind, self.one(request)).await?;
        }
        Ok(())
    }

    async fn one(&self, request: &KindRequest) -> Result<(), Trouble> {
        let kind = request.kind.as_str();
        match kind {
            _ if kind == organization::KIND.name => organization::collect(self, request).await,
            _ if kind == repository::KIND.name => repository::collect(self, request).await,
            _ if kind == team::KIND.name => team::collect(self, request).await,
            _ if kind == user::KIND.name => user::collect(self, request).await,
            _ => match per_repository(request)? {
                Some(list) => per_repository::collect(list.as_ref(), self, request.checkpoint.as_ref()).await,
                None => Err(unknown(kind).into()),
            },
        }
    }
}

/// The list of a kind that each repository keeps by itself; none for other kinds.
///
/// # Errors
/// Where the request's selector is wrong.
fn per_repository(request: &KindRequest) -> Result<Option<Box<dyn PerRepository>>, SourceError> {
    let kind = request.kind.as_str();
    Ok(Some(match kind {
        _ if kind == pull_request::KIND.name => Box::new(selector::parse::<pull_request::Selector>(request)?),
        _ if kind == issue::KIND.name => Box::new(selector::parse::<issue::Selector>(request)?),
        _ if kind == release::KIND.name => Box::new(selector::parse::<release::Selector>(request)?),
        _ if kind == workflow::KIND.name => Box::new(selector::parse::<workflow::Selector>(request)?),
        _ if kind == workflow_run::KIND.name => Box::new(selector::parse::<workflow_run::Selector>(request)?),
        _ if kind == environment::KIND.name => Box::new(selector::parse::<environment::Selector>(request)?),
        _ if kind == deployment::KIND.name => Box::new(selector::parse::<deployment::Selector>(request)?),
        _ => return Ok(None),
    }))
}

fn unknown(kind: &str) -> SourceError {
    let known = ALL.map(|kind| kind.name).join(", ");
    SourceError::new(Code::InvalidMapping, format!("github has no kind \"{kind}\"; its kinds are {known}"))
}
