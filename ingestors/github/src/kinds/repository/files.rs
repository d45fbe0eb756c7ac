//! Files of a repository, as GitHub's contents API answers them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portolan_ingestor_contract::SourceError;
use serde_json::Value;

use crate::fault::{Fault, Trouble};
use crate::item;
use crate::kinds::warnings::Warnings;
use crate::repositories::Repository;
use crate::session::segment;

/// Longest text that is kept, in bytes.
const MAX_TEXT: usize = 512 << 10;

/// The path below a repository's at which a file is asked for.
pub(super) fn path(file: &str) -> String {
    let parts: Vec<String> = file.split('/').filter(|part| !part.is_empty()).map(segment).collect();
    format!("/contents/{}", parts.join("/"))
}

/// A file's text; null where there is none, and where it is no text or too long a one, which is said.
pub(super) async fn text(
    file: Option<Value>,
    what: &str,
    repository: &Repository,
    warnings: &Warnings<'_>,
) -> Result<Value, Trouble> {
    let Some(file) = file else { return Ok(Value::Null) };
    match decode(&file) {
        Ok(text) => Ok(text.into()),
        Err(reason) => {
            let fault = Fault::from(SourceError::failed(reason));
            warnings.empty(what, &repository.full_name, &fault).await?;
            Ok(Value::Null)
        }
    }
}

fn decode(file: &Value) -> Result<String, &'static str> {
    if file.is_array() || item::text(file, "type") != "file" {
        return Err("it is no file");
    }
    if item::text(file, "encoding") != "base64" {
        return Err("GitHub does not show files of more than a MiB");
    }
    let packed: String =
        item::text(file, "content").chars().filter(|sign| !sign.is_ascii_whitespace()).collect();
    let bytes = STANDARD.decode(packed).map_err(|_| "it cannot be decoded")?;
    if bytes.len() > MAX_TEXT {
        return Err("it has more than 512 KiB");
    }
    let text = String::from_utf8(bytes).map_err(|_| "it is no text in UTF-8")?;
    if text.contains('\0') { Err("it is no text") } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn files_are_texts() {
        let file = |content: &str| json!({"type": "file", "encoding": "base64", "content": content});
        for (file, expected) in [
            (file("SGVs\nbG8=\n"), Ok("Hello".to_owned())),
            (file(""), Ok(String::new())),
            (file("/w=="), Err("it is no text in UTF-8")),
            (file("AA=="), Err("it is no text")),
            (file("encoded content ..."), Err("it cannot be decoded")),
            (file(&STANDARD.encode(vec![b'a'; MAX_TEXT + 1])), Err("it has more than 512 KiB")),
            (
                json!({"type": "file", "encoding": "none", "content": ""}),
                Err("GitHub does not show files of more than a MiB"),
            ),
            (json!({"type": "submodule"}), Err("it is no file")),
            (json!([]), Err("it is no file")),
        ] {
            assert_eq!(decode(&file), expected);
        }
        assert_eq!(path("docs//a b/ö.md"), "/contents/docs/a%20b/%C3%B6.md");
        assert_eq!(path("/../x"), "/contents/%2E%2E/x");
    }
}
