//! The log of a run, bounded: of lines that say the same the first few are kept, and of all lines the first thousand; the
//! rest is counted.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use portolan_store::integration::{LogLevel, LogLine};

use crate::now;
use crate::place::Place;

/// Most lines about items and kinds.
const MAX_LINES: usize = 1_000;
/// Most lines about one expression of a kind.
const MAX_SAME: usize = 20;
/// Longest message and name, in characters.
const MAX_MESSAGE: usize = 600;
const MAX_ITEM: usize = 200;

/// The log of a run; lines are kept until somebody takes them to the database.
#[derive(Default)]
pub(crate) struct RunLog(Mutex<State>);

#[derive(Default)]
struct State {
    /// Number of the last line.
    last: i64,
    waiting: Vec<LogLine>,
    kept: usize,
    left_out: usize,
    same: HashMap<(String, String), usize>,
}

/// What a line is about.
#[derive(Default)]
pub(crate) struct About<'a> {
    pub kind: Option<&'a str>,
    pub item: Option<&'a str>,
    /// Where in the mapping; lines about the same place are bounded together.
    pub place: Option<&'a Place>,
}

impl RunLog {
    /// A log whose last line has this number.
    pub(crate) fn after(last: i64) -> Self {
        Self(Mutex::new(State { last, ..State::default() }))
    }

    /// Bounded together with the lines that it has already.
    pub(crate) fn going_on(self) -> Self {
        let mut state = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.kept = usize::try_from(state.last).unwrap_or(usize::MAX);
        Self(Mutex::new(state))
    }

    /// A line about the run itself, which is always kept.
    pub(crate) fn say(&self, level: LogLevel, message: &str) {
        self.state().push(level, &About::default(), message);
    }

    /// A line about a kind or an item.
    pub(crate) fn about(&self, level: LogLevel, about: &About<'_>, message: &str) {
        let mut state = self.state();
        let kind = about.kind.unwrap_or_default().to_owned();
        let place = about.place.map(|place| place.path.clone()).unwrap_or_default();
        let bounded = !place.is_empty();
        let same = state.same.entry((kind, place)).or_default();
        *same += 1;
        if bounded && *same > MAX_SAME {
            return;
        }
        if state.kept >= MAX_LINES {
            state.left_out += 1;
            return;
        }
        state.kept += 1;
        let message = match about.place {
            Some(place) if place.expression.is_empty() => format!("{}: {message}", place.path),
            Some(place) => format!("{} ({}): {message}", place.path, place.expression),
            None => message.to_owned(),
        };
        state.push(level, about, &message);
    }

    /// Says how much was left out; nothing is after the next call.
    pub(crate) fn conclude(&self) {
        let mut state = self.state();
        let mut more: Vec<_> = std::mem::take(&mut state.same)
            .into_iter()
            .filter(|((_, place), count)| !place.is_empty() && *count > MAX_SAME)
            .collect();
        more.sort();
        for ((kind, place), count) in more.into_iter().take(MAX_SAME) {
            let message = format!("{place}: {} more items like these", count - MAX_SAME);
            let about = About {
                kind: Some(&kind).filter(|kind| !kind.is_empty()).map(String::as_str),
                ..About::default()
            };
            state.push(LogLevel::Warning, &about, &message);
        }
        let left_out = std::mem::take(&mut state.left_out);
        if left_out > 0 {
            state.push(LogLevel::Warning, &About::default(), &format!("{left_out} more lines were left out"));
        }
    }

    /// [`RunLog::conclude`], unless the log has grown too long by that.
    pub(crate) fn conclude_bounded(&self) {
        if usize::try_from(self.state().last).is_ok_and(|last| last < 2 * MAX_LINES) {
            self.conclude();
        }
    }

    /// Lines that are not in the database yet.
    pub(crate) fn take(&self) -> Vec<LogLine> {
        std::mem::take(&mut self.state().waiting)
    }

    /// Puts back what could not be written.
    pub(crate) fn put_back(&self, lines: Vec<LogLine>) {
        self.state().waiting.splice(0..0, lines);
    }

    pub(crate) fn is_waiting(&self) -> bool {
        !self.state().waiting.is_empty()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, level: LogLevel, about: &About<'_>, message: &str) {
        self.last += 1;
        let line = LogLine {
            no: self.last,
            at: now(),
            level,
            kind: about.kind.map(|kind| clean(kind, MAX_ITEM)),
            item: about.item.map(|item| clean(item, MAX_ITEM)),
            message: clean(message, MAX_MESSAGE),
        };
        self.waiting.push(line);
    }
}

/// Without control characters, and not too long.
fn clean(text: &str, most: usize) -> String {
    let mut clean: String =
        text.chars().map(|char| if char.is_control() { ' ' } else { char }).take(most).collect();
    if text.chars().nth(most).is_some() {
        clean.push('…');
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_is_counted() {
        let log = RunLog::after(7);
        let place = Place { path: "/resources/0/x".into(), expression: ".x".into() };
        for number in 0..50 {
            let item = format!("i{number}\n");
            let about = About { kind: Some("k"), item: Some(&item), place: Some(&place) };
            log.about(LogLevel::Warning, &about, "no");
        }
        log.conclude();
        let lines = log.take();
        assert_eq!(lines.len(), MAX_SAME + 1);
        assert_eq!((lines[0].no, lines[0].message.as_str()), (8, "/resources/0/x (.x): no"));
        assert_eq!(lines[0].item.as_deref(), Some("i0 "));
        assert_eq!(lines[20].message, "/resources/0/x: 30 more items like these");
        for number in 0..2_000 {
            log.about(LogLevel::Warning, &About::default(), &number.to_string());
        }
        log.say(LogLevel::Info, "done");
        log.conclude();
        let lines = log.take();
        assert_eq!(lines.len(), MAX_LINES - MAX_SAME + 2);
        assert_eq!(lines.last().unwrap().message, "1020 more lines were left out");
    }
}
