//! What the suite has to know of a source.

use std::sync::Arc;

use super::{Answer, Seen};
use crate::{Ingestor, Settings};

/// A way in which a source refuses a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The credentials are not known.
    Refused,
    /// The credentials were good once.
    Expired,
    /// The credentials are good, but not for this.
    Denied,
    /// "Slow down."
    Busy,
}

/// A source to test against, which holds some items of every kind while a test runs, and what only its ingestor's
/// authors can know of it.
pub trait Peer: Send + Sync {
    fn ingestor(&self) -> Arc<dyn Ingestor>;

    /// Where the source listens: `http://host:port`, without a path.
    fn address(&self) -> String;

    /// Settings that work, with every secret set, for the source at an address (which is the proxy's).
    fn settings(&self, address: &str) -> Settings;

    /// The same with credentials that the source does not know.
    fn strange_settings(&self, address: &str) -> Settings;

    /// The kinds that the source holds, which are read by requests of their own each.
    fn kinds(&self) -> Vec<&'static str> {
        self.ingestor().descriptor().kinds.iter().map(|kind| kind.name).collect()
    }

    /// Whether the source has no lists, so that there are no second pages.
    fn is_unpaged(&self) -> bool {
        false
    }

    /// How many items of a kind the source holds, at least. Not 0.
    fn holds(&self, kind: &str) -> usize;

    /// Whether reading the kind takes several pages with [`Peer::small_page`].
    fn pages(&self, kind: &str) -> bool;

    /// A page size with which some kinds have several pages.
    fn small_page(&self) -> u32;

    /// The kind whose list a request reads, without which there is no such kind. None for everything else, such as
    /// signing in and calls about a single item.
    fn lists(&self, request: &Seen) -> Option<&'static str>;

    /// Every form in which the real source says so, with a message in its text; at least one.
    fn says(&self, failure: Failure, request: &Seen, message: &str) -> Vec<Answer>;

    /// An answer in the peer's stead, where the peer cannot do what the real source does.
    fn stands_in(&self, _request: &Seen) -> Option<Answer> {
        None
    }

    /// Path and query that the peer is asked for, where it does not do with the request's own what the real source does.
    fn asks_for(&self, request: &Seen) -> String {
        request.target.clone()
    }

    /// Turns an answer of the peer into what the real source would say.
    fn amends(&self, _request: &Seen, answer: Answer) -> Answer {
        answer
    }
}
