//! Reads a kind that every repository lists by itself, a few repositories at once.

use async_trait::async_trait;
use futures::stream::{self, StreamExt};
use portolan_ingestor_contract::{Sink, send};
use portolan_schema::Error;
use serde_json::{Value, json};

use super::Run;
use super::warnings::Warnings;
use crate::fault::{Fault, Trouble};
use crate::item;
use crate::repositories::Repository;
use crate::selector::Filter;
use crate::session::Session;

/// Repositories read at the same time. GitHub asks for few requests at a time.
const AT_ONCE: usize = 4;
/// Repositories in a row that refuse, after which the others are not asked.
const MAX_REFUSALS: usize = 10;

/// A list that each repository keeps.
#[async_trait]
pub(crate) trait PerRepository: Send + Sync {
    fn kind(&self) -> &'static str;

    /// Which repositories are read. Archived ones only where the selector says so.
    fn filter(&self) -> &Filter;

    /// Hands over everything of a repository.
    async fn read(&self, session: &Session, repository: &Repository, out: &Out<'_>) -> Result<(), Trouble>;
}

/// Where the items of a kind go.
pub(crate) struct Out<'a> {
    kind: &'static str,
    sink: &'a dyn Sink,
    pub warnings: Warnings<'a>,
}

impl Out<'_> {
    pub async fn send(&self, repository: &Repository, items: Vec<Value>) -> Result<(), Error> {
        let items = items.into_iter().map(|item| of(repository, item)).collect();
        send(self.sink, self.kind, items).await
    }
}

/// An item of a repository's.
pub(crate) fn of(repository: &Repository, item: Value) -> Value {
    let added = [("__organization", json!(repository.owner)), ("__repository", json!(repository.full_name))];
    item::with(item, added)
}

/// Reads the kind in every repository. One that fails does not stop the others, unless GitHub is out of reach, asks to
/// slow down or refuses the credentials; the first failure is the kind's.
///
/// After each repository, and as long as none failed, there is a checkpoint: `{"after": id}`.
pub(crate) async fn collect(
    list: &dyn PerRepository,
    run: &Run<'_>,
    checkpoint: Option<&Value>,
) -> Result<(), Trouble> {
    let after = checkpoint.and_then(|at| at["after"].as_u64()).unwrap_or_default();
    let mut repositories = run.repositories.all(&run.session).await?;
    repositories.retain(|repository| repository.id > after && list.filter().takes(repository, false));
    let out = Out { kind: list.kind(), sink: run.sink, warnings: Warnings::new(list.kind(), run.sink) };
    let reads: Vec<_> = repositories.iter().map(|repository| one(list, run, repository, &out)).collect();
    // In their order, for the checkpoints.
    let mut reads = stream::iter(reads).buffered(AT_ONCE);
    let (mut failure, mut refusals, mut done) = (None::<Fault>, 0, repositories.iter());
    while let (Some(result), Some(repository)) = (reads.next().await, done.next()) {
        match result {
            Ok(()) => {
                refusals = 0;
                if failure.is_none() {
                    run.sink.checkpoint(list.kind(), &json!({ "after": repository.id })).await?;
                }
            }
            Err(Trouble::Source(fault)) => {
                refusals += 1;
                let ends = fault.is_hopeless() || (fault.is_forbidden() && refusals >= MAX_REFUSALS);
                let first = failure.get_or_insert(fault.clone());
                if ends {
                    let told = if fault.is_hopeless() { fault } else { first.clone() };
                    return Err(told.into());
                }
            }
            Err(error) => return Err(error),
        }
    }
    out.warnings.close().await?;
    failure.map_or(Ok(()), |fault| Err(fault.into()))
}

async fn one(
    list: &dyn PerRepository,
    run: &Run<'_>,
    repository: &Repository,
    out: &Out<'_>,
) -> Result<(), Trouble> {
    match list.read(&run.session, repository, out).await {
        Err(Trouble::Source(fault)) if fault.is_missing() => {
            match run.session.get(&format!("/repositories/{}", repository.id)).await {
                // It was deleted since it was listed, and with it everything it had.
                Err(gone) if gone.is_missing() => Ok(()),
                Err(other) => Err(other.into()),
                Ok(_) => Err(fault.into()),
            }
        }
        // By order of the law, GitHub shows nothing of it to anybody.
        Err(Trouble::Source(fault)) if fault.status == 451 => {
            out.warnings.empty("the repository's part", &repository.full_name, &fault).await?;
            Ok(())
        }
        other => other,
    }
}
