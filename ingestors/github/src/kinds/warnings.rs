//! Details that may not be read are left empty; the run's log says which, without drowning in it.

use std::sync::atomic::{AtomicUsize, Ordering};

use portolan_ingestor_contract::{Level, Sink};
use portolan_schema::Error;

use crate::fault::Fault;

/// Items that are named; of more there is one line at the end.
const NAMED: usize = 5;

/// What was left empty of one kind.
pub(crate) struct Warnings<'a> {
    kind: &'static str,
    /// None where nobody keeps a log.
    sink: Option<&'a dyn Sink>,
    count: AtomicUsize,
}

impl<'a> Warnings<'a> {
    pub fn new(kind: &'static str, sink: &'a dyn Sink) -> Self {
        Self { kind, sink: Some(sink), count: AtomicUsize::new(0) }
    }

    /// For what is read between runs.
    pub fn unheard(kind: &'static str) -> Self {
        Self { kind, sink: None, count: AtomicUsize::new(0) }
    }

    /// `what` of an item stays empty because of a fault, whose sentence names the call.
    pub async fn empty(&self, what: &str, item: &str, fault: &Fault) -> Result<(), Error> {
        if self.count.fetch_add(1, Ordering::Relaxed) >= NAMED {
            return Ok(());
        }
        let message = format!("{what} stays empty: {}", fault.error.message);
        match self.sink {
            Some(sink) => sink.log(Level::Warning, Some(self.kind), &message, Some(item)).await,
            None => Ok(()),
        }
    }

    /// How many there were beside those that were named.
    pub async fn close(&self) -> Result<(), Error> {
        let more = self.count.load(Ordering::Relaxed).saturating_sub(NAMED);
        if more == 0 {
            return Ok(());
        }
        let message = format!("{more} more details stay empty for the same kind of reason");
        match self.sink {
            Some(sink) => sink.log(Level::Warning, Some(self.kind), &message, None).await,
            None => Ok(()),
        }
    }
}
