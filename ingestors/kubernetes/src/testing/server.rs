//! HTTP/1.1 as far as the stand-in speaks it: one request a connection, answers whole or in chunks.

use std::collections::HashMap;
use std::io::Result;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::reply::{self, Reply, Request, Watching};
use super::state::Change;
use super::{Command, Shared};

/// Largest head of a request, in bytes.
const MAX_HEAD: usize = 64 << 10;
/// A watch that names no end ends after this.
const LONGEST: Duration = Duration::from_secs(1_800);

pub(super) async fn serve(shared: &Shared, mut stream: TcpStream) -> Result<()> {
    let Some(request) = read(shared, &mut stream).await else { return Ok(()) };
    // Before the state is looked at: nothing that comes later is overheard.
    let (commands, revision) = (shared.commands.subscribe(), shared.revision.subscribe());
    let reply = reply::answer(&mut shared.state(), &request);
    match reply {
        Reply::Whole { status, content_type, retry_after, body } => {
            drop(commands);
            let body = body.to_string();
            let mut head = format!(
                "HTTP/1.1 {status} Answer\r\nconnection: close\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n",
                body.len()
            );
            if let Some(seconds) = retry_after {
                head += &format!("retry-after: {seconds}\r\n");
            }
            stream.write_all(format!("{head}\r\n{body}").as_bytes()).await?;
            stream.shutdown().await
        }
        Reply::Watch(watching) => {
            let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\n\
                transfer-encoding: chunked\r\n\r\n";
            stream.write_all(head.as_bytes()).await?;
            Watch { shared, watching, stream, cut: false }.run(commands, revision).await
        }
    }
}

async fn read(shared: &Shared, stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            break end;
        }
        if bytes.len() > MAX_HEAD || stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    shared.state().requests.push(target.to_owned());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query: HashMap<String, String> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let header = |wanted: &str| {
        let mut pairs = lines.clone().filter_map(|line| line.split_once(':'));
        let found = pairs.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    Some(Request {
        authorization: header("authorization"),
        accept: header("accept").replace("; ", ";").replace(", ", ","),
        method,
        path: path.to_owned(),
        query,
    })
}

/// A watch that is open.
struct Watch<'a> {
    shared: &'a Shared,
    watching: Watching,
    stream: TcpStream,
    /// The next line is cut in its middle.
    cut: bool,
}

/// Whether a watch goes on.
#[derive(PartialEq, Eq)]
enum Next {
    On,
    End,
}

impl Watch<'_> {
    async fn run(
        mut self,
        mut commands: tokio::sync::broadcast::Receiver<(u64, Command)>,
        mut revision: tokio::sync::watch::Receiver<u64>,
    ) -> Result<()> {
        let ends = tokio::time::sleep(self.watching.seconds.map_or(LONGEST, Duration::from_secs));
        tokio::pin!(ends);
        for object in std::mem::take(&mut self.watching.first) {
            if self.line("ADDED", self.shown(&object)).await? == Next::End {
                return Ok(());
            }
        }
        loop {
            revision.mark_unchanged();
            let latest = self.shared.state().revision;
            // What was told before one of these changes was told by now.
            while let Ok((at, command)) = commands.try_recv() {
                if self.catch_up(at).await? == Next::End || self.obey(Some(command)).await? == Next::End {
                    return Ok(());
                }
            }
            if self.catch_up(latest).await? == Next::End {
                return Ok(());
            }
            let mut nothing = [0; 1];
            tokio::select! {
                _ = revision.changed() => {}
                told = commands.recv() => {
                    let (at, command) = told.map_or((latest, None), |(at, command)| (at, Some(command)));
                    if self.catch_up(at).await? == Next::End || self.obey(command).await? == Next::End {
                        return Ok(());
                    }
                }
                () = &mut ends => return self.end().await,
                read = self.stream.read(&mut nothing) => if read? == 0 { return Ok(()) },
            }
        }
    }

    async fn obey(&mut self, command: Option<Command>) -> Result<Next> {
        match command {
            Some(Command::Bookmark) if self.watching.bookmarks => {
                let one = self.watching.resource;
                let metadata =
                    json!({ "resourceVersion": self.watching.from.to_string(), "creationTimestamp": null });
                let object =
                    json!({ "kind": one.kind, "apiVersion": one.api_version(), "metadata": metadata });
                self.line("BOOKMARK", object).await
            }
            Some(Command::Bookmark) => Ok(Next::On),
            Some(Command::CutNext) => {
                self.cut = true;
                Ok(Next::On)
            }
            Some(Command::Fail) => {
                let failed = reply::status(500, "InternalError", "etcdserver: leader changed");
                self.line("ERROR", failed).await?;
                self.end().await.map(|()| Next::End)
            }
            Some(Command::Close) | None => self.end().await.map(|()| Next::End),
        }
    }

    /// Sends what happened since the last time, up to a state.
    async fn catch_up(&mut self, to: u64) -> Result<Next> {
        let (changes, lost) = {
            let state = self.shared.state();
            let lost = (self.watching.from < state.compacted)
                .then(|| reply::too_old(self.watching.from, state.revision));
            let from = state.log.partition_point(|change| change.revision <= self.watching.from);
            let changes = state.log[from..].iter().take_while(|change| change.revision <= to);
            (changes.cloned().collect::<Vec<_>>(), lost)
        };
        if let Some(lost) = lost {
            self.line("ERROR", lost).await?;
            return self.end().await.map(|()| Next::End);
        }
        for change in changes {
            self.watching.from = change.revision;
            if let Some((what, object)) = self.told(&change)
                && self.line(what, object).await? == Next::End
            {
                return Ok(Next::End);
            }
        }
        Ok(Next::On)
    }

    /// What the watch is told of a change: an object that is no longer selected is deleted to it.
    fn told(&self, change: &Change) -> Option<(&'static str, Value)> {
        let Watching { resource, namespace, selector, .. } = &self.watching;
        let place = change.last["metadata"]["namespace"].as_str();
        let elsewhere = namespace.as_deref().is_some_and(|wanted| place != Some(wanted));
        if change.resource != *resource || elsewhere {
            return None;
        }
        let matches =
            |object: &Option<Arc<Value>>| object.as_ref().is_some_and(|object| selector.matches(object));
        let what = match (matches(&change.before), matches(&change.after)) {
            (false, false) => return None,
            (false, true) => "ADDED",
            (true, true) => "MODIFIED",
            (true, false) => "DELETED",
        };
        Some((what, self.shown(&change.last)))
    }

    fn shown(&self, object: &Value) -> Value {
        if self.watching.slim { reply::slimmed(object) } else { object.clone() }
    }

    async fn line(&mut self, what: &str, object: Value) -> Result<Next> {
        let line = format!("{}\n", json!({ "type": what, "object": object }));
        if self.cut {
            let half = &line[..line.floor_char_boundary(line.len() / 2)];
            self.stream.write_all(format!("{:x}\r\n{half}\r\n", half.len()).as_bytes()).await?;
            self.stream.shutdown().await?;
            return Ok(Next::End);
        }
        self.stream.write_all(format!("{:x}\r\n{line}\r\n", line.len()).as_bytes()).await?;
        Ok(Next::On)
    }

    async fn end(&mut self) -> Result<()> {
        self.stream.write_all(b"0\r\n\r\n").await?;
        self.stream.shutdown().await
    }
}
