//! Documents that `apply` reads: YAML or JSON, each with a `kind` beside the fields of that resource's API.

use std::path::{Path, PathBuf};

use portolan_schema::{Code, Error, Pointer, Problems, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

/// What was read, in the order of files and of documents in them.
#[derive(Debug, Default, PartialEq)]
pub struct Documents {
    pub blueprints: Vec<Value>,
    /// Each with its `blueprint`.
    pub entities: Vec<Value>,
    pub integrations: Vec<Value>,
    /// Where each integration was read.
    places: Vec<Pointer>,
}

impl Documents {
    /// Reads files, and directories in the order of their names. `${env:NAME}` in an integration's secrets stands for what
    /// `lookup` knows of NAME.
    ///
    /// # Errors
    /// All problems; a path is the file, the number of the document in it, and the field.
    pub fn read(paths: &[PathBuf], lookup: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let mut files = Vec::new();
        for path in paths {
            list_files(path, &mut files)?;
        }
        let mut documents = Self::default();
        let mut problems = Problems::default();
        for file in files {
            let text = std::fs::read_to_string(&file).map_err(|error| unreadable(&file, &error))?;
            documents.add(&file.display().to_string(), &text, &mut problems);
        }
        for (integration, place) in documents.integrations.iter_mut().zip(&documents.places) {
            if let Some(secrets) = integration.get_mut("secrets") {
                fill_in(secrets, &place.key("secrets"), &lookup, &mut problems);
            }
        }
        problems.into_result(documents).map_err(Error::from)
    }

    /// Adds the documents of one text. JSON is YAML.
    pub fn add(&mut self, place: &str, text: &str, problems: &mut Problems) {
        for (index, document) in serde_norway::Deserializer::from_str(text).enumerate() {
            let path = Pointer::root().key(place).index(index);
            match Value::deserialize(document) {
                Ok(Value::Null) => {}
                Ok(Value::Object(object)) => self.sort(object, &path, problems),
                Ok(_) => problems.add(Code::WrongType, path, "a document is an object"),
                Err(error) => {
                    problems.add(
                        Code::MalformedJson,
                        path,
                        format!("this is neither YAML nor JSON: {error}"),
                    );
                    return;
                }
            }
        }
    }

    fn sort(&mut self, mut object: Map<String, Value>, path: &Pointer, problems: &mut Problems) {
        let kind = object.shift_remove("kind");
        match kind.as_ref().and_then(Value::as_str) {
            Some("Blueprint") => self.blueprints.push(Value::Object(object)),
            Some("Entity") => self.entities.push(Value::Object(object)),
            Some("Integration") => {
                self.integrations.push(Value::Object(object));
                self.places.push(path.clone());
            }
            Some(other) => {
                let message = format!("\"{other}\" is not a kind; use Blueprint, Entity or Integration");
                problems.add(Code::NotSupported, path.key("kind"), message);
            }
            None => problems.add(Code::Required, path.key("kind"), "a document needs a \"kind\""),
        }
    }
}

/// Replaces `${env:NAME}` in all texts of a value. `$${env:NAME}` is the text `${env:NAME}`.
fn fill_in(
    value: &mut Value,
    path: &Pointer,
    lookup: &impl Fn(&str) -> Option<String>,
    problems: &mut Problems,
) {
    match value {
        Value::String(text) => *text = filled_in(text, path, lookup, problems),
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                fill_in(item, &path.index(index), lookup, problems);
            }
        }
        Value::Object(entries) => {
            for (key, item) in entries.iter_mut() {
                fill_in(item, &path.key(key), lookup, problems);
            }
        }
        _ => {}
    }
}

fn filled_in(
    text: &str,
    path: &Pointer,
    lookup: &impl Fn(&str) -> Option<String>,
    problems: &mut Problems,
) -> String {
    const OPEN: &str = "${env:";
    let mut filled = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(OPEN) {
        let (before, after) = (&rest[..at], &rest[at + OPEN.len()..]);
        let Some((name, end)) = after.split_once('}') else { break };
        match before.strip_suffix('$') {
            Some(before) => {
                filled.push_str(before);
                filled.push_str(&rest[at..rest.len() - end.len()]);
            }
            None => {
                filled.push_str(before);
                filled.push_str(&lookup(name).unwrap_or_else(|| {
                    let message = format!("the environment variable {name} is not set");
                    problems.add(Code::Required, path.clone(), message);
                    String::new()
                }));
            }
        }
        rest = end;
    }
    filled + rest
}

fn list_files(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let entries = std::fs::read_dir(path).map_err(|error| unreadable(path, &error))?;
    let mut found: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    found.sort();
    for entry in found {
        let extension = entry.extension().and_then(|extension| extension.to_str());
        if entry.is_dir() || matches!(extension, Some("yaml" | "yml" | "json")) {
            list_files(&entry, files)?;
        }
    }
    Ok(())
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::problem(Code::BadRequest, format!("{} cannot be read: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn documents_are_sorted_by_kind() {
        let text = "kind: Blueprint\nidentifier: a\n---\n# nothing\n---\nkind: Entity\nblueprint: a\nidentifier: x\n";
        let mut documents = Documents::default();
        let mut problems = Problems::default();
        documents.add("f", text, &mut problems);
        documents.add("g", r#"{"kind": "Entity", "blueprint": "a"}"#, &mut problems);
        assert!(problems.is_empty(), "{problems}");
        assert_eq!(documents.blueprints, [json!({"identifier": "a"})]);
        assert_eq!(documents.entities.len(), 2);
        documents.add("h", "kind: Integration\nidentifier: i\nsecrets: {a: 1}", &mut problems);
        assert_eq!(documents.integrations, [json!({"identifier": "i", "secrets": {"a": 1}})]);
        for (text, code) in [
            ("kind: Nothing", Code::NotSupported),
            ("identifier: a", Code::Required),
            ("- a", Code::WrongType),
            ("a: [", Code::MalformedJson),
        ] {
            let mut problems = Problems::default();
            documents.add("f", text, &mut problems);
            assert_eq!(problems.0[0].code, code, "{text}");
        }
    }

    #[test]
    fn secrets_are_filled_in_from_the_environment() {
        let lookup = |name: &str| (name == "KEY").then(|| "k}${env:NO}".to_owned());
        for (text, expected, missing) in [
            ("plain", "plain", 0),
            ("${env:KEY}", "k}${env:NO}", 0),
            ("Bearer ${env:KEY}!", "Bearer k}${env:NO}!", 0),
            ("$${env:KEY} $ {env:KEY}", "${env:KEY} $ {env:KEY}", 0),
            ("${env:KEY", "${env:KEY", 0),
            ("${env:NO}${env:}", "", 2),
        ] {
            let mut problems = Problems::default();
            let mut value = json!({"a": [text], "n": 1});
            fill_in(&mut value, &Pointer::root().key("secrets"), &lookup, &mut problems);
            assert_eq!(value, json!({"a": [expected], "n": 1}));
            let told = problems.0.iter().filter(|problem| problem.path.as_str() == "/secrets/a/0");
            assert_eq!(told.count(), missing, "{text}: {problems}");
        }
    }
}
