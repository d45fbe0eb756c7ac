//! One watch: JSON lines, as they come, into what they say.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::fault::Status;
use crate::object::Object;

/// Longest line, in bytes: several times of what a cluster can store of an object.
const MAX_LINE: usize = 8 << 20;

/// What a line says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    /// The object was made, changed, or has been there.
    Present(Object),
    Gone(Object),
    /// Nothing happened up to this state of the cluster.
    Bookmark(String),
    /// The state from which it was watched is no longer known.
    Expired,
    /// The API server gave up.
    Failed {
        reason: String,
    },
}

impl Change {
    /// The state of the cluster after it; empty where it has none.
    pub fn version(&self) -> &str {
        match self {
            Self::Present(object) | Self::Gone(object) => object.meta("resourceVersion"),
            Self::Bookmark(version) => version,
            Self::Expired | Self::Failed { .. } => "",
        }
    }
}

/// A line that makes no sense, or is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Nonsense;

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type")]
    what: String,
    #[serde(borrow)]
    object: &'a RawValue,
}

/// Puts lines together again. What is left when the connection ends is no line.
#[derive(Default)]
pub(crate) struct Lines {
    /// The beginning of the line that is coming.
    rest: Vec<u8>,
}

impl Lines {
    /// What the lines that a piece ends say.
    ///
    /// # Errors
    /// From the first line on that makes no sense; what was said before it comes first.
    pub fn take(&mut self, piece: &Bytes) -> Vec<Result<Change, Nonsense>> {
        let mut changes = Vec::new();
        let mut parts = piece.split(|byte| *byte == b'\n').peekable();
        while let Some(part) = parts.next() {
            if self.rest.len() + part.len() > MAX_LINE {
                changes.push(Err(Nonsense));
                return changes;
            }
            self.rest.extend_from_slice(part);
            if parts.peek().is_none() {
                break;
            }
            let line = std::mem::take(&mut self.rest);
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let change = read(&line);
            let broken = change.is_err();
            changes.push(change);
            if broken {
                break;
            }
        }
        changes
    }
}

fn read(line: &[u8]) -> Result<Change, Nonsense> {
    let line: Line<'_> = serde_json::from_slice(line).map_err(|_| Nonsense)?;
    let object = || {
        let object: Object = serde_json::from_str(line.object.get()).map_err(|_| Nonsense)?;
        Ok(object)
    };
    let named = || {
        object().and_then(|object| if object.meta("name").is_empty() { Err(Nonsense) } else { Ok(object) })
    };
    match line.what.as_str() {
        "ADDED" | "MODIFIED" => named().map(Change::Present),
        "DELETED" => named().map(Change::Gone),
        "BOOKMARK" => match object()?.meta("resourceVersion") {
            "" => Err(Nonsense),
            version => Ok(Change::Bookmark(version.to_owned())),
        },
        "ERROR" => {
            let status: Status = serde_json::from_str(line.object.get()).map_err(|_| Nonsense)?;
            match status.is_gone() {
                true => Ok(Change::Expired),
                // The message may quote what was sent.
                false => Ok(Change::Failed { reason: format!("{} {}", status.code, word(&status.reason)) }),
            }
        }
        _ => Err(Nonsense),
    }
}

/// A reason is one word.
fn word(reason: &str) -> &str {
    let plain = reason.len() <= 40 && reason.chars().all(|c| c.is_ascii_alphanumeric());
    if plain { reason } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What lines say, in short, however they are cut into pieces.
    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let short = |change: Result<Change, Nonsense>| match change {
            Ok(Change::Present(object)) => format!("present {}", object.meta("name")),
            Ok(Change::Gone(object)) => format!("gone {}", object.meta("name")),
            Ok(Change::Bookmark(version)) => format!("bookmark {version}"),
            Ok(Change::Expired) => "expired".to_owned(),
            Ok(Change::Failed { reason }) => format!("failed {reason}"),
            Err(Nonsense) => "nonsense".to_owned(),
        };
        for size in [1, 7, 64, text.len()] {
            let mut lines = Lines::default();
            let mut found = Vec::new();
            for piece in text.as_bytes().chunks(size) {
                found.extend(lines.take(&Bytes::copy_from_slice(piece)).into_iter().map(short));
                if found.last().is_some_and(|last| last == "nonsense") {
                    break;
                }
            }
            assert_eq!(found, expected, "in pieces of {size}");
        }
    }

    #[test]
    fn lines_are_put_together_again() {
        let object = |what: &str, name: &str| {
            format!(
                "{{\"type\":\"{what}\",\"object\":{{\"metadata\":{{\"name\":\"{name}\",\"resourceVersion\":\"5\"}}}}}}\n"
            )
        };
        let lines = [
            object("ADDED", "a"),
            object("MODIFIED", "b"),
            object("DELETED", "ü"),
            object("BOOKMARK", ""),
            "\r\n".to_owned(),
            "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":500,\"reason\":\"Internal secret\"}}\n".to_owned(),
            "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\"}}\n".to_owned(),
            "{\"type\":\"ADDED\",\"object\":{\"meta".to_owned(),
        ];
        check(&lines.concat(), &["present a", "present b", "gone ü", "bookmark 5", "failed 500 ", "expired"]);
        check("{\"type\":\"ADDED\",\"object\":{}}\n", &["nonsense"]);
        check("<html>\n", &["nonsense"]);
        check("{\"type\":\"HELLO\",\"object\":{}}\n", &["nonsense"]);
    }

    #[test]
    fn a_line_has_a_largest_length() {
        let mut lines = Lines::default();
        let piece = Bytes::from(vec![b'x'; MAX_LINE / 2 + 1]);
        assert_eq!(lines.take(&piece), []);
        assert_eq!(lines.take(&piece), [Err(Nonsense)]);
    }
}
