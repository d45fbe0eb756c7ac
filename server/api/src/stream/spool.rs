//! Lines on their way to a client that may not read them before it has sent everything: a bounded queue in memory,
//! then a temporary file without a name.

use std::collections::VecDeque;
use std::io::SeekFrom;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::Stream;
use portolan_catalog::stream::{Verdict, VerdictSink};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio::sync::{Mutex, Notify};

use super::verdict::write_line;

/// Bytes of verdicts that are kept in memory.
const IN_MEMORY: usize = 256 << 10;
/// Bytes of verdicts that are kept in the file. A client that still reads nothing is waited for then.
const IN_FILE: u64 = 4 << 30;
/// Bytes read from the file at a time.
const READ: usize = 64 << 10;

/// The two ends of a spool.
pub(crate) fn spool() -> (SpoolSink, SpoolReader) {
    let shared = Arc::new(Shared::default());
    (SpoolSink(shared.clone()), SpoolReader(shared))
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    /// Something was written, or nothing more will be.
    written: Notify,
    /// Something was read, or nothing more will be.
    read: Notify,
    writer_gone: AtomicBool,
    reader_gone: AtomicBool,
}

/// What was written and not yet read: first what is in memory, then what is in the file.
#[derive(Default)]
struct Queue {
    memory: VecDeque<Bytes>,
    bytes: usize,
    file: Option<Spilled>,
}

struct Spilled {
    file: File,
    read_to: u64,
    written_to: u64,
}

impl Queue {
    /// Whether there was room.
    async fn push(&mut self, lines: &Bytes) -> std::io::Result<bool> {
        if self.file.is_none() {
            if self.bytes < IN_MEMORY {
                self.bytes += lines.len();
                self.memory.push_back(lines.clone());
                return Ok(true);
            }
            let file =
                tokio::task::spawn_blocking(tempfile::tempfile).await.map_err(std::io::Error::other)??;
            self.file = Some(Spilled { file: File::from_std(file), read_to: 0, written_to: 0 });
        }
        let Some(spilled) = &mut self.file else { return Ok(false) };
        if spilled.written_to - spilled.read_to >= IN_FILE {
            return Ok(false);
        }
        spilled.file.seek(SeekFrom::Start(spilled.written_to)).await?;
        spilled.file.write_all(lines).await?;
        spilled.file.flush().await?;
        spilled.written_to += lines.len() as u64;
        Ok(true)
    }

    async fn pop(&mut self) -> std::io::Result<Option<Bytes>> {
        if let Some(lines) = self.memory.pop_front() {
            self.bytes -= lines.len();
            return Ok(Some(lines));
        }
        let Some(spilled) = &mut self.file else { return Ok(None) };
        let left = usize::try_from(spilled.written_to - spilled.read_to).unwrap_or(usize::MAX);
        let mut piece = vec![0; left.min(READ)];
        spilled.file.seek(SeekFrom::Start(spilled.read_to)).await?;
        spilled.file.read_exact(&mut piece).await?;
        spilled.read_to += piece.len() as u64;
        if spilled.read_to == spilled.written_to {
            self.file = None;
        }
        Ok(Some(piece.into()))
    }
}

/// Where the stream speaks.
pub(crate) struct SpoolSink(Arc<Shared>);

#[async_trait]
impl VerdictSink for SpoolSink {
    async fn say(&mut self, verdicts: Vec<Verdict>) {
        let mut lines = Vec::new();
        verdicts.iter().for_each(|verdict| write_line(verdict, &mut lines));
        self.write(&Bytes::from(lines)).await;
    }
}

impl SpoolSink {
    /// Takes whole lines. Waits where the client has left too much unread.
    pub(crate) async fn write(&self, lines: &Bytes) {
        loop {
            if self.0.reader_gone.load(Ordering::Acquire) {
                return;
            }
            let pushed = self.0.queue.lock().await.push(lines).await;
            match pushed {
                Ok(true) => return self.0.written.notify_one(),
                Ok(false) => {}
                Err(error) => tracing::warn!(error = %error, "lines for a client could not be spooled"),
            }
            self.0.read.notified().await;
        }
    }
}

impl Drop for SpoolSink {
    fn drop(&mut self) {
        self.0.writer_gone.store(true, Ordering::Release);
        self.0.written.notify_one();
    }
}

/// Where the client reads.
pub(crate) struct SpoolReader(Arc<Shared>);

impl SpoolReader {
    pub(crate) fn into_stream(self) -> impl Stream<Item = std::io::Result<Bytes>> + Send {
        futures::stream::unfold(self, |reader| async move {
            loop {
                // Asked before the queue is: whatever was written by then is found in it.
                let last = reader.0.writer_gone.load(Ordering::Acquire);
                let popped = reader.0.queue.lock().await.pop().await;
                match popped {
                    Ok(Some(piece)) => {
                        reader.0.read.notify_one();
                        return Some((Ok(piece), reader));
                    }
                    Ok(None) if last => return None,
                    Ok(None) => {}
                    Err(error) => return Some((Err(error), reader)),
                }
                reader.0.written.notified().await;
            }
        })
    }
}

impl Drop for SpoolReader {
    fn drop(&mut self) {
        self.0.reader_gone.store(true, Ordering::Release);
        self.0.read.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::StreamExt;

    async fn text(reader: SpoolReader) -> String {
        let pieces: Vec<_> = reader.into_stream().map(Result::unwrap).collect().await;
        String::from_utf8(pieces.concat()).unwrap()
    }

    #[tokio::test]
    async fn verdicts_come_in_order_however_late_they_are_read() {
        for count in [0, 10, 60_000] {
            let (mut sink, reader) = spool();
            for line in 0..count {
                sink.say(vec![Verdict::Committed(line)]).await;
            }
            drop(sink);
            let expected: String = (0..count).map(|line| format!("{{\"committed\":{line}}}\n")).collect();
            assert!(text(reader).await == expected, "{count}");
        }
    }

    #[tokio::test]
    async fn verdicts_come_in_order_while_they_are_written() {
        let (mut sink, reader) = spool();
        let reading = tokio::spawn(text(reader));
        for line in 0..60_000 {
            sink.say(vec![Verdict::Committed(line)]).await;
        }
        drop(sink);
        let found = reading.await.unwrap();
        let expected: String = (0..60_000).map(|line| format!("{{\"committed\":{line}}}\n")).collect();
        assert!(found == expected);
    }

    #[tokio::test]
    async fn nobody_is_waited_for_who_has_gone() {
        let (mut sink, reader) = spool();
        drop(reader);
        for line in 0..60_000 {
            sink.say(vec![Verdict::Committed(line)]).await;
        }
    }
}
