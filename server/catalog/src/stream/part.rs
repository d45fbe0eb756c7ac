//! Lines on their way in: compared with those that are durable already, parsed, and gathered into a part.

use portolan_schema::{Code, Error, Pointer, Problem, Problems, Result};
use portolan_store::stream::StreamMark;

use super::chain::Chain;
use super::line;
use super::lines::{Line, MAX_LINE};
use crate::change::{Change, WriteMode};
use crate::write::MAX_CHANGES;

/// A part that holds this much text is full, whatever its number of lines.
const MAX_BYTES: usize = 4 << 20;

/// Lines that are written together.
#[derive(Default)]
pub(super) struct Part {
    /// Number of the last line.
    pub last: i64,
    /// Hash of all lines up to it.
    pub chain: Chain,
    pub changes: Vec<Change>,
    /// The line of each change.
    pub places: Vec<i64>,
    /// Lines that say nothing that could be tried.
    pub rejected: Vec<(i64, Problems)>,
    bytes: usize,
}

impl Part {
    pub(super) fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    pub(super) fn is_full(&self) -> bool {
        self.changes.len() + self.rejected.len() >= MAX_CHANGES || self.bytes >= MAX_BYTES
    }
}

/// Takes lines in.
pub(super) struct Intake {
    mode: WriteMode,
    /// Whether the stream can be gone on with, so that its lines are hashed.
    hashed: bool,
    /// What is durable already.
    durable: StreamMark,
    /// The stream has been read to its end before.
    closed: bool,
    line: i64,
    chain: Chain,
    part: Part,
}

impl Intake {
    pub(super) fn new(mode: WriteMode, hashed: bool, durable: StreamMark, closed: bool) -> Self {
        Self { mode, hashed, durable, closed, line: 0, chain: Chain::default(), part: Part::default() }
    }

    pub(super) fn line(&self) -> i64 {
        self.line
    }

    pub(super) fn part(&self) -> &Part {
        &self.part
    }

    /// The part that was gathered; the next one begins.
    pub(super) fn take_part(&mut self) -> Part {
        let mut part = std::mem::take(&mut self.part);
        part.last = self.line;
        part.chain = self.chain;
        part
    }

    /// Takes the next line in. One that is wrong is part of the part, too.
    ///
    /// # Errors
    /// `IDEMPOTENCY_KEY_REUSED` where it is not the stream that was begun.
    pub(super) fn add(&mut self, line: &Line) -> Result<()> {
        self.line += 1;
        if self.hashed {
            match line {
                Line::Text(text) => self.chain.add(text),
                Line::TooLong { length, beginning } => {
                    self.chain.add(beginning);
                    self.chain.add(&length.to_le_bytes());
                }
            }
        }
        if self.line <= self.durable.lines {
            return if self.line == self.durable.lines { self.compare() } else { Ok(()) };
        }
        if self.closed {
            return Err(reused("this body has more lines than the one that the key was first used for"));
        }
        match line {
            Line::Text(text) => {
                self.part.bytes += text.len() + 1;
                if !text.iter().all(u8::is_ascii_whitespace) {
                    match line::read(text, self.mode) {
                        Ok(change) => {
                            self.part.places.push(self.line);
                            self.part.changes.push(change);
                        }
                        Err(problems) => self.part.rejected.push((self.line, problems)),
                    }
                }
            }
            Line::TooLong { length, .. } => {
                self.part.bytes += 1;
                let problem =
                    Problem::over(Code::TooLong, Pointer::root(), "bytes of a line", MAX_LINE, *length);
                self.part.rejected.push((self.line, problem.into()));
            }
        }
        Ok(())
    }

    /// Checks, at the end of the body, that nothing is missing of what is durable.
    ///
    /// # Errors
    /// `IDEMPOTENCY_KEY_REUSED`.
    pub(super) fn end(&self) -> Result<()> {
        if self.line < self.durable.lines {
            return Err(reused("this body has fewer lines than the one that the key was first used for"));
        }
        Ok(())
    }

    fn compare(&self) -> Result<()> {
        if self.chain.0 == self.durable.chain {
            return Ok(());
        }
        Err(reused("these lines are not those that the key was first used for"))
    }
}

fn reused(message: &str) -> Error {
    Error::problem(Code::IdempotencyKeyReused, message)
}
