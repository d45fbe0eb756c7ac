//! What a view shows: `{rules, orderBy, groupBy, columns, density}`.

use portolan_schema::{Code, Pointer, Problem, Problems};
use serde_json::{Map, Value};

use crate::fields::Fields;
use crate::subject::Subject;

const KNOWN: &[&str] = &["rules", "orderBy", "groupBy", "columns", "density"];
/// Most keys of an order.
pub(crate) const MAX_ORDER: usize = 8;
/// Most levels of groups.
const MAX_GROUPS: usize = 3;
/// Most columns.
pub(crate) const MAX_COLUMNS: usize = 200;
/// Longest identifier of a property, in characters; longer ones don't exist.
pub(crate) const MAX_NAME: usize = 200;
/// Width of a column, in pixels.
const WIDTH: std::ops::RangeInclusive<i64> = 40..=2_000;
/// Largest specification, in bytes.
const MAX_BYTES: usize = 64 << 10;

/// Where a column stays while others scroll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pinned {
    Left,
    Right,
}

impl Pinned {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Left => "LEFT",
            Self::Right => "RIGHT",
        }
    }
}

/// The present specification with the fields of another; null takes one away.
pub(super) fn merged(present: &Value, change: &Value) -> Value {
    let mut merged: Map<String, Value> = present.as_object().cloned().unwrap_or_default();
    merged.extend(change.as_object().cloned().unwrap_or_default());
    merged.retain(|_, value| !value.is_null());
    Value::Object(merged)
}

/// Paths begin in the specification.
pub(super) fn check(subject: Option<Subject<'_>>, spec: &Value, problems: &mut Problems) {
    let root = Pointer::root();
    let Some(fields) = Fields::of(spec, &root, "a view", KNOWN, problems) else { return };
    let bytes = spec.to_string().len();
    if bytes > MAX_BYTES {
        problems.0.push(Problem::over(Code::TooLong, root, "size in bytes", MAX_BYTES, bytes));
        return;
    }
    if let (Some(subject), Some(rules)) = (subject, fields.get("rules")) {
        subject.check_rules(rules, &fields.at("rules"), problems);
    }
    check_order(subject, &fields, problems);
    for (at, name) in fields.texts("groupBy", MAX_GROUPS, problems) {
        if let Some(subject) = subject {
            subject.check_group(name, &at, problems);
        }
    }
    let mut seen: Vec<&str> = Vec::new();
    for (at, item) in fields.list("columns", MAX_COLUMNS, problems) {
        let known = &["property", "width", "pinned"];
        let Some(column) = Fields::of(item, &at, "a column", known, problems) else { continue };
        column.integer("width", WIDTH, problems);
        column.word("pinned", &[Pinned::Left.as_str(), Pinned::Right.as_str()], problems);
        let Some(name) = column.required_text("property", MAX_NAME, problems) else { continue };
        if seen.contains(&name) {
            problems.add(Code::DuplicateName, column.at("property"), format!("\"{name}\" is a column twice"));
        }
        seen.push(name);
        if let Some(subject) = subject {
            subject.check_column(name, &column.at("property"), problems);
        }
    }
    fields.word("density", &["COMPACT", "DEFAULT", "COMFORTABLE"], problems);
}

/// `orderBy`: properties with directions.
pub(crate) fn check_order(subject: Option<Subject<'_>>, fields: &Fields<'_>, problems: &mut Problems) {
    for (at, item) in fields.list("orderBy", MAX_ORDER, problems) {
        let Some(key) = Fields::of(item, &at, "an order", &["property", "direction"], problems) else {
            continue;
        };
        key.word("direction", &["ASC", "DESC"], problems);
        let name = key.required_text("property", MAX_NAME, problems);
        if let (Some(subject), Some(name)) = (subject, name) {
            subject.check_order(name, &key.at("property"), problems);
        }
    }
}
