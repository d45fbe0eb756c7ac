//! A run on the screen. On a terminal its table is kept up to date in place; elsewhere a line says what changed.

use std::io::{IsTerminal, Write};

use portolan_schema::{Error, Result};
use serde_json::Value;

use crate::cli::say;

/// Log lines shown in the end.
const MAX_LINES: usize = 10;
/// Changed fields shown of a sample.
const MAX_FIELDS: usize = 4;
/// Longest value shown, in characters.
const MAX_VALUE: usize = 40;

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// What is on the screen of a run that goes on.
#[derive(Default)]
pub struct Progress {
    /// Lines of the table, to go back over.
    drawn: usize,
    told: Vec<String>,
}

impl Progress {
    pub fn show(&mut self, run: &Value, is_open: bool) -> Result<()> {
        if std::io::stdout().is_terminal() {
            return self.draw(run);
        }
        for kind in kinds(run) {
            let line = told(kind);
            if !line.is_empty() && !self.told.contains(&line) {
                say(&line)?;
                self.told.push(line);
            }
        }
        if is_open { Ok(()) } else { table(run).iter().try_for_each(|line| say(line)) }
    }

    fn draw(&mut self, run: &Value) -> Result<()> {
        let lines = table(run);
        let mut screen = std::io::stdout().lock();
        let mut text = if self.drawn > 0 { format!("\x1b[{}A", self.drawn) } else { String::new() };
        for line in &lines {
            text.push_str(&format!("\x1b[2K{line}\n"));
        }
        self.drawn = lines.len();
        screen.write_all(text.as_bytes()).and_then(|()| screen.flush()).map_err(Error::internal)
    }
}

fn kinds(run: &Value) -> impl Iterator<Item = &Value> {
    run["kinds"].as_array().into_iter().flatten()
}

/// What is worth a line while a run goes on: that a kind was read, or not.
fn told(kind: &Value) -> String {
    match text(&kind["status"]) {
        "SUCCEEDED" => format!("{}: read {}, mapped {}", text(&kind["kind"]), kind["seen"], kind["mapped"]),
        "FAILED" => format!("{}: failed after {}", text(&kind["kind"]), kind["seen"]),
        "RUNNING" => format!("{}: reading", text(&kind["kind"])),
        _ => String::new(),
    }
}

/// One line a kind.
fn table(run: &Value) -> Vec<String> {
    let row = |cells: [&str; 8]| {
        let [kind, status, rest @ ..] = cells;
        let [seen, created, updated, unchanged, deleted, failed] = rest;
        format!(
            "{kind:<20} {status:<10} {seen:>7} {created:>7} {updated:>7} {unchanged:>9} {deleted:>7} {failed:>6}"
        )
    };
    let mut lines =
        vec![row(["kind", "status", "seen", "created", "updated", "unchanged", "deleted", "failed"])];
    for kind in kinds(run) {
        let numbers =
            ["seen", "created", "updated", "unchanged", "deleted", "failed"].map(|key| kind[key].to_string());
        let [seen, created, updated, unchanged, deleted, failed] = &numbers;
        lines.push(row([
            text(&kind["kind"]),
            text(&kind["status"]),
            seen,
            created,
            updated,
            unchanged,
            deleted,
            failed,
        ]));
    }
    lines
}

/// Everything else about a run that has ended.
pub fn details(run: &Value) -> Result<()> {
    for kind in kinds(run).filter(|kind| !kind["error"].is_null()) {
        let error = &kind["error"];
        say(&format!("{}: {}: {}", text(&kind["kind"]), text(&error["code"]), text(&error["message"])))?;
    }
    let would = run["planOnly"] == true || run["status"] == "BLOCKED";
    if would {
        for sample in run["samples"].as_array().into_iter().flatten() {
            say(&format!("  {}", shown(sample)))?;
        }
    }
    let lines: Vec<&Value> = run["logs"]["nodes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|line| matches!(text(&line["level"]), "WARNING" | "ERROR"))
        .collect();
    for line in lines.iter().take(MAX_LINES) {
        let about: Vec<&str> =
            [text(&line["kind"]), text(&line["item"])].into_iter().filter(|part| !part.is_empty()).collect();
        let about = if about.is_empty() { String::new() } else { format!("{}: ", about.join(" ")) };
        say(&format!("  {} {about}{}", text(&line["level"]).to_lowercase(), text(&line["message"])))?;
    }
    if lines.len() > MAX_LINES {
        say(&format!("  and {} more lines in the run's log", lines.len() - MAX_LINES))?;
    }
    say(&format!("run {} is {}", text(&run["id"]), text(&run["status"])))?;
    if let Some(reason) = run["blocked"]["reason"].as_str() {
        let then = match run["planOnly"] == true {
            true => "the guard would stop this run".to_owned(),
            false => format!("approveResync(run: {}) lets it go on, cancelResync drops it", text(&run["id"])),
        };
        say(&format!("  {reason}; {then}"))?;
    }
    if let Some(message) = run["error"]["message"].as_str() {
        say(&format!("  {}: {message}", text(&run["error"]["code"])))?;
    }
    Ok(())
}

/// `would update service "checkout": title "A" -> "B", properties.tier "gold" -> "silver"`
fn shown(sample: &Value) -> String {
    let entity = &sample["entity"];
    let verb = match text(&sample["change"]) {
        "CREATED" => "create",
        "UPDATED" => "update",
        _ => "delete",
    };
    let mut line = format!("would {verb} {} \"{}\"", text(&entity["blueprint"]), text(&entity["identifier"]));
    if verb == "update" {
        let changes = changes(&sample["before"], &sample["after"]);
        let named: Vec<String> = changes.iter().take(MAX_FIELDS).cloned().collect();
        let more = changes.len().saturating_sub(MAX_FIELDS);
        line.push_str(&format!(": {}", named.join(", ")));
        if more > 0 {
            line.push_str(&format!(" and {more} more"));
        }
    }
    line
}

fn changes(before: &Value, after: &Value) -> Vec<String> {
    let mut changes = Vec::new();
    let mut compare = |name: &str, before: &Value, after: &Value| {
        if before != after {
            changes.push(format!("{name} {} -> {}", short(before), short(after)));
        }
    };
    for key in ["title", "icon", "team"] {
        compare(key, &before[key], &after[key]);
    }
    for part in ["properties", "relations"] {
        for (key, value) in after[part].as_object().into_iter().flatten() {
            compare(&format!("{part}.{key}"), &before[part][key], value);
        }
        for (key, value) in before[part].as_object().into_iter().flatten() {
            if after[part].get(key).is_none() {
                compare(&format!("{part}.{key}"), value, &Value::Null);
            }
        }
    }
    changes
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= MAX_VALUE {
        return text;
    }
    text.chars().take(MAX_VALUE).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn samples_say_what_changes() {
        let state = |title: &str, properties: Value| json!({"title": title, "icon": null, "team": [], "properties": properties, "relations": {}});
        let entity = json!({"blueprint": "service", "identifier": "a"});
        let (before, after) =
            (state("A", json!({"x": 1, "gone": 2})), state("B", json!({"x": "y".repeat(60), "new": null})));
        let updated = json!({"change": "UPDATED", "entity": entity, "before": before, "after": after});
        let long = format!("\"{}…", "y".repeat(39));
        assert_eq!(
            shown(&updated),
            format!(
                "would update service \"a\": title \"A\" -> \"B\", properties.x 1 -> {long}, properties.gone 2 -> null"
            )
        );
        let deleted = json!({"change": "DELETED", "entity": entity, "before": before, "after": null});
        assert_eq!(shown(&deleted), "would delete service \"a\"");
    }
}
