//! One line: an entity to write, or one to delete.

use portolan_schema::{Code, Pointer, Problem, Problems};
use serde_json::{Map, Value};

use crate::change::{Change, Deletion, EntityWrite, WriteMode};

/// Reads a line.
///
/// # Errors
/// All problems, with paths in the line's JSON.
pub(super) fn read(text: &[u8], mode: WriteMode) -> Result<Change, Problems> {
    let value = serde_json::from_slice(text).map_err(|error| {
        Problem::new(Code::MalformedJson, Pointer::root(), format!("the line is not JSON: {error}"))
    })?;
    let Value::Object(object) = value else {
        return Err(Problem::new(Code::WrongType, Pointer::root(), "a line is an object").into());
    };
    if object.contains_key("delete") {
        return deletion(&object).map(Change::Delete);
    }
    let mut problems = Problems::default();
    let blueprint = string(&object, "blueprint", &Pointer::root(), &mut problems);
    // The server makes no identifiers here: whoever sends the stream again would get other ones.
    string(&object, "identifier", &Pointer::root(), &mut problems);
    match EntityWrite::from_object(&blueprint, object) {
        Ok(write) => problems.into_result(Change::Write(mode, Box::new(write))),
        Err(found) => {
            let known: Vec<Pointer> = problems.0.iter().map(|problem| problem.path.clone()).collect();
            problems.extend(found.into_iter().filter(|problem| !known.contains(&problem.path)));
            Err(problems)
        }
    }
}

fn deletion(object: &Map<String, Value>) -> Result<Deletion, Problems> {
    let path = Pointer::root().key("delete");
    let mut problems = Problems::default();
    for key in object.keys().filter(|key| *key != "delete") {
        problems.add(Code::UnknownField, Pointer::root().key(key), "beside \"delete\" there is nothing else");
    }
    let Some(named) = object.get("delete").and_then(Value::as_object) else {
        problems.add(Code::WrongType, path, "\"delete\" is an object");
        return Err(problems);
    };
    for key in named.keys().filter(|key| !["blueprint", "identifier"].contains(&key.as_str())) {
        problems.add(Code::UnknownField, path.key(key), format!("\"{key}\" is not a field of \"delete\""));
    }
    let blueprint = string(named, "blueprint", &path, &mut problems);
    let identifier = string(named, "identifier", &path, &mut problems);
    problems.into_result(Deletion { blueprint, identifier, dependents: false, if_revision: None })
}

/// A string that has to be there; empty where it is not.
fn string(object: &Map<String, Value>, key: &str, base: &Pointer, problems: &mut Problems) -> String {
    match object.get(key) {
        Some(Value::String(text)) => return text.clone(),
        None | Some(Value::Null) => {
            problems.add(Code::Required, base.key(key), format!("\"{key}\" is missing"));
        }
        Some(_) => problems.add(Code::WrongType, base.key(key), format!("\"{key}\" is a string")),
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_entity_or_a_deletion() {
        let cases: &[(&[u8], &[&str])] = &[
            (br#"{"blueprint":"b","identifier":"a"}"#, &[]),
            (br#"{"blueprint":"b","identifier":"a","title":null,"team":["x"],"relations":{"r":["c"]}}"#, &[]),
            (br#"{"delete":{"blueprint":"b","identifier":"a"}}"#, &[]),
            (b"{", &["MALFORMED_JSON "]),
            (b"{\"blueprint\":\"\xff\"}", &["MALFORMED_JSON "]),
            (b"{\"blueprint\":\"\0\"}", &["MALFORMED_JSON "]),
            (b"{} {}", &["MALFORMED_JSON "]),
            (b"[]", &["WRONG_TYPE "]),
            (b"{}", &["REQUIRED /blueprint", "REQUIRED /identifier"]),
            (br#"{"blueprint":1,"identifier":2}"#, &["WRONG_TYPE /blueprint", "WRONG_TYPE /identifier"]),
            (br#"{"blueprint":"b","identifier":{"rules":[]}}"#, &["WRONG_TYPE /identifier"]),
            (
                br#"{"identifier":"a","properties":1,"more":2}"#,
                &["REQUIRED /blueprint", "WRONG_TYPE /properties", "UNKNOWN_FIELD /more"],
            ),
            (br#"{"delete":"a"}"#, &["WRONG_TYPE /delete"]),
            (
                br#"{"delete":{"identifier":"a","x":1},"title":"t"}"#,
                &["UNKNOWN_FIELD /title", "UNKNOWN_FIELD /delete/x", "REQUIRED /delete/blueprint"],
            ),
        ];
        for (text, expected) in cases {
            let found = read(text, WriteMode::Merge).err().unwrap_or_default();
            let found: Vec<_> =
                found.0.iter().map(|problem| format!("{} {}", problem.code, problem.path)).collect();
            assert_eq!(found, *expected, "{}", String::from_utf8_lossy(text));
        }
    }
}
