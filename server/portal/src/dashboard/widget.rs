//! Widgets: what each kind has. Every field that a kind does not know is a mistake.

use portolan_schema::{Code, Pointer, Problems};
use serde_json::Value;
use url::Url;

use super::grid::Place;
use super::{World, query};
use crate::fields::Fields;
use crate::settings::origin_of;
use crate::subject::Subject;
use crate::texts::{MAX_DESCRIPTION, MAX_TITLE};
use crate::view::spec::MAX_NAME;

/// The fields of every widget.
const COMMON: &[&str] = &["identifier", "kind", "title", "description", "emptyText", "grid"];
/// Longest identifier of a widget, in characters.
const MAX_IDENTIFIER: usize = 60;
/// Longest text of Markdown, in characters.
const MAX_MARKDOWN: usize = 20_000;
/// Longest address, in characters.
const MAX_URL: usize = 2_000;
/// Most links of one widget.
const MAX_LINKS: usize = 50;
/// Most thresholds of a number.
const MAX_THRESHOLDS: usize = 10;
/// Longest unit of a number, in characters.
const MAX_UNIT: usize = 20;
/// Most steps from an entity.
const MAX_DEPTH: i64 = 10;
/// Most blueprints of a graph.
const MAX_BLUEPRINTS: usize = 100;
/// Longest identifier of an entity, in characters.
const MAX_ENTITY: usize = 1_000;

type Check = fn(World<'_>, &Fields<'_>, &mut Problems);

/// Each kind with its own fields and what is looked at.
const KINDS: &[(&str, &[&[&str]], Check)] = &[
    ("NUMBER", &[query::QUERY, query::FUNCTION, &["unit", "thresholds"]], number),
    ("PIE", &[query::QUERY, query::FUNCTION, &["groupBy", "first"]], pie),
    ("BAR", &[query::QUERY, query::FUNCTION, &["groupBy", "first"]], bar),
    ("LINE", &[query::QUERY, query::FUNCTION, &["groupBy", "first", "date", "interval", "cumulative"]], line),
    ("TABLE", &[query::QUERY, &["columns", "orderBy", "first"]], table),
    ("MARKDOWN", &[&["text"]], markdown),
    ("LINKS", &[&["links"]], links),
    ("IFRAME", &[&["url"]], iframe),
    ("GRAPH", &[&["blueprint", "entity", "direction", "depth", "blueprints"]], graph),
];

/// What the dashboard needs to know of a widget.
pub(super) struct Checked<'v> {
    pub identifier: Option<&'v str>,
    pub place: Option<Place>,
}

pub(super) fn check<'v>(
    world: World<'_>,
    widget: &'v Value,
    path: &Pointer,
    problems: &mut Problems,
) -> Checked<'v> {
    let kind = widget.get("kind").and_then(Value::as_str);
    let found = kind.and_then(|kind| KINDS.iter().find(|(name, ..)| *name == kind));
    let mut known: Vec<&str> = COMMON.to_vec();
    match found {
        Some((_, groups, _)) => known.extend(groups.iter().copied().flatten()),
        // Which of its fields are wrong is not known then.
        None => known.extend(widget.as_object().into_iter().flatten().map(|(key, _)| key.as_str())),
    }
    let what = found.map_or("a widget".to_owned(), |(name, ..)| format!("a widget of the kind {name}"));
    let Some(fields) = Fields::of(widget, path, &what, &known, problems) else {
        return Checked { identifier: None, place: None };
    };
    fields.require("kind", problems);
    let kinds: Vec<&'static str> = KINDS.iter().map(|(name, ..)| *name).collect();
    fields.word("kind", &kinds, problems);
    let identifier = fields.required_text("identifier", MAX_IDENTIFIER, problems);
    fields.required_text("title", MAX_TITLE, problems);
    fields.text("description", MAX_DESCRIPTION, problems);
    fields.text("emptyText", MAX_DESCRIPTION, problems);
    let place = Place::read(&fields, problems);
    if let Some((_, _, check)) = found {
        check(world, &fields, problems);
    }
    Checked { identifier, place }
}

