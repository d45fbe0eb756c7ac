//! Dates that are told from the time of the question: `today`, `last7Days`, `nextMonth` (port-api.md 2.5, api.md 2).
//!
//! Days are those of UTC. Months have 30 days and years 365, twelve months being a year.

use crate::Instant;
use crate::filter::Comparison;

/// The names that stand for themselves; the others are `last` or `next`, a number and a unit.
const DAYS: &[(&str, Moment)] = &[
    ("now", Moment::Now),
    ("yesterday", Moment::Day(-1)),
    ("today", Moment::Day(0)),
    ("tomorrow", Moment::Day(1)),
];
const MINUTE: i64 = 60_000_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// Most units of one span. A bound of ours.
const MAX_UNITS: i64 = 9_999;

/// What the names look like, for messages.
pub const NAMES: &str = "\"now\", \"yesterday\", \"today\", \"tomorrow\", or \"last\" or \"next\", a number and \
     \"Minutes\", \"Hours\", \"Days\", \"Weeks\", \"Months\" or \"Years\", such as \"last7Days\" or \"lastWeek\"";

/// A point or span of time that moves with the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    Now,
    /// A whole day of UTC, so many after the present one.
    Day(i64),
    /// From so many microseconds ago until now.
    Last(i64),
    /// From now for so many microseconds.
    Next(i64),
}

impl Moment {
    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        if let Some((_, day)) = DAYS.iter().find(|(known, _)| *known == name) {
            return Some(*day);
        }
        let (span, past) = match (name.strip_prefix("last"), name.strip_prefix("next")) {
            (Some(span), _) => (span, true),
            (None, Some(span)) => (span, false),
            (None, None) => return None,
        };
        let digits = span.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = span.split_at(digits);
        let (count, unit) = match number {
            "" => (1, unit),
            number => (number.parse().ok()?, unit.strip_suffix('s').unwrap_or(unit)),
        };
        if !(1..=MAX_UNITS).contains(&count) {
            return None;
        }
        let micros = match unit {
            "Minute" => count * MINUTE,
            "Hour" => count * 60 * MINUTE,
            "Day" => count * DAY,
            "Week" => count * 7 * DAY,
            "Month" => (count / 12 * 365 + count % 12 * 30) * DAY,
            "Year" => count * 365 * DAY,
            _ => return None,
        };
        Some(if past { Self::Last(micros) } else { Self::Next(micros) })
    }

    /// Its first and last instants.
    pub fn range(self, now: Instant) -> (Instant, Instant) {
        match self {
            Self::Now => (now, now),
            Self::Day(ahead) => {
                let from = now.0.div_euclid(DAY).saturating_add(ahead).saturating_mul(DAY);
                (Instant(from), Instant(from.saturating_add(DAY - 1)))
            }
            Self::Last(micros) => (Instant(now.0.saturating_sub(micros)), now),
            Self::Next(micros) => (now, Instant(now.0.saturating_add(micros))),
        }
    }

    /// What `>` and its like compare with. A span stands for its far end: since `last7Days` is since seven days ago,
    /// before `next7Days` is before seven days from now. A day is passed when it is over.
    pub fn edge(self, comparison: Comparison, now: Instant) -> Instant {
        let (from, to) = self.range(now);
        match (self, comparison) {
            (Self::Last(_), _) => from,
            (Self::Next(_), _) => to,
            (_, Comparison::Greater | Comparison::LessOrEqual) => to,
            (_, Comparison::Less | Comparison::GreaterOrEqual | Comparison::Equal) => from,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Thursday afternoon.
    const NOW: &str = "2026-03-05T15:30:00Z";

    #[test]
    fn names_are_spans() {
        let now = Instant::parse(NOW).unwrap();
        for (name, from, to) in [
            ("now", NOW, NOW),
            ("today", "2026-03-05T00:00:00Z", "2026-03-05T23:59:59.999999Z"),
            ("yesterday", "2026-03-04T00:00:00Z", "2026-03-04T23:59:59.999999Z"),
            ("tomorrow", "2026-03-06T00:00:00Z", "2026-03-06T23:59:59.999999Z"),
            ("lastDay", "2026-03-04T15:30:00Z", NOW),
            ("lastWeek", "2026-02-26T15:30:00Z", NOW),
            ("last2Weeks", "2026-02-19T15:30:00Z", NOW),
            ("lastMonth", "2026-02-03T15:30:00Z", NOW),
            ("last3Months", "2025-12-05T15:30:00Z", NOW),
            ("last6Months", "2025-09-06T15:30:00Z", NOW),
            ("last12Months", "2025-03-05T15:30:00Z", NOW),
            ("last2Years", "2024-03-05T15:30:00Z", NOW),
            ("last3Years", "2023-03-06T15:30:00Z", NOW),
            ("last90Minutes", "2026-03-05T14:00:00Z", NOW),
            ("last1Hour", "2026-03-05T14:30:00Z", NOW),
            ("last7Days", "2026-02-26T15:30:00Z", NOW),
            ("nextDay", NOW, "2026-03-06T15:30:00Z"),
            ("nextMonth", NOW, "2026-04-04T15:30:00Z"),
            ("next12Months", NOW, "2027-03-05T15:30:00Z"),
        ] {
            let range = Moment::parse(name).map(|moment| moment.range(now));
            let expected = (Instant::parse(from).unwrap(), Instant::parse(to).unwrap());
            assert_eq!(range, Some(expected), "{name}");
        }
    }

    #[test]
    fn other_names_are_none() {
        for name in [
            "",
            "last",
            "next",
            "Today",
            "lastDays",
            "last0Days",
            "last7",
            "last7days",
            "last-1Day",
            "last10000Days",
            "last99999999999999999999Days",
            "previousWeek",
            "lastDecade",
            "last7Dayss",
        ] {
            assert_eq!(Moment::parse(name), None, "{name}");
        }
    }

    #[test]
    fn edges_are_where_one_would_expect_them() {
        use Comparison::{Greater, GreaterOrEqual, Less, LessOrEqual};
        let now = Instant::parse(NOW).unwrap();
        for (name, comparison, expected) in [
            ("last7Days", Greater, "2026-02-26T15:30:00Z"),
            ("last7Days", LessOrEqual, "2026-02-26T15:30:00Z"),
            ("next7Days", Less, "2026-03-12T15:30:00Z"),
            ("next7Days", GreaterOrEqual, "2026-03-12T15:30:00Z"),
            ("today", Greater, "2026-03-05T23:59:59.999999Z"),
            ("today", LessOrEqual, "2026-03-05T23:59:59.999999Z"),
            ("today", GreaterOrEqual, "2026-03-05T00:00:00Z"),
            ("today", Less, "2026-03-05T00:00:00Z"),
            ("now", Less, NOW),
        ] {
            let edge = Moment::parse(name).unwrap().edge(comparison, now);
            assert_eq!(edge, Instant::parse(expected).unwrap(), "{comparison:?} {name}");
        }
    }
}
