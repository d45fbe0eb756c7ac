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
}

impl Documents {
    /// Reads files, and directories in the order of their names.
    ///
    /// # Errors
    /// All problems; a path is the file, the number of the document in it, and the field.
    pub fn read(paths: &[PathBuf]) -> Result<Self> {
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
            Some(other) => {
                let message = format!("\"{other}\" is not a kind; use Blueprint or Entity");
                problems.add(Code::NotSupported, path.key("kind"), message);
            }
            None => problems.add(Code::Required, path.key("kind"), "a document needs a \"kind\""),
        }
    }
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
}
