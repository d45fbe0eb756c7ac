//! From a body in pieces to its lines, in bounded memory.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};
use portolan_schema::{Code, Error, Result};

/// Longest line, in bytes.
pub const MAX_LINE: usize = 1 << 20;

/// Whoever sends nothing this long is gone.
const IDLE: Duration = Duration::from_secs(120);
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One line, without its end.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    Text(Bytes),
    /// Longer than [`MAX_LINE`]: how long, and a hash of its beginning.
    TooLong {
        length: u64,
        beginning: [u8; 32],
    },
}

/// The lines of a body. A last line needs no end.
pub struct Lines<B> {
    body: B,
    buffer: BytesMut,
    /// Bytes of the buffer that are known to hold no end of a line.
    searched: usize,
    /// What was dropped of a line that is too long: its length so far and the hash of its beginning.
    dropped: Option<(u64, [u8; 32])>,
    at_start: bool,
    ended: bool,
}

impl<B: Stream<Item = Result<Bytes>> + Unpin> Lines<B> {
    pub fn new(body: B) -> Self {
        Self { body, buffer: BytesMut::new(), searched: 0, dropped: None, at_start: true, ended: false }
    }

    /// Reads the next piece of the body. False where there is none; then [`Lines::take`] gives what is left. May be
    /// dropped while it waits.
    ///
    /// # Errors
    /// What the body says.
    pub async fn fill(&mut self) -> Result<bool> {
        match self.body.next().await.transpose()? {
            Some(piece) => {
                self.buffer.extend_from_slice(&piece);
                Ok(true)
            }
            None => {
                self.ended = true;
                Ok(false)
            }
        }
    }

    /// [`Lines::fill`], where whoever sends may not be silent for long.
    ///
    /// # Errors
    /// What the body says; `TIMEOUT` after two minutes.
    pub async fn fill_in_time(&mut self) -> Result<bool> {
        tokio::time::timeout(IDLE, self.fill()).await.unwrap_or_else(|_| {
            let message = format!("nothing came for {} seconds", IDLE.as_secs());
            Err(Error::problem(Code::Timeout, message))
        })
    }

    /// The next line that has been read whole.
    pub fn take(&mut self) -> Option<Line> {
        if self.at_start {
            let may_come = self.buffer.len() < BYTE_ORDER_MARK.len() && !self.ended;
            if may_come && BYTE_ORDER_MARK.starts_with(&self.buffer) {
                return None;
            }
            self.at_start = false;
            if self.buffer.starts_with(BYTE_ORDER_MARK) {
                drop(self.buffer.split_to(BYTE_ORDER_MARK.len()));
            }
        }
        match self.buffer[self.searched..].iter().position(|byte| *byte == b'\n') {
            Some(at) => {
                let line = self.buffer.split_to(self.searched + at).freeze();
                drop(self.buffer.split_to(1));
                self.searched = 0;
                Some(self.finish(line))
            }
            None if self.ended && (!self.buffer.is_empty() || self.dropped.is_some()) => {
                let line = self.buffer.split().freeze();
                self.searched = 0;
                Some(self.finish(line))
            }
            None => {
                self.searched = self.buffer.len();
                if self.searched > MAX_LINE {
                    let piece = self.buffer.split();
                    self.searched = 0;
                    self.drop_piece(&piece);
                }
                None
            }
        }
    }

    fn drop_piece(&mut self, piece: &[u8]) {
        let beginning = || *blake3::hash(&piece[..piece.len().min(MAX_LINE)]).as_bytes();
        let (length, beginning) = self.dropped.unwrap_or_else(|| (0, beginning()));
        self.dropped = Some((length + piece.len() as u64, beginning));
    }

    fn finish(&mut self, line: Bytes) -> Line {
        if self.dropped.is_none() && line.len() <= MAX_LINE {
            return Line::Text(line);
        }
        self.drop_piece(&line);
        let (length, beginning) = self.dropped.take().unwrap_or_default();
        Line::TooLong { length, beginning }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(pieces: &[&[u8]]) -> Vec<Line> {
        let pieces: Vec<_> = pieces.iter().map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        let mut lines = Lines::new(futures::stream::iter(pieces));
        let mut found = Vec::new();
        loop {
            while let Some(line) = lines.take() {
                found.push(line);
            }
            if lines.ended {
                return found;
            }
            lines.fill().await.unwrap();
        }
    }

    #[tokio::test]
    async fn lines_are_found_however_the_body_is_cut() {
        let body = b"\xef\xbb\xbf{\"a\":1}\n\n  \r\n{\"b\":\"\xc3\xa4\"}";
        let expected: Vec<&[u8]> = vec![b"{\"a\":1}", b"", b"  \r", b"{\"b\":\"\xc3\xa4\"}"];
        let expected: Vec<_> =
            expected.into_iter().map(|line| Line::Text(Bytes::copy_from_slice(line))).collect();
        for size in 1..=body.len() {
            let pieces: Vec<&[u8]> = body.chunks(size).collect();
            assert_eq!(lines(&pieces).await, expected, "pieces of {size}");
        }
        assert_eq!(lines(&[b"a\n"]).await.len(), 1);
        assert_eq!(lines(&[]).await.len(), 0);
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_dropped_alone() {
        let long = vec![b'x'; MAX_LINE + 1];
        let longest = &long[..MAX_LINE];
        for size in [1 << 14, 1 << 20, 8 << 20] {
            let body = [longest, b"\n", &long, &long, b"\n", b"{}", b"\n", &long].concat();
            let pieces: Vec<&[u8]> = body.chunks(size).collect();
            let found = lines(&pieces).await;
            assert_eq!(found[0], Line::Text(Bytes::copy_from_slice(longest)));
            assert!(matches!(found[1], Line::TooLong { length, .. } if length == 2 * long.len() as u64));
            assert_eq!(found[2], Line::Text(Bytes::from_static(b"{}")));
            assert!(matches!(found[3], Line::TooLong { length, .. } if length == long.len() as u64));
            assert_eq!(found.len(), 4);
        }
    }
}
