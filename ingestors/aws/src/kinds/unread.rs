//! What items lack because the credentials may not make a call about them: told to the run's log, the first few by name.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use portolan_ingestor_contract::{IngestError, Level, Sink, SourceError};
use portolan_schema::Code;
use serde_json::Value;

use crate::signed::Refused;

/// Items whose lack of a detail is told one by one, for each call; the others are counted.
const NAMED: usize = 5;

/// What one kind's items lack, by the call that was refused.
pub(crate) struct Unread {
    kind: String,
    /// The items, for people, in the plural.
    plural: &'static str,
    missed: Mutex<BTreeMap<&'static str, Missed>>,
}

/// Items of which one call told nothing.
#[derive(Default)]
struct Missed {
    count: usize,
    /// Item and sentence, until they are told.
    untold: Vec<(String, String)>,
}

impl Unread {
    pub fn new(kind: impl Into<String>, plural: &'static str) -> Self {
        Self { kind: kind.into(), plural, missed: Mutex::default() }
    }

    /// Remembers that `call` told nothing of an item.
    pub fn note(&self, call: &'static str, item: &str, error: &SourceError) {
        let mut missed = self.missed.lock().unwrap_or_else(PoisonError::into_inner);
        let missed = missed.entry(call).or_default();
        missed.count += 1;
        if missed.count <= NAMED {
            let message = format!("what {call} tells stays empty: {}", error.message);
            missed.untold.push((item.to_owned(), message));
        }
    }

    /// An answer that an item can do without: none where the credentials may not have it (which is noted) or where AWS
    /// says with one of the codes `gone` that the item is no longer there.
    ///
    /// # Errors
    /// What else went wrong.
    pub fn optional(
        &self,
        call: &'static str,
        item: &str,
        gone: &[&str],
        answer: Result<Value, Refused>,
    ) -> Result<Option<Value>, SourceError> {
        match answer {
            Ok(value) => Ok(Some(value)),
            Err(refused) if refused.says(gone) => Ok(None),
            Err(refused) => {
                let error = SourceError::from(refused);
                if error.code != Code::UpstreamForbidden {
                    return Err(error);
                }
                self.note(call, item, &error);
                Ok(None)
            }
        }
    }

    /// Tells the run's log of what could not be read since the last time.
    pub async fn report(&self, sink: &dyn Sink) -> Result<(), IngestError> {
        let untold: Vec<_> = {
            let mut missed = self.missed.lock().unwrap_or_else(PoisonError::into_inner);
            missed.values_mut().flat_map(|missed| std::mem::take(&mut missed.untold)).collect()
        };
        for (item, message) in untold {
            sink.log(Level::Warning, Some(&self.kind), &message, Some(&item)).await?;
        }
        Ok(())
    }

    /// Tells the run's log of how many more items something could not be read.
    pub async fn close(&self, sink: &dyn Sink) -> Result<(), IngestError> {
        let counts: Vec<_> = {
            let missed = self.missed.lock().unwrap_or_else(PoisonError::into_inner);
            missed.iter().map(|(call, missed)| (*call, missed.count)).collect()
        };
        for (call, count) in counts.into_iter().filter(|(_, count)| *count > NAMED) {
            let message = format!("what {call} tells stays empty for {count} {} in all", self.plural);
            sink.log(Level::Warning, Some(&self.kind), &message, None).await?;
        }
        Ok(())
    }
}
