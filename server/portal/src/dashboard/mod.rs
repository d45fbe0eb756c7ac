//! Dashboards: `{widgets, filters}`. Checked as a whole, and kept as they were given.

mod grid;
mod query;
mod widget;

use portolan_schema::{CatalogModel, Code, Pointer, Problem, Problems};
use serde_json::Value;

use crate::fields::Fields;
use crate::subject::Subject;
use crate::view::spec::MAX_NAME;

/// Most widgets of a dashboard.
const MAX_WIDGETS: usize = 64;
/// Most page filters of a dashboard.
const MAX_FILTERS: usize = 20;
/// Largest dashboard, in bytes.
const MAX_BYTES: usize = 256 << 10;

/// Where a dashboard is checked: what it may name.
#[derive(Clone, Copy)]
struct World<'m> {
    model: &'m CatalogModel,
    /// Where embedded pages may come from.
    origins: &'m [String],
}

/// Adds all problems of a dashboard that is at `path`.
pub(crate) fn check(
    model: &CatalogModel,
    origins: &[String],
    dashboard: &Value,
    path: &Pointer,
    problems: &mut Problems,
) {
    let bytes = dashboard.to_string().len();
    if bytes > MAX_BYTES {
        problems.0.push(Problem::over(Code::TooLong, path.clone(), "size in bytes", MAX_BYTES, bytes));
        return;
    }
    let known = &["widgets", "filters"];
    let Some(fields) = Fields::of(dashboard, path, "a dashboard", known, problems) else { return };
    let world = World { model, origins };
    fields.require("widgets", problems);
    let mut places = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for (at, widget) in fields.list("widgets", MAX_WIDGETS, problems) {
        let checked = widget::check(world, widget, &at, problems);
        if let Some(name) = checked.identifier {
            if names.contains(&name) {
                let message = format!("there is a widget \"{name}\" already");
                problems.add(Code::DuplicateName, at.key("identifier"), message);
            }
            names.push(name);
        }
        places.extend(checked.place.map(|place| (at.key("grid"), place)));
    }
    grid::check_overlaps(&places, problems);
    for (at, filter) in fields.list("filters", MAX_FILTERS, problems) {
        check_filter(world, filter, &at, problems);
    }
}

/// A page filter: rules that hold for every widget of one blueprint.
fn check_filter(world: World<'_>, filter: &Value, path: &Pointer, problems: &mut Problems) {
    let known = &["blueprint", "rules"];
    let Some(fields) = Fields::of(filter, path, "a page filter", known, problems) else { return };
    fields.require("rules", problems);
    let name = fields.required_text("blueprint", MAX_NAME, problems);
    let subject = name.and_then(|name| Subject::find(world.model, name, &fields.at("blueprint"), problems));
    if let (Some(subject), Some(rules)) = (subject, fields.get("rules")) {
        subject.check_rules(rules, &fields.at("rules"), problems);
    }
}
