//! Entities as CSV (RFC 4180), safe to open in a spreadsheet.
//!
//! A text that a spreadsheet would take for a formula, or that begins with an apostrophe, gets an apostrophe in front;
//! whoever reads the file with a program takes a leading apostrophe off again.

use portolan_catalog::Entity;
use portolan_schema::{BlueprintModel, Result};
use serde_json::Value;

use super::columns::Columns;

/// What may begin a formula.
const RISKY: &[char] = &['=', '+', '-', '@', '\t', '\r', '\n', '\'', '＝', '＋', '－', '＠'];

/// The header.
pub(super) fn head(columns: &Columns) -> Vec<u8> {
    let mut out = Vec::new();
    let mut row = Row::new(&mut out);
    columns.names().for_each(|name| row.text(name));
    row.end();
    out
}

pub(super) fn entity(
    blueprint: &BlueprintModel,
    columns: &Columns,
    entity: &Entity,
    out: &mut Vec<u8>,
) -> Result<()> {
    let mut row = Row::new(out);
    for (column, value) in columns.cells(blueprint, entity) {
        match value {
            Value::Null => row.text(""),
            Value::String(text) => row.text(&text),
            // A number is no formula, even a negative one.
            Value::Number(number) => row.plain(&number.to_string()),
            // Teams and relations: nothing where there are none.
            Value::Array(items) if items.is_empty() && !column.is_property() => row.text(""),
            other => row.text(&other.to_string()),
        }
    }
    row.end();
    Ok(())
}

struct Row<'a> {
    out: &'a mut Vec<u8>,
    is_first: bool,
}

impl<'a> Row<'a> {
    fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, is_first: true }
    }

    /// A text from somebody.
    fn text(&mut self, text: &str) {
        if text.starts_with(RISKY) { self.plain(&format!("'{text}")) } else { self.plain(text) }
    }

    fn plain(&mut self, text: &str) {
        if !self.is_first {
            self.out.push(b',');
        }
        self.is_first = false;
        let quoted = text.contains([',', '"', '\r', '\n']) || text.starts_with(' ') || text.ends_with(' ');
        if quoted {
            self.out.push(b'"');
            self.out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
            self.out.push(b'"');
        } else {
            self.out.extend_from_slice(text.as_bytes());
        }
    }

    fn end(self) {
        self.out.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_made_harmless() {
        let cases = [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("a \"b\"", "\"a \"\"b\"\"\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            (" blank", "\" blank\""),
            ("=1+1", "'=1+1"),
            ("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""),
            ("-1", "'-1"),
            ("+1", "'+1"),
            ("@a", "'@a"),
            ("\tx", "'\tx"),
            ("\r=x", "\"'\r=x\""),
            ("＝1", "'＝1"),
            ("'quoted", "''quoted"),
            ("a=b", "a=b"),
        ];
        for (text, expected) in cases {
            let mut out = Vec::new();
            let mut row = Row::new(&mut out);
            row.text(text);
            row.end();
            assert_eq!(String::from_utf8(out).unwrap(), format!("{expected}\r\n"));
        }
    }
}
