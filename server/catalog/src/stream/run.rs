//! The work of a stream: reading and parsing the next part while the one before is written.

use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use portolan_schema::{Error, Result};
use portolan_store::stream::{StreamMark, StreamState};
use tokio::task::JoinHandle;

use super::commit::{Committed, commit};
use super::lines::Lines;
use super::open::EntityStream;
use super::part::Intake;
use super::verdict::{Summary, Verdict, VerdictSink};

/// How long lines wait for more to come with them while nothing is being written.
const LINGER: Duration = Duration::from_millis(5);

impl EntityStream {
    /// Reads the body to its end, applies its lines, and says what came of them. Whatever happens is said, too.
    pub async fn run<B>(self, body: B, verdicts: &mut dyn VerdictSink)
    where
        B: Stream<Item = Result<Bytes>> + Send + Unpin,
    {
        if self.resumed {
            verdicts.say(vec![Verdict::ResumeFrom(self.stored.mark.lines)]).await;
        }
        let closed = self.stored.state != StreamState::Open;
        let mark = self.stored.mark;
        let mut intake = Intake::new(self.options.mode(), self.options.key.is_some(), mark, closed);
        let mut lines = Lines::new(body);
        let outcome = match self.feed(&mut lines, &mut intake, verdicts).await {
            Ok(mark) => self.finish(mark).await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(summary) => {
                tracing::info!(
                    stream.id = self.held.id,
                    lines = summary.lines,
                    failed = summary.counts.failed,
                    pending = summary.pending.count,
                    "a stream was read to its end"
                );
                verdicts.say(vec![Verdict::Done(summary)]).await;
            }
            Err(error) => {
                if let Error::Fault { .. } = &error {
                    tracing::error!(error = ?error, stream.id = self.held.id, "a stream failed");
                }
                verdicts.say(vec![Verdict::Aborted { line: intake.line(), problems: error.public() }]).await;
                if let Err(error) = self.held.release().await {
                    tracing::warn!(error = ?error, stream.id = self.held.id, "a stream could not be released");
                }
            }
        }
        self.held.catalog.tidy_streams(&self.held.ctx).await;
    }

    /// Applies all lines. Answers where the mark is then. What was read whole before a failure of the body is applied.
    async fn feed<B>(
        &self,
        lines: &mut Lines<B>,
        intake: &mut Intake,
        verdicts: &mut dyn VerdictSink,
    ) -> Result<StreamMark>
    where
        B: Stream<Item = Result<Bytes>> + Send + Unpin,
    {
        let mut mark = self.stored.mark;
        let mut writing: Option<Writing> = None;
        let mut end: Option<Result<()>> = None;
        loop {
            while end.as_ref().is_none_or(Result::is_ok) && !intake.part().is_full() {
                let Some(line) = lines.take() else { break };
                if let Err(error) = intake.add(&line) {
                    end = Some(Err(error));
                }
            }
            let full = intake.part().is_full();
            let is_last = end.is_some() && !intake.part().is_empty();
            if writing.is_none() && (full || is_last) {
                writing = Some(self.write(intake, mark));
                continue;
            }
            if writing.is_none()
                && let Some(end) = end
            {
                return end.and_then(|()| intake.end()).map(|()| mark);
            }
            tokio::select! {
                written = joined(&mut writing), if writing.is_some() => {
                    writing = None;
                    let committed = written?;
                    mark = committed.mark;
                    verdicts.say(committed.verdicts).await;
                }
                read = lines.fill_in_time(), if end.is_none() && !full => match read {
                    Ok(true) => {}
                    Ok(false) => end = Some(Ok(())),
                    Err(error) => end = Some(Err(error)),
                },
                () = tokio::time::sleep(LINGER),
                    if writing.is_none() && end.is_none() && !intake.part().is_empty() =>
                {
                    writing = Some(self.write(intake, mark));
                }
            }
        }
    }

    fn write(&self, intake: &mut Intake, mark: StreamMark) -> Writing {
        Writing(tokio::spawn(commit(self.held.clone(), intake.take_part(), mark)))
    }

    /// Sees to what waits, once all lines are in.
    async fn finish(&self, mark: StreamMark) -> Result<Summary> {
        let pending = match self.stored.state {
            StreamState::Done => self.stored.pending.clone(),
            StreamState::Open => self.close(None).await?,
            StreamState::Closing => self.close(Some(self.stored.pending.clone())).await?,
        };
        Ok(Summary { lines: mark.lines, counts: mark.counts, pending })
    }
}

/// A part that is being written. It is written to its end, even where the stream fails.
struct Writing(JoinHandle<Result<Committed>>);

async fn joined(writing: &mut Option<Writing>) -> Result<Committed> {
    match writing {
        Some(Writing(task)) => task.await.map_err(Error::internal)?,
        None => std::future::pending().await,
    }
}