fn number(world: World<'_>, widget: &Fields<'_>, problems: &mut Problems) {
    let subject = query::check(world, widget, problems);
    query::check_function(subject, widget, problems);
    widget.text("unit", MAX_UNIT, problems);
    for (at, threshold) in widget.list("thresholds", MAX_THRESHOLDS, problems) {
        let known = ["from", "tone"];
        let Some(threshold) = Fields::of(threshold, &at, "a threshold", &known, problems) else { continue };
        threshold.require("from", problems);
        threshold.number("from", problems);
        threshold.require("tone", problems);
        threshold.word("tone", &["OK", "WARN", "BAD", "INFO"], problems);
    }
}

fn pie(world: World<'_>, widget: &Fields<'_>, problems: &mut Problems) {
    let subject = query::check(world, widget, problems);
    query::check_function(subject, widget, problems);
    query::check_pie(subject, widget, problems);
}

fn bar(world: World<'_>, widget: &Fields<'_>, problems: &mut Problems) {
    let subject = query::check(world, widget, problems);
    query::check_function(subject, widget, problems);
    query::check_bar(subject, widget, problems);
}

fn line(world: World<'_>, widget: &Fields<'_>, problems: &mut Problems) {
    let subject = query::check(world, widget, problems);
    query::check_function(subject, widget, problems);
    query::check_line(subject, widget, problems);
}

fn table(world: World<'_>, widget: &Fields<'_>, problems: &mut Problems) {
    let subject = query::check(world, widget, problems);
    query::check_table(subject, widget, problems);
}

fn markdown(_: World<'_>, widget: &Fields<'_>, problems: &mut Problems) {
    widget.required_text("text", MAX_MARKDOWN, problems);
}

fn links(_: World<'_>, widget: &Fields<'_>, problems: &mut Problems) {
    widget.require("links", problems);
    for (at, link) in widget.list("links", MAX_LINKS, problems) {
        let known = ["title", "url", "description", "icon"];
        let Some(link) = Fields::of(link, &at, "a link", &known, problems) else { continue };
        link.required_text("title", MAX_TITLE, problems);
        link.text("description", MAX_DESCRIPTION, problems);
        link.text("icon", MAX_TITLE, problems);
        let url = link.required_text("url", MAX_URL, problems);
        if url.is_some_and(|url| !leads_somewhere(url)) {
            let message = "a link is an address with http, https or mailto, or a path that begins with /";
            problems.add(Code::InvalidValue, link.at("url"), message);
        }
    }
}

/// An address that a browser opens without running anything here.
fn leads_somewhere(url: &str) -> bool {
    let own = url.starts_with('/') && !url.starts_with("//") && !url.contains('\\');
    own || Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https" | "mailto"))
}

fn iframe(world: World<'_>, widget: &Fields<'_>, problems: &mut Problems) {
    let Some(text) = widget.required_text("url", MAX_URL, problems) else { return };
    match Url::parse(text) {
        Ok(url) if world.origins.contains(&origin_of(&url)) => {}
        Ok(url) => {
            let message = format!(
                "pages of {} are not embedded here; an admin adds the origin to the portal's settings",
                origin_of(&url)
            );
            problems.add(Code::InvalidValue, widget.at("url"), message);
        }
        Err(error) => {
            problems.add(Code::InvalidValue, widget.at("url"), format!("this is no address: {error}"));
        }
    }
}

fn graph(world: World<'_>, widget: &Fields<'_>, problems: &mut Problems) {
    if let Some(name) = widget.required_text("blueprint", MAX_NAME, problems) {
        Subject::find(world.model, name, &widget.at("blueprint"), problems);
    }
    widget.required_text("entity", MAX_ENTITY, problems);
    widget.word("direction", &["UPSTREAM", "DOWNSTREAM"], problems);
    widget.integer("depth", 1..=MAX_DEPTH, problems);
    for (at, name) in widget.texts("blueprints", MAX_BLUEPRINTS, problems) {
        Subject::find(world.model, name, &at, problems);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_run_nothing() {
        for (url, good) in [
            ("https://x.example/a?b#c", true),
            ("http://x.example", true),
            ("mailto:a@x.example", true),
            ("/pages/ops", true),
            ("//x.example", false),
            ("/\\x.example", false),
            ("javascript:alert(1)", false),
            (" javascript:alert(1)", false),
            ("data:text/html,x", false),
            ("vbscript:x", false),
            ("x.example", false),
            ("", false),
        ] {
            assert_eq!(leads_somewhere(url), good, "{url}");
        }
    }
}
