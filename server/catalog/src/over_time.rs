//! How many entities of a blueprint there were, over time: those that are there by their dates, and those that are gone.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, TimeDelta, Utc};
use portolan_schema::filter::Comparison;
use portolan_schema::{Code, Error, Field, Filter, Instant, Meta, Pointer, Problem, Result, Scalar};
use portolan_store::OpContext;
use portolan_store::query::{AggregateQuery, GroupBy, Interval};

use crate::asking::asked_at;
use crate::{Catalog, Role};

/// Most intervals of one answer.
const MAX_POINTS: usize = 1_000;
/// Most deletions that are looked at.
const MAX_DELETIONS: usize = 200_000;

/// One interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PointInTime {
    /// Its beginning.
    pub at: Instant,
    /// How many there were at its end, or are now where it is not over.
    pub count: u64,
    /// How many were made in it.
    pub created: u64,
    /// How many were deleted in it.
    pub deleted: u64,
}

impl Catalog {
    /// The intervals from the one that `from` is in until the one that `until` is in, or the present one.
    ///
    /// # Errors
    /// `NOT_FOUND` for the blueprint; `TOO_MANY_ITEMS` for more than 1,000 intervals; `INVALID_VALUE` where the end is before
    /// the beginning; `QUERY_TOO_COSTLY` where too many entities were deleted since then.
    pub async fn entities_over_time(
        &self,
        ctx: &OpContext,
        blueprint: &str,
        interval: Interval,
        from: Instant,
        until: Option<Instant>,
    ) -> Result<Vec<PointInTime>> {
        ctx.require(Role::Viewer)?;
        let now = asked_at(ctx);
        let starts = starts(interval, from, until.map_or(now, |until| until.min(now)))?;
        let scope = self.store.read(ctx.tenant()).await?;
        let model = self.model_in(&scope).await?;
        let found = model.get(blueprint);
        let found = found.ok_or_else(|| Error::not_found(format!("the blueprint \"{blueprint}\"")))?;
        let (Some(first), Some(end)) = (starts.first().copied(), starts.last().copied()) else {
            return Ok(Vec::new());
        };
        let end = next(interval, end);
        let created = |comparison, at: Instant| Filter::Compare {
            field: Field::Meta(Meta::CreatedAt),
            comparison,
            value: Scalar::Instant(at),
        };
        let mut count = scope.count(&model, found.no(), &created(Comparison::Less, first)).await?;
        let query = AggregateQuery {
            blueprint: found.no(),
            filter: Filter::All(vec![
                created(Comparison::GreaterOrEqual, first),
                created(Comparison::Less, end),
            ]),
            group_by: vec![GroupBy::Date { field: Field::Meta(Meta::CreatedAt), interval }],
            functions: Vec::new(),
            limit: MAX_POINTS + 1,
        };
        let groups = scope.aggregate(&model, &query).await?;
        let mut points: Vec<PointInTime> =
            starts.iter().map(|at| PointInTime { at: *at, count: 0, created: 0, deleted: 0 }).collect();
        // The place of an instant among the intervals: None before the first.
        let place = |at: Instant| starts.partition_point(|start| *start <= at).checked_sub(1);
        for group in groups {
            let at = group.key.first().and_then(|key| Instant::parse(key.as_str()?));
            if let Some(place) = at.and_then(place) {
                points[place].created += group.count;
            }
        }
        let gone = scope.lifetimes(found.no(), first, MAX_DELETIONS + 1).await?;
        if gone.len() > MAX_DELETIONS {
            let message = format!("more than {MAX_DELETIONS} entities were deleted since then; begin later");
            return Err(Error::at(Code::QueryTooCostly, Pointer::root().key("from"), message));
        }
        for life in gone {
            match place(life.created) {
                Some(_) if life.created >= end => {}
                Some(place) => points[place].created += 1,
                None => count += 1,
            }
            if life.deleted < end
                && let Some(place) = place(life.deleted)
            {
                points[place].deleted += 1;
            }
        }
        for point in &mut points {
            count = (count + point.created).saturating_sub(point.deleted);
            point.count = count;
        }
        Ok(points)
    }
}

