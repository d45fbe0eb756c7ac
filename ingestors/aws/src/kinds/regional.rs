//! Reads a kind that every region of every account lists by itself, page after page, a few regions at once.

use async_trait::async_trait;
use futures::stream::{self, StreamExt};
use portolan_ingestor_contract::{IngestError, Sink, SourceError, send};
use portolan_schema::Code;
use serde_json::Value;

use super::unread::Unread;
use crate::session::Session;

/// Items of one page, in one region, whose calls are under way at the same time.
pub(super) const ITEMS_AT_ONCE: usize = 4;
/// Regions read at the same time.
const REGIONS_AT_ONCE: usize = 4;
/// Pages of one list after which something must be wrong.
const MAX_PAGES: usize = 100_000;

/// A region of an account, or why it cannot be read.
pub(crate) type Region<'a> = Result<(&'a Session, &'a str), SourceError>;

/// Where a list is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub session: &'a Session,
    pub region: &'a str,
    /// What has the list within the region, such as a cluster; empty where the region has just one.
    pub within: &'a str,
}

/// One page of a list.
#[derive(Default)]
pub(crate) struct Page {
    pub items: Vec<Value>,
    /// Where the next page starts; none after the last.
    pub next: Option<String>,
}

/// A list that each region keeps.
#[async_trait]
pub(crate) trait Regional: Send + Sync {
    fn kind(&self) -> &str;

    /// Where the list notes what its items lack.
    fn unread(&self) -> Option<&Unread> {
        None
    }

    /// What in the region has a list of its own.
    async fn lists(&self, _session: &Session, _region: &str) -> Result<Vec<String>, SourceError> {
        Ok(vec![String::new()])
    }

    /// The page that starts at a token, or the first.
    async fn page(&self, at: Place<'_>, token: Option<&str>) -> Result<Page, SourceError>;

    /// What only shows once every region has been asked.
    ///
    /// # Errors
    /// Where the kind failed although no region did.
    fn verdict(&self) -> Result<(), SourceError> {
        Ok(())
    }
}

/// Reads the kind in every region; see [`all`].
pub(crate) async fn collect(
    list: &dyn Regional,
    regions: &[Region<'_>],
    sink: &dyn Sink,
) -> Result<(), IngestError> {
    let reads: Vec<_> = regions.iter().map(|region| read(list, region, sink)).collect();
    let result = all(reads, REGIONS_AT_ONCE).await;
    let goes_on = match &result {
        Ok(()) => true,
        Err(IngestError::Source(error)) => !is_hopeless(error),
        Err(_) => false,
    };
    if let Some(unread) = list.unread().filter(|_| goes_on) {
        unread.close(sink).await?;
    }
    result?;
    Ok(list.verdict()?)
}

/// Reads places side by side. One that fails does not stop the others, unless AWS is out of reach or asks to slow down;
/// the first failure is the kind's.
pub(crate) async fn all(
    reads: Vec<impl Future<Output = Result<(), IngestError>> + Send>,
    at_once: usize,
) -> Result<(), IngestError> {
    let mut first_failure = None;
    let mut reads = stream::iter(reads).buffer_unordered(at_once);
    while let Some(result) = reads.next().await {
        match result {
            Ok(()) => {}
            Err(IngestError::Source(error)) if !is_hopeless(&error) => {
                first_failure.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    first_failure.map_or(Ok(()), |error| Err(error.into()))
}

/// Whether whatever is asked next will fail as well.
pub(crate) fn is_hopeless(error: &SourceError) -> bool {
    matches!(error.code, Code::UpstreamUnreachable | Code::UpstreamThrottled | Code::AddressRefused)
}

async fn read(list: &dyn Regional, region: &Region<'_>, sink: &dyn Sink) -> Result<(), IngestError> {
    let (session, region) = region.clone()?;
    let lists = list.lists(session, region).await.map_err(|error| session.in_account(error))?;
    for within in &lists {
        read_list(list, Place { session, region, within }, sink).await?;
    }
    Ok(())
}

async fn read_list(list: &dyn Regional, at: Place<'_>, sink: &dyn Sink) -> Result<(), IngestError> {
    let what = || format!("{} in {}", list.kind(), at.region);
    let mut pages = Pages::default();
    loop {
        let page = list.page(at, pages.token()).await.map_err(|error| at.session.in_account(error))?;
        if let Some(unread) = list.unread() {
            unread.report(sink).await?;
        }
        send(sink, list.kind(), page.items).await?;
        if !pages.turn(page.next, what)? {
            return Ok(());
        }
    }
}

/// Follows the tokens of a list, and notices those that lead in a circle.
#[derive(Default)]
pub(crate) struct Pages {
    token: Option<String>,
    read: usize,
}

impl Pages {
    /// Where the next page starts; none before the first.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Whether there is another page.
    ///
    /// # Errors
    /// Where the token is the last one's again, or there are more pages than there can be.
    pub fn turn(&mut self, next: Option<String>, what: impl Fn() -> String) -> Result<bool, SourceError> {
        let Some(next) = next.filter(|next| !next.is_empty()) else { return Ok(false) };
        self.read += 1;
        if self.token.as_deref() == Some(&next) || self.read == MAX_PAGES {
            let message = format!("AWS does not come to the end of the list of {}", what());
            return Err(SourceError::failed(message));
        }
        self.token = Some(next);
        Ok(true)
    }
}

/// The list at a pointer of an answer.
pub(crate) fn items_at(answer: &Value, pointer: &str, call: &str) -> Result<Vec<Value>, SourceError> {
    match answer.pointer(pointer) {
        Some(Value::Array(items)) => Ok(items.clone()),
        _ => Err(SourceError::failed(format!("the answer to {call} has no list at {pointer}"))),
    }
}

/// The texts of the list at a pointer of an answer.
pub(crate) fn texts_at(answer: &Value, pointer: &str, call: &str) -> Result<Vec<String>, SourceError> {
    let items = items_at(answer, pointer, call)?;
    Ok(items.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect())
}

/// The token at a pointer of an answer.
pub(crate) fn token_at(answer: &Value, pointer: &str) -> Option<String> {
    answer.pointer(pointer).and_then(Value::as_str).map(ToOwned::to_owned)
}
