//! What a widget asks of the catalog: a blueprint's entities, which of them, and what is made of them.

use portolan_schema::moment::{self, Moment};
use portolan_schema::{Code, Problems};

use super::World;
use crate::fields::Fields;
use crate::subject::Subject;
use crate::view::spec::{MAX_COLUMNS, MAX_NAME, check_order};

/// The fields of every question.
pub(super) const QUERY: &[&str] = &["blueprint", "rules", "range"];
/// The fields of a number that is made of entities.
pub(super) const FUNCTION: &[&str] = &["func", "property"];

const INTERVALS: &[&str] = &["HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"];
/// Most bars, slices or lines that are shown by themselves; the others are together.
const MAX_SHOWN: i64 = 100;
/// Most keys of a bar's groups: bars, and what they are stacked of.
const MAX_BAR_KEYS: usize = 2;

/// `blueprint`, `rules` and `range`. None where the blueprint is not known.
pub(super) fn check<'m>(
    world: World<'m>,
    widget: &Fields<'_>,
    problems: &mut Problems,
) -> Option<Subject<'m>> {
    let name = widget.required_text("blueprint", MAX_NAME, problems)?;
    let subject = Subject::find(world.model, name, &widget.at("blueprint"), problems)?;
    if let Some(rules) = widget.get("rules") {
        subject.check_rules(rules, &widget.at("rules"), problems);
    }
    check_range(subject, widget, problems);
    Some(subject)
}

/// `{property, last}`: a date in a span of time that ends or begins now.
fn check_range(subject: Subject<'_>, widget: &Fields<'_>, problems: &mut Problems) {
    let Some(range) = widget.get("range") else { return };
    let known = ["property", "span"];
    let Some(range) = Fields::of(range, &widget.at("range"), "a time range", &known, problems) else {
        return;
    };
    if let Some(date) = range.required_text("property", MAX_NAME, problems) {
        subject.check_date(date, &range.at("property"), problems);
    }
    let span = range.required_text("span", MAX_NAME, problems);
    if span.is_some_and(|span| Moment::parse(span).is_none()) {
        problems.add(Code::InvalidValue, range.at("span"), format!("a span is {}", moment::NAMES));
    }
}

/// `func` and, unless entities are counted, the number `property` that it is of.
pub(super) fn check_function(subject: Option<Subject<'_>>, widget: &Fields<'_>, problems: &mut Problems) {
    let counts = match widget.get("func") {
        None => true,
        Some(_) => {
            let func = widget.word("func", &["COUNT", "SUM", "AVG", "MIN", "MAX", "MEDIAN"], problems);
            let Some(func) = func else { return };
            func == "COUNT"
        }
    };
    if counts {
        if widget.get("property").is_some() {
            let message = "entities are counted; a \"property\" needs another \"func\"";
            problems.add(Code::UnknownField, widget.at("property"), message);
        }
        return;
    }
    let name = widget.required_text("property", MAX_NAME, problems);
    if let (Some(subject), Some(name)) = (subject, name) {
        subject.check_number(name, &widget.at("property"), problems);
    }
}

/// `groupBy` with `least` to `most` keys, and `first`.
fn check_groups(
    subject: Option<Subject<'_>>,
    widget: &Fields<'_>,
    least: usize,
    most: usize,
    problems: &mut Problems,
) {
    if least > 0 {
        widget.require("groupBy", problems);
    }
    let keys = widget.texts("groupBy", most, problems);
    if keys.len() < least
        && widget.get("groupBy").is_some_and(|list| list.as_array().is_some_and(Vec::is_empty))
    {
        problems.add(Code::Required, widget.at("groupBy"), "there is nothing to group by");
    }
    for (at, name) in keys {
        if let Some(subject) = subject {
            subject.check_group(name, &at, problems);
        }
    }
    widget.integer("first", 1..=MAX_SHOWN, problems);
}

/// Slices of a pie: one key.
pub(super) fn check_pie(subject: Option<Subject<'_>>, widget: &Fields<'_>, problems: &mut Problems) {
    check_groups(subject, widget, 1, 1, problems);
}

/// Bars: one key, and one for what they are stacked of.
pub(super) fn check_bar(subject: Option<Subject<'_>>, widget: &Fields<'_>, problems: &mut Problems) {
    check_groups(subject, widget, 1, MAX_BAR_KEYS, problems);
}

/// Points over time: a `date` cut to an `interval`, and one key for several lines.
pub(super) fn check_line(subject: Option<Subject<'_>>, widget: &Fields<'_>, problems: &mut Problems) {
    check_groups(subject, widget, 0, 1, problems);
    widget.require("interval", problems);
    widget.word("interval", INTERVALS, problems);
    widget.flag("cumulative", problems);
    let date = widget.required_text("date", MAX_NAME, problems);
    if let (Some(subject), Some(date)) = (subject, date) {
        subject.check_date(date, &widget.at("date"), problems);
    }
}

/// Rows: columns, order, how many.
pub(super) fn check_table(subject: Option<Subject<'_>>, widget: &Fields<'_>, problems: &mut Problems) {
    for (at, name) in widget.texts("columns", MAX_COLUMNS, problems) {
        if let Some(subject) = subject {
            subject.check_column(name, &at, problems);
        }
    }
    check_order(subject, widget, problems);
    widget.integer("first", 1..=MAX_SHOWN, problems);
}
