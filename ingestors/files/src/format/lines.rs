//! NDJSON: an object a line. Any number of lines in bounded memory.

use portolan_ingestor_contract::{IngestError, SourceError};
use serde_json::value::RawValue;

use super::document::{ITEM, object};
use crate::handing::Hand;
use crate::source::{Parts, Source};

/// Longest line, in bytes.
const MAX_LINE: usize = 4 << 20;

/// Hands over the object of each line; empty lines are none.
///
/// # Errors
/// Where a line is no object, or there is none.
pub(super) async fn read(source: &dyn Source, file: &str, hand: &mut Hand<'_>) -> Result<(), IngestError> {
    let (mut parts, mut lines) = (Parts::of(source, file), Lines::default());
    while let Some(bytes) = parts.next().await? {
        lines.feed(&bytes, file)?;
        while let Some(line) = lines.next() {
            take(&line, lines.number, file, hand).await?;
        }
    }
    let rest = std::mem::take(&mut lines.rest);
    lines.number += 1;
    take(&rest, lines.number, file, hand).await?;
    if lines.is_empty && is_blank(&rest) {
        return Err(SourceError::failed(format!("\"{file}\" is empty")).into());
    }
    Ok(())
}

/// Whether the first line is an object.
///
/// # Errors
/// Where it is none.
pub(super) async fn look(source: &dyn Source, file: &str) -> Result<(), SourceError> {
    let (mut parts, mut lines) = (Parts::of(source, file), Lines::default());
    while let Some(bytes) = parts.next().await? {
        lines.feed(&bytes, file)?;
        while let Some(line) = lines.next() {
            if !is_blank(&line) {
                return parse(&line, lines.number, file).map(drop);
            }
        }
    }
    match is_blank(&lines.rest) {
        true => Err(SourceError::failed(format!("\"{file}\" is empty"))),
        false => parse(&lines.rest, lines.number + 1, file).map(drop),
    }
}

/// Lines of bytes that come in any parts.
struct Lines {
    /// What follows the last end of a line.
    rest: Vec<u8>,
    /// Where the next line begins in it.
    at: usize,
    /// Of the last line that was taken, from 1.
    number: u64,
    /// Whether all lines so far are blank.
    is_empty: bool,
}

impl Default for Lines {
    fn default() -> Self {
        Self { rest: Vec::new(), at: 0, number: 0, is_empty: true }
    }
}

impl Lines {
    fn feed(&mut self, bytes: &[u8], file: &str) -> Result<(), SourceError> {
        self.rest.drain(..std::mem::take(&mut self.at));
        if self.rest.len() > MAX_LINE {
            let message = format!("\"{file}\" has more than {MAX_LINE} bytes in line {}", self.number + 1);
            return Err(SourceError::failed(message));
        }
        self.rest.extend_from_slice(bytes);
        Ok(())
    }

    fn next(&mut self) -> Option<Vec<u8>> {
        let length = self.rest[self.at..].iter().position(|byte| *byte == b'\n');
        let Some(length) = length else {
            self.rest.drain(..std::mem::take(&mut self.at));
            return None;
        };
        let line = self.rest[self.at..self.at + length].to_vec();
        self.at += length + 1;
        self.number += 1;
        self.is_empty &= is_blank(&line);
        Some(line)
    }
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

async fn take(line: &[u8], number: u64, file: &str, hand: &mut Hand<'_>) -> Result<(), IngestError> {
    if !is_blank(line) {
        let raw = parse(line, number, file)?;
        hand.give(ITEM, file, object(&raw, file)?, line.len()).await?;
    }
    Ok(())
}

fn parse(line: &[u8], number: u64, file: &str) -> Result<Box<RawValue>, SourceError> {
    let wrong = || SourceError::failed(format!("\"{file}\" has no JSON object in line {number}"));
    let line = if number == 1 { line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line) } else { line };
    if line.len() > MAX_LINE {
        return Err(SourceError::failed(format!(
            "\"{file}\" has more than {MAX_LINE} bytes in line {number}"
        )));
    }
    serde_json::from_slice(line).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_out_whole_however_they_come_in() {
        let text = "{\"a\": 1}\r\n\n{\"b\": \"ü\"}\n{\"c\"";
        for size in 1..text.len() {
            let (mut lines, mut found) = (Lines::default(), Vec::new());
            for part in text.as_bytes().chunks(size) {
                lines.feed(part, "a").expect("short lines");
                while let Some(line) = lines.next() {
                    found.push(String::from_utf8(line).expect("UTF-8"));
                }
            }
            assert_eq!(found, ["{\"a\": 1}\r", "", "{\"b\": \"ü\"}"]);
            assert_eq!((lines.rest.as_slice(), lines.number), (&b"{\"c\""[..], 3));
        }
    }

    #[test]
    fn a_line_without_an_end_is_given_up() {
        let mut lines = Lines::default();
        let part = vec![b'x'; 1 << 20];
        let mut fed = 0;
        let error = loop {
            match lines.feed(&part, "a") {
                Ok(()) => fed += 1,
                Err(error) => break error,
            }
            assert!(lines.next().is_none());
        };
        assert!(fed < 8 && error.message.contains("in line 1"), "{fed} {error}");
        assert!(parse(b"{\"a\"", 7, "a").expect_err("no JSON").message.ends_with("in line 7"));
        assert!(parse("\u{feff}{}".as_bytes(), 1, "a").is_ok());
    }
}
