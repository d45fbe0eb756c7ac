//! Documents of JSON: a list of objects, or an object; perhaps somewhere inside another.

use portolan_ingestor_contract::{IngestError, KindDescription, PlainPath, SourceError};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::text;
use crate::handing::Hand;

pub(super) const ITEM: &str = "json-item";

pub(crate) const KINDS: &[KindDescription] = &[KindDescription {
    name: ITEM,
    title: "JSON objects",
    description: "An object of a list, a document that is an object, or a line of NDJSON, as it is.",
    permissions: &[
        "reading the files: s3:ListBucket and s3:GetObject, or GET at their address, or the operator's leave",
    ],
}];

/// Hands over the objects of a document, one parsed after the other.
///
/// # Errors
/// Where there are none where `items` says, or something else is among them.
pub(super) async fn read(
    bytes: &[u8],
    file: &str,
    items: &PlainPath,
    hand: &mut Hand<'_>,
) -> Result<(), IngestError> {
    for raw in objects(text(bytes, file)?, file, items)? {
        hand.give(ITEM, file, object(raw, file)?, raw.get().len()).await?;
    }
    Ok(())
}

/// Whether a document has objects where `items` says.
///
/// # Errors
/// Where it has none.
pub(super) fn look(bytes: &[u8], file: &str, items: &PlainPath) -> Result<(), SourceError> {
    let all = objects(text(bytes, file)?, file, items)?;
    all.first().map_or(Ok(()), |raw| object(raw, file).map(drop))
}

fn objects<'a>(text: &'a str, file: &str, items: &PlainPath) -> Result<Vec<&'a RawValue>, SourceError> {
    let wrong = |what: &str| SourceError::failed(format!("\"{file}\" {what}"));
    let document: &RawValue = serde_json::from_str(text).map_err(|_| wrong("is not well-formed JSON"))?;
    let found = items.find_raw(document).ok_or_else(|| wrong("has nothing where \"items\" says"))?;
    match found.get().trim_start().chars().next() {
        Some('[') => serde_json::from_str(found.get()).map_err(|_| wrong("is not well-formed JSON")),
        Some('{') => Ok(vec![found]),
        _ => Err(wrong("has neither a list nor an object where \"items\" says")),
    }
}

/// # Errors
/// Where it is something else, has nothing in it, or is nested too deeply.
pub(super) fn object(raw: &RawValue, file: &str) -> Result<Map<String, Value>, SourceError> {
    match serde_json::from_str(raw.get()) {
        Ok(Value::Object(object)) if !object.is_empty() => Ok(object),
        Ok(_) => {
            Err(SourceError::failed(format!("\"{file}\" has an item that is no object, or an empty one")))
        }
        Err(_) => Err(SourceError::failed(format!("\"{file}\" has an item that is nested too deeply"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(document: &str, items: &str, expected: Result<usize, &str>) {
        let path = PlainPath::parse(items).expect("a path");
        let found = objects(document, "a.json", &path);
        let found = found.and_then(|all| {
            all.iter().try_for_each(|raw| object(raw, "a.json").map(drop)).map(|()| all.len())
        });
        assert_eq!(
            found.map_err(|error| error.message),
            expected.map_err(|what| format!("\"a.json\" {what}"))
        );
    }

    #[test]
    fn objects_are_found() {
        check(r#"[{"a": 1}, {"a": 2}]"#, ".", Ok(2));
        check(r#" {"a": 1}"#, ".", Ok(1));
        check(r#"{"d": {"x": [{"a": 1}]}}"#, ".d.x", Ok(1));
        check("[]", ".", Ok(0));
        check("{}", ".", Err("has an item that is no object, or an empty one"));
        check("[1]", ".", Err("has an item that is no object, or an empty one"));
        check("7", ".", Err("has neither a list nor an object where \"items\" says"));
        check("{\"d\": []}", ".e", Err("has nothing where \"items\" says"));
        check("[{", ".", Err("is not well-formed JSON"));
        check("{} {}", ".", Err("is not well-formed JSON"));
        let deep = format!("[{{\"a\": {}{}}}]", "[".repeat(200), "]".repeat(200));
        check(&deep, ".", Err("has an item that is nested too deeply"));
    }
}
