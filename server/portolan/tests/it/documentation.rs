//! What is written down about the program is what the program says of itself.

use std::fmt::Write;
use std::path::{Path, PathBuf};

/// An option of a command, as its `--help` has it.
#[derive(Default)]
struct Setting {
    option: String,
    variable: String,
    default: String,
    help: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The lines of a page between two marks.
fn between(page: &str, name: &str) -> String {
    let text = std::fs::read_to_string(root().join(page)).unwrap();
    let begin = text.find(&format!("<!-- {name}:")).unwrap_or_else(|| panic!("{page} has no {name}"));
    let end = text.find(&format!("<!-- end of {name} -->")).unwrap();
    text[begin..end].split_once('\n').unwrap().1.to_owned()
}

fn settings(command: &str) -> Vec<Setting> {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_portolan"))
        .args([command, "--help"])
        .env_clear()
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let options = text.split_once("\nOptions:\n").unwrap().1;
    let mut settings: Vec<Setting> = Vec::new();
    for line in options.lines() {
        let depth = line.len() - line.trim_start().len();
        let line = line.trim();
        if depth < 10 && line.starts_with('-') {
            let option = line.split_once("--").unwrap().1;
            settings.push(Setting { option: format!("--{option}"), ..Setting::default() });
            continue;
        }
        let Some(setting) = settings.last_mut() else { continue };
        let bracketed = |name: &str| line.strip_prefix(&format!("[{name}: "))?.strip_suffix(']');
        if let Some(variable) = bracketed("env") {
            setting.variable = variable.trim_end_matches('=').to_owned();
        } else if let Some(default) = bracketed("default") {
            setting.default = format!("`{}`", default.trim_matches('"'));
        } else if let Some(value) = line.strip_prefix("- ") {
            let (value, help) = value.split_once(':').unwrap();
            let _ = write!(setting.help, " `{value}`: {}.", help.trim());
        } else if !line.is_empty() && line != "Possible values:" {
            let _ = write!(setting.help, "{}{line}", if setting.help.is_empty() { "" } else { " " });
        }
    }
    settings.retain(|setting| setting.option != "--help");
    settings
}

#[test]
fn the_settings_page_is_what_help_says() {
    let settings = settings("serve");
    assert!(settings.len() > 8);
    let mut table = "| variable | option | default | |\n|---|---|---|---|\n".to_owned();
    for setting in settings {
        let Setting { option, variable, default, help } = setting;
        assert!(variable.starts_with("PORTOLAN_"), "{option} has no variable");
        assert!(help.len() > 10, "{option} has no help");
        writeln!(table, "| `{variable}` | `{option}` | {default} | {} |", help.replace('|', "\\|")).unwrap();
    }
    let written = between("docs/running.md", "settings");
    assert!(written == table, "docs/running.md is stale; its settings should be:\n{table}");
}

/// Every page and every link between pages of the documentation leads somewhere.
#[test]
fn links_between_pages_lead_somewhere() {
    let mut pages = vec![root().join("README.md")];
    for folder in ["docs", "docs/decisions"] {
        let entries = std::fs::read_dir(root().join(folder)).unwrap();
        pages.extend(entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()));
    }
    let mut broken = Vec::new();
    let mut count = 0;
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        for (_, rest) in text.match_indices("](").map(|(at, _)| text.split_at(at + 2)) {
            let target = rest.split([')', ' ']).next().unwrap();
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            count += 1;
            let path = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let found = path.exists()
                && (anchor.is_empty()
                    || headings(&std::fs::read_to_string(&path).unwrap()).contains(&anchor.to_owned()));
            if !found {
                broken.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(count > 5 && broken.is_empty(), "{count} links; broken: {broken:#?}");
}

/// The anchors that a page's headings get where Markdown is shown.
fn headings(page: &str) -> Vec<String> {
    let anchor = |heading: &str| {
        let kept = heading.trim().to_lowercase();
        let kept: String =
            kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).collect();
        kept.replace(' ', "-")
    };
    page.lines().filter_map(|line| Some(anchor(line.strip_prefix('#')?.trim_start_matches('#')))).collect()
}
