//! Reads the files of a source, one after the other, for the kinds of a format.

use std::collections::{HashSet, VecDeque};

use glob::{MatchOptions, Pattern};
use portolan_ingestor_contract::{IngestError, KindRequest, Level, Sink, SourceError};
use serde_json::json;

use crate::handing::Hand;
use crate::settings::Wanted;
use crate::source::{Place, Source, beside};

/// As a shell: `*` stays within a name, and names that begin with `.` have to be named.
const MATCHING: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };
/// Most files that are read because others name them.
const MAX_NAMED: usize = 10_000;

/// One reading of a source.
pub(crate) struct Reading<'a> {
    pub wanted: &'a Wanted,
    pub source: &'a dyn Source,
    pub sink: &'a dyn Sink,
}

/// What is known of the files so far.
struct Seen {
    /// Whether address and credentials are good.
    answered: bool,
    read: usize,
    /// Those that could not be read: the first, and how many.
    failed: Option<(SourceError, usize)>,
    /// Read although no pattern fits, since others name them.
    named: HashSet<String>,
}

impl Reading<'_> {
    /// Begins the kinds, hands over their items, and ends them.
    ///
    /// # Errors
    /// What is about the source as a whole, where nobody has answered yet; and what the run cannot go on after.
    pub async fn all(&self, kinds: &[&KindRequest]) -> Result<(), IngestError> {
        let mut hand = Hand::new(self.sink, kinds.iter().map(|request| request.kind.clone()));
        let mut seen =
            Seen { answered: self.source.has_answered(), read: 0, failed: None, named: HashSet::new() };
        if seen.answered {
            hand.begin().await?;
        }
        let ended = match self.every_file(kinds, &mut hand, &mut seen).await {
            Err(IngestError::Source(error)) if !seen.answered && error.is_general() => {
                return Err(error.into());
            }
            Err(IngestError::Source(error)) => Err(error),
            Err(error) => return Err(error),
            Ok(()) => seen.verdict(),
        };
        hand.begin().await?;
        hand.flush().await?;
        for request in kinds {
            match &ended {
                Ok(()) => self.sink.kind_done(&request.kind).await?,
                Err(error) => {
                    tracing::debug!(kind = request.kind, code = %error.code, "a kind failed");
                    self.sink.kind_failed(&request.kind, error).await?;
                }
            }
        }
        Ok(())
    }

    async fn every_file(
        &self,
        kinds: &[&KindRequest],
        hand: &mut Hand<'_>,
        seen: &mut Seen,
    ) -> Result<(), IngestError> {
        let mut place = begin(kinds);
        // Who goes on from a place has found some before it.
        let mut found = place != Place::Start;
        loop {
            let page = self.source.page(&place).await?;
            for file in page.files.iter().filter(|file| self.is_meant(file)) {
                found = true;
                self.file_and_named(file, hand, seen).await?;
            }
            hand.flush().await?;
            let Some(next) = page.next else { break };
            // Who goes on from a place does not come back to what failed before it.
            if let (Some(last), None) = (page.files.last(), &seen.failed) {
                for request in kinds {
                    self.sink.checkpoint(&request.kind, &json!({ "after": last })).await?;
                }
            }
            place = next;
        }
        if found { Ok(()) } else { Err(nothing(self.wanted).into()) }
    }

    fn is_meant(&self, file: &str) -> bool {
        is_meant(self.wanted, self.source, file)
    }

    /// A file, and those that it names, and those that these name.
    async fn file_and_named(
        &self,
        file: &str,
        hand: &mut Hand<'_>,
        seen: &mut Seen,
    ) -> Result<(), IngestError> {
        let mut waiting = VecDeque::from([file.to_owned()]);
        if !self.source.is_listed() {
            seen.named.insert(file.to_owned());
        }
        while let Some(file) = waiting.pop_front() {
            match self.wanted.format.read(self.source, &file, self.wanted, hand).await {
                Ok(targets) => {
                    seen.answered = true;
                    for target in targets {
                        waiting.extend(self.named(&file, &target, seen).await?);
                    }
                }
                Err(IngestError::Source(error)) if self.source.is_remote() && error.is_general() => {
                    return Err(error.into());
                }
                Err(IngestError::Source(error)) => {
                    self.sink.log(Level::Error, None, &error.message, Some(&file)).await?;
                    seen.fail(error);
                }
                Err(error) => return Err(error),
            }
            seen.read += 1;
        }
        Ok(())
    }

    /// The file that another names, where it is one of the source and would not be read anyway.
    async fn named(&self, file: &str, target: &str, seen: &mut Seen) -> Result<Option<String>, IngestError> {
        let not_followed = |why: &str| format!("the target \"{target}\" is not followed: {why}");
        let Some(path) = beside(file, target) else {
            let message = not_followed("it is not below the source");
            self.sink.log(Level::Info, None, &message, Some(file)).await?;
            return Ok(None);
        };
        if path.contains('*') {
            let message = not_followed("it is a pattern; the settings' patterns say which files are read");
            self.sink.log(Level::Warning, None, &message, Some(file)).await?;
            return Ok(None);
        }
        if (self.source.is_listed() && self.is_meant(&path)) || !seen.named.insert(path.clone()) {
            return Ok(None);
        }
        if seen.named.len() > MAX_NAMED {
            let message = format!("more than {MAX_NAMED} files are named by others");
            return Err(SourceError::failed(message).into());
        }
        Ok(Some(path))
    }
}

/// Whether a file that the source lists is to be read.
pub(crate) fn is_meant(wanted: &Wanted, source: &dyn Source, file: &str) -> bool {
    !source.is_listed() || wanted.patterns.iter().any(|pattern| pattern.matches_with(file, MATCHING))
}

/// A source without any file is more likely a mistake than empty.
pub(crate) fn nothing(wanted: &Wanted) -> SourceError {
    let patterns: Vec<&str> = wanted.patterns.iter().map(Pattern::as_str).collect();
    SourceError::failed(format!("the source has no file that is named like {}", patterns.join(" or ")))
}

/// Where all the kinds may go on.
fn begin(kinds: &[&KindRequest]) -> Place {
    let places = kinds.iter().map(|request| request.checkpoint.as_ref()?["after"].as_str());
    let first = places.collect::<Option<Vec<_>>>().and_then(|places| places.into_iter().min());
    first.map_or(Place::Start, |path| Place::After(path.to_owned()))
}

impl Seen {
    fn fail(&mut self, error: SourceError) {
        match &mut self.failed {
            Some((_, count)) => *count += 1,
            none => *none = Some((error, 1)),
        }
    }

    /// Everything was read, or what was not.
    fn verdict(&self) -> Result<(), SourceError> {
        match &self.failed {
            None => Ok(()),
            Some((error, 1)) => Err(error.clone()),
            Some((error, count)) => {
                let (code, message) = (error.code, &error.message);
                let read = self.read;
                Err(SourceError::new(code, format!("{message} ({count} of {read} files could not be read)")))
            }
        }
    }
}
