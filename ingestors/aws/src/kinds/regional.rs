//! Reads a kind that every region lists by itself, page after page, a few regions at once.

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
/// Pages of one region after which something must be wrong.
const MAX_PAGES: usize = 100_000;

/// One page of a list.
pub(crate) struct Page {
    pub items: Vec<Value>,
    /// Where the next page starts; none after the last.
    pub next: Option<String>,
}

/// A list that each region keeps.
#[async_trait]
pub(crate) trait Regional: Send + Sync {
    fn kind(&self) -> &'static str;

    /// Where the list notes what its items lack.
    fn unread(&self) -> Option<&Unread> {
        None
    }

    /// The page that starts at a token, or the first.
    async fn page(&self, session: &Session, region: &str, token: Option<&str>) -> Result<Page, SourceError>;
}

/// Reads the kind in every region. A region that fails does not stop the others, unless AWS is out of reach or asks to
/// slow down; the first failure is the kind's.
pub(crate) async fn collect(
    list: &dyn Regional,
    session: &Session,
    regions: &[String],
    sink: &dyn Sink,
) -> Result<(), IngestError> {
    let mut first_failure = None;
    let reads: Vec<_> = regions.iter().map(|region| read(list, session, region, sink)).collect();
    let mut reads = stream::iter(reads).buffer_unordered(REGIONS_AT_ONCE);
    while let Some(result) = reads.next().await {
        match result {
            Ok(()) => {}
            Err(IngestError::Source(error)) => {
                let hopeless = matches!(
                    error.code,
                    Code::UpstreamUnreachable | Code::UpstreamThrottled | Code::AddressRefused
                );
                if hopeless {
                    return Err(error.into());
                }
                first_failure.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    if let Some(unread) = list.unread() {
        unread.close(sink).await?;
    }
    first_failure.map_or(Ok(()), |error| Err(error.into()))
}

async fn read(
    list: &dyn Regional,
    session: &Session,
    region: &str,
    sink: &dyn Sink,
) -> Result<(), IngestError> {
    let mut token: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let page = list.page(session, region, token.as_deref()).await?;
        if let Some(unread) = list.unread() {
            unread.report(sink).await?;
        }
        send(sink, list.kind(), page.items).await?;
        match page.next.filter(|next| !next.is_empty()) {
            None => return Ok(()),
            next if next == token => break,
            next => token = next,
        }
    }
    let message = format!("AWS does not come to the end of the list of {} in {region}", list.kind());
    Err(SourceError::failed(message).into())
}

/// The list at a pointer of an answer.
pub(super) fn items_at(answer: &Value, pointer: &str, call: &str) -> Result<Vec<Value>, SourceError> {
    match answer.pointer(pointer) {
        Some(Value::Array(items)) => Ok(items.clone()),
        _ => Err(SourceError::failed(format!("the answer to {call} has no list at {pointer}"))),
    }
}

/// The token at a pointer of an answer.
pub(super) fn token_at(answer: &Value, pointer: &str) -> Option<String> {
    answer.pointer(pointer).and_then(Value::as_str).map(ToOwned::to_owned)
}