/// The beginnings of the intervals between two instants.
///
/// # Errors
/// `TOO_MANY_ITEMS`; `INVALID_VALUE`.
fn starts(interval: Interval, from: Instant, until: Instant) -> Result<Vec<Instant>> {
    if until < from {
        let message = "the time ends before it begins";
        return Err(Error::at(Code::InvalidValue, Pointer::root().key("from"), message));
    }
    let mut starts = vec![start(interval, from)];
    while let Some(last) = starts.last().copied() {
        let following = next(interval, last);
        if following > until || following <= last {
            break;
        }
        if starts.len() == MAX_POINTS {
            let path = Pointer::root().key("from");
            let over =
                Problem::over(Code::TooManyItems, path, "number of intervals", MAX_POINTS, MAX_POINTS + 1);
            return Err(over.into());
        }
        starts.push(following);
    }
    Ok(starts)
}

/// The beginning of the interval that an instant is in, in UTC.
fn start(interval: Interval, at: Instant) -> Instant {
    let at = at.to_chrono();
    let day = at.date_naive();
    let first = |month: u32| NaiveDate::from_ymd_opt(day.year(), month, 1).unwrap_or(day);
    let begun = match interval {
        Interval::Hour => {
            let into = at.time().signed_duration_since(NaiveTime::MIN).num_hours();
            return (midnight(day) + TimeDelta::hours(into)).into();
        }
        Interval::Day => day,
        Interval::Week => {
            day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())).unwrap_or(day)
        }
        Interval::Month => first(day.month()),
        Interval::Quarter => first((day.month() - 1) / 3 * 3 + 1),
        Interval::Year => first(1),
    };
    midnight(begun).into()
}

/// The beginning of the interval after the one that begins at `at`; the same where calendars end.
fn next(interval: Interval, at: Instant) -> Instant {
    let begun = at.to_chrono();
    let following = match interval {
        Interval::Hour => begun.checked_add_signed(TimeDelta::hours(1)),
        Interval::Day => begun.checked_add_days(Days::new(1)),
        Interval::Week => begun.checked_add_days(Days::new(7)),
        Interval::Month => begun.checked_add_months(Months::new(1)),
        Interval::Quarter => begun.checked_add_months(Months::new(3)),
        Interval::Year => begun.checked_add_months(Months::new(12)),
    };
    following.unwrap_or(begun).into()
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_begin_where_calendars_say() {
        let at = |text: &str| Instant::parse(text).expect(text);
        for (interval, from, until, expected) in [
            (
                Interval::Hour,
                "2026-03-01T09:59:59Z",
                "2026-03-01T11:00:00Z",
                "2026-03-01T09 2026-03-01T10 2026-03-01T11",
            ),
            (
                Interval::Day,
                "2024-02-28T12:00:00Z",
                "2024-03-01",
                "2024-02-28T00 2024-02-29T00 2024-03-01T00",
            ),
            (
                Interval::Week,
                "2026-03-01",
                "2026-03-09T01:00:00Z",
                "2026-02-23T00 2026-03-02T00 2026-03-09T00",
            ),
            (Interval::Month, "2025-12-31", "2026-01-31", "2025-12-01T00 2026-01-01T00"),
            (Interval::Quarter, "2026-05-31", "2026-07-01", "2026-04-01T00 2026-07-01T00"),
            (Interval::Year, "1969-07-01", "1970-01-01", "1969-01-01T00 1970-01-01T00"),
            (Interval::Day, "2026-03-01", "2026-03-01", "2026-03-01T00"),
        ] {
            let found = starts(interval, at(from), at(until)).expect(from);
            let shown: Vec<String> = found.iter().map(|at| at.to_rfc3339()[..13].to_owned()).collect();
            assert_eq!(shown.join(" "), expected);
        }
        let code =
            |from, until| starts(Interval::Hour, at(from), at(until)).map_err(|error| error.code()).err();
        assert_eq!(code("2026-03-02", "2026-03-01"), Some(Code::InvalidValue));
        assert_eq!(code("2000-01-01", "2026-03-01"), Some(Code::TooManyItems));
    }
}
