//! Entities as CSV (RFC 4180), safe to open in a spreadsheet.
//!
//! A text that a spreadsheet would take for a formula, or that begins with an apostrophe, gets an apostrophe in front;
//! whoever reads the file with a program takes a leading apostrophe off again.

use portolan_catalog::Entity;
use portolan_schema::{BlueprintModel, Error, Result, Targets};
use serde_json::Value;

const META: [&str; 8] =
    ["identifier", "title", "icon", "team", "createdAt", "createdBy", "updatedAt", "updatedBy"];

/// What may begin a formula.
const RISKY: &[char] = &['=', '+', '-', '@', '\t', '\r', '\n', '\'', '＝', '＋', '－', '＠'];

/// The header: fields of every entity, then properties, computed ones, and relations by identifier. A name that is taken
/// by a column before it is written out as `properties.…` or `relations.…`.
pub(super) fn head(blueprint: &BlueprintModel) -> Vec<u8> {
    let mut names: Vec<String> = META.map(str::to_owned).into();
    let properties = property_names(blueprint).map(|name| (name, "properties"));
    let relations = blueprint.relations.iter().map(|relation| relation.relation.identifier.as_str());
    for (name, kind) in properties.chain(relations.map(|name| (name, "relations"))) {
        let taken = names.iter().any(|known| known == name);
        names.push(if taken { format!("{kind}.{name}") } else { name.to_owned() });
    }
    let mut out = Vec::new();
    let mut row = Row::new(&mut out);
    names.iter().for_each(|name| row.text(name));
    row.end();
    out
}

fn property_names(blueprint: &BlueprintModel) -> impl Iterator<Item = &str> {
    let own = blueprint.properties.iter().map(|property| property.property.identifier.as_str());
    let computed = blueprint.computed.iter().filter(|computed| !computed.is_owner);
    own.chain(computed.map(|computed| computed.property.property.identifier.as_str()))
}

pub(super) fn entity(blueprint: &BlueprintModel, entity: &Entity, out: &mut Vec<u8>) -> Result<()> {
    let state = &entity.state;
    let mut row = Row::new(out);
    row.text(&state.identifier);
    row.text(state.title.as_deref().unwrap_or_default());
    row.text(state.icon.as_deref().unwrap_or_default());
    row.list(&entity.team(blueprint))?;
    row.text(&entity.created_at.to_rfc3339());
    row.text(&entity.created_by);
    row.text(&entity.updated_at.to_rfc3339());
    row.text(&entity.updated_by);
    let all = entity.all_properties(blueprint);
    for name in property_names(blueprint) {
        match all.get(name) {
            None | Some(Value::Null) => row.text(""),
            Some(Value::String(text)) => row.text(text),
            // A number is no formula, even a negative one.
            Some(Value::Number(number)) => row.plain(&number.to_string()),
            Some(other) => row.text(&other.to_string()),
        }
    }
    for relation in &blueprint.relations {
        match state.relations.get(&relation.relation.identifier) {
            Some(Targets::One(Some(target))) => row.text(target),
            Some(Targets::Many(targets)) => row.list(targets)?,
            Some(Targets::One(None)) | None => row.text(""),
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

    /// A JSON list; nothing where it is empty.
    fn list(&mut self, items: &[String]) -> Result<()> {
        if items.is_empty() {
            self.plain("");
        } else {
            self.plain(&serde_json::to_string(items).map_err(Error::internal)?);
        }
        Ok(())
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
